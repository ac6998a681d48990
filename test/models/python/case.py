"""What a model of the suite is: how it is logged, and what MLflow itself answers to its requests."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc.scoring_server import _get_jsonable_obj
from mlflow.utils.proto_json_utils import NumpyEncoder

IS_MLFLOW_3 = int(mlflow.__version__.split(".")[0]) >= 3


@dataclass
class Ask:
    """One request: its rows in JSON, and the same input as a Python user would make it."""

    rows: list[Any]
    data: Any
    params: dict[str, Any] | None = None
    stream: bool = False
    one_by_one: bool = False
    """Whether MLflow takes the items of `data` one at a time only."""

    refused: str | None = None
    """What a message must say, if the deployment is to refuse the request."""

    def __post_init__(self) -> None:
        # A copy: MLflow changes nested values of a DataFrame in place.
        self.rows = json.loads(json.dumps(self.rows, default=lambda value: value.item()))


@dataclass
class Case:
    """A model, and what it is asked.

    `log` is called within a run with the keywords `name` (MLflow 3) or `artifact_path` (MLflow 2), and
    `registered_model_name`; it returns what `log_model` returned.
    """

    name: str
    log: Callable[..., Any]
    asks: list[Ask] = field(default_factory=list)


def pins(*packages: str) -> list[str]:
    """Requirements with the versions of this environment; inferring them costs MLflow seconds for each model."""
    return [f"{name}=={version(name)}" for name in ("mlflow", *packages)]


def python_pins() -> list[str]:
    """Of most models, so that they share an image."""
    return pins("cloudpickle", "numpy", "pandas", "pydantic", "scikit-learn")


def answers(model: Any, ask: Ask) -> list[Any]:
    """What MLflow answers to a request, as JSON: the parts of a stream, else one item for each row where it has rows."""
    arguments = {} if ask.params is None else {"params": ask.params}
    if ask.one_by_one:
        each = [Ask([], data, ask.params, ask.stream) for data in ask.data]
        return [answer for one in each for answer in answers(model, one)]
    if ask.stream:
        return [as_json(part) for part in model.predict_stream(ask.data, **arguments)]
    result = model.predict(ask.data, **arguments)
    answer = as_json(result)
    if isinstance(result, dict) and all(hasattr(value, "shape") for value in result.values()):
        # Named tensors; Vertex AI wants one item for each row.
        return [dict(zip(answer, row)) for row in zip(*answer.values())]
    return answer if isinstance(answer, list) else [answer]


def as_json(result: Any) -> Any:
    """By the code of MLflow's own server, but null for what is no number of JSON."""
    if isinstance(result, pd.Series):  # Of which that server makes a table with a column "0".
        result = result.tolist()
    return _finite(json.loads(json.dumps(_get_jsonable_obj(result, pandas_orient="records"), cls=NumpyEncoder)))


def _finite(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite(each) for each in value]
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
