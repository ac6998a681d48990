"""The two routes of the container contract."""

from __future__ import annotations

import logging

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .errors import BadRequest, ModelError, error_body
from .prediction import PredictionService
from .settings import Settings
from .stream import EventStream, PartStream

log = logging.getLogger("serving_runtime")


def create_app(service: PredictionService, settings: Settings) -> Starlette:
    """The application for a model that is loaded.

    Predictions run in threads, so the health route answers while they do. An error's answer has one line; a failing
    model's traceback is in the log only.
    """

    async def health(_: Request) -> Response:
        return Response(status_code=200)

    async def predict(request: Request) -> Response:
        body = await request.body()
        try:
            answer = await run_in_threadpool(service.answer, body)
            return EventStream(answer) if isinstance(answer, PartStream) else _json(200, answer)
        except BadRequest as error:
            log.warning("refused a request: %s", error)
            return _error(400, str(error))
        except ModelError as error:
            log.error("%s", error, exc_info=error.__cause__)
            return _error(500, str(error))

    return Starlette(
        routes=[
            Route(settings.health_route, health, methods=["GET"]),
            Route(settings.predict_route, predict, methods=["POST"]),
        ],
        exception_handlers={HTTPException: _http_error, Exception: _unexpected_error},
    )


async def _http_error(request: Request, error: HTTPException) -> Response:
    response = _error(error.status_code, f"{request.method} {request.url.path}: {error.detail}")
    response.headers.update(error.headers or {})
    return response


async def _unexpected_error(_: Request, error: Exception) -> Response:
    log.error("the server failed", exc_info=error)
    return _error(500, f"The server failed with {type(error).__name__}; see its log.")


def _error(code: int, message: str) -> Response:
    return _json(code, error_body(code, message))


def _json(code: int, body: bytes) -> Response:
    return Response(body, status_code=code, media_type="application/json")
