"""The two routes of the container contract."""

from __future__ import annotations

import logging

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from .batching import Batcher, BatchLimits
from .errors import BadRequest, ModelError, error_body
from .pace import Pace
from .prediction import PredictionService
from .rows import Rows
from .settings import Settings
from .stream import EventStream, PartStream

# Time grows with the rows; bodies up to this size have few.
_SMALL_BODY = 8192
_FEW_ROWS = 256
_SMALL_BATCH = 65_536

log = logging.getLogger("serving_runtime")


def create_app(service: PredictionService, settings: Settings) -> ASGIApp:
    """The application for a model that is loaded.

    Predictions run in threads, so the health route answers while they do; only those that are known to be short run at
    once, since the way to a thread and back takes longer. An error's answer has one line; a failing model's traceback is
    in the log only.

    Predictions are answered here without Starlette, whose routes, middleware and response objects cost as much again as a
    small model; it does the rest.
    """
    pace = Pace(service.only_computes)
    batcher = None if settings.batch is None else _batcher(service, settings.batch)

    async def answer_of(body: bytes) -> bytes | PartStream:
        is_small = len(body) <= _SMALL_BODY
        if batcher is not None:
            # Reading a small body takes less than the way to a thread and back.
            rows = service.rows(body) if is_small else await run_in_threadpool(service.rows, body)
            if rows is not None:
                return await batcher.answer(rows)
        return await pace.run(service.answer, body, is_small)

    async def predict(scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            return
        try:
            answer = await answer_of(body)
        except BadRequest as error:
            log.warning("refused a request: %s", error)
            return await _send(send, 400, error_body(400, str(error)))
        except ModelError as error:
            log.error("%s", error, exc_info=error.__cause__)
            return await _send(send, 500, error_body(500, str(error)))
        except Exception as error:
            return await _send(send, 500, _unexpected(error))
        if isinstance(answer, PartStream):
            return await EventStream(answer)(scope, receive, send)
        await _send(send, 200, answer)

    others = _others(settings, predict)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        is_prediction = (
            scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == settings.predict_route
        )
        await (predict if is_prediction else others)(scope, receive, send)

    return app


def _batcher(service: PredictionService, limits: BatchLimits) -> Batcher:
    pace = Pace(service.only_computes)

    async def answer_all(requests: list[Rows]) -> list[bytes | Exception]:
        few = sum(rows.count for rows in requests) <= _FEW_ROWS
        is_small = few and sum(rows.size for rows in requests) <= _SMALL_BATCH
        return await pace.run(service.answer_all, requests, is_small)

    return Batcher(answer_all, limits)


def _others(settings: Settings, predict: ASGIApp) -> Starlette:
    """The health route, and the answers to what no route takes."""

    async def health(_: Request) -> Response:
        return Response(status_code=200)

    class Predict:
        """An ASGI application: as a function, Starlette would call it with a request."""

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await predict(scope, receive, send)

    return Starlette(
        routes=[
            Route(settings.health_route, health, methods=["GET"]),
            Route(settings.predict_route, Predict(), methods=["POST"]),
        ],
        exception_handlers={HTTPException: _http_error, Exception: _unexpected_error},
    )


async def _body(receive: Receive) -> bytes | None:
    """The request's body; None if the client went away before its end."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        return message.get("body", b"")
    parts = []
    while message["type"] == "http.request":
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
        message = await receive()
    return None


async def _send(send: Send, code: int, body: bytes) -> None:
    headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _http_error(request: Request, error: HTTPException) -> Response:
    body = error_body(error.status_code, f"{request.method} {request.url.path}: {error.detail}")
    return Response(body, status_code=error.status_code, media_type="application/json", headers=error.headers)


async def _unexpected_error(_: Request, error: Exception) -> Response:
    return Response(_unexpected(error), status_code=500, media_type="application/json")


def _unexpected(error: Exception) -> bytes:
    log.error("the server failed", exc_info=error)
    return error_body(500, f"The server failed with {type(error).__name__}; see its log.")
