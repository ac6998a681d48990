"""The methods whose body goes to a model as it is: the `http_body` of their messages (`google.api.HttpBody`)."""

from collections.abc import Iterator

from .discovery import Call

# Those of Vertex AI take any bytes.
RAW = (
    "aiplatform.projects.locations.endpoints.rawPredict",
    "aiplatform.projects.locations.endpoints.streamRawPredict",
    "aiplatform.projects.locations.publishers.models.rawPredict",
    "aiplatform.projects.locations.publishers.models.streamRawPredict",
)

# That of AI Platform Prediction takes "Request body details": a JSON object whose other fields are a predictor's keywords.
PREDICT = "ml.projects.predict"


def is_http_body(call: Call) -> bool:
    return call.method.id in RAW or call.method.id == PREDICT


def check_http_body(call: Call, body) -> Iterator[str]:
    if call.method.id != PREDICT:
        return
    if not isinstance(body, dict) or not isinstance(body.get("instances"), list):
        yield 'the body: must be an object with a list "instances"'
