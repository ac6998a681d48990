"""Makes the models of large requests and a request to each, and saves the models as MLflow does.

    python train_large_models.py '{"directory": "/tmp/models"}'

Each is a folder `model` with the `instances` of its request in `instances.json`: `records` takes 1,000 objects of 50 named
columns, `arrays` the same numbers as arrays for columns without names, `image` one picture of 3 x 224 x 224. What the
models compute takes next to no time, so that a request's way in and out is what is measured.
"""

import json
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import sklearn
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec
from sklearn.linear_model import LinearRegression

ROWS, COLUMNS = 1000, 50
NAMES = [f"feature_{number}" for number in range(COLUMNS)]
# What would be inferred, without the time that inferring takes.
REQUIREMENTS = [f"mlflow=={mlflow.__version__}", f"scikit-learn=={sklearn.__version__}"]
numbers = np.random.default_rng(1)


class ChannelMeans(mlflow.pyfunc.PythonModel):
    """The mean of each channel of each image."""

    def predict(self, context, model_input, params=None):
        return model_input.mean(axis=(2, 3))


def save_linear(directory: Path, names: list[str] | None) -> None:
    data = numbers.normal(size=(ROWS, COLUMNS))
    columns = data if names is None else pd.DataFrame(data, columns=names)
    schema = Schema([ColSpec("double", None if names is None else name) for name in NAMES])
    mlflow.sklearn.save_model(
        LinearRegression().fit(columns, numbers.normal(size=ROWS)),
        str(directory / "model"),
        signature=ModelSignature(inputs=schema, outputs=Schema([TensorSpec(np.dtype("float64"), (-1,))])),
        serialization_format="cloudpickle",
        pip_requirements=REQUIREMENTS,
    )
    rows = data.tolist()
    write_instances(directory, rows if names is None else [dict(zip(names, row)) for row in rows])


def save_image(directory: Path) -> None:
    mlflow.pyfunc.save_model(
        str(directory / "model"),
        python_model=ChannelMeans(),
        signature=ModelSignature(
            inputs=Schema([TensorSpec(np.dtype("float32"), (-1, 3, 224, 224))]),
            outputs=Schema([TensorSpec(np.dtype("float32"), (-1, 3))]),
        ),
        pip_requirements=REQUIREMENTS,
    )
    pixels = numbers.integers(0, 256, size=(1, 3, 224, 224))
    write_instances(directory, (pixels / 255).astype(np.float32).tolist())


def write_instances(directory: Path, instances: list) -> None:
    (directory / "instances.json").write_text(json.dumps(instances, separators=(",", ":")))


def main() -> None:
    directory = Path(json.loads(sys.argv[1])["directory"])
    save_linear(directory / "records", NAMES)
    save_linear(directory / "arrays", None)
    save_image(directory / "image")
    print("null")


if __name__ == "__main__":
    main()
