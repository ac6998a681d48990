"""Calls a flavor's own model, where MLflow's way there would change nothing.

`PyFuncModel.predict` enforces the signature on the data, fills in the defaults of params, and sets a context for tracing.
On what the decoders of this runtime made of plain columns or tensors, the first gives back what it got, in 10 times the
time that a small model takes. For these flavors, whose models are a library's and not a user's code, nothing reads the
context.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Optional

from mlflow.pyfunc import PyFuncModel
from mlflow.types import DataType, Schema

from . import quick
from .estimators import for_arrays
from .inputs import Decoder, decoder_of

_FLAVORS = {
    "mlflow.catboost",
    "mlflow.lightgbm",
    "mlflow.onnx",
    "mlflow.sklearn",
    "mlflow.statsmodels",
    "mlflow.xgboost",
}
# A DataFrame's columns of other numbers, scikit-learn converts first.
_MATRIX_TYPES = {DataType.double, DataType.float, DataType.long, DataType.integer}

Call = Callable[[Any], Any]


class Direct:
    """A model without MLflow around it."""

    def __init__(self, call: Call, decode: Decoder | None, call_decoded: Call) -> None:
        self.call = call
        """Takes what the decoder of the signature makes."""
        self.decode = decode
        """A quicker decoder, which gives None for all that isn't plain; there may be none."""
        self.call_decoded = call_decoded
        """Takes what the quicker decoder makes."""


def direct_of(model: Any) -> Direct | None:
    """The model behind MLflow's; None where it can't be shown that it gets and answers the same."""
    if type(model) is not PyFuncModel or model.loader_module not in _FLAVORS:
        return None
    implementation, schema = model._model_impl, model.metadata.get_input_schema()
    if type(implementation).__module__ != model.loader_module:
        return None
    if model.metadata.get_params_schema() is not None or not _is_plain(schema):
        return None
    call = _call_of(getattr(model, "_predict_fn", None))
    if call is None:
        return None
    if schema.is_tensor_spec():
        return Direct(call, getattr(decoder_of(schema), "quick", None), call)
    columns = quick.QuickColumns.of(schema)
    if columns is None:
        return Direct(call, None, call)
    on_arrays = _on_arrays(model, schema) if columns.is_matrix else None
    return Direct(call, columns, call) if on_arrays is None else Direct(call, columns.matrix, on_arrays)


def _is_plain(schema: Schema | None) -> bool:
    """Whether MLflow's enforcement gives back what the decoder made, because it has exactly its types."""
    if schema is None or not schema.inputs:
        return False
    if schema.is_tensor_spec():
        return all(spec.type.kind in "fiub" for spec in schema.inputs)
    named = schema.has_input_names()
    if named and len(set(schema.input_names())) < len(schema.inputs):
        return False
    # Of a DataFrame without columns MLflow loses the rows; one without names it reads by position.
    if not any(spec.required for spec in schema.inputs) or not (named or all(spec.required for spec in schema.inputs)):
        return False
    # Booleans beside nulls are objects.
    return all(
        isinstance(spec.type, DataType) and (spec.required or spec.type != DataType.boolean) for spec in schema.inputs
    )


def _call_of(predict: Any) -> Call | None:
    """Calls as `PyFuncModel.predict` without params does."""
    try:
        params = inspect.signature(predict).parameters.get("params")
    except (TypeError, ValueError):
        return None
    if params is None:
        return predict
    # MLflow's versions differ in what they do with **params.
    return None if params.kind is inspect.Parameter.VAR_KEYWORD else lambda data: predict(data, params=None)


def _on_arrays(model: PyFuncModel, schema: Schema) -> Optional[Call]:
    """A scikit-learn model's function for arrays, if it gives what it does for DataFrames."""
    if model.loader_module != "mlflow.sklearn" or schema.inputs[0].type not in _MATRIX_TYPES:
        return None
    estimator = model._model_impl.sklearn_model
    nameless = for_arrays(estimator, schema.input_names() if schema.has_input_names() else None)
    return None if nameless is None else getattr(nameless, model._predict_fn.__name__, None)
