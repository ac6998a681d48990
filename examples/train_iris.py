"""Trains a small neural network on the iris flowers and registers it in MLflow as `iris`, with the alias `champion`.

    MLFLOW_TRACKING_URI=http://127.0.0.1:5000 python examples/train_iris.py

Prints where it is, as JSON: {"run_id", "model_uri", "model_id", "version", "accuracy"}.
"""

import json

import mlflow
import sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

NAME = "iris"


def main() -> None:
    iris = load_iris(as_frame=True)
    # The model answers with a flower's name, "setosa", rather than with its number.
    species = iris.target.map(lambda number: iris.target_names[number]).astype(object)
    train_x, test_x, train_y, test_y = train_test_split(iris.data, species, random_state=0, stratify=species)

    mlflow.set_experiment(NAME)
    with mlflow.start_run() as run:
        model = make_pipeline(
            StandardScaler(),
            MLPClassifier(hidden_layer_sizes=(16, 8), solver="lbfgs", max_iter=500, random_state=0),
        )
        model.fit(train_x, train_y)
        accuracy = model.score(test_x, test_y)
        mlflow.log_params({"hidden_layer_sizes": "16, 8", "solver": "lbfgs"})
        mlflow.log_metric("accuracy", accuracy)
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(train_x, model.predict(train_x)),
            input_example=train_x.head(2),
            registered_model_name=NAME,
            # MLflow's default format, skops, does not trust a MLPClassifier.
            serialization_format="cloudpickle",
            # What would be inferred, without the time that inferring takes.
            pip_requirements=[f"mlflow=={mlflow.__version__}", f"scikit-learn=={sklearn.__version__}"],
        )
    version = str(logged.registered_model_version)
    mlflow.MlflowClient().set_registered_model_alias(NAME, "champion", version)
    print(
        json.dumps(
            {
                "run_id": run.info.run_id,
                "model_uri": f"models:/{NAME}/{version}",
                "model_id": logged.model_id,
                "version": version,
                "accuracy": round(accuracy, 3),
            }
        )
    )


if __name__ == "__main__":
    main()
