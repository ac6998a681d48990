"""The query of a request against the parameters of its method."""

from collections.abc import Iterator

from google.protobuf.field_mask_pb2 import FieldMask

from .discovery import Call, Method
from .schema import is_required, scalar_problem, snake_to_camel

# "System parameters" that every service of Google's takes, beside those that its document lists.
SYSTEM_PARAMETERS = {"$alt", "$.xgafv", "$xgafv", "$fields", "$prettyPrint", "$userProject"}

# Parameters of `projects/{projectId}/builds/{id}`, Cloud Build's older binding of the same methods: the newer one's path
# has them in `parent` or `name`.
OLDER_BINDING = {"cloudbuild": {"projectId", "id"}}


def check_query(call: Call, query: dict) -> Iterator[str]:
    method = call.method
    known = {name: field for name, field in method.parameters.items() if field["location"] == "query"}
    standard = {**method.service.parameters, **(UPLOAD_PARAMETERS if method.upload else {})}
    for name, value in query.items():
        field = known.get(name) or standard.get(name)
        if field is None:
            if name not in SYSTEM_PARAMETERS:
                yield f"{name}: unknown query parameter of {method.id}"
            continue
        values = value if isinstance(value, list) else [value]
        if len(values) > 1 and not field.get("repeated"):
            yield f"{name}: given {len(values)} times, and not repeated"
        for item in values:
            problem = text_problem(item, field)
            if problem:
                yield f"{name}: {problem}"
    for name, field in known.items():
        needed = field.get("required") or is_required(field, method.id)
        if needed and name not in query and name not in OLDER_BINDING.get(method.service.name, ()):
            yield f"{name}: missing query parameter, required in {method.id}"
    if "updateMask" in known and "updateMask" in query:
        yield from check_mask(method, query["updateMask"])


# "Resumable uploads": the session's URI carries its id, in no discovery document.
UPLOAD_PARAMETERS = {"upload_id": {"type": "string", "location": "query"}}


def text_problem(text: str, field: dict) -> str | None:
    """Query parameters are text, whatever their type."""
    if field["type"] == "integer":
        return None if text.lstrip("-").isdigit() else f"{text!r} is no {field.get('format', 'integer')}"
    if field["type"] == "boolean":
        return None if text in ("true", "false") else f"{text!r} is no boolean"
    # A mask is checked as a whole, against the message that it is of.
    return None if field.get("format") == "google-fieldmask" else scalar_problem(text, field)


def mask_fields(query: dict) -> set[str] | None:
    """The body's fields that a request changes, or None where it is not one with a mask."""
    mask = query.get("updateMask")
    return None if mask is None else {snake_to_camel(path.split(".")[0]) for path in mask.split(",")}


def check_mask(method: Method, mask: str) -> Iterator[str]:
    if method.service.name == "ml":
        # Its document names both spellings, `default_version.name` and `autoScaling.minNodes`.
        mask = snake_to_camel(mask)
    try:
        FieldMask().FromJsonString(mask)
    except ValueError as error:
        yield f"updateMask: {error}"
        return
    properties = method.service.schemas[method.request]["properties"]
    for path in mask.split(","):
        name = path.split(".")[0]
        if name not in properties:
            yield f"updateMask: {name!r} is no field of {method.request}"
        elif properties[name].get("readOnly"):
            yield f"updateMask: {name!r} is read-only (output only)"
