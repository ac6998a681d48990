"""Starts the server: `python -m serving_runtime`.

It listens only once the model is loaded. A model that fails to load ends the process at once, with the reason as the last
line of its log, which the platform shows; a server that answered 503 meanwhile would let the platform wait for its timeout.
The port is bound before, so that one in use is known before a long download.
"""

from __future__ import annotations

import logging
import signal
import socket
import sys
from contextlib import ExitStack
from os import environ
from types import FrameType
from typing import NoReturn

import uvicorn

from .app import create_app
from .errors import StartupError, one_line
from .model_source import model_directory
from .prediction import PredictionService
from .settings import Settings

# Google's load balancers keep idle connections for 600 s; a server that closes them sooner loses requests.
_KEEP_ALIVE_SECONDS = 620
# What Kubernetes gives by default between SIGTERM and SIGKILL.
_SHUTDOWN_SECONDS = 30

log = logging.getLogger("serving_runtime")


def main() -> None:
    """Serves until SIGTERM or SIGINT; exits with status 1 when it cannot start."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    log.setLevel(logging.INFO)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    with ExitStack() as resources:
        try:
            settings = Settings.from_environment(environ)
            listener = resources.enter_context(_bind(settings))
            service = _load(settings.model, resources)
        except StartupError as error:
            sys.exit(f"ERROR serving_runtime: cannot start: {error}")
        _serve(service, settings, listener)


def _load(model: str, resources: ExitStack) -> PredictionService:
    try:
        directory = resources.enter_context(model_directory(model))
        return PredictionService.load(directory)
    except StartupError:
        raise
    except Exception as error:
        log.exception("loading failed")
        raise StartupError(
            f"could not load the model of {model}: {type(error).__name__}: {one_line(error)}. {_advice(error)}"
        ) from None


def _advice(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name == "preprocessor":
        return "Is its file named by the setting preprocessor?"
    if isinstance(error, ModuleNotFoundError):
        return f"Is the package of {error.name!r} in the model's requirements.txt?"
    if type(error).__name__ in ("Forbidden", "Unauthorized"):
        return "May the container's service account read these objects (roles/storage.objectViewer)?"
    return "The traceback above says where."


def _bind(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # By this protocol number asyncio knows TCP, and turns off the delay of small packets.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise StartupError(
            f"cannot listen on {settings.host} port {settings.port} (SERVING_HOST, AIP_HTTP_PORT): {error.strerror}"
        ) from error
    return listener


def _serve(service: PredictionService, settings: Settings, listener: socket.socket) -> None:
    config = uvicorn.Config(
        create_app(service, settings),
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
    listener.listen()  # Whoever waits for the next line may connect at once.
    log.info("serving %s on http://%s:%d", settings.model, settings.host, listener.getsockname()[1])
    uvicorn.Server(config).run(sockets=[listener])


def _stop(number: int, _: FrameType | None) -> NoReturn:
    """Ends a start; a running server stops by itself at these signals, and then comes here."""
    log.info("stopped by %s", signal.Signals(number).name)
    sys.exit(0)


if __name__ == "__main__":
    main()
