"""Rows of plain numbers, booleans and strings, decoded a column at a time: the common case, many times faster.

What comes out is exactly what `columns` and `tensors` make of the same rows. Whatever is not plainly right, gives None here
and goes to them: they know what else is allowed, and the words for what is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, Optional

import numpy as np
import pandas as pd
from mlflow.types import DataType, Schema

from . import scalars
from .scalars import LARGEST_SAFE_INTEGER

# From the cells of a column to their array; None for the slow way.
Quick = Callable[[Sequence[Any]], Optional[np.ndarray]]

_NUMBERS = {float, int}
_NUMBERS_AND_NULLS = {float, int, type(None)}


def of_dtype(dtype: np.dtype, nulls: bool = False) -> Quick | None:
    """The conversion to an array of booleans, integers or floats; None for another type. With `nulls`, a null is NaN in floats."""
    if dtype.kind == "b":
        return lambda cells: np.array(cells, dtype) if set(map(type, cells)) == {bool} else None
    if dtype.kind == "f":
        return _floats(dtype, _NUMBERS_AND_NULLS if nulls else _NUMBERS)
    return _integers(dtype) if dtype.kind in "iu" else None


def _floats(dtype: np.dtype, kinds: set[type]) -> Quick:
    # Beyond, integers may lose digits, and a parser may have made a float of one.
    largest = min(float(np.finfo(dtype).max), LARGEST_SAFE_INTEGER)

    def convert(cells: Sequence[Any]) -> np.ndarray | None:
        if not kinds.issuperset(map(type, cells)):
            return None
        try:
            array = np.array(cells, np.float64)
        except OverflowError:
            return None
        fits = np.abs(array) <= largest
        if not fits.all():
            is_null = np.isnan(array)
            # Another NaN is none of a request's numbers.
            if not (fits | is_null).all() or np.count_nonzero(is_null) != cells.count(None):
                return None
        return array.astype(dtype, copy=False)

    return convert


def _integers(dtype: np.dtype) -> Quick:
    low = max(int(np.iinfo(dtype).min), -LARGEST_SAFE_INTEGER)
    high = min(int(np.iinfo(dtype).max), LARGEST_SAFE_INTEGER)

    def convert(cells: Sequence[Any]) -> np.ndarray | None:
        kinds = set(map(type, cells))
        if not kinds <= _NUMBERS:
            return None
        try:
            array = np.array(cells, np.float64 if float in kinds else np.int64)
        except OverflowError:
            return None
        if array.size and not (low <= array.min() and array.max() <= high):
            return None
        if float in kinds and (array != np.trunc(array)).any():
            return None
        return array.astype(dtype, copy=False)

    return convert


class QuickColumns:
    """Decodes rows that have all columns of the signature. `ColumnDecoder` says what else a row may be."""

    def __init__(self, schema: Schema) -> None:
        self._count = len(schema.inputs)
        named = schema.has_input_names()
        self._keys = [spec.name if named else position for position, spec in enumerate(schema.inputs)]
        self._by_name = (itemgetter(*self._keys) if self._count > 1 else _tuple_of(self._keys[0])) if named else None
        self._columns = [_column(spec.type, not spec.required) for spec in schema.inputs]
        self._all = self._columns[0] if len({(spec.type, spec.required) for spec in schema.inputs}) == 1 else None
        if schema.inputs[0].type == DataType.string:
            self._all = None
        self._index = pd.DataFrame(dict.fromkeys(self._keys, [])).columns

    @classmethod
    def of(cls, schema: Schema | None) -> QuickColumns | None:
        """None for a signature with another column than numbers, booleans and strings."""
        if schema is None or not schema.inputs or schema.is_tensor_spec():
            return None
        names = schema.input_names() if schema.has_input_names() else []
        plain = all(isinstance(spec.type, DataType) and _column(spec.type, False) for spec in schema.inputs)
        return cls(schema) if plain and len(set(names)) == len(names) else None

    @property
    def is_matrix(self) -> bool:
        """Whether all columns are numbers of one type."""
        return self._all is not None

    def __call__(self, instances: list[Any]) -> pd.DataFrame | None:
        if self._all is not None:
            matrix = self.matrix(instances)
            return None if matrix is None else pd.DataFrame(matrix, columns=self._index.copy(), copy=False)
        rows = self._rows(instances)
        if rows is None:
            return None
        data = {}
        for key, convert, cells in zip(self._keys, self._columns, zip(*rows)):
            array = convert(cells)
            if array is None:
                return None
            data[key] = array
        return pd.DataFrame(data, index=range(len(rows)))

    def matrix(self, instances: list[Any]) -> np.ndarray | None:
        """The rows as the array that numpy makes of their DataFrame: column after column in memory."""
        rows = self._rows(instances)
        if rows is None:
            return None
        array = self._all(list(chain.from_iterable(rows)))
        return None if array is None else array.reshape(len(rows), self._count).T.copy().T

    def _rows(self, instances: list[Any]) -> list[Sequence[Any]] | None:
        kinds, sizes = set(map(type, instances)), set()
        if kinds == {dict} and self._by_name is not None:
            sizes.update(map(len, instances))
            if sizes != {self._count}:
                return None
            try:
                return list(map(self._by_name, instances))
            except KeyError:
                return None
        if kinds != {list}:
            return None
        sizes.update(map(len, instances))
        return instances if sizes == {self._count} else None


def _tuple_of(key: Any) -> Callable[[dict[Any, Any]], tuple[Any]]:
    return lambda row: (row[key],)


def _column(kind: DataType, nulls: bool) -> Callable[[Sequence[Any]], Any] | None:
    if kind == DataType.string:
        dtype = scalars.of_column(kind).dtype
        return lambda cells: pd.Series(cells, dtype=dtype) if set(map(type, cells)) == {str} else None
    dtype = scalars.of_column(kind).dtype
    return of_dtype(dtype, nulls) if kind not in (DataType.binary, DataType.datetime) else None


def tensor(rows: list[Any], depth: int, convert: Quick) -> np.ndarray | None:
    """Nested arrays, `depth` levels deep beside the rows themselves, all of one shape."""
    shape, level = [len(rows)], rows
    for _ in range(depth):
        if set(map(type, level)) != {list}:
            return None
        sizes = set(map(len, level))
        if len(sizes) != 1:
            return None
        shape.append(sizes.pop())
        level = _flat(level)
    array = convert(level)
    return None if array is None else array.reshape(shape)


def _flat(lists: Iterable[list[Any]]) -> list[Any]:
    return list(chain.from_iterable(lists))
