"""JSON scalars as a signature's types: what is accepted, and what it becomes.

Vertex AI passes a request through `google.protobuf.Value`, where every number is a double, so `1` and `1.0` are the
same to an integer. Nothing is ever rounded, cut or guessed: what does not fit exactly is a `Mismatch`.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np
import pandas as pd
from mlflow.types import DataType

from .errors import Mismatch, quote

Parse = Callable[[Any], Any]

# Beyond it, neighbouring integers are the same double.
_EXACT_IN_DOUBLE = 2**53

_ISO_8601 = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)?)?", re.ASCII
)


@dataclass(frozen=True)
class Scalar:
    """One type of the signature: its name there, numpy's type, and the function from a JSON value to a Python value."""

    name: str
    dtype: np.dtype
    parse: Parse


def of_column(data_type: DataType) -> Scalar:
    """The scalar of a column, property, array item or parameter."""
    return _COLUMN_SCALARS[data_type]


def of_tensor(dtype: np.dtype) -> Scalar:
    """The scalar of a tensor's elements. Raises TypeError for what JSON cannot carry (complex numbers)."""
    name = dtype.name
    if dtype.kind == "b":
        return Scalar("boolean", dtype, _boolean)
    if dtype.kind in "iu":
        return Scalar(name, dtype, _integer(name, np.iinfo(dtype)))
    if dtype.kind == "f":
        return Scalar(name, dtype, _real(name, np.finfo(dtype)))
    if dtype.kind == "U":
        return Scalar("string", dtype, without_final_nul(_string))
    if dtype.kind == "S":
        return Scalar("binary", dtype, without_final_nul(_binary))
    if dtype.kind == "M":
        return Scalar(name, dtype, _datetime_of(dtype))
    if dtype.kind == "O":
        return Scalar("any", dtype, lambda value: value)
    raise TypeError(f"a tensor of {name} cannot be sent as JSON")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Mismatch.expected("boolean (true or false)", value)


def _integer(name: str, limits: np.iinfo) -> Parse:
    low, high = int(limits.min), int(limits.max)

    def parse(value: Any) -> int:
        if type(value) is float and value.is_integer():
            if abs(value) > _EXACT_IN_DOUBLE:
                raise Mismatch(
                    f"expected {name}, got number {value!r}, whose last digits a double cannot hold;"
                    " send it without exponent or decimal point"
                )
            value = int(value)
        if type(value) is not int:
            raise Mismatch.expected(name, value)
        if not low <= value <= high:
            raise Mismatch.expected(f"{name} (from {low} to {high})", value)
        return value

    return parse


def _real(name: str, limits: np.finfo) -> Parse:
    largest = float(limits.max)

    def parse(value: Any) -> float:
        if type(value) is not float and type(value) is not int:
            raise Mismatch.expected(name, value)
        if not abs(value) <= largest:
            raise Mismatch.expected(f"{name} (of at most {largest:.6g})", value)
        return float(value)

    return parse


def _string(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise Mismatch.expected("string", value)


def _binary(value: Any) -> bytes:
    encoded = value["b64"] if isinstance(value, dict) and value.keys() == {"b64"} else value
    if not isinstance(encoded, str):
        raise Mismatch.expected('binary (a base64 string, or {"b64": "…"})', value)
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise Mismatch(f"expected binary as base64, got {quote(encoded)}") from None


def _datetime(value: Any) -> np.datetime64:
    """An ISO 8601 string, of which one with an offset becomes UTC: MLflow's datetimes have no time zone."""
    if not isinstance(value, str) or not _ISO_8601.fullmatch(value):
        raise Mismatch.expected('datetime (an ISO 8601 string, as "2026-01-31T12:00:00")', value)
    try:
        moment = pd.Timestamp(value.replace(",", "."))
        if moment.tzinfo is not None:
            moment = moment.tz_convert("UTC").tz_localize(None)
        return moment.as_unit("ns").to_datetime64()
    except ValueError as error:  # No such day, or outside the years 1678 to 2261.
        raise Mismatch(f"expected datetime, got string {quote(value)}: {error}") from None


def _datetime_of(dtype: np.dtype) -> Parse:
    def parse(value: Any) -> np.datetime64:
        exact = _datetime(value)
        converted = exact.astype(dtype)
        if converted != exact:
            raise Mismatch.expected(f"{dtype.name}, which cannot hold so fine a time", value)
        return converted

    return parse


def without_final_nul(parse: Parse) -> Parse:
    """For strings and bytes that become a numpy array, whose fixed-width items lose NUL characters at their end."""

    def checked(value: Any) -> Any:
        parsed = parse(value)
        if parsed and parsed[-1] in ("\0", 0):
            raise Mismatch("a numpy string cannot end in a NUL character")
        return parsed

    return checked


_COLUMN_SCALARS: dict[DataType, Scalar] = {
    data_type: Scalar(data_type.name, np.dtype(data_type.to_pandas()), parse)
    for data_type, parse in {
        DataType.boolean: _boolean,
        DataType.integer: _integer("integer", np.iinfo(np.int32)),
        DataType.long: _integer("long", np.iinfo(np.int64)),
        DataType.float: _real("float", np.finfo(np.float32)),
        DataType.double: _real("double", np.finfo(np.float64)),
        DataType.string: _string,
        DataType.binary: _binary,
        DataType.datetime: _datetime,
    }.items()
}
