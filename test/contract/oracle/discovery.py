"""Google's discovery documents, as google-api-python-client ships them: which method a request is."""

import functools
import json
import re
from dataclasses import dataclass
from urllib.parse import unquote

from googleapiclient.discovery_cache import get_static_doc

SERVICES = (
    ("aiplatform", "v1"),
    ("cloudbuild", "v1"),
    ("artifactregistry", "v1"),
    ("logging", "v2"),
    ("storage", "v1"),
    ("ml", "v1"),
    ("serviceusage", "v1"),
    ("cloudresourcemanager", "v1"),
    ("cloudresourcemanager", "v3"),
)

# Where the documents' own patterns fit more than their descriptions: "The resource name of a model or a version", and not
# the endpoints of another API.
MODEL_OR_VERSION = "^projects/[^/]+/models/[^/]+(?:/versions/[^/]+)?$"
PATTERNS = {"ml.projects.predict": MODEL_OR_VERSION, "ml.projects.explain": MODEL_OR_VERSION}


@dataclass
class Service:
    name: str
    schemas: dict
    # "Standard query parameters" of the document.
    parameters: dict


@dataclass
class Method:
    id: str
    service: Service
    parameters: dict
    # Name of the request body's schema.
    request: str | None
    http_method: str
    path: re.Pattern
    verb: str | None
    upload: bool = False


@dataclass
class Call:
    """A request, as one method that its path fits."""

    method: Method
    path_parameters: dict


def find_calls(http_method: str, path: str) -> list[Call]:
    """The methods that a request may be; several where services share a path, such as that of operations."""
    verb = custom_verb(path)
    calls = []
    for method in methods():
        if method.verb != verb or http_method not in http_methods(method):
            continue
        match = method.path.fullmatch(path)
        if match:
            parameters = {name: unquote(value) for name, value in match.groupdict().items()}
            calls.append(Call(method, parameters))
    return calls


def http_methods(method: Method) -> set[str]:
    # "Resumable uploads": POST starts a session, whose URI then takes PUT for the bytes and DELETE to give up.
    return {"POST", "PUT", "DELETE"} if method.upload else {method.http_method}


def custom_verb(path: str) -> str | None:
    """`deployModel` of `…/endpoints/1:deployModel`; a digest such as `sha256:1f…` has none."""
    match = re.search(r":([a-z][A-Za-z]{0,40})$", path)
    return match[1] if match else None


@functools.cache
def methods() -> list[Method]:
    found = []
    for name, version in SERVICES:
        document = json.loads(get_static_doc(name, version))
        service = Service(name, document["schemas"], document["parameters"])
        for method in all_methods(document):
            found += [read_method(method, service, document["servicePath"]), *read_uploads(method, service)]
    return found


def all_methods(resource: dict):
    yield from resource.get("methods", {}).values()
    for child in resource.get("resources", {}).values():
        yield from all_methods(child)


def read_method(method: dict, service: Service, prefix: str) -> Method:
    template = "/" + prefix + method["path"]
    # Cloud Storage serves the bytes of an object below a prefix of their own as well.
    download = "(?:/download)?" if method.get("useMediaDownloadService") else ""
    return Method(
        id=method["id"],
        service=service,
        parameters=method.get("parameters", {}),
        request=method.get("request", {}).get("$ref"),
        http_method=method["httpMethod"],
        path=re.compile(download + path_pattern(template, method)),
        verb=custom_verb(template),
    )


def read_uploads(method: dict, service: Service):
    for protocol in method.get("mediaUpload", {}).get("protocols", {}).values():
        upload = read_method({**method, "path": protocol["path"].lstrip("/")}, service, "")
        upload.upload = True
        yield upload


def path_pattern(template: str, method: dict) -> str:
    """`/v1/{+name}` with the pattern of its parameter; `{bucket}` is one segment."""

    def group(match: re.Match) -> str:
        parameter = method["parameters"][match[2]]
        own = PATTERNS.get(method["id"], parameter.get("pattern", "^[^/]+$"))
        value = own if match[1] else "^[^/]+$"
        return f"(?P<{match[2]}>{value.removeprefix('^').removesuffix('$')})"

    # Only the dots need an escape in what is between the parameters.
    return re.sub(r"\{(\+?)(\w+)\}", group, template.replace(".", r"\."))
