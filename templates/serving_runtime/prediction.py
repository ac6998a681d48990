"""From the body of a request to the body of its answer: parse, decode by the signature, predict, encode."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any, NoReturn, Protocol

from mlflow.exceptions import MlflowException
from mlflow.models import Model

from . import inputs, outputs, parameters
from .errors import BadRequest, describe, names, one_line

_CLIENT_ERRORS = {"INVALID_PARAMETER_VALUE", "BAD_REQUEST"}


class Predictor(Protocol):
    """What module `predictor` must have as class `Predictor`, besides a class method `from_path(model_dir)`.

    `predict` gets the instances decoded by the model's signature (a DataFrame, an array, a dict of arrays) and the
    parameters by name, and may raise an MlflowException of code INVALID_PARAMETER_VALUE for an input that it does not
    take. With a true attribute `raw_inputs` it gets the instances and parameters of the request as they came.
    """

    def predict(self, instances: Any, /, **parameters: Any) -> Any: ...


class ModelError(RuntimeError):
    """The model failed; its traceback is this error's cause."""


class PredictionService:
    """A loaded model and how its requests are read. Many threads may use it at once."""

    def __init__(
        self, predictor: Predictor, decode: inputs.Decoder, decode_parameters: parameters.ParameterDecoder
    ) -> None:
        self._predictor = predictor
        self._decode = decode
        self._decode_parameters = decode_parameters

    @classmethod
    def load(cls, model_dir: Path) -> PredictionService:
        """Loads the model through module `predictor`. Whatever that raises is passed on."""
        predictor = importlib.import_module("predictor").Predictor.from_path(str(model_dir))
        if getattr(predictor, "raw_inputs", False):
            return cls(predictor, inputs.raw, parameters.raw)
        model = Model.load(str(model_dir))
        return cls(
            predictor,
            inputs.decoder_of(model.get_input_schema()),
            parameters.parameter_decoder_of(model.get_params_schema()),
        )

    def answer(self, body: bytes) -> bytes:
        """The body of the answer to a request body.

        Raises BadRequest when the request does not fit the model, ModelError when the model fails.
        """
        instances, given = _parse(body)
        data, keywords = self._decode(instances), self._decode_parameters(given)
        try:
            result = self._predictor.predict(data, **keywords)
        except MlflowException as error:
            if error.error_code in _CLIENT_ERRORS:
                # MLflow's message repeats the whole input; what it caught says what was wrong with it.
                raise BadRequest(f"MLflow refuses the input: {one_line(error.__context__ or error)}") from error
            raise _failed(error) from error
        except Exception as error:
            raise _failed(error) from error
        try:
            return outputs.to_json(result, len(instances))
        except (TypeError, ValueError) as error:
            raise ModelError(f"Model returned what JSON cannot carry: {one_line(error)}") from error


def _failed(error: Exception) -> ModelError:
    return ModelError(f"Model raised {type(error).__name__}: {one_line(error)}")


def _parse(body: bytes) -> tuple[list[Any], dict[str, Any]]:
    try:
        request = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the request body is not JSON: {one_line(error)}") from None
    if not isinstance(request, dict):
        raise BadRequest(f'the request body must be an object with "instances", got {describe(request)}')
    if "instances" not in request:
        raise BadRequest(f'the request has no "instances"; it has {names(request) or "nothing"}')
    if unknown := request.keys() - {"instances", "parameters"}:
        raise BadRequest(f'unknown {names(sorted(unknown))}; a request has "instances" and "parameters"')
    instances, given = request["instances"], request.get("parameters")
    if not isinstance(instances, list):
        raise BadRequest(f'"instances" must be an array, got {describe(instances)}')
    if not instances:
        raise BadRequest('"instances" is empty; send at least one')
    if given is not None and not isinstance(given, dict):
        raise BadRequest(f'"parameters" must be an object, got {describe(given)}')
    return instances, given or {}


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")
