"""A body against the message of `google.cloud.aiplatform_v1`, as strictly as protobuf reads JSON."""

from collections.abc import Iterator

from google.cloud.aiplatform_v1 import types
from google.protobuf import json_format

from .discovery import Call

PREFIX = "GoogleCloudAiplatformV1"


def check_message(call: Call, body) -> Iterator[str]:
    method = call.method
    if method.service.name != "aiplatform" or not method.request.startswith(PREFIX):
        return
    name = method.request.removeprefix(PREFIX)
    message_type = getattr(types, name, None)
    if message_type is None:
        yield f"there is no message {name} in google.cloud.aiplatform_v1"
        return
    message = message_type.pb()()
    try:
        json_format.ParseDict(body, message, ignore_unknown_fields=False)
    except json_format.ParseError as error:
        yield f"{name}: {error}"
