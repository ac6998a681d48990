"""Whether a prediction is short enough to run on the event loop, without a thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

Asked = TypeVar("Asked")
Result = TypeVar("Result")

# Less than a health check could notice; the way to a thread and back costs about a tenth of it.
_SHORT_SECONDS = 0.002
# Beside other processes even a short one is interrupted now and then.
_TOO_LONG_SECONDS = 0.01
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

    async def run(self, answer: Callable[[Asked], Result], asked: Asked, is_small: bool) -> Result:
        """Answers on the event loop what is known to be short, and anything else in a thread.

        `is_small`: whether it is about few rows, so that it takes what other small ones took.
        """
        if is_small and self._only_computes and self._short_ones >= _ENOUGH:
            return self._timed(answer, asked)
        return await run_in_threadpool(self._timed_in_thread, answer, asked, is_small)

    def _timed(self, answer: Callable[[Asked], Result], asked: Asked) -> Result:
        began = time.perf_counter()
        try:
            return answer(asked)
        finally:
            if time.perf_counter() - began > _TOO_LONG_SECONDS:
                self._short_ones = 0

    def _timed_in_thread(self, answer: Callable[[Asked], Result], asked: Asked, is_small: bool) -> Result:
        # Its own time counts: with others, it takes turns.
        began = time.thread_time()
        try:
            return answer(asked)
        finally:
            if is_small:
                self._short_ones = self._short_ones + 1 if time.thread_time() - began <= _SHORT_SECONDS else 0
