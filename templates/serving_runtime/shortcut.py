"""The short way of a request that has instances only, all plain."""

from __future__ import annotations

from typing import Any

from .direct import Direct
from .request import has_only_numbers, parse_json

try:
    from orjson import loads  # 3 to 6 times as fast.
except ImportError:
    loads = parse_json

PARSES_FAST = loads is not parse_json
"""Whether it is worth while for a model that can't be called directly."""


class Shortcut:
    """Reads a request as `PredictionRequest` and the signature's decoder do, or not at all."""

    def __init__(self, direct: Direct) -> None:
        self._decode = direct.decode
        self.call = direct.call_decoded

    def read(self, body: bytes) -> tuple[Any, int] | None:
        """What `call` takes and the number of rows; None for what must go the long way.

        orjson refuses more than `json` does, and makes a float of an integer beyond 64 bits. Such a number is not plain, and
        all that is refused here is read again there.
        """
        try:
            request = loads(body)
        except (ValueError, RecursionError):
            return None
        if type(request) is not dict or len(request) != 1:
            return None
        instances = request.get("instances")
        if type(instances) is not list or not instances:
            return None
        data = self._decode(instances, has_only_numbers(body))
        return None if data is None else (data, len(instances))
