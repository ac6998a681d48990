"""Chooses, once at start, how the rows of a request become what the model takes."""

from __future__ import annotations

from typing import Any, Callable

from mlflow.types import Schema

from .columns import ColumnDecoder
from .tensors import NamedTensorDecoder, TensorDecoder
from .untyped import UntypedDecoder, as_they_came

# From the `instances` of a request, at least one, to a DataFrame, an array or a dict of arrays.
Decoder = Callable[[list[Any]], Any]


def decoder_of(schema: Schema | None) -> Decoder:
    """The decoder for a model's input schema.

    Raises TypeError for a signature that JSON cannot serve.
    """
    if schema is None or not schema.inputs:
        return UntypedDecoder()
    if not schema.is_tensor_spec():
        return ColumnDecoder(schema)
    return NamedTensorDecoder(schema) if schema.has_input_names() else TensorDecoder(schema)


def raw(instances: list[Any]) -> list[Any]:
    """The decoder for a predictor with `raw_inputs = True`, which takes the rows as they came."""
    return as_they_came(instances)
