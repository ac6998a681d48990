"""JSON scalars as a signature's types: what is accepted, and what it becomes.

Vertex AI passes a request through `google.protobuf.Value`, where every number is a double, so `1` and `1.0` are the
same to an integer. Nothing is ever rounded, cut or guessed: what does not fit exactly is a `Mismatch`.

What no JSON number carries is a string, as in the JSON of Protocol Buffers
(https://protobuf.dev/programming-guides/json): "NaN", "Infinity" and "-Infinity" for floats, the digits of an integer
beyond 2^53.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import sys
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Callable

import numpy as np
import pandas as pd
from mlflow.types import DataType

from .errors import Mismatch, describe, quote

Parse = Callable[[Any], Any]

LARGEST_SAFE_INTEGER = 2**53 - 1
"""From the next one on, neighbouring integers are the same double: `Number.MAX_SAFE_INTEGER` of JavaScript."""

_MANY_DIGITS = re.compile(r"-?[1-9]\d{15,39}", re.ASCII)
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

_ISO_8601 = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)?)?", re.ASCII
)


@dataclass(frozen=True)
class Scalar:
    """One type of the signature: its name there, numpy's or pandas' type, and the function from a JSON value to a Python value."""

    name: str
    dtype: Any
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
        return Scalar("any", dtype, anything)
    raise TypeError(f"a tensor of {name} cannot be sent as JSON")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Mismatch.expected("boolean (true or false)", value)


def _integer(name: str, limits: np.iinfo) -> Parse:
    low, high = int(limits.min), int(limits.max)
    takes_digits = high > LARGEST_SAFE_INTEGER

    def parse(value: Any) -> int:
        number = value
        if type(value) is float and value.is_integer():
            if takes_digits and abs(value) > LARGEST_SAFE_INTEGER:
                raise Mismatch(
                    f"expected {name}, got {describe(value)}, whose last digits a double cannot hold;"
                    " send its digits as a string"
                )
            number = int(value)
        elif takes_digits and type(value) is str and _MANY_DIGITS.fullmatch(value):
            number = int(value)
            if abs(number) <= LARGEST_SAFE_INTEGER:
                raise Mismatch.expected(name, value)
        if type(number) is not int:
            raise Mismatch.expected(name, value)
        if not low <= number <= high:
            raise Mismatch.expected(f"{name} (from {low} to {high})", value)
        return number

    return parse


def _real(name: str, limits: np.finfo) -> Parse:
    largest = min(float(limits.max), sys.float_info.max)

    def parse(value: Any) -> float:
        if type(value) is not float and type(value) is not int:
            if type(value) is str and value in _NOT_FINITE:
                return _NOT_FINITE[value]
            raise Mismatch.expected(name, value)
        if not abs(value) <= largest:
            raise Mismatch.expected(f"{name} (of at most {largest:.6g})", value)
        if type(value) is int and loses_digits(value):
            raise Mismatch(f"expected {name}, got {describe(value)}, whose last digits a double cannot hold")
        return float(value)

    return parse


def loses_digits(value: int) -> bool:
    """Whether an integer becomes another one as a double.

    Not if it is only how somebody wrote that double: JavaScript writes 2^60 as 1152921504606847000.
    """
    if abs(value) <= LARGEST_SAFE_INTEGER:
        return False
    try:
        number = float(value)
    except OverflowError:
        return True
    return int(number) != value and Decimal(repr(number)) != value


def _string(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise Mismatch.expected("string", value)


def _binary(value: Any) -> bytes:
    encoded = value["b64"] if isinstance(value, dict) and value.keys() == {"b64"} else value
    if not isinstance(encoded, str):
        raise Mismatch.expected('binary (a base64 string, or {"b64": "…"})', value)
    if len(encoded) % 4:  # Python's versions differ in what they forgive.
        raise _no_base64(encoded)
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise _no_base64(encoded) from None


def _no_base64(encoded: str) -> Mismatch:
    return Mismatch(f"expected binary as base64, got {quote(encoded)}")


def _datetime(value: Any) -> np.datetime64:
    """An ISO 8601 string, of which one with an offset becomes UTC: MLflow's datetimes have no time zone."""
    if not isinstance(value, str) or not _ISO_8601.fullmatch(value):
        raise Mismatch.expected('datetime (an ISO 8601 string, as "2026-01-31T12:00:00")', value)
    try:
        moment = pd.Timestamp(value.replace(",", "."))
        if moment.tzinfo is not None:
            moment = moment.tz_convert("UTC").tz_localize(None)
        return moment.as_unit("ns").to_datetime64()
    except ValueError:
        raise Mismatch(
            f"expected datetime, got string {quote(value)}: no such time, or outside the years 1678 to 2261"
        ) from None


def _datetime_of(dtype: np.dtype) -> Parse:
    def parse(value: Any) -> np.datetime64:
        exact = _datetime(value)
        converted = exact.astype(dtype)
        if converted != exact:
            raise Mismatch.expected(f"{dtype.name}, which cannot hold so fine a time", value)
        return converted

    return parse


def anything(value: Any) -> Any:
    """Where the signature says nothing: the value as it came, in which no number may have become infinity."""
    if type(value) is float and not math.isfinite(value):
        raise Mismatch(f"got {describe(value)}")
    if type(value) is list:
        for index, each in enumerate(value):
            inside(index, anything, each)
    elif type(value) is dict:
        for name, each in value.items():
            inside(name, anything, each)
    return value


def inside(step: str | int, parse: Parse, value: Any) -> Any:
    """Parses an item of an array or a property of an object; a mismatch says which one."""
    try:
        return parse(value)
    except Mismatch as mismatch:
        raise mismatch.inside(step) from None


def without_final_nul(parse: Parse) -> Parse:
    """For strings and bytes that become a numpy array, whose fixed-width items lose NUL characters at their end."""

    def checked(value: Any) -> Any:
        parsed = parse(value)
        if parsed and parsed[-1] in ("\0", 0):
            raise Mismatch("a numpy string cannot end in a NUL character")
        return parsed

    return checked


def _pandas_type(data_type: DataType) -> Any:
    # From pandas 3 on, text has a type of its own, in which a null is NaN: to a model that is another category than None.
    return pd.Series([""]).dtype if data_type == DataType.string else np.dtype(data_type.to_pandas())


_COLUMN_SCALARS: dict[DataType, Scalar] = {
    data_type: Scalar(data_type.name, _pandas_type(data_type), parse)
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
