"""Whether a prediction is short enough to run on the event loop, without a thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

# Less than a health check could notice; the way to a thread and back costs about a tenth of it.
_SHORT_SECONDS = 0.002
# Beside other processes even a short one is interrupted now and then.
_TOO_LONG_SECONDS = 0.01
# Time grows with the rows; bodies up to this size have few.
_SMALL_BODY = 8192
_ENOUGH = 20


class Pace:
    """Remembers how long predictions took.

    Only those of a model that computes, and never waits for a network, a disk or a lock, are ever short: what they took is
    what they will take. Each is measured, and a long one sends the next ones back to the threads.
    """

    def __init__(self, only_computes: bool) -> None:
        self._only_computes = only_computes
        self._short_ones = 0
        """In a row."""

    def is_short(self, body: bytes) -> bool:
        """Whether the request with this body may run on the event loop."""
        return self._only_computes and self._short_ones >= _ENOUGH and len(body) <= _SMALL_BODY

    def timed(self, answer: Callable[[bytes], Result], body: bytes) -> Result:
        """Calls on the event loop."""
        began = time.perf_counter()
        try:
            return answer(body)
        finally:
            if time.perf_counter() - began > _TOO_LONG_SECONDS:
                self._short_ones = 0

    def timed_in_thread(self, answer: Callable[[bytes], Result], body: bytes) -> Result:
        """Calls in a thread. Its own time counts: with others, it takes turns."""
        began = time.thread_time()
        try:
            return answer(body)
        finally:
            if len(body) <= _SMALL_BODY:
                self._short_ones = self._short_ones + 1 if time.thread_time() - began <= _SHORT_SECONDS else 0
