"""The `parameters` of a request: MLflow's inference params, by the params schema of the model's signature."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
from mlflow.types import DataType
from mlflow.types.schema import ParamSchema, ParamSpec

from . import scalars
from .errors import BadRequest, Mismatch, names, quote
from .nested import name_of, parser_of
from .scalars import Parse, inside

ParameterDecoder = Callable[[dict[str, Any]], dict[str, Any]]


def parameter_decoder_of(schema: ParamSchema | None) -> ParameterDecoder:
    """The function from a request's parameters to those of `predict`.

    MLflow warns about a name that the schema lacks and drops it; here it is an error. Absent ones get their default from
    MLflow.
    """
    parsers = {spec.name: _parser(spec) for spec in schema.params} if schema is not None else {}

    def decode(parameters: dict[str, Any]) -> dict[str, Any]:
        if unknown := [name for name in parameters if name not in parsers]:
            known = f"it takes {names(parsers)}" if parsers else "its signature has no params"
            raise BadRequest(f"parameters: the model does not take {names(unknown)}; {known}")
        return {name: _decoded(name, parsers[name], value) for name, value in parameters.items()}

    return decode


def raw(parameters: dict[str, Any]) -> dict[str, Any]:
    """For a predictor with `raw_inputs = True`, which takes the parameters as they came."""
    return {name: _decoded(name, scalars.anything, value) for name, value in parameters.items()}


def _decoded(name: str, parse: Parse, value: Any) -> Any:
    try:
        return parse(value)
    except Mismatch as mismatch:
        raise BadRequest(f"parameters: {quote(name)}{mismatch.path}: {mismatch.problem}") from None


def _parser(spec: ParamSpec) -> Parse:
    one = _scalar_parser(spec.dtype) if isinstance(spec.dtype, DataType) else parser_of(spec.dtype)
    parse = one if spec.shape is None else _list_parser(one, name_of(spec.dtype))
    return lambda value: None if value is None and spec.default is None else parse(value)


def _scalar_parser(kind: DataType) -> Parse:
    if kind != DataType.datetime:
        return scalars.of_column(kind).parse
    # MLflow makes a parameter a Python datetime, and can only do so from microseconds.
    parse = scalars.of_tensor(np.dtype("datetime64[us]")).parse
    return lambda value: parse(value).item()


def _list_parser(one: Parse, item_name: str) -> Parse:
    def parse(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Mismatch.expected(f"array of {item_name}", value)
        return [inside(index, one, each) for index, each in enumerate(value)]

    return parse
