"""Chooses, once at start, how the rows of a request become what the model takes."""

from __future__ import annotations

from typing import Any, Callable

from mlflow.models import Model
from mlflow.types import Schema

from .columns import ColumnDecoder
from .tensors import NamedTensorDecoder, TensorDecoder
from .untyped import UntypedDecoder, as_they_came

_LOADERS = "mlflow.pyfunc.loaders."
_AGENT_LOADERS = {_LOADERS + name for name in ("chat_model", "chat_agent", "responses_agent")}
# What MLflow writes down for the same models when they are logged from code.
_AGENT_TASKS = {"agent/v1/chat", "agent/v2/chat", "agent/v1/responses"}

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


def takes_one_row(model: Model) -> bool:
    """Whether it is a ChatModel, a ChatAgent or a ResponsesAgent: of several rows, MLflow answers the first and drops the rest."""
    loader = model.flavors["python_function"].get("loader_module")
    return loader in _AGENT_LOADERS or (
        loader == _LOADERS + "code_model" and (model.metadata or {}).get("task") in _AGENT_TASKS
    )


def raw(instances: list[Any]) -> list[Any]:
    """The decoder for a predictor with `raw_inputs = True`, which takes the rows as they came."""
    return as_they_came(instances)
