"""Agents and chat models, which answer and stream."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import mlflow

from case import IS_MLFLOW_3, Ask, Case, pins

_CODE = Path(__file__).parent / "code"
_TALK = [{"role": "user", "content": "one two three"}]


def agents() -> Iterator[Case]:
    yield _case("chat-model", {"messages": _TALK})
    yield _case("chat-agent", {"messages": [{**_TALK[0], "id": "1"}]})
    if IS_MLFLOW_3:
        yield _case("responses-agent", {"input": _TALK})


def _case(name: str, request: dict) -> Case:
    log = partial(
        mlflow.pyfunc.log_model, python_model=str(_CODE / f"{name.replace('-', '_')}.py"), pip_requirements=pins("pydantic")
    )
    return Case(name, log, [Ask([request], request), Ask([request], request, stream=True)])
