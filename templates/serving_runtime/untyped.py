"""Rows for a model without a signature: objects become a DataFrame, everything else an array."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .errors import BadRequest, describe, names


class UntypedDecoder:
    """Decodes rows as they look, since nothing says what the model takes.

    Objects must all have the same keys: pandas would fill a misspelt one with NaN. Arrays must be rectangular. Mixed
    element types make an array of objects: numpy would turn numbers next to strings into strings, booleans next to
    numbers into numbers.
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
        return _array(instances, (len(instances), *shape))

    def _frame(self, instances: list[Any]) -> pd.DataFrame:
        keys = instances[0].keys()
        for number, row in enumerate(instances):
            if not isinstance(row, dict):
                raise BadRequest(f"instances[{number}]: expected an object like instances[0], got {describe(row)}")
            if row.keys() != keys:
                raise BadRequest(
                    f"instances[{number}]: has {names(row)}, but instances[0] has {names(keys)}; all must have the same keys"
                )
        return pd.DataFrame(instances)


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
    if len(kinds) == 1 and kinds <= {float, bool, str}:
        return np.array(elements).reshape(shape)
    array = np.empty(len(elements), dtype=object)
    for position, element in enumerate(elements):
        array[position] = element
    return array.reshape(shape)
