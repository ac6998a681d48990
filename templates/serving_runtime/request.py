"""The body of a request: `{"instances": [...], "parameters": {...}, "stream": false}`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from .errors import BadRequest, describe, names, one_line

_KEYS = {"instances", "parameters", "stream"}
_NAME = b'{"instances"'


@dataclass(frozen=True)
class PredictionRequest:
    """What is asked for, in JSON's own types."""

    instances: list[Any]
    """At least one."""
    parameters: dict[str, Any]
    stream: bool
    """Whether the answer comes part by part."""

    @classmethod
    def parse(cls, body: bytes) -> PredictionRequest:
        """Raises BadRequest for a body of another form."""
        try:
            request = parse_json(body)
        except (ValueError, RecursionError) as error:
            raise BadRequest(f"the request body is not JSON: {one_line(error)}") from None
        if not isinstance(request, dict):
            raise BadRequest(f'the request body must be an object with "instances", got {describe(request)}')
        if "instances" not in request:
            raise BadRequest(f'the request has no "instances"; it has {names(request) or "nothing"}')
        if unknown := request.keys() - _KEYS:
            raise BadRequest(f'unknown {names(sorted(unknown))}; a request has "instances" and "parameters"')
        instances, given, stream = request["instances"], request.get("parameters"), request.get("stream")
        if not isinstance(instances, list):
            raise BadRequest(f'"instances" must be an array, got {describe(instances)}')
        if not instances:
            raise BadRequest('"instances" is empty; send at least one')
        if given is not None and not isinstance(given, dict):
            raise BadRequest(f'"parameters" must be an object, got {describe(given)}')
        if stream is not None and not isinstance(stream, bool):
            raise BadRequest(f'"stream" must be true or false, got {describe(stream)}')
        return cls(instances, given or {}, bool(stream))


def has_only_numbers(body: bytes) -> bool:
    """Whether there is nothing but numbers, in arrays, in a valid body that has instances and nothing else.

    Without another string than that name there are no other properties, and without these letters no true, false or null.
    """
    return body.startswith(_NAME) and body.find(b'"', len(_NAME)) < 0 and b"u" not in body and b"l" not in body


def parse_json(body: bytes) -> Any:
    """Raises ValueError for what JSON does not have, NaN among it, and RecursionError for what is too deep."""
    return json.loads(body, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")
