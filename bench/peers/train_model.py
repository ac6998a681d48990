"""Trains a small scikit-learn model with a named signature, and saves it as MLflow does.

    python train_model.py '{"directory": "/tmp/model"}'

Prints the columns as JSON.
"""

import json
import sys

import mlflow
import sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression


def main() -> None:
    directory = json.loads(sys.argv[1])["directory"]
    iris = load_iris(as_frame=True)
    model = LogisticRegression(max_iter=500).fit(iris.data, iris.target)
    mlflow.sklearn.save_model(
        model,
        directory,
        signature=infer_signature(iris.data, model.predict(iris.data)),
        serialization_format="cloudpickle",
        # What would be inferred, without the time that inferring takes.
        pip_requirements=[f"mlflow=={mlflow.__version__}", f"scikit-learn=={sklearn.__version__}"],
    )
    print(json.dumps(list(iris.data.columns)))


if __name__ == "__main__":
    main()
