"""From the body of a request to the body of its answer: parse, decode by the signature, predict, encode."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from mlflow.exceptions import MlflowException
from mlflow.models import Model

from . import inputs, outputs, parameters
from .direct import Direct, direct_of
from .errors import BadRequest, ModelError, one_line
from .request import PredictionRequest
from .rows import Rows, joined, shape_of_items, split
from .shortcut import PARSES_FAST, Shortcut
from .stock_predictor import bare_model
from .stream import PartStream

_CLIENT_ERRORS = {"INVALID_PARAMETER_VALUE", "BAD_REQUEST"}
_NO_STREAM = 'the model does not stream: it has no predict_stream; leave "stream" out'
_END = object()

log = logging.getLogger("serving_runtime")


class Predictor(Protocol):
    """What module `predictor` must have as class `Predictor`, besides a class method `from_path(model_dir)`.

    `predict` gets the instances decoded by the model's signature (a DataFrame, an array, a dict of arrays) and the
    parameters by name, and may raise an MlflowException of code INVALID_PARAMETER_VALUE for an input that it does not
    take. With a true attribute `raw_inputs` it gets the instances and parameters of the request as they came; with a false
    `raw_parameters` beside it, only the instances.

    It may have `predict_stream(instances, /, **parameters)` too, which gives an iterator of the answer's parts. One that
    cannot do it for its model raises NotImplementedError.
    """

    def predict(self, instances: Any, /, **parameters: Any) -> Any: ...


class PredictionService:
    """A loaded model and how its requests are read. Many threads may use it at once."""

    def __init__(
        self,
        predictor: Predictor,
        decode: inputs.Decoder,
        decode_parameters: parameters.ParameterDecoder,
        *,
        one_at_a_time: bool = False,
        direct: Direct | None = None,
    ) -> None:
        self._predictor = predictor
        self._one_at_a_time = one_at_a_time
        self._decode = decode
        self._decode_parameters = decode_parameters
        self._direct = direct
        plain = direct or (None if one_at_a_time else _as_direct(predictor, decode))
        self._shortcut = Shortcut(plain) if plain is not None and plain.decode is not None else None
        self._gives_item_per_row = True
        self._answered_counts: tuple[int, ...] = ()
        """Two numbers of rows that got as many items."""
        self._shape_of_items: Any = None
        """Of answers to requests by themselves."""

    @classmethod
    def load(cls, model_dir: Path) -> PredictionService:
        """Loads the model through module `predictor`. Whatever that raises is passed on."""
        module = importlib.import_module("predictor")
        predictor = module.Predictor.from_path(str(model_dir))
        raw = getattr(predictor, "raw_inputs", False)
        raw_parameters = getattr(predictor, "raw_parameters", raw)
        if raw and raw_parameters:
            return cls(predictor, inputs.raw, parameters.raw)
        model = Model.load(str(model_dir))
        return cls(
            predictor,
            inputs.raw if raw else inputs.decoder_of(model.get_input_schema()),
            parameters.raw if raw_parameters else parameters.parameter_decoder_of(model.get_params_schema()),
            one_at_a_time=not raw and inputs.takes_one_row(model),
            direct=None if raw or raw_parameters else direct_of(bare_model(module, predictor)),
        )

    @property
    def only_computes(self) -> bool:
        """Whether a prediction is a library's arithmetic, which waits for nothing."""
        return self._direct is not None

    def answer(self, body: bytes) -> bytes | PartStream:
        """The body of the answer to a request body, or its parts, if the request asks for a stream.

        Of a stream the first part is there, so that a request which cannot be answered is refused as any other.
        Raises BadRequest when the request does not fit the model, ModelError when the model fails.
        """
        if self._shortcut is not None and (plain := self._shortcut.read(body)) is not None:
            with _model_errors():
                result = self._shortcut.call(plain[0])
            with _encoding_errors():
                return outputs.to_json(result, plain[1])
        request = PredictionRequest.parse(body)
        batches, keywords = self._batches(request.instances), self._decode_parameters(request.parameters)
        if request.stream:
            return PartStream.begun(self._parts(batches, keywords))
        with _model_errors():
            results = [self._predict(batch, keywords) for batch in batches]
        with _encoding_errors():
            return outputs.to_json(results if len(batches) > 1 else results[0], len(request.instances))

    def rows(self, body: bytes) -> Rows | None:
        """What a request asks about, if others may be answered with it: not a stream, a request with parameters, or one of a
        model that takes a row at a time.

        Raises BadRequest as `answer` does.
        """
        if self._one_at_a_time or not self._gives_item_per_row:
            return None
        if self._shortcut is not None and (plain := self._shortcut.read(body)) is not None:
            return Rows(*plain, self._shortcut.call, len(body))
        request = PredictionRequest.parse(body)
        if request.stream or request.parameters:
            return None
        return Rows(self._decode(request.instances), len(request.instances), self._predict_without_parameters, len(body))

    def answer_all(self, requests: list[Rows]) -> list[bytes | Exception]:
        """The bodies of the answers to requests of one kind, or what `answer` would raise.

        The model is called once. If it fails, it is called for each of them, since one may be to blame.
        """
        if not self._may_join(requests):
            return [self._answer_one(rows) for rows in requests]
        try:
            results = self._results_at_once(requests)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            answers = [self._answer_one(rows) for rows in requests]
            if not any(isinstance(answer, Exception) for answer in answers):
                self._answer_singly(f"the model fails with {type(error).__name__} only for several requests at once")
            return answers
        if results is None:
            return [self._answer_one(rows) for rows in requests]
        return [_encoded(result, rows.count) for result, rows in zip(results, requests)]

    def _may_join(self, requests: list[Rows]) -> bool:
        """Whether another number of rows has been seen to get as many items.

        One alone may be chance: the arrays of a model's two outputs look like the items of two rows, and each of two requests
        would get what is about both.
        """
        if len(requests) < 2 or not self._gives_item_per_row:
            return False
        total = sum(rows.count for rows in requests)
        return any(count != total for count in self._answered_counts)

    def _results_at_once(self, requests: list[Rows]) -> list[Any] | None:
        return self._items(requests[0].call(joined(requests)), [rows.count for rows in requests])

    def _items(self, result: Any, counts: list[int]) -> list[Any] | None:
        items = split(result, counts)
        if items is None:
            self._answer_singly("the model does not give one item for each row")
            return None
        # An item for each of the other rows, such as a distance, tells of other requests.
        shape = shape_of_items(result)
        if len(counts) > 1 and shape != self._shape_of_items:
            self._answer_singly("the items of the model's answer depend on the number of rows")
            return None
        if len(counts) == 1:
            self._shape_of_items = shape
        if len(self._answered_counts) < 2 and sum(counts) not in self._answered_counts:
            self._answered_counts += (sum(counts),)
        return items

    def _answer_singly(self, why: str) -> None:
        if self._gives_item_per_row:
            log.warning("%s: requests are answered one by one from now on", why)
        self._gives_item_per_row = False

    def _answer_one(self, rows: Rows) -> bytes | Exception:
        try:
            with _model_errors():
                result = rows.call(rows.data)
        except (BadRequest, ModelError) as error:
            return error
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # Such as a library's panic: the others are asked about all the same.
            return ModelError(f"Model raised {type(error).__name__}: {one_line(error)}")
        self._items(result, [rows.count])
        return _encoded(result, rows.count)

    def _predict_without_parameters(self, batch: Any) -> Any:
        return self._predict(batch, self._decode_parameters({}))

    def _predict(self, batch: Any, keywords: dict[str, Any]) -> Any:
        if self._direct is not None and not keywords:
            return self._direct.call(batch)
        return self._predictor.predict(batch, **keywords)

    def _batches(self, instances: list[Any]) -> list[Any]:
        """What the predictor gets, one after the other: all instances at once, if the model takes them so."""
        if not self._one_at_a_time:
            return [self._decode(instances)]
        # Each is decoded by itself: beside another, what it lacks would become null.
        return [self._decode_one(instance, number) for number, instance in enumerate(instances)]

    def _decode_one(self, instance: Any, number: int) -> Any:
        try:
            return self._decode([instance])
        except BadRequest as error:
            raise BadRequest(str(error).replace("instances[0]", f"instances[{number}]", 1)) from None

    def _parts(self, batches: list[Any], keywords: dict[str, Any]) -> Generator[bytes, None, None]:
        predict_stream = getattr(self._predictor, "predict_stream", None)
        if predict_stream is None:
            raise BadRequest(_NO_STREAM)
        with _model_errors():
            try:
                parts = _one_after_the_other(predict_stream, batches, keywords)
                part = next(parts, _END)
            except NotImplementedError:
                raise BadRequest(_NO_STREAM) from None
        try:
            while part is not _END:
                with _encoding_errors():
                    encoded = outputs.part_to_json(part)
                yield encoded
                with _model_errors():
                    part = next(parts, _END)
        finally:
            parts.close()  # Whoever asked may be gone: the model must not go on for nobody.


def _as_direct(predictor: Predictor, decode: inputs.Decoder) -> Direct | None:
    """The predictor as it is, for requests that a quicker decoder takes: then they need no slower parser."""
    quick = getattr(decode, "quick", None)
    return Direct(predictor.predict, quick, predictor.predict) if PARSES_FAST and quick is not None else None


def _encoded(result: Any, count: int) -> bytes | Exception:
    try:
        with _encoding_errors():
            return outputs.to_json(result, count)
    except Exception as error:  # Of this request alone, whatever it is.
        return error


def _one_after_the_other(
    predict_stream: Callable[..., Any], batches: list[Any], keywords: dict[str, Any]
) -> Generator[Any, None, None]:
    for batch in batches:
        yield from predict_stream(batch, **keywords)


@contextmanager
def _model_errors() -> Iterator[None]:
    """Tells the client's errors from the model's."""
    try:
        yield
    except BadRequest:
        raise
    except Exception as error:
        if isinstance(error, MlflowException) and error.error_code in _CLIENT_ERRORS:
            # MLflow's message repeats the whole input; what it caught says what was wrong with it.
            raise BadRequest(f"MLflow refuses the input: {one_line(error.__context__ or error)}") from error
        raise ModelError(f"Model raised {type(error).__name__}: {one_line(error)}") from error


@contextmanager
def _encoding_errors() -> Iterator[None]:
    try:
        yield
    except (TypeError, ValueError) as error:
        raise ModelError(f"Model returned what JSON cannot carry: {one_line(error)}") from error
