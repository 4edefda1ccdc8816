"""The parameters of an operation: ids of its address, filters and paging, flags, and headers."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Final

from jump.resources.listing import DEEPEST_OFFSET, MOST, Extra, Filter, Listing
from jump.rest.openapi import naming
from jump.rest.openapi.schemas import Schema, Schemas
from jump.rest.routes import Route

Parameter = dict[str, Any]

_WHOLE: Final = {"type": "integer", "minimum": -99_999_999_999_999, "maximum": 999_999_999_999_999}
_INSTANT: Final = {
    "type": "string",
    "anyOf": [{"format": "date-time"}, {"format": "date"}],
    "examples": ["2026-01-12T00:00:00Z"],
}
_SCHEMAS: Final[Mapping[str, Schema]] = {
    "text": {"type": "string"},
    "bool": {"type": "boolean"},
    "int": _WHOLE,
    "instant": _INSTANT,
    "date": {"type": "string", "format": "date", "examples": ["2026-01-12"]},
}
_ONE_OF_MANY: Final[Mapping[str, str]] = {
    "text": "[^,]+",
    "bool": "(true|false)",
    "int": "-?[0-9]{1,14}",
    "instant": "[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt][^,]+)?",
    "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
}
_FORMS: Final[Mapping[str, str]] = {
    "": "Only where `{0}` is this.",
    "_gte": "Only where `{0}` is this or more.",
    "_lte": "Only where `{0}` is this or less.",
    "_in": f"Only where `{{0}}` is one of these: 1 to {MOST}, separated by commas.",
}
_MIDNIGHT: Final = " A bare date is midnight UTC."

SHARED: Final[Mapping[str, Parameter]] = {
    "Cursor": {
        "name": "cursor",
        "in": "query",
        "description": "Where to go on: `meta.next_cursor` of the answer before, with the"
        " parameters it came from.",
        "schema": {"type": "string"},
    },
    "Offset": {
        "name": "offset",
        "in": "query",
        "description": "How many to pass over; not together with `cursor`, which is better.",
        "schema": {"type": "integer", "minimum": 0, "maximum": DEEPEST_OFFSET, "default": 0},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Makes it safe to repeat the request: for 24 hours the same key and body get"
        " the first answer again.",
        "schema": {"type": "string", "pattern": r"^[!-~]{1,255}$(?!\n)"},
        "example": "5f1c2f0e-4a57-4a0b-9a4e-2f6d6b9c8d11",
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "The `ETag` of the version that is to be changed: any other is refused.",
        "schema": {"type": "string"},
        "example": '"1"',
    },
}


def of_route(schemas: Schemas, route: Route) -> list[Parameter]:
    """Every parameter, in the order they are read."""
    found = list(_of_path(route.path))
    if route.listing is not None and route.method == "GET":
        found += _of_listing(schemas, route.listing)
    found += [_flag(schemas, route, name, words) for name, words in route.flags.items()]
    if route.writes and route.method in ("POST", "PATCH"):
        found.append(_shared("IdempotencyKey"))
    if takes_if_match(route):
        found.append(_shared("IfMatch"))
    return found


def share(operations: Iterable[Mapping[str, Any]]) -> dict[str, Parameter]:
    """Name the parameters that several operations have, and have those refer to them.

    What is called the same and is not the same everywhere keeps standing where it is.
    """
    places: dict[str, list[tuple[list[Parameter], int]]] = {}
    for operation in operations:
        listed: list[Parameter] = operation.get("parameters", [])
        for number, each in enumerate(listed):
            if each.get("in") == "query":
                places.setdefault(each["name"], []).append((listed, number))
    shared: dict[str, Parameter] = {}
    for name, found in places.items():
        first = found[0][0][found[0][1]]
        if len(found) > 1 and all(listed[number] == first for listed, number in found):
            called = naming.pascal(name)
            shared[called] = first
            for listed, number in found:
                listed[number] = _shared(called)
    return dict(sorted(shared.items()))


def takes_if_match(route: Route) -> bool:
    """Whether it changes the record that its address names: deliveries have no version."""
    return route.writes and route.path.count("{") == 1


def _shared(name: str) -> Parameter:
    return {"$ref": f"#/components/parameters/{name}"}


def _of_path(path: str) -> Iterable[Parameter]:
    segments = path.split("/")
    for before, segment in pairwise(segments):
        if segment.startswith("{"):
            name = segment[1:-1]
            about = naming.singular(before.replace("-", "_"))
            yield {
                "name": name,
                "in": "path",
                "required": True,
                "description": f"The id of the {about.replace('_', ' ')}.",
                "schema": {"type": "string"},
                "example": naming.example_id(f"{about}_id", ""),
            }


def _of_listing(schemas: Schemas, listing: Listing) -> Iterable[Parameter]:
    sorts = [name for name, _ in listing.sorts]
    limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": listing.default_limit}
    order = {"type": "string", "enum": ["asc", "desc"], "default": listing.default_order}
    sort = {"type": "string", "enum": sorts, "default": sorts[0]}
    yield _query("limit", "How many to list at most.", limit)
    yield _shared("Cursor")
    if not listing.endless:
        yield _shared("Offset")
        yield _query("order", "`asc` for the oldest or lowest first.", order)
        yield _query("sort", "What to sort by.", sort)
    extras = {extra.name: extra for extra in listing.extras}
    filters = {f.name + form: (f, form) for f in listing.filters for form in _FORMS}
    renamed = dict(listing.aliases)
    for name in listing.parameters()[5:]:
        known = renamed.get(name, name)
        told = (
            _extra(schemas, name, extras[known])
            if known in extras
            else _filter(name, *filters[known])
        )
        if name in renamed:
            told |= {"deprecated": True, "description": f"Another name of `{known}`."}
        yield told


def _extra(schemas: Schemas, name: str, extra: Extra) -> Parameter:
    return _query(name, extra.meaning, schemas.of(extra.kind))


def _filter(name: str, flt: Filter, form: str) -> Parameter:
    words = _FORMS[form].format(flt.name) + (_MIDNIGHT if flt.kind == "instant" else "")
    if form == "" and flt.choices:
        return _query(name, words, {"type": "string", "enum": list(flt.choices)})
    if form != "_in":
        return _query(name, words, _SCHEMAS[flt.kind])
    one = f"({'|'.join(flt.choices)})" if flt.choices else _ONE_OF_MANY[flt.kind]
    return _query(name, words, {"type": "string", "pattern": f"^{one}(,{one})*$"})


def _flag(schemas: Schemas, route: Route, name: str, words: str) -> Parameter:
    told = route.documentation
    found = _query(name, words, schemas.of(told.values.get(name, str)))
    if name in told.needs:
        found["required"] = True
    if name in told.older:
        found["deprecated"] = True
    examples = told.example or {}
    if route.body is None and name in examples:
        found["example"] = examples[name]
    return found


def _query(name: str, words: str, schema: Mapping[str, Any]) -> Parameter:
    return {"name": name, "in": "query", "description": words, "schema": dict(schema)}
