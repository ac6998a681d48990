"""Rows of plain numbers, booleans and strings, decoded a column at a time: the common case, many times faster.

What comes out is exactly what `columns` and `tensors` make of the same rows. Whatever is not plainly right, gives None here
and goes to them: they know what else is allowed, and the words for what is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat
from operator import eq, itemgetter
from typing import Any, Optional

import numpy as np
import pandas as pd
from mlflow.types import DataType, Schema

from . import scalars
from .scalars import LARGEST_SAFE_INTEGER

# From the cells of a column to their array; None for the slow way.
Quick = Callable[[Sequence[Any]], Optional[np.ndarray]]
# From doubles, which were a request's numbers, to another type of number; None for the slow way.
Narrow = Callable[[np.ndarray], Optional[np.ndarray]]

_NUMBERS = {float, int}
_NUMBERS_AND_NULLS = {float, int, type(None)}
# Columns of these are one array to pandas, whose type is numpy's for all of them.
_NUMERIC = {DataType.double, DataType.float, DataType.long, DataType.integer}


def of_dtype(dtype: np.dtype, nulls: bool = False) -> Quick | None:
    """The conversion to an array of booleans, integers or floats; None for another type. With `nulls`, a null is NaN in floats."""
    if dtype.kind == "b":
        return lambda cells: np.array(cells, dtype) if set(map(type, cells)) == {bool} else None
    narrow = narrowing(dtype, nulls)
    if narrow is None:
        return None

    def convert(cells: Sequence[Any]) -> np.ndarray | None:
        array = _doubles(cells, nulls)
        return None if array is None else narrow(array)

    return convert


def narrowing(dtype: np.dtype, nulls: bool = False) -> Narrow | None:
    """From doubles to integers or floats; None for another type. With `nulls`, floats may be NaN."""
    if dtype.kind == "f":
        return _narrowing_to_floats(dtype, nulls)
    return _narrowing_to_integers(dtype) if dtype.kind in "iu" else None


def _narrowing_to_floats(dtype: np.dtype, nulls: bool) -> Narrow:
    # Beyond, integers may lose digits, and a parser may have made a float of one.
    largest = min(float(np.finfo(dtype).max), LARGEST_SAFE_INTEGER)

    def narrow(array: np.ndarray) -> np.ndarray | None:
        fits = np.abs(array) <= largest
        if not (fits.all() or (nulls and (fits | np.isnan(array)).all())):
            return None
        return array.astype(dtype, copy=False)

    return narrow


def _narrowing_to_integers(dtype: np.dtype) -> Narrow:
    low = max(int(np.iinfo(dtype).min), -LARGEST_SAFE_INTEGER)
    high = min(int(np.iinfo(dtype).max), LARGEST_SAFE_INTEGER)

    def narrow(array: np.ndarray) -> np.ndarray | None:
        if array.size and not (low <= array.min() and array.max() <= high):
            return None
        return None if (array != np.trunc(array)).any() else array.astype(dtype)

    return narrow


def _doubles(cells: Sequence[Any], nulls: bool) -> np.ndarray | None:
    if not (_NUMBERS_AND_NULLS if nulls else _NUMBERS).issuperset(map(type, cells)):
        return None
    try:
        array = np.array(cells, np.float64)
    except OverflowError:
        return None
    # Another NaN is none of a request's numbers.
    return None if nulls and np.count_nonzero(np.isnan(array)) != cells.count(None) else array


def only_doubles(nested: list[Any], dimensions: int) -> np.ndarray | None:
    """Nested arrays in which there is nothing but numbers; None if they aren't rectangular, or not so deep.

    numpy would take booleans and strings for numbers, so it must be known that there are none: see
    `request.has_only_numbers`.
    """
    try:
        array = np.array(nested, np.float64)
    except (OverflowError, TypeError, ValueError):
        return None
    return array if array.ndim == dimensions else None


class QuickColumns:
    """Decodes rows that have all columns of the signature. `ColumnDecoder` says what else a row may be."""

    def __init__(self, schema: Schema) -> None:
        self._count = len(schema.inputs)
        named = schema.has_input_names()
        self._keys = [spec.name if named else position for position, spec in enumerate(schema.inputs)]
        self._by_name = (itemgetter(*self._keys) if self._count > 1 else _tuple_of(self._keys[0])) if named else None
        self._columns = [_column(spec.type, not spec.required) for spec in schema.inputs]
        kinds = {(spec.type, spec.required) for spec in schema.inputs}
        self._one_type = len(kinds) == 1 and schema.inputs[0].type != DataType.string
        self._all = self._columns[0] if self._one_type else None
        self._narrow = None
        if all(kind in _NUMERIC for kind, _ in kinds):
            self._narrow = _narrowing_of(schema)
            self._all = self._all or _of_all(self._narrow, any(not required for _, required in kinds), self._count)
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
        """Whether all columns are numbers, or all booleans."""
        return self._all is not None

    def __call__(self, instances: list[Any], only_numbers: bool = False) -> pd.DataFrame | None:
        """What `only_numbers` is, says `only_doubles`."""
        if self._one_type:
            matrix = self.matrix(instances, only_numbers)
            return None if matrix is None else pd.DataFrame(matrix, columns=self._index.copy(), copy=False)
        cells = self._cells(instances)
        if cells is None:
            return None
        data = {}
        for position, (key, convert) in enumerate(zip(self._keys, self._columns)):
            array = convert(cells[position :: self._count])
            if array is None:
                return None
            data[key] = array
        return pd.DataFrame(data, index=range(len(instances)))

    def matrix(self, instances: list[Any], only_numbers: bool = False) -> np.ndarray | None:
        """The rows as the array that numpy makes of their DataFrame: column after column in memory."""
        if only_numbers and self._narrow is not None:
            array = only_doubles(instances, 2)
            array = self._narrow(array) if array is not None and array.shape[1] == self._count else None
        else:
            cells = self._cells(instances)
            array = None if cells is None else self._all(cells)
        return None if array is None else array.reshape(len(instances), self._count).T.copy().T

    def _cells(self, instances: list[Any]) -> list[Any] | None:
        """Row after row."""
        kinds = set(map(type, instances))
        if kinds == {dict} and self._by_name is not None:
            first = list(instances[0])
            if first == self._keys and all(map(eq, map(list, instances), repeat(first))):
                return _flat(map(dict.values, instances))
            if set(map(len, instances)) != {self._count}:
                return None
            try:
                return _flat(map(self._by_name, instances))
            except KeyError:
                return None
        return _flat(instances) if kinds == {list} and set(map(len, instances)) == {self._count} else None


def _tuple_of(key: Any) -> Callable[[dict[Any, Any]], tuple[Any]]:
    return lambda row: (row[key],)


def _column(kind: DataType, nulls: bool) -> Callable[[Sequence[Any]], Any] | None:
    dtype = scalars.of_column(kind).dtype
    if kind == DataType.string:
        return _strings(dtype)
    return of_dtype(dtype, nulls) if kind not in (DataType.binary, DataType.datetime) else None


def _strings(dtype: Any) -> Callable[[Sequence[Any]], Optional[pd.Series]]:
    def convert(cells: Sequence[Any]) -> pd.Series | None:
        if set(map(type, cells)) != {str}:
            return None
        try:
            return pd.Series(cells, dtype=dtype)
        except UnicodeEncodeError:
            return None

    return convert


def _narrowing_of(schema: Schema) -> Narrow:
    """The conversion of rows of doubles to what numpy makes of columns that pandas has converted."""
    positions: dict[tuple[np.dtype, bool], list[int]] = {}
    for position, spec in enumerate(schema.inputs):
        positions.setdefault((scalars.of_column(spec.type).dtype, not spec.required), []).append(position)
    if len(positions) == 1:
        return narrowing(*next(iter(positions)))
    common = np.result_type(*(dtype for dtype, _ in positions))
    parts = [(narrowing(dtype, nulls), each) for (dtype, nulls), each in positions.items()]

    def narrow(array: np.ndarray) -> np.ndarray | None:
        result = np.empty(array.shape, common)
        for narrow_part, each in parts:
            part = narrow_part(array[:, each])
            if part is None:
                return None
            result[:, each] = part
        return result

    return narrow


def _of_all(narrow: Narrow, nulls: bool, columns: int) -> Quick:
    def convert(cells: Sequence[Any]) -> np.ndarray | None:
        array = _doubles(cells, nulls)
        return None if array is None else narrow(array.reshape(-1, columns))

    return convert


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


def _flat(parts: Iterable[Iterable[Any]]) -> list[Any]:
    return list(chain.from_iterable(parts))
