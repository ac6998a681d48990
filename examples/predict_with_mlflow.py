"""Asks a model in MLflow directly, without a server: what a deployment of it must answer too.

    python examples/predict_with_mlflow.py models:/iris@champion '[[5.1, 3.5, 1.4, 0.2]]'

The rows are arrays in the order of the model's columns, or objects by column. Prints the predictions as JSON.
"""

import json
import sys

import mlflow
import pandas


def main(model_uri: str, rows: str) -> None:
    model = mlflow.pyfunc.load_model(model_uri)
    schema = model.metadata.get_input_schema()
    columns = schema.input_names() if schema and schema.has_input_names() else None
    instances = json.loads(rows)
    by_name = bool(instances) and isinstance(instances[0], dict)
    predictions = model.predict(pandas.DataFrame(instances, columns=None if by_name else columns))
    if hasattr(predictions, "to_numpy"):
        predictions = predictions.to_numpy()
    print(json.dumps(predictions.tolist()))


if __name__ == "__main__":
    main(*sys.argv[1:3])
