"""Models in Python: with code, artifacts and params, from a file, with type hints, without a signature."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

from case import Ask, Case, python_pins
from hinted import Dicts, Orders, Words

_HERE = Path(__file__).parent


def python_models() -> Iterator[Case]:
    yield _code_artifacts_and_params()
    yield _from_code()
    yield _words()
    yield _orders()
    yield _dicts()
    yield _answers()
    yield _without_signature()
    yield _frame_without_signature()


class Invoice(mlflow.pyfunc.PythonModel):
    """Looks prices up in an artifact, and adds them with a package of code_paths."""

    def load_context(self, context):
        self.prices = json.loads(Path(context.artifacts["prices"]).read_text())

    def predict(self, context, model_input, params=None):
        from shop.invoice import total

        amounts = [
            total(self.prices[row.product], row.count, params["discount"], params["fees"])
            for row in model_input.itertuples()
        ]
        return pd.DataFrame({"product": model_input["product"], "total": amounts, "currency": params["currency"]})


def _code_artifacts_and_params() -> Case:
    prices = Path(tempfile.mkdtemp()) / "prices.json"
    prices.write_text(json.dumps({"soup": 3.35, "wine": 7.1}))
    orders = pd.DataFrame({"product": ["soup", "wine"], "count": [3, 1]})
    params = {"discount": 0.0, "fees": [0.5], "currency": "EUR"}
    log = partial(
        mlflow.pyfunc.log_model,
        python_model=Invoice(),
        artifacts={"prices": str(prices)},
        code_paths=[str(_HERE / "code" / "shop")],
        signature=infer_signature(orders, None, params),
        pip_requirements=python_pins(),
    )
    rows = orders.to_dict("records")
    asks = [
        Ask(rows, orders),
        Ask(rows, orders, {"discount": 0.1, "currency": "CHF"}),
        Ask(rows, orders, {"fees": [0.1, 0.2, 0.3]}),
    ]
    return Case("code-artifacts-and-params", log, asks)


def _from_code() -> Case:
    """The file itself is the model, with a configuration."""
    temperatures = pd.DataFrame({"celsius": [20.3, -40.0]})
    log = partial(
        mlflow.pyfunc.log_model,
        python_model=str(_HERE / "code" / "fahrenheit.py"),
        model_config={"digits": 3},
        signature=infer_signature(temperatures, [1.0]),
        pip_requirements=python_pins(),
    )
    return Case("model-from-code", log, [Ask([[20.3], [-40]], temperatures), Ask([20.3, -40], temperatures)])


def _words() -> Case:
    log = partial(mlflow.pyfunc.log_model, python_model=Words(), pip_requirements=python_pins())
    return Case("type-hint-of-strings", log, [Ask(["soup", ""], ["soup", ""])])


def _orders() -> Case:
    log = partial(mlflow.pyfunc.log_model, python_model=Orders(), pip_requirements=python_pins())
    rows = [
        {"product": "soup", "counts": [1, 2], "price": 3.35, "note": "hot"},
        {"product": "wine", "counts": [], "price": 7.1},
    ]
    return Case("type-hint-of-objects", log, [Ask(rows, rows)])


def _dicts() -> Case:
    log = partial(mlflow.pyfunc.log_model, python_model=Dicts(), pip_requirements=python_pins())
    rows = [{"a": 1, "deep": {"list": [1.5, "two", None, True]}}, {"b": None}]
    return Case("type-hint-of-anything", log, [Ask(rows, rows)])


class Answers(mlflow.pyfunc.PythonModel):
    """A table of what an answer can hold."""

    def predict(self, context, model_input, params=None):
        return pd.DataFrame(
            {
                "id": model_input["id"],
                "root": np.sqrt(model_input["id"] - 2),
                "inverse": 1 / (model_input["id"] - 1.0),
                "single": (model_input["id"] / 3).astype(np.float32),
                "flag": model_input["id"] > 1,
                "time": pd.to_datetime(model_input["id"], unit="D"),
                "category": pd.Categorical([f"c{each}" for each in model_input["id"]]),
                "note": [None, "two", "grüß 🍲"],
                "vector": [np.arange(each) / 7 for each in model_input["id"]],
                "deep": [{"list": [each, {"x": float(each)}]} for each in model_input["id"]],
            }
        )


def _answers() -> Case:
    ids = pd.DataFrame({"id": [1, 2, 3]})
    log = partial(
        mlflow.pyfunc.log_model,
        python_model=Answers(),
        signature=infer_signature(ids),
        pip_requirements=python_pins(),
    )
    return Case("types-of-answers", log, [Ask([1, 2, 3], ids)])


def _without_signature() -> Case:
    flowers, kinds = load_iris(return_X_y=True)
    model = DecisionTreeClassifier(random_state=1).fit(flowers, kinds)
    log = partial(
        mlflow.sklearn.log_model,
        model,
        serialization_format="cloudpickle",
        pip_requirements=python_pins(),
    )
    some = flowers[::20]
    return Case("without-signature", log, [Ask(some.tolist(), some)])


class Widths(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return np.sqrt(model_input["width"]) + model_input["name"].str.len()


def _frame_without_signature() -> Case:
    log = partial(mlflow.pyfunc.log_model, python_model=Widths(), pip_requirements=python_pins())
    rows = [{"width": 2.0, "name": "a"}, {"width": 0.3, "name": "bcd"}]
    return Case("objects-without-signature", log, [Ask(rows, pd.DataFrame(rows))])
