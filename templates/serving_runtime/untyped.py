"""Rows for a model without a signature: objects become a DataFrame, everything else an array."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from .errors import BadRequest, Mismatch, describe, names, quote
from .scalars import LARGEST_SAFE_INTEGER, anything, loses_digits


class UntypedDecoder:
    """Decodes rows as they look, since nothing says what the model takes.

    Objects must all have the same keys: pandas would fill a misspelt one with NaN. Arrays must be rectangular. Mixed
    element types make an array of objects: numpy would turn numbers next to strings into strings, booleans next to
    numbers into numbers. Whole numbers and fractions together are doubles, as long as that loses no digit.
    """

    def __call__(self, instances: list[Any]) -> pd.DataFrame | np.ndarray:
        if isinstance(instances[0], dict):
            return self._frame(instances)
        shape = _shape(instances[0])
        if shape is None:
            raise BadRequest("instances[0]: its arrays have different lengths; arrays must be rectangular")
        for number, row in enumerate(instances):
            if isinstance(row, dict) or _shape(row) != shape:
                raise BadRequest(
                    f"instances[{number}]: got {describe(row)}, unlike instances[0] ({describe(instances[0])});"
                    " all must have the same shape"
                )
        array = _array(instances, (len(instances), *shape))
        if array.dtype.kind == "O" or not _all_finite(array):
            as_they_came(instances)
        if _may_have_lost_digits(array):
            _refuse_lost_digits(instances)
        return array

    def _frame(self, instances: list[Any]) -> pd.DataFrame:
        keys = instances[0].keys()
        for number, row in enumerate(instances):
            if not isinstance(row, dict):
                raise BadRequest(f"instances[{number}]: expected an object like instances[0], got {describe(row)}")
            if row.keys() != keys:
                raise BadRequest(
                    f"instances[{number}]: has {names(row)}, but instances[0] has {names(keys)}; all must have the same keys"
                )
        as_they_came(instances)
        frame = pd.DataFrame(instances)
        for name, column in frame.items():
            if _may_have_lost_digits(column):
                _refuse_lost_digits([row[name] for row in instances], f": column {quote(name)}")
        return frame


def as_they_came(instances: list[Any]) -> list[Any]:
    """The rows themselves. Raises BadRequest if a number of them has become infinity."""
    for number, row in enumerate(instances):
        try:
            anything(row)
        except Mismatch as mismatch:
            raise BadRequest(f"instances[{number}]{mismatch.path}: {mismatch.problem}") from None
    return instances


def _all_finite(array: np.ndarray) -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def _may_have_lost_digits(values: np.ndarray | pd.Series) -> bool:
    return values.dtype.kind == "f" and values.size > 0 and bool((abs(values) > LARGEST_SAFE_INTEGER).any())


def _refuse_lost_digits(rows: list[Any], label: str = "") -> None:
    """For rows that become doubles."""
    for number, row in enumerate(rows):
        for value in _elements(row):
            if type(value) is int and loses_digits(value):
                raise BadRequest(
                    f"instances[{number}]{label}: got {describe(value)}, which beside the others becomes a double,"
                    " without its last digits"
                )


def _elements(value: Any) -> Iterator[Any]:
    if not isinstance(value, list):
        yield value
        return
    for each in value:
        yield from _elements(each)


def _shape(value: Any) -> tuple[int, ...] | None:
    """The shape of rectangular nested arrays, else None."""
    if not isinstance(value, list):
        return ()
    shapes = {_shape(each) for each in value}
    if len(shapes) > 1:
        return None
    inner = shapes.pop() if shapes else ()
    return None if inner is None else (len(value), *inner)


def _array(instances: list[Any], shape: tuple[int, ...]) -> np.ndarray:
    elements = instances
    for _ in shape[1:]:
        elements = [item for each in elements for item in each]
    kinds = {float if type(each) is int else type(each) for each in elements}
    # As numpy's strings, some would lose NUL characters at their end.
    is_text = kinds == {str} and not any(each.endswith("\0") for each in elements)
    if is_text or kinds in ({float}, {bool}):
        return np.array(elements).reshape(shape)
    array = np.empty(len(elements), dtype=object)
    for position, element in enumerate(elements):
        array[position] = element
    return array.reshape(shape)
