"""Agents and chat models, which answer and stream."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import mlflow

from case import IS_MLFLOW_3, Ask, Case, python_pins

_CODE = Path(__file__).parent / "code"
_TOOL = {
    "type": "function",
    "function": {
        "name": "soup",
        "description": "of a day",
        "parameters": {"type": "object", "properties": {"day": {"type": "string", "enum": ["Mon", "Tue"]}}, "required": ["day"]},
    },
}
_CALL = {"id": "c1", "type": "function", "function": {"name": "soup", "arguments": '{"day": "Mon"}'}}
_QUESTION = {"role": "user", "content": "one two three"}
_TOOL_TALK = [
    {"role": "system", "content": "Be brief. 🍲"},
    {"role": "user", "content": "Which soup?", "name": "Zoë"},
    {"role": "assistant", "content": None, "tool_calls": [_CALL]},
    {"role": "tool", "content": "leek", "tool_call_id": "c1", "name": "soup"},
]


def agents() -> Iterator[Case]:
    yield _case(
        "chat-model",
        {"messages": [_QUESTION]},
        {
            "messages": [{key: value for key, value in each.items()} for each in _TOOL_TALK],
            "temperature": 0.2,
            "max_tokens": 5,
            "stop": ["x"],
            "tools": [_TOOL],
            "custom_inputs": {"thread": "t", "depth": 1.5, "deep": {"list": [1, "two", None, True]}},
        },
    )
    yield _case(
        "chat-agent",
        {"messages": [{**_QUESTION, "id": "1"}]},
        {
            "messages": [{**each, "id": str(number)} for number, each in enumerate(_TOOL_TALK)],
            "context": {"conversation_id": "c", "user_id": "u"},
            "custom_inputs": {"thread": "t", "deep": {"list": [1, "two", None, True]}},
        },
    )
    if IS_MLFLOW_3:
        yield _case(
            "responses-agent",
            {"input": [_QUESTION]},
            {
                "input": [
                    {"role": "user", "content": [{"type": "input_text", "text": "Which soup?"}]},
                    {"type": "function_call", "call_id": "c1", "name": "soup", "arguments": "{}"},
                    {"type": "function_call_output", "call_id": "c1", "output": "leek"},
                ],
                "context": {"conversation_id": "c", "user_id": "u"},
                "custom_inputs": {"thread": "t", "deep": {"list": [1, "two", None, True]}},
                "temperature": 0.5,
                "metadata": {"from": "a test"},
            },
        )


def _case(name: str, simple: dict, rich: dict) -> Case:
    """Such a model takes one request at a time; asked for several, it is to answer each."""
    log = partial(
        mlflow.pyfunc.log_model, python_model=str(_CODE / f"{name.replace('-', '_')}.py"), pip_requirements=python_pins()
    )
    both = [simple, rich]
    asks = [
        *[Ask([each], each) for each in both],
        *[Ask([each], each, stream=True) for each in both],
        *[Ask(both, both, stream=stream, one_by_one=True) for stream in (False, True)],
        Ask([simple, {**simple, "mesages": 1}], None, refused='instances[1]: unknown column "mesages"'),
    ]
    return Case(name, log, asks)
