"""A JSON value against a schema of a discovery document: types, unknown, missing and read-only fields."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .discovery import Method

# "Type and Format Summary" of Google's API discovery service.
TEXT_FORMATS = {
    "int64": r"-?\d{1,19}",
    "uint64": r"\d{1,20}",
    "google-duration": r"-?\d+(\.\d{1,9})?s",
    "google-datetime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)",
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)",
    "google-fieldmask": r"[a-z][A-Za-z0-9]*([.,][a-z][A-Za-z0-9-]*)*",
}
RANGES = {"int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1)}


def is_required(field: dict, method_id: str) -> bool:
    """By the annotation, or by the word that Google's generator puts first where `field_behavior` is REQUIRED."""
    annotated = method_id in field.get("annotations", {}).get("required", [])
    return annotated or re.match(r"Required\b", field.get("description", "")) is not None


def snake_to_camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


@dataclass
class SchemaCheck:
    """Checks bodies of one method.

    `mask`: the fields that a PATCH changes; what it leaves alone is not required.
    """

    method: Method
    mask: set[str] | None = None

    def body(self, value) -> Iterator[str]:
        yield from self.value(value, {"$ref": self.method.request}, "")

    def value(self, value, schema: dict, at: str) -> Iterator[str]:
        if "$ref" in schema:
            schema = self.method.service.schemas[schema["$ref"]]
        kind = schema.get("type", "any")
        if kind == "any" or value is None:
            return
        if kind == "object":
            yield from self.object(value, schema, at)
        elif kind == "array":
            yield from self.array(value, schema, at)
        else:
            problem = scalar_problem(value, schema)
            if problem:
                yield f"{at or 'the body'}: {problem}"

    def array(self, value, schema: dict, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{at}: must be a list, not {name_of(value)}"
            return
        for index, item in enumerate(value):
            yield from self.value(item, schema["items"], f"{at}[{index}]")

    def object(self, value, schema: dict, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{at or 'the body'}: must be an object, not {name_of(value)}"
            return
        properties = schema.get("properties", {})
        set_fields = set()
        for key, item in value.items():
            where = f"{at}.{key}" if at else key
            name = self.field_name(key, properties)
            if name in properties:
                set_fields |= {name} if item not in (None, "", []) else set()
                if properties[name].get("readOnly"):
                    yield f"{where}: is read-only (output only)"
                yield from self.value(item, properties[name], where)
            elif "additionalProperties" in schema:
                yield from self.value(item, schema["additionalProperties"], where)
            elif properties:
                yield f"{where}: unknown field of {schema['id']}"
        for name, field in properties.items():
            changed = at != "" or self.mask is None or name in self.mask
            if changed and name not in set_fields and is_required(field, self.method.id):
                yield f"{at + '.' if at else ''}{name}: missing, and required in {schema['id']}"

    def field_name(self, key: str, properties: dict) -> str:
        # proto3's JSON mapping reads both spellings; Cloud Storage's JSON API is older, and drops what it does not know.
        if self.method.service.name == "storage" or key in properties:
            return key
        return snake_to_camel(key)


def scalar_problem(value, schema: dict) -> str | None:
    kind, form = schema["type"], schema.get("format")
    if "enum" in schema and value not in schema["enum"]:
        return f"{value!r} is none of its enum's values"
    if kind == "string":
        if not isinstance(value, str):
            return f"must be a string, not {name_of(value)}"
        if form == "byte" and not is_base64(value):
            return "must be base64"
        if form in TEXT_FORMATS and not re.fullmatch(TEXT_FORMATS[form], value):
            return f"{value!r} is no {form}"
    elif kind == "boolean" and not isinstance(value, bool):
        return f"must be a boolean, not {name_of(value)}"
    elif kind == "number" and (isinstance(value, bool) or not isinstance(value, (int, float))):
        return f"must be a number, not {name_of(value)}"
    elif kind == "integer":
        low, high = RANGES.get(form, RANGES["int32"])
        if isinstance(value, bool) or not isinstance(value, int):
            return f"must be an integer, not {name_of(value)}"
        if not low <= value <= high:
            return f"{value} is no {form}"
    return None


def is_base64(value: str) -> bool:
    try:
        base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
        return True
    except binascii.Error:
        return False


def name_of(value) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null")
