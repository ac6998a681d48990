"""The errors that are told to somebody: to the client (400), or to whoever started the server."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

_SHOWN = 60  # Characters of a value that a message repeats.

# The names of https://cloud.google.com/apis/design/errors, which Vertex AI's own answers use.
_STATUS = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 405: "UNIMPLEMENTED", 500: "INTERNAL"}


class BadRequest(ValueError):
    """The request does not fit the model; its message is the answer's, with status 400."""


class ModelError(RuntimeError):
    """The model failed; its traceback is this error's cause."""


class StartupError(Exception):
    """The server cannot start; the message says what to look at."""


class Mismatch(ValueError):
    """A JSON value is not what the signature asks for. `path` leads to it inside a nested value, as in `["a"][3]`."""

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = path

    @classmethod
    def expected(cls, what: str, value: Any) -> Mismatch:
        return cls(f"expected {what}, got {describe(value)}")

    def inside(self, step: str | int) -> Mismatch:
        return Mismatch(self.problem, f"[{quote(step)}]{self.path}")


def describe(value: Any) -> str:
    """A JSON value in the words of JSON, short enough for a message."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean true" if value else "boolean false"
    if isinstance(value, str):
        return f"string {quote(value)}"
    if isinstance(value, list):
        return f"an array of {count(len(value), 'value')}"
    if isinstance(value, dict):
        return "an object"
    if value in (math.inf, -math.inf):  # Only JSON's 1e999 gets here.
        return "a number beyond the range of a double"
    return f"number {_shorten(_number_text(value))}"


def _number_text(value: int | float) -> str:
    """A number as JavaScript writes it: the same for `1` and `1.0`, which are the same on the way through Vertex AI."""
    if isinstance(value, int):
        return str(value)
    text = repr(value)
    digits, _, exponent = text.partition("e")
    if not exponent:
        return "0" if value == 0 else digits.removesuffix(".0")
    power = int(exponent)
    return format(Decimal(text), "f") if -7 < power < 21 else f"{digits}e{power:+d}"


def quote(value: str | int) -> str:
    """A name as JSON writes it: on one line, whatever it contains."""
    return _shorten(json.dumps(value, ensure_ascii=False))


def names(values: Any) -> str:
    """Names for a message, the first ten of them."""
    values = list(values)
    shown = ", ".join(quote(value) for value in values[:10])
    return shown if len(values) <= 10 else f"{shown} and {len(values) - 10} more"


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def error_body(code: int, message: str) -> bytes:
    """An error in the form of Google's APIs."""
    error = {"code": code, "message": message, "status": _STATUS.get(code, "UNKNOWN")}
    return json.dumps({"error": error}).encode()


def one_line(error: BaseException) -> str:
    """An error's message on one line, without the end of a very long one."""
    text = " ".join(str(error).split())
    return text if len(text) <= 1000 else f"{text[:999]}…"


def _shorten(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
