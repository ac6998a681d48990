"""What a model returns, as the `predictions` of an answer: always an array, on Vertex AI one item for each instance.

- A DataFrame is a list of records, an array nested lists, a Series a list.
- A dict of arrays, each with one item for each instance (named tensors), is a list of records too. Any other single
  result, such as a dict of lists, is one prediction.
- JSON has no NaN and no infinities, and `google.protobuf.Value` refuses them. MLflow's own server writes them all the
  same; here they are null, as from `DataFrame.to_json` and JavaScript, and the log says how many.
- An integer beyond 2^53 is a string of its digits, as in the JSON of Protocol Buffers: `google.protobuf.Value` would
  round it.
- Times are ISO 8601 strings, bytes base64, NaT, NA and None null, Decimals numbers.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import decimal
import json
import logging
import math
from typing import Any

import numpy as np
import pandas as pd
import pydantic

try:
    import orjson  # 15 times as fast for numbers.
except ImportError:
    orjson = None

from .scalars import LARGEST_SAFE_INTEGER

_COLUMNS = (pd.Series, pd.Index, pd.api.extensions.ExtensionArray)
_WRITTEN_AS_THEY_ARE = {str, bool, type(None)}
_SEQUENCES = (list, tuple, pd.DataFrame, *_COLUMNS)

log = logging.getLogger("serving_runtime")


def to_json(result: Any, instances: int) -> bytes:
    """The body of an answer. `instances` is the number of rows that were asked about.

    Raises TypeError for what JSON cannot carry.
    """
    return _dumps({"predictions": _encoded(_rows(result, instances))})


def part_to_json(part: Any) -> bytes:
    """One part of a streamed answer, on one line.

    Raises TypeError for what JSON cannot carry.
    """
    # Escaped: a client that cuts lines by Unicode's rules would cut at some of its characters.
    return json.dumps(_encoded(part), allow_nan=False, separators=(",", ":")).encode()


def _dumps(value: Any) -> bytes:
    """The same JSON values either way; orjson writes some small numbers otherwise (1.5e-7), and letters as they are."""
    if orjson is not None:
        try:
            return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
        except TypeError:  # It refuses lone surrogates, deep nesting and subclasses of Python's float.
            pass
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def _encoded(result: Any) -> Any:
    encoder = _Encoder()
    value = encoder.encode(result)
    if encoder.not_finite:
        log.warning("the model returned NaN or infinity %d times; they are sent as null", encoder.not_finite)
    return value


def _rows(result: Any, instances: int) -> Any:
    if isinstance(result, dict) and result and all(_is_batch(value, instances) for value in result.values()):
        return [dict(zip(result, row)) for row in zip(*map(_items, result.values()))]
    if isinstance(result, _SEQUENCES) or hasattr(result, "toarray"):
        return result
    return result if isinstance(result, np.ndarray) and result.ndim > 0 else [result]


def _items(values: np.ndarray | pd.Series) -> Any:
    return values.tolist() if _is_plain_type(values.dtype) and values.dtype.itemsize <= 8 else values


def _is_batch(value: Any, instances: int) -> bool:
    return isinstance(value, (np.ndarray, pd.Series)) and value.shape[:1] == (instances,)


class _Encoder:
    """Turns a result into what `json` can write, and counts what became null."""

    def __init__(self) -> None:
        self.not_finite = 0

    def encode(self, value: Any) -> Any:
        if value is None or value is pd.NA or value is pd.NaT:
            return None
        if isinstance(value, (str, bool)):
            return value
        if isinstance(value, (int, float)):
            return self._number(value)
        if isinstance(value, dict):
            return {str(key): self.encode(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return value if _is_plain_list(value) else [self.encode(each) for each in value]
        return self._encode_other(value)

    def _number(self, value: int | float) -> int | float | str | None:
        if isinstance(value, float):
            if math.isfinite(value):
                return value
            self.not_finite += 1
            return None
        return value if -LARGEST_SAFE_INTEGER <= value <= LARGEST_SAFE_INTEGER else str(value)

    def _encode_other(self, value: Any) -> Any:
        if isinstance(value, pd.DataFrame):
            return self._frame(value)
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, _COLUMNS):
            return self._array(value.to_numpy()) if _is_plain_type(value.dtype) else self.encode(value.tolist())
        if isinstance(value, np.datetime64):
            return None if np.isnat(value) else str(value)
        if isinstance(value, np.floating):  # A long double's item() is itself.
            return self._number(float(value))
        if isinstance(value, np.generic):
            return self.encode(value.item())
        if isinstance(value, (datetime.date, datetime.time)):
            return value.isoformat()
        if isinstance(value, (bytes, bytearray)):
            return base64.b64encode(value).decode()
        if isinstance(value, decimal.Decimal):
            return self._number(float(value))
        if isinstance(value, pydantic.BaseModel):
            return self.encode(value.model_dump())
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self.encode(dataclasses.asdict(value))
        if hasattr(value, "toarray"):  # scipy's sparse matrices.
            return self._array(value.toarray())
        raise TypeError(f"a value of type {type(value).__module__}.{type(value).__qualname__}")

    def _frame(self, frame: pd.DataFrame) -> list[dict[str, Any]]:
        if not frame.columns.is_unique:
            raise TypeError("a DataFrame with two columns of the same name")
        names = [str(name) for name in frame.columns]
        # Without columns there are no rows either, as in `to_dict(orient="records")`.
        columns = [self.encode(column) for _, column in frame.items()]
        return [dict(zip(names, row)) for row in zip(*columns)]

    def _array(self, array: np.ndarray) -> Any:
        if array.dtype.kind == "M":  # As a list they would be integers.
            array = np.where(np.isnat(array), None, np.datetime_as_string(array))
        elif array.dtype.kind == "f" and array.dtype.itemsize > 8:  # The items of a long double's list would be numpy's.
            array = array.astype(np.float64)
        if _is_json(array):
            return array.tolist()
        return self.encode(array.tolist())


def _is_plain_type(dtype: Any) -> bool:
    return isinstance(dtype, np.dtype) and dtype.kind in "fiu"


def _is_plain_list(values: list[Any] | tuple[Any, ...]) -> bool:
    """Whether all of a list can be written as it is, without a look at one value after the other in Python."""
    kinds = set(map(type, values))
    if kinds == {float}:
        return all(map(math.isfinite, values))
    if kinds == {int}:
        return -LARGEST_SAFE_INTEGER <= min(values) and max(values) <= LARGEST_SAFE_INTEGER
    return type(values) is list and kinds <= _WRITTEN_AS_THEY_ARE


def _is_json(array: np.ndarray) -> bool:
    """Whether all of a numeric array can be written as it is: much faster than to look at one number after the other."""
    if array.dtype.kind == "f":
        return bool(np.isfinite(array).all())
    if array.dtype.kind not in "iu":
        return array.dtype.kind == "b"
    return array.size == 0 or (array.min() >= -LARGEST_SAFE_INTEGER and array.max() <= LARGEST_SAFE_INTEGER)
