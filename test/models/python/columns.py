"""Every type of a column signature, to a model that answers what it got."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema
from mlflow.types.schema import Array, Map, Object, Property

from case import Ask, Case, python_pins


class Describe(mlflow.pyfunc.PythonModel):
    """Answers the type of each column, and type and value of each cell."""

    def predict(self, context, model_input, params=None):
        dtypes = model_input.dtypes.to_dict()
        return [
            {name: [str(dtypes[name]), type(value).__name__, repr(value)] for name, value in row.items()}
            for row in model_input.to_dict(orient="records")
        ]


def column_types() -> Iterator[Case]:
    yield _scalars()
    yield _nested()


def _log(columns: list[ColSpec]) -> Any:
    return partial(
        mlflow.pyfunc.log_model,
        python_model=Describe(),
        signature=ModelSignature(Schema(columns)),
        pip_requirements=python_pins(),
    )


def _scalars() -> Case:
    columns = [
        ColSpec(DataType.boolean, "flag"),
        ColSpec(DataType.integer, "small"),
        ColSpec(DataType.long, "large"),
        ColSpec(DataType.float, "rough"),
        ColSpec(DataType.double, "exact"),
        ColSpec(DataType.string, "text"),
        ColSpec(DataType.datetime, "time"),
        ColSpec(DataType.binary, "bytes"),
        ColSpec(DataType.double, "perhaps", required=False),
        ColSpec(DataType.string, "note", required=False),
        ColSpec(DataType.boolean, "maybe", required=False),
        ColSpec(DataType.datetime, "later", required=False),
    ]
    whole = pd.DataFrame(
        {
            "flag": [True, False],
            "small": np.array([-(2**31), 7], dtype=np.int32),
            "large": [2**53 - 1, -1],
            "rough": np.array([0.1, 3e38], dtype=np.float32),
            "exact": [0.1, 1.0],
            "text": ["", "grüß 🍲"],
            "time": pd.to_datetime(["2026-01-31T12:00:00.123456", "1999-12-31"], format="ISO8601"),
            "bytes": [b"\x00\xff", b""],
            "perhaps": [1.5, None],
            "note": ["here", None],
            "maybe": [True, None],
            "later": pd.to_datetime(["2026-02-01", None]),
        }
    )
    rows = [
        {
            "flag": True,
            "small": -(2**31),
            "large": 2**53 - 1,
            "rough": float(np.float32(0.1)),
            "exact": 0.1,
            "text": "",
            "time": "2026-01-31T12:00:00.123456",
            "bytes": "AP8=",
            "perhaps": 1.5,
            "note": "here",
            "maybe": True,
            "later": "2026-02-01",
        },
        {
            "flag": False,
            "small": 7,
            "large": -1,
            "rough": float(np.float32(3e38)),
            "exact": 1,
            "text": "grüß 🍲",
            "time": "1999-12-31",
            "bytes": {"b64": ""},
        },
    ]
    without_options = whole.drop(columns=["perhaps", "note", "maybe", "later"])
    arrays = [[row.get(column.name) for column in columns] for row in rows]
    asks = [
        Ask(rows, whole),
        Ask(arrays, whole),
        Ask([{key: value for key, value in row.items() if key in without_options} for row in rows], without_options),
    ]
    return Case("column-types", _log(columns), asks)


def _nested() -> Case:
    person = Object(
        [
            Property("name", DataType.string),
            Property("age", DataType.long, required=False),
            Property("tags", Array(DataType.string), required=False),
        ]
    )
    columns = [
        ColSpec(Array(DataType.double), "vector"),
        ColSpec(Array(Array(DataType.long)), "matrix"),
        ColSpec(person, "person"),
        ColSpec(Array(person), "friends"),
        ColSpec(Map(DataType.double), "prices"),
        ColSpec(Array(DataType.string), "words", required=False),
    ]
    rows = [
        {
            "vector": [0.1, 2.0, -3.5],
            "matrix": [[1, 2], [3]],
            "person": {"name": "Ada", "age": 36, "tags": ["x", ""]},
            "friends": [{"name": "Bob"}, {"name": "Zoë", "age": 7}],
            "prices": {"soup": 3.5, "wine": 0.25},
            "words": ["a", "b"],
        },
        {
            "vector": [],
            "matrix": [[]],
            "person": {"name": ""},
            "friends": [],
            "prices": {},
            "words": ["c"],
        },
    ]
    arrays = [list(row.values()) for row in rows]
    data = pd.DataFrame(rows)
    without_words = [{key: value for key, value in row.items() if key != "words"} for row in rows]
    asks = [Ask(rows, data), Ask(arrays, data), Ask(without_words, data.drop(columns=["words"]))]
    return Case("nested-columns", _log(columns), asks)
