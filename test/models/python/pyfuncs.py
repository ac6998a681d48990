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

from case import Ask, Case, pins
from hinted import Orders, Words

_HERE = Path(__file__).parent


def python_models() -> Iterator[Case]:
    yield _code_artifacts_and_params()
    yield _from_code()
    yield _words()
    yield _orders()
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
        pip_requirements=pins("cloudpickle", "pandas"),
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
        pip_requirements=pins("pandas"),
    )
    return Case("model-from-code", log, [Ask([[20.3], [-40]], temperatures), Ask([20.3, -40], temperatures)])


def _words() -> Case:
    log = partial(mlflow.pyfunc.log_model, python_model=Words(), pip_requirements=pins("cloudpickle"))
    return Case("type-hint-of-strings", log, [Ask(["soup", ""], ["soup", ""])])


def _orders() -> Case:
    log = partial(mlflow.pyfunc.log_model, python_model=Orders(), pip_requirements=pins("cloudpickle", "pydantic"))
    rows = [
        {"product": "soup", "counts": [1, 2], "price": 3.35, "note": "hot"},
        {"product": "wine", "counts": [], "price": 7.1},
    ]
    return Case("type-hint-of-objects", log, [Ask(rows, rows)])


def _without_signature() -> Case:
    flowers, kinds = load_iris(return_X_y=True)
    model = DecisionTreeClassifier(random_state=1).fit(flowers, kinds)
    log = partial(
        mlflow.sklearn.log_model,
        model,
        serialization_format="cloudpickle",
        pip_requirements=pins("scikit-learn", "cloudpickle"),
    )
    some = flowers[::20]
    return Case("without-signature", log, [Ask(some.tolist(), some)])


class Widths(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return np.sqrt(model_input["width"]) + model_input["name"].str.len()


def _frame_without_signature() -> Case:
    log = partial(mlflow.pyfunc.log_model, python_model=Widths(), pip_requirements=pins("cloudpickle", "pandas"))
    rows = [{"width": 2.0, "name": "a"}, {"width": 0.3, "name": "bcd"}]
    return Case("objects-without-signature", log, [Ask(rows, pd.DataFrame(rows))])
