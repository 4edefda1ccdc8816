"""Holds answers against the OpenAPI document: their status, headers and body are as it says.

Nothing in an answer may be undocumented: every object is closed here, which it is not for clients.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

from jump.application.endpoints import document
from jump.rest.routes import Routes, below_base, path_of
from tests.surface.asking import Reply

UNDOCUMENTED_HEADERS = {"content-type", "content-length", "x-content-type-options"}


@cache
def described() -> Any:
    """The document, decoded."""
    return json.loads(document())


@cache
def _components() -> dict[str, Any]:
    return {
        **described()["components"],
        "schemas": {
            name: closed(schema) for name, schema in described()["components"]["schemas"].items()
        },
    }


def closed(schema: Any) -> Any:
    """The same, with nothing but the properties it names."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(each) for name, each in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        made.setdefault("additionalProperties", False)
    return made


@cache
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    whole = {**closed(json.loads(schema)), "components": _components()}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def problems(schema: Mapping[str, Any], value: Any) -> list[str]:
    """What of the value the schema does not allow."""
    validator = _validator(json.dumps(schema, sort_keys=True))
    return [
        f"{error.instance_path}: {error.message[:300]}" for error in validator.iter_errors(value)
    ]


def resolved(part: Mapping[str, Any]) -> Any:
    """A part of the document itself where this one is a reference."""
    if "$ref" not in part:
        return part
    found: Any = described()
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


@cache
def _routes() -> Routes:
    return Routes(
        Named(verb.upper(), path) for path, verbs in described()["paths"].items() for verb in verbs
    )  # type: ignore[misc]


@dataclass(frozen=True)
class Named:
    """As much of a route as finding it takes."""

    method: str
    path: str


def assert_described(method: str, target: str, reply: Reply) -> None:
    """The answer to this request is one that the document tells of."""
    raw = target.partition("?")[0]
    path = below_base(path_of({"raw_path": raw.encode("ascii"), "path": unquote(raw)}))
    if path is None:
        return
    answer = _answer(method, path, reply.status)
    _assert_headers(answer, reply)
    if method != "HEAD":
        media_type = reply.headers["content-type"]
        found = problems(answer["content"][media_type]["schema"], reply.json)
        assert not found, f"{method} {path} answers {reply.status} against its document: {found}"


def _answer(method: str, path: str, status: int) -> Any:
    """The document's words for this answer. What it tells of no address, it tells of all."""
    match = _routes().match(path)
    verb = "get" if method == "HEAD" else method.lower()
    if match is None or verb.upper() not in match.routes or method != method.upper():
        responses = described()["components"]["responses"]
        kinds = {
            404: "NotFound",
            405: "MethodNotAllowed",
            400: "InvalidRequest",
            401: "Unauthorized",
        }
        kinds |= {429: "RateLimited", 500: "InternalError", 503: "Unavailable"}
        return responses[kinds[status]]
    answers = described()["paths"][match.template][verb]["responses"]
    assert str(status) in answers, f"{method} {match.template} is not documented to answer {status}"
    return resolved(answers[str(status)])


def _assert_headers(answer: Any, reply: Reply) -> None:
    told = {name.lower(): resolved(header) for name, header in answer["headers"].items()}
    missing = {n for n, header in told.items() if header.get("required") and n not in reply.headers}
    assert not missing, f"documented, and not there: {missing}"
    unknown = set(reply.headers) - set(told) - UNDOCUMENTED_HEADERS
    assert not unknown, f"there, and not documented: {unknown}"
    for name, header in told.items():
        if name in reply.headers:
            text = reply.headers[name]
            value = int(text) if header["schema"].get("type") == "integer" else text
            assert not problems(header["schema"], value), f"{name}: {text}"
