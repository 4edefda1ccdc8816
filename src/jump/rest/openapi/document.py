"""The whole document, from the list of routes. Pure: the same routes make the same bytes."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from jump import errors
from jump.clinical.definition import Registered
from jump.keys.scopes import ALL_SCOPES, SCOPES
from jump.rest.openapi import (
    announcements,
    answers,
    examples,
    headers,
    parameters,
    refusals,
    streamed,
)
from jump.rest.openapi.described import Described, describe
from jump.rest.openapi.schemas import Schemas
from jump.rest.openapi.tags import tag_of, tags
from jump.rest.routes import BASES, Route

PATH: Final = "/openapi.json"
SUMMARY: Final = "Read this API as an OpenAPI document"
SECURITY: Final = "apiKey"
VERSION: Final = "3.1.1"
TITLE: Final = "Jump API"

_INTRODUCTION: Final = """\
API keys and webhooks for clinical practices. JSON in and out, in UTF-8. Times are RFC 3339 with an
offset going in and UTC coming out; dates are `YYYY-MM-DD`.

Every answer is an envelope: `data`, `meta` with the request's id, and for errors `error` with a
`code` for programs and a message for people. An unknown parameter or field is refused, never
ignored; a NUL character is refused everywhere. An address answers to the methods listed and to HEAD
where there is GET; any other is 405.

PATCH is a JSON Merge Patch: what is left out stays, null clears. Operations that are marked as
deprecated are for clients written for the real Jump: they work as the others do.
"""
_TAG: Final = "OpenAPI document"
_JSON: Final = "application/json"
_PATCH: Final = "application/merge-patch+json"


def build(routes: Iterable[Route], registered: Iterable[Registered]) -> dict[str, Any]:
    """The document as data."""
    schemas = Schemas()
    described = describe(routes, registered)
    webhooks = announcements.describe(schemas)
    responses = refusals.components(schemas)
    records = _records(schemas, described)
    operations = [_operation(schemas, each, records) for each in described]
    shared = parameters.share(operations)
    paths: dict[str, dict[str, Any]] = {}
    for each, operation in zip(described, operations, strict=True):
        paths.setdefault(each.route.path, {})[each.route.method.lower()] = operation
    paths[PATH] = {"get": published()}
    return {
        "openapi": VERSION,
        "info": {
            "title": TITLE,
            "version": "1",
            "summary": "A practice's records and calendar, and webhooks that tell of every change.",
            "description": _INTRODUCTION,
        },
        "servers": _servers(),
        "security": [{SECURITY: []}],
        "tags": [*tags(described), {"name": _TAG, "description": "What the API is, for programs."}],
        "paths": paths,
        "webhooks": webhooks,
        "components": {
            "schemas": dict(sorted(schemas.named.items())),
            "responses": responses,
            "parameters": {**parameters.SHARED, **shared},
            "headers": dict(headers.COMPONENTS),
            "securitySchemes": {SECURITY: _scheme()},
        },
    }


def encode(document: Mapping[str, Any]) -> bytes:
    """The document as it is served: laid out for people, with a line's end."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def published() -> dict[str, Any]:
    """The operation that answers the document itself: it takes no key."""
    told = [errors.InvalidRequest, errors.InternalError]
    example = {"openapi": VERSION, "info": {"title": TITLE, "version": "1"}}
    as_json = {"application/json": {"schema": {"type": "object"}, "example": example}}
    return {
        "operationId": "get_openapi",
        "tags": [_TAG],
        "summary": SUMMARY,
        "description": "It takes no key and costs nothing.",
        "responses": {
            "200": {
                "description": "The document.",
                "headers": headers.refs(headers.OF_EVERY_ANSWER),
                "content": as_json,
            },
            **{str(kind.status): refusals.ref_of(kind) for kind in told},
        },
        "security": [],
    }


def _servers() -> list[dict[str, str]]:
    told = {"url": BASES[0], "description": "The API."}
    others = [{"url": base, "description": "The same, as Jump publishes it."} for base in BASES[1:]]
    return [told, *others]


def _scheme() -> dict[str, Any]:
    scopes = "\n".join(f"* `{name}`: {SCOPES[name].sentence.lower()}." for name in ALL_SCOPES)
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "pk_{test|live}_{id}_{secret}_{checksum}",
        "description": f"An API key. What a key may do are its scopes:\n\n{scopes}\n",
    }


def _records(schemas: Schemas, described: Iterable[Described]) -> dict[str, Any]:
    """The schema of what each address is about, which tells of the fields of its bodies."""
    found: dict[str, Any] = {}
    for each in described:
        if each.resource is not None:
            found[each.route.path] = schemas.of(each.resource.record)
        elif isinstance(each.result, type) and each.route.listing is None:
            found.setdefault(each.route.path, schemas.of(each.result))
    return found


def _operation(schemas: Schemas, each: Described, records: Mapping[str, Any]) -> dict[str, Any]:
    route = each.route
    made: dict[str, Any] = {
        "operationId": each.operation_id,
        "tags": [tag_of(each)],
        "summary": route.summary,
        "description": _description(route),
    }
    if route.documentation.deprecated:
        made["deprecated"] = True
    if found := parameters.of_route(schemas, route):
        made["parameters"] = found
    if route.body is not None and route.body.fields:
        made["requestBody"] = _body(schemas, each, records.get(route.path))
    elif streamed.streams(route):
        made["requestBody"] = {"required": True, "content": streamed.files(route)}
    made["responses"] = {
        **answers.of_route(schemas, each),
        **refusals.of_route(route, each.refuses),
    }
    made["security"] = [{SECURITY: [route.scope] if route.scope is not None else []}]
    return made


def _description(route: Route) -> str:
    scope = f"Takes the scope `{route.scope}`." if route.scope else "Any key may call it."
    if any(kind.code == "INSUFFICIENT_SCOPE" for kind in route.documentation.refuses):
        scope = ""
    event = f"Makes the event `{route.event}`." if route.event else ""
    free = "" if route.counted else "It does not count against the limit."
    return " ".join(filter(None, (route.documentation.details, scope, event, free)))


def _body(schemas: Schemas, each: Described, record: dict[str, Any] | None) -> dict[str, Any]:
    shape, partial = each.route.body, each.route.method == "PATCH"
    assert shape is not None
    known = record if shape.record is None else schemas.of(shape.record)
    schema = schemas.body(each.body, f"{each.route.summary}.", shape, known, partial=partial)
    example = each.route.documentation.example
    if example is None:
        example = (examples.of_changes if partial else examples.of_body)(schemas, schema)
    in_json = {"schema": schema, "example": example}
    types = (_JSON, _PATCH) if partial else (_JSON,)
    required = bool(shape.required) and not partial
    others = streamed.forms(schemas, each.route, each.body, schema, example)
    return {"required": required, "content": {**dict.fromkeys(types, in_json), **others}}
