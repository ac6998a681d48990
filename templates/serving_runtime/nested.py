"""Arrays, objects and maps of a column signature: a check of their structure, then values that MLflow's own enforcement takes.

MLflow enforces nested values one by one through pandas, and accepts a value only in exactly the type of the signature:
a Python float is no `float` (32 bits) to it, a list of them neither, and a list of datetimes comes out as integers. Hence
the numpy values below; where a plain Python value will do, it is one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from mlflow.types import DataType
from mlflow.types.schema import Array, Map, Object

from . import scalars
from .errors import Mismatch, names
from .scalars import Parse, inside

try:
    from mlflow.types.schema import AnyType
except ImportError:  # an older MLflow, none of whose signatures has it

    class AnyType:  # type: ignore[no-redef]
        pass


_NEEDS_NUMPY = (DataType.integer, DataType.float, DataType.datetime)
_NUMPY_STRINGS = (DataType.string, DataType.binary)


def parser_of(kind: DataType | Array | Object | Map | AnyType) -> Parse:
    """The function from a JSON value to what a model gets for this type."""
    if isinstance(kind, DataType):
        return _scalar_parser(kind)
    if isinstance(kind, Array):
        return _array_parser(kind)
    if isinstance(kind, Object):
        return _object_parser(kind)
    if isinstance(kind, Map):
        return _map_parser(kind)
    if isinstance(kind, AnyType):
        return scalars.anything
    raise TypeError(f"the signature has a type that this server does not know: {kind!r}")


def name_of(kind: DataType | Array | Object | Map | AnyType) -> str:
    """A type in the words of a message."""
    if isinstance(kind, DataType):
        return kind.name
    if isinstance(kind, Array):
        return f"array of {name_of(kind.dtype)}"
    if isinstance(kind, Map):
        return f"object (a map to {name_of(kind.value_type)})"
    return "any value" if isinstance(kind, AnyType) else "object"


def _scalar_parser(kind: DataType) -> Parse:
    scalar = scalars.of_column(kind)
    if kind not in _NEEDS_NUMPY:
        return scalar.parse
    return lambda value: scalar.dtype.type(scalar.parse(value))


def _array_parser(kind: Array) -> Parse:
    expected = name_of(kind)
    item = scalars.of_column(kind.dtype).parse if isinstance(kind.dtype, DataType) else parser_of(kind.dtype)
    if kind.dtype in _NUMPY_STRINGS:
        item = scalars.without_final_nul(item)
    dtype = scalars.of_column(kind.dtype).dtype if kind.dtype in _NEEDS_NUMPY else None

    def parse(value: Any) -> Any:
        if not isinstance(value, list):
            raise Mismatch.expected(expected, value)
        items = [inside(index, item, each) for index, each in enumerate(value)]
        return items if dtype is None else np.array(items, dtype=dtype)

    return parse


def _object_parser(kind: Object) -> Parse:
    properties = {each.name: (parser_of(each.dtype), each.required) for each in kind.properties}
    required = [name for name, (_, needed) in properties.items() if needed]

    def parse(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Mismatch.expected(f"object with {names(properties)}", value)
        if missing := [name for name in required if name not in value]:
            raise Mismatch(f"missing {names(missing)}")
        if unknown := [name for name in value if name not in properties]:
            raise Mismatch(f"unknown {names(unknown)}; it has {names(properties)}")
        return {name: _property(name, each) for name, each in value.items()}

    def _property(name: str, value: Any) -> Any:
        parser, needed = properties[name]
        return None if value is None and not needed else inside(name, parser, value)

    return parse


def _map_parser(kind: Map) -> Parse:
    expected, item = name_of(kind), parser_of(kind.value_type)

    def parse(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Mismatch.expected(expected, value)
        return {name: inside(name, item, each) for name, each in value.items()}

    return parse
