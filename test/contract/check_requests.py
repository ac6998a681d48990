"""Checks recorded requests against Google's own contract.

    python check_requests.py RECORDING.jsonl …

A recording is what `mlflow-deployments emulator --record` writes. Method, path and query are checked against the
discovery documents that google-api-python-client ships, bodies against their schemas, and those of Vertex AI against the
protos of google-cloud-aiplatform as well. Prints one JSON object:

    {"checked": 12, "outside": 3, "byMethod": {"aiplatform.projects.locations.endpoints.get": 2, …},
     "violations": [{"file", "line", "method", "path", "problem"}]}

`outside` counts the requests that no API of Google's gets: those of the emulator's own containers, those to the URIs of
private endpoints, which reach a container, and the HEAD of a host's root, of which only the header `Date` is wanted. The
exit code is 0 whatever is found.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator

from oracle.discovery import Call, find_calls
from oracle.http_body import check_http_body, is_http_body
from oracle.parameters import check_query, mask_fields
from oracle.schema import SchemaCheck
from oracle.vertex import check_message

# Prefixes of a served model's own view of Cloud Storage in the emulator, and of the way to it from a peered network.
OUTSIDE = ("/containers/", "/private/")

# In the emulator a path begins with it where the service has a host for each dedicated endpoint.
DEDICATED = re.compile("^/dedicated/[^/]+(?=/)")


def main(paths: list[str]) -> None:
    outside, by_method, violations = 0, Counter(), []
    for path in paths:
        for number, request in read(path):
            if request["path"].startswith(OUTSIDE) or (request["method"], request["path"]) == ("HEAD", "/"):
                outside += 1
                continue
            method_id, problems = check(request)
            by_method[method_id] += 1
            where = {"file": path, "line": number, "method": request["method"], "path": request["path"]}
            violations += [{**where, "problem": problem} for problem in problems]
    report = {"checked": by_method.total(), "outside": outside, "byMethod": dict(by_method), "violations": violations}
    print(json.dumps(report))


def read(path: str) -> Iterator[tuple[int, dict]]:
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            yield number, json.loads(line)


def check(request: dict) -> tuple[str, list[str]]:
    """The method that a request is, and what is wrong with it. Where its path fits several, the one that it fits best."""
    calls = find_calls(request["method"], DEDICATED.sub("", request["path"]))
    if not calls:
        return "unknown", [f"{request['method']} of this path is in no discovery document"]
    outcomes = [(call.method.id, list(check_call(call, request))) for call in calls]
    return min(outcomes, key=lambda outcome: len(outcome[1]))


def check_call(call: Call, request: dict) -> Iterator[str]:
    query, body = request["query"], request["body"]
    yield from check_query(call, query)
    if call.method.upload:
        yield from check_upload(call, request["method"], query, body)
    elif call.method.request is None:
        if body is not None:
            yield f"a body, and {call.method.id} takes none"
    elif is_http_body(call):
        yield from check_http_body(call, body)
    else:
        yield from check_body(call, query, body)


def check_body(call: Call, query: dict, body) -> Iterator[str]:
    body = {} if body is None else body
    yield from SchemaCheck(call.method, mask_fields(query)).body(body)
    yield from check_message(call, body)


def check_upload(call: Call, http_method: str, query: dict, body) -> Iterator[str]:
    """An object's bytes are anything; the description that begins a resumable upload is a body like others."""
    if "upload_id" in query:
        return
    protocol = query.get("uploadType")
    if http_method != "POST":
        yield f"{http_method} without upload_id"
    elif protocol not in ("media", "multipart", "resumable"):
        yield f"uploadType: {protocol!r} is none of media, multipart, resumable"
    elif protocol == "resumable":
        yield from check_body(call, query, body)
        if "name" not in query and "name" not in (body or {}):
            yield "name: missing, and required in Object"
    elif protocol == "media" and "name" not in query:
        yield "name: missing query parameter, required with uploadType=media"


if __name__ == "__main__":
    main(sys.argv[1:])
