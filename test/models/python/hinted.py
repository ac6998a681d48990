"""Models whose signature is the type hint of `predict`. Hints have to be types here, not text."""

from typing import Any, Optional

import mlflow
from pydantic import BaseModel


class Words(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[str], params=None) -> list[int]:
        return [len(word) for word in model_input]


class Dicts(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[dict[str, Any]], params=None) -> list[str]:
        return [repr(each) for each in model_input]


class Order(BaseModel):
    product: str
    counts: list[int]
    price: float
    note: Optional[str] = None


class Orders(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[Order], params=None) -> list[dict]:
        return [
            {"product": each.product, "total": sum(each.counts) * each.price, "note": each.note or "none"}
            for each in model_input
        ]
