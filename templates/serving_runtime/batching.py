"""Adaptive batching: requests that wait at the same time are answered by one call of the model. Only if asked for.

A batch is what came while the model was busy. One that isn't full waits for more, up to the delay, only while it holds fewer
requests than the one before: whoever asks alone never waits. One batch is computed at a time, and the next ones gather.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Union

from .rows import Rows


@dataclass(frozen=True)
class BatchLimits:
    """How much is gathered."""

    rows: int
    """Of one batch."""
    delay: float
    """Seconds that the first request of a batch waits at most."""


Answer = Union[bytes, Exception]
# One answer for each request.
AnswerAll = Callable[[list[Rows]], Awaitable[list[Answer]]]


class Batcher:
    """Gathers the requests of one event loop."""

    def __init__(self, answer_all: AnswerAll, limits: BatchLimits) -> None:
        self._answer_all = answer_all
        self._limits = limits
        self._gathering: dict[Hashable, _Batch] = {}
        """By the kind of the rows."""
        self._turn: asyncio.Lock | None = None
        self._expected = 1
        """Requests of the last batch."""
        self._tasks: set[asyncio.Task[None]] = set()
        """The loop itself does not keep them."""

    async def answer(self, rows: Rows) -> bytes:
        """The answer to a request; raises what the model raises about its rows."""
        kind = rows.kind
        if kind is None or rows.count >= self._limits.rows:
            return _given((await self._answer_all([rows]))[0])
        batch = self._gathering.get(kind)
        if batch is not None and batch.rows + rows.count > self._limits.rows:
            self._close(batch)
            batch = None
        if batch is None:
            batch = self._gathering[kind] = _Batch(kind)
            task = asyncio.create_task(self._run(batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        answer = batch.add(rows)
        if batch.rows == self._limits.rows:
            self._close(batch)
        elif len(batch.asked) >= self._expected:
            batch.is_ready.set()
        return _given(await answer)

    def _close(self, batch: _Batch) -> None:
        """From here on it takes no more."""
        batch.is_ready.set()
        if self._gathering.get(batch.kind) is batch:
            del self._gathering[batch.kind]

    async def _run(self, batch: _Batch) -> None:
        answers: list[Answer] = []
        asked = batch.asked
        try:
            await self._ready(batch)
            if self._turn is None:  # Before Python 3.10 a lock belongs to the loop that it is made in.
                self._turn = asyncio.Lock()
            async with self._turn:
                self._close(batch)
                # Whoever has gone wants no answer.
                asked = [(rows, answer) for rows, answer in batch.asked if not answer.done()]
                self._expected = len(asked)
                if asked:
                    answers = await self._answer_all([rows for rows, _ in asked])
        except BaseException as error:
            # Whatever it is: nobody may wait for ever.
            answers = [error if isinstance(error, Exception) else RuntimeError(type(error).__name__)] * len(asked)
        finally:
            self._close(batch)
            for (_, future), answer in zip(asked, answers):
                if not future.done():
                    future.set_result(answer)

    async def _ready(self, batch: _Batch) -> None:
        if self._limits.delay > 0 and not batch.is_ready.is_set():
            timer = asyncio.get_running_loop().call_later(self._limits.delay, batch.is_ready.set)
            await batch.is_ready.wait()
            timer.cancel()


class _Batch:
    def __init__(self, kind: Hashable) -> None:
        self.kind = kind
        self.rows = 0
        self.asked: list[tuple[Rows, asyncio.Future[Answer]]] = []
        self.is_ready = asyncio.Event()

    def add(self, rows: Rows) -> asyncio.Future[Answer]:
        answer = asyncio.get_running_loop().create_future()
        self.asked.append((rows, answer))
        self.rows += rows.count
        return answer


def _given(answer: Answer) -> bytes:
    if isinstance(answer, Exception):
        raise answer
    return answer
