"""What the environment says: the custom-container contract of Vertex AI, and settings of this runtime's own.

Contract: "Custom container requirements for inference" in Google's documentation of Vertex AI.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .batching import BatchLimits
from .errors import StartupError


@dataclass(frozen=True)
class Settings:
    """Where to listen, and what to serve."""

    host: str
    """`SERVING_HOST`. Default 0.0.0.0, which the contract demands; local runners set 127.0.0.1."""
    port: int
    """`AIP_HTTP_PORT`. Default 8080; 0 takes a free one, which the log tells."""
    health_route: str
    """`AIP_HEALTH_ROUTE`. Default /ping."""
    predict_route: str
    """`AIP_PREDICT_ROUTE`. Default /invocations."""
    model: str
    """`SERVING_MODEL_DIR`, else `AIP_STORAGE_URI`: a directory, a `file://` URI or a `gs://` prefix."""
    batch: BatchLimits | None
    """`SERVING_MAX_BATCH_SIZE`, rows, and `SERVING_MAX_BATCH_DELAY`, milliseconds (default 0). Default: no batching."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Raises StartupError, which names the variable and what it may be."""
        # An empty variable is one that is not set: AIP_STORAGE_URI is empty without artifactUri.
        model = environment.get("SERVING_MODEL_DIR") or environment.get("AIP_STORAGE_URI")
        if not model:
            raise StartupError(
                "no model to serve: set AIP_STORAGE_URI (a gs:// prefix; on Vertex AI it comes from the model's artifactUri),"
                " or SERVING_MODEL_DIR (a directory)"
            )
        return cls(
            host=environment.get("SERVING_HOST") or "0.0.0.0",
            port=_port(environment.get("AIP_HTTP_PORT") or "8080"),
            health_route=_route(environment, "AIP_HEALTH_ROUTE", "/ping"),
            predict_route=_route(environment, "AIP_PREDICT_ROUTE", "/invocations"),
            model=model,
            batch=_batch(environment),
        )


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) <= 65535:
        return int(text)
    raise StartupError(f"AIP_HTTP_PORT is {text!r}; it must be a number from 0 to 65535")


def _batch(environment: Mapping[str, str]) -> BatchLimits | None:
    size, delay = environment.get("SERVING_MAX_BATCH_SIZE"), environment.get("SERVING_MAX_BATCH_DELAY")
    if not size:
        if delay:
            raise StartupError("SERVING_MAX_BATCH_DELAY is set without SERVING_MAX_BATCH_SIZE, so nothing would be batched")
        return None
    rows = _whole_number("SERVING_MAX_BATCH_SIZE", size, 2, 100_000, "rows")
    return BatchLimits(rows, _whole_number("SERVING_MAX_BATCH_DELAY", delay or "0", 0, 10_000, "milliseconds") / 1000)


def _whole_number(name: str, text: str, least: int, most: int, unit: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most:
        return int(text)
    raise StartupError(f"{name} is {text!r}; it must be a number of {unit} from {least} to {most}")


def _route(environment: Mapping[str, str], name: str, default: str) -> str:
    route = environment.get(name) or default
    if not route.startswith("/"):
        raise StartupError(f"{name} is {route!r}; a route must begin with /")
    return route
