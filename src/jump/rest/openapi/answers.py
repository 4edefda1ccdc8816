"""The successful answers of an operation: the envelope around a record, or a list of them."""

from typing import Annotated, Any, Final

import msgspec

from jump.resources.about import about
from jump.rest.openapi import examples, headers, naming
from jump.rest.openapi.described import Described
from jump.rest.openapi.refusals import REQUEST_ID, Meta
from jump.rest.openapi.schemas import REF, Schema, Schemas

_ASKED_FOR: Final = "What was asked for."


class ListMeta(msgspec.Struct):
    """What a list says of itself: never how many there are in all."""

    limit: Annotated[int, about("How many were to be listed at most.", 20)]
    has_more: Annotated[bool, about("Whether more come behind these.", False)]
    next_offset: Annotated[int | None, about("The offset of what comes behind these.")]
    next_cursor: Annotated[str | None, about("The cursor of what comes behind these.")]
    request_id: Annotated[str, about("The id of the request.", REQUEST_ID)]


class FeedMeta(ListMeta):
    """What a list without end says of itself: there is always somewhere to go on."""

    next_cursor: Annotated[str, about("Where to go on, also after the last one.", "NxPoeGkvEQ")]


class Pagination(msgspec.Struct):
    """The same as in `meta`, for clients of Jump's older API."""

    limit: Annotated[int, about("How many were to be listed at most.", 20)]
    offset: Annotated[int, about("How many were passed over.", 0)]
    has_more: Annotated[bool, about("Whether more come behind these.", False)]


def of_route(schemas: Schemas, described: Described) -> dict[str, Any]:
    """The answer to a request with nothing wrong in it, by its status."""
    route = described.route
    envelope = _envelope(schemas, described)
    shown = [headers.OF_EVERY_ANSWER, headers.LIMITS]
    if _is_versioned(described.result):
        shown.append(headers.ETAG)
    if described.status == 201:
        shown.append(headers.LOCATION)
    if route.writes and route.method in ("POST", "PATCH"):
        shown.append(headers.REPLAYED)
    content = {"schema": envelope, "example": examples.of_answer(schemas, envelope)}
    answer = {
        "description": _words(described),
        "headers": headers.refs(*shown),
        "content": {"application/json": content},
    }
    return {str(described.status): answer}


def _envelope(schemas: Schemas, described: Described) -> Schema:
    data = schemas.of(described.result)
    name = _name(described, data)
    if described.reduced is not None:
        # In this order: a reader that tries one after the other must not find less than there is.
        data = {"anyOf": [data, schemas.of(described.reduced)]}
        name += "Write"
    if described.route.listing is None:
        beside = {"meta": schemas.of(Meta)}
    else:
        name += "List"
        meta = FeedMeta if described.route.listing.endless else ListMeta
        beside = {"meta": schemas.of(meta), "pagination": schemas.of(Pagination)}
    properties = {"data": data, **beside}
    envelope = {"type": "object", "properties": properties, "required": list(properties)}
    return schemas.add(f"{name}Response", envelope)


def _name(described: Described, data: Schema) -> str:
    """What the data is called, if it is called something; else what the operation is."""
    one = data["items"] if described.route.listing is not None else data
    if "$ref" in one:
        return str(one["$ref"].removeprefix(REF))
    return naming.pascal(described.operation_id)


def _is_versioned(result: Any) -> bool:
    return isinstance(result, type) and "version" in getattr(result, "__struct_fields__", ())


def _words(described: Described) -> str:
    if described.route.listing is not None:
        return "One page of the list."
    told = described.result.__doc__ if isinstance(described.result, type) else None
    words = f"{(told or _ASKED_FOR).partition('. ')[0].rstrip('.')}."
    if described.reduced is not None:
        words += " A key without the read scope gets only the reference."
    return words
