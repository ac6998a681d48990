"""Rows for a column signature: arrays in the signature's order, or objects by name, to a DataFrame of exactly its types."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
from mlflow.types import DataType, Schema
from mlflow.types.schema import ColSpec

from . import scalars
from .errors import BadRequest, Mismatch, count, describe, names, quote
from .nested import AnyType, name_of, parser_of
from .quick import QuickColumns

_ABSENT = object()  # An optional column that a row does not have.
_NULLS: dict[DataType, Any] = {
    DataType.double: np.nan,
    DataType.float: np.nan,
    DataType.datetime: np.datetime64("NaT"),
}
_WITHOUT_NULLS = (DataType.integer, DataType.long)


class ColumnDecoder:
    """Decodes the rows of a model with a column signature.

    A row is an array with one value for each column, or, when the columns have names, an object; with one column also
    its bare value. Only one column that has no name and is itself an array, object or map takes a row as it is. Raises
    TypeError for two columns of the same name, which MLflow itself refuses with any data.
    """

    def __init__(self, schema: Schema) -> None:
        self._columns = [_Column(spec, position) for position, spec in enumerate(schema.inputs)]
        self._named = schema.has_input_names()
        self._keys = {column.key for column in self._columns}
        if len(self._keys) < len(self._columns):
            counts = Counter(column.key for column in self._columns)
            twice = [key for key, number in counts.items() if number > 1]
            raise TypeError(f"the signature has two columns of the same name: {names(twice)}")
        only = self._columns[0].spec.type
        self._quick = QuickColumns.of(schema)
        self._row_is_value = not self._named and len(self._columns) == 1 and not isinstance(only, DataType)

    def __call__(self, instances: list[Any]) -> pd.DataFrame:
        if self._quick is not None and (frame := self._quick(instances)) is not None:
            return frame
        rows = [self._cells(row, number) for number, row in enumerate(instances)]
        data = {}
        for column, cells in zip(self._columns, zip(*rows)):
            values = column.values(cells)
            if values is not None:
                data[column.key] = values
        return pd.DataFrame(data, index=range(len(rows)))

    def quick(self, instances: list[Any], only_numbers: bool = False) -> pd.DataFrame | None:
        """The same, or None if it isn't plain. What `only_numbers` is, says `quick.only_doubles`."""
        return None if self._quick is None else self._quick(instances, only_numbers)

    def _cells(self, row: Any, number: int) -> list[Any]:
        if self._row_is_value:
            return [row]
        if isinstance(row, dict) and self._named and not self._is_bare_binary(row):
            return self._cells_by_name(row, number)
        if isinstance(row, list):
            if len(row) != len(self._columns):
                raise BadRequest(
                    f"instances[{number}]: expected {self._shape()}, got {count(len(row), 'value')}"
                )
            return row
        if len(self._columns) == 1:
            return [row]
        raise BadRequest(f"instances[{number}]: expected {self._shape()}, got {describe(row)}")

    def _is_bare_binary(self, row: dict[str, Any]) -> bool:
        return row.keys() == {"b64"} != self._keys and [each.spec.type for each in self._columns] == [DataType.binary]

    def _cells_by_name(self, row: dict[str, Any], number: int) -> list[Any]:
        if row.keys() != self._keys:
            if unknown := [name for name in row if name not in self._keys]:
                raise BadRequest(
                    f"instances[{number}]: unknown {_columns(unknown)};"
                    f" the model's columns are {names(column.key for column in self._columns)}"
                )
            missing = [each.key for each in self._columns if each.spec.required and each.key not in row]
            if missing:
                raise BadRequest(f"instances[{number}]: missing {_columns(missing)}")
        return [row.get(column.key, _ABSENT) for column in self._columns]

    def _shape(self) -> str:
        values = count(len(self._columns), "value")
        if not self._named:
            return f"an array of {values}"
        return f"an array of {values} (for {names(column.key for column in self._columns)}) or an object"


class _Column:
    """One column: how its cells become a column of the DataFrame."""

    def __init__(self, spec: ColSpec, position: int) -> None:
        self.spec = spec
        self.key = position if spec.name is None else spec.name
        is_scalar = isinstance(spec.type, DataType)
        self._parse = scalars.of_column(spec.type).parse if is_scalar else parser_of(spec.type)
        self._dtype = scalars.of_column(spec.type).dtype if is_scalar else np.dtype(object)
        self._null_allowed = not spec.required or isinstance(spec.type, AnyType)
        self._null = _NULLS.get(spec.type) if is_scalar else None

    def values(self, cells: tuple[Any, ...]) -> pd.Series | None:
        """The column, or None for an optional one that no row has."""
        if not self.spec.required:
            if all(cell is _ABSENT for cell in cells):
                return None
            cells = tuple(None if cell is _ABSENT else cell for cell in cells)
            if self.spec.type in _WITHOUT_NULLS and None in cells:
                self._refuse_numbers_beside_nulls(cells)
                return None
        parsed = [self._cell(cell, row) for row, cell in enumerate(cells)]
        if self._dtype == bool and None in parsed:
            # MLflow passes nulls in a boolean column only among objects; as bool they would be False.
            return pd.Series(parsed, dtype=object)
        return pd.Series(parsed, dtype=self._dtype)

    def _cell(self, cell: Any, row: int) -> Any:
        if cell is None and self._null_allowed:
            return self._null
        try:
            return self._parse(cell)
        except Mismatch as mismatch:
            raise BadRequest(
                f"instances[{row}]: column {quote(self.key)}{mismatch.path}: {mismatch.problem}"
            ) from None

    def _refuse_numbers_beside_nulls(self, cells: tuple[Any, ...]) -> None:
        """MLflow has no null for whole numbers: nulls alone are the absent column, and a mixture it refuses."""
        if any(cell is not None for cell in cells):
            raise BadRequest(
                f"instances[{cells.index(None)}]: column {quote(self.key)}: MLflow cannot mix null and numbers in a column"
                f" of type {name_of(self.spec.type)}; send the rows without it in a request of their own,"
                " or log the model with double"
            )


def _columns(values: list[str]) -> str:
    return f"{'column' if len(values) == 1 else 'columns'} {names(values)}"
