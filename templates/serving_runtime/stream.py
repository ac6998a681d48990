"""Streamed answers: the parts of a model's answer, and the Server-Sent Events that carry them."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextvars import copy_context

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .errors import BadRequest, ModelError, error_body

log = logging.getLogger("serving_runtime")


class PartStream:
    """The parts of an answer, each the JSON of one value.

    All of them are made in one context, though by several threads: MLflow sets a context variable before the first part and
    resets it after the last.
    """

    def __init__(self, parts: Generator[bytes, None, None]) -> None:
        self._parts = parts
        self._context = copy_context()
        self._first: bytes | None = None

    @classmethod
    def begun(cls, parts: Generator[bytes, None, None]) -> PartStream:
        """The stream once its first part is there. Raises what making that part raises."""
        stream = cls(parts)
        stream._first = stream.next()
        return stream

    def next(self) -> bytes | None:
        """The next part; None at the end."""
        first, self._first = self._first, None
        return first or self._context.run(next, self._parts, None)

    def close(self) -> None:
        """Ends the model's work."""
        self._context.run(self._parts.close)


class EventStream(Response):
    """Sends each part as the event `data: JSON`, and a failure as a last event named `error`.

    A client that goes away ends the model's work at its next part.
    """

    media_type = "text/event-stream"

    def __init__(self, parts: PartStream) -> None:
        super().__init__(headers={"Cache-Control": "no-store"})
        del self.headers["content-length"]
        self._parts = parts
        self._is_complete = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with anyio.create_task_group() as tasks:

            async def end_with_client() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                if self._is_complete:  # The server says it then, too.
                    return
                log.info("a client left its stream")
                tasks.cancel_scope.cancel()

            tasks.start_soon(end_with_client)
            await self._send(send)
            tasks.cancel_scope.cancel()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            while (event := await run_in_threadpool(self._next_event)) is not None:
                await send({"type": "http.response.body", "body": event, "more_body": True})
        finally:
            with anyio.CancelScope(shield=True):
                await run_in_threadpool(self._parts.close)
        self._is_complete = True
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _next_event(self) -> bytes | None:
        try:
            part = self._parts.next()
        except BadRequest as error:
            log.warning("refused a request: %s", error)
            return _error_event(400, str(error))
        except ModelError as error:
            log.error("%s", error, exc_info=error.__cause__)
            return _error_event(500, str(error))
        return None if part is None else b"data: " + part + b"\n\n"


def _error_event(code: int, message: str) -> bytes:
    return b"event: error\ndata: " + error_body(code, message) + b"\n\n"
