"""Rows for a tensor signature: nested arrays of exactly its element type and shape.

Each instance is one item of the batch, so the arrays of all instances are stacked along a first dimension. With named
tensors an instance is an object with one array for each name, as in TensorFlow Serving's row format.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mlflow.types import Schema
from mlflow.types.schema import TensorSpec

from . import quick, scalars
from .errors import BadRequest, Mismatch, count, describe, names, quote


class TensorDecoder:
    """Decodes the rows of a model with one tensor that has no name."""

    def __init__(self, schema: Schema) -> None:
        self._tensor = _Tensor(schema.inputs[0])

    def __call__(self, instances: list[Any]) -> np.ndarray:
        return self._tensor.batch(instances)

    def quick(self, instances: list[Any], only_numbers: bool = False) -> np.ndarray | None:
        """The same, or None if it isn't plain. What `only_numbers` is, says `quick.only_doubles`."""
        return self._tensor.quick(instances, only_numbers)


class NamedTensorDecoder:
    """Decodes the rows of a model with named tensors; with a single one also its bare arrays."""

    def __init__(self, schema: Schema) -> None:
        self._tensors = {spec.name: _Tensor(spec) for spec in schema.inputs}

    def __call__(self, instances: list[Any]) -> dict[str, np.ndarray]:
        rows = [self._row(instance, number) for number, instance in enumerate(instances)]
        return {name: tensor.batch([row[name] for row in rows]) for name, tensor in self._tensors.items()}

    def quick(self, instances: list[Any], only_numbers: bool = False) -> dict[str, np.ndarray] | None:
        """The same of objects that have all tensors, or None if it isn't plain. With names, there are never only numbers."""
        if set(map(type, instances)) != {dict} or not all(row.keys() == self._tensors.keys() for row in instances):
            return None
        arrays = {}
        for name, tensor in self._tensors.items():
            array = tensor.quick([row[name] for row in instances])
            if array is None:
                return None
            arrays[name] = array
        return arrays

    def _row(self, instance: Any, number: int) -> dict[str, Any]:
        if not isinstance(instance, dict):
            if len(self._tensors) == 1:
                return dict.fromkeys(self._tensors, instance)
            raise BadRequest(
                f"instances[{number}]: expected an object with {names(self._tensors)}, got {describe(instance)}"
            )
        if unknown := [name for name in instance if name not in self._tensors]:
            raise BadRequest(
                f"instances[{number}]: unknown input {names(unknown)}; the model's inputs are {names(self._tensors)}"
            )
        if missing := [name for name in self._tensors if name not in instance]:
            raise BadRequest(f"instances[{number}]: missing input {names(missing)}")
        return instance


class _Tensor:
    """One tensor: how the rows' arrays become a batch of its element type and shape."""

    def __init__(self, spec: TensorSpec) -> None:
        self._scalar = scalars.of_tensor(spec.type)
        self._quick, self._narrow = quick.of_dtype(spec.type), quick.narrowing(spec.type)
        self._batch, *self._shape = spec.shape
        # MLflow leaves this one to the model.
        self._anything = spec.type == np.dtype(object) and tuple(spec.shape) == (-1,)
        self._label = "" if spec.name is None else f": input {quote(spec.name)}"

    def batch(self, rows: list[Any]) -> np.ndarray:
        if self._batch not in (-1, len(rows)):
            raise BadRequest(f"expected exactly {count(self._batch, 'instance')}, got {len(rows)}")
        if (array := self.quick(rows)) is not None:
            return array
        items = [self._item(row, number) for number, row in enumerate(rows)]
        if self._anything:
            return _objects(items)
        same_shape = all(item.shape == items[0].shape for item in items)
        # Where a dimension is free, rows may differ: MLflow takes them as an array of arrays.
        return np.stack(items) if same_shape else _objects(items)

    def quick(self, rows: list[Any], only_numbers: bool = False) -> np.ndarray | None:
        """The same, of plain numbers or booleans in arrays that are plainly of this shape; else None."""
        if self._quick is None or self._batch not in (-1, len(rows)):
            return None
        if only_numbers and self._narrow is not None:
            array = quick.only_doubles(rows, len(self._shape) + 1)
            array = None if array is None else self._narrow(array)
        else:
            array = quick.tensor(rows, len(self._shape), self._quick)
        return array if array is not None and _fits(array.shape[1:], self._shape) else None

    def _item(self, row: Any, number: int) -> Any:
        try:
            if self._anything:
                return scalars.anything(row)
            values, shape = _flatten(row, len(self._shape))
            if not _fits(shape, self._shape):
                raise Mismatch(f"expected {_words(self._shape)}, got {_words(shape)}")
            return self._array(values, shape)
        except Mismatch as mismatch:
            raise BadRequest(f"instances[{number}]{self._label}{mismatch.path}: {mismatch.problem}") from None

    def _array(self, values: list[Any], shape: list[int]) -> np.ndarray:
        parsed = []
        for index, value in enumerate(values):
            try:
                parsed.append(self._scalar.parse(value))
            except Mismatch as mismatch:
                path = "".join(f"[{step}]" for step in np.unravel_index(index, shape)) if shape else ""
                raise Mismatch(mismatch.problem, path + mismatch.path) from None
        if self._scalar.dtype.kind == "O":
            return _objects(parsed).reshape(shape)
        return np.array(parsed, dtype=self._scalar.dtype).reshape(shape)


def _flatten(value: Any, depth: int) -> tuple[list[Any], list[int]]:
    """The elements of nested arrays, `depth` levels deep and rectangular, with their shape."""
    elements, shape = [value], []
    for _ in range(depth):
        if not all(isinstance(each, list) for each in elements):
            odd = next(each for each in elements if not isinstance(each, list))
            raise Mismatch.expected(f"{depth} levels of arrays", odd if shape else value)
        lengths = {len(each) for each in elements}
        if len(lengths) > 1:
            raise Mismatch(f"its arrays have different lengths ({', '.join(map(str, sorted(lengths)))})")
        shape.append(lengths.pop() if lengths else 0)
        elements = [item for each in elements for item in each]
    return elements, shape


def _fits(shape: Sequence[int], expected: list[int]) -> bool:
    return all(wanted in (-1, size) for size, wanted in zip(shape, expected))


def _words(shape: list[int]) -> str:
    sizes = " x ".join("any" if size == -1 else str(size) for size in shape)
    return f"an array of {sizes} values" if shape else "a single value"


def _objects(items: list[Any]) -> np.ndarray:
    """A one-dimensional array of objects: numpy alone would look into them."""
    array = np.empty(len(items), dtype=object)
    for position, item in enumerate(items):
        array[position] = item
    return array
