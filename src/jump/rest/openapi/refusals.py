"""The errors that an operation may answer, in the one shape that every error has."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec

from jump import errors
from jump.errors import Problem
from jump.resources.about import about, defined
from jump.rest.openapi import headers, parameters
from jump.rest.openapi.schemas import Schemas, ref
from jump.rest.routes import Route

REQUEST_ID: Final = "req_00000000000000000000000000"

_TOLD: Final[Mapping[type[Problem], tuple[str, str]]] = {
    errors.InvalidRequest: (
        "The JSON is malformed, or something in the query string or a header is wrong.",
        "Check these query parameters: limit.",
    ),
    errors.Unauthorized: (
        "No key, or one that is malformed, unknown, expired or revoked.",
        "This key was revoked.",
    ),
    errors.InsufficientScope: (
        "The key lacks the scope that the message names.",
        "This key lacks the permission read_patients.",
    ),
    errors.NotFound: (
        "There is nothing there, or nothing there for this practice and mode.",
        "There is no patient with this id.",
    ),
    errors.MethodNotAllowed: (
        "The address does not answer to this method; `Allow` lists those that it does.",
        "This address answers to GET, HEAD only.",
    ),
    errors.Conflict: (
        "The Idempotency-Key was used with another body, or its first request is still in flight.",
        "This Idempotency-Key was used with another body.",
    ),
    errors.SlotUnavailable: ("", "This time is not offered."),
    errors.Gone: ("It was there, and its time is over.", "This hold has expired."),
    errors.PreconditionFailed: (
        "The record has changed since the version in `If-Match`.",
        "The patient has changed since: read it again, then repeat the change.",
    ),
    errors.PayloadTooLarge: (
        "The body is longer than this address takes.",
        "The body may have at most 262,144 bytes.",
    ),
    errors.UnsupportedMediaType: (
        "The body is of a type that this address does not take.",
        "Send the body as application/json.",
    ),
    errors.ValidationFailed: (
        "A field is wrong, missing or unknown: `details` lists every one.",
        "Check these fields: last_name.",
    ),
    errors.RateLimited: (
        "The key's limit is spent, or too many requests of this address failed.",
        "This key's limit is spent.",
    ),
    errors.InternalError: (
        "A fault of ours. Tell us the request id.",
        f"Something failed here. Tell us the request id {REQUEST_ID}.",
    ),
    errors.Unavailable: (
        "The database cannot be reached. Repeat later, with the same Idempotency-Key.",
        "The service cannot reach its data. Try again soon.",
    ),
}
_DETAILS: Final[Mapping[type[Problem], tuple[str, str]]] = {
    errors.InvalidRequest: ("limit", "Use a whole number from 1 to 100."),
    errors.ValidationFailed: ("last_name", "This field is required."),
}
_OWN_HEADERS: Final[Mapping[type[Problem], Mapping[str, Any]]] = {
    errors.Unauthorized: headers.CHALLENGE,
    errors.InsufficientScope: headers.CHALLENGE,
    errors.MethodNotAllowed: headers.ALLOW,
    errors.RateLimited: headers.RETRY_AFTER,
}
# Whose request it is, is known but where a key is refused, and not always before these.
_NEVER_LIMITED: Final = (errors.Unauthorized,)
_SOMETIMES_LIMITED: Final = (
    errors.InvalidRequest,
    errors.MethodNotAllowed,
    errors.RateLimited,
    errors.InternalError,
    errors.Unavailable,
)
_CODES: Final = tuple(sorted({kind.code for kind in _TOLD}))


class Meta(msgspec.Struct):
    """What every answer says of itself."""

    request_id: Annotated[str, about("The id of the request.", REQUEST_ID)]


class ErrorDetail(msgspec.Struct):
    """One wrong field or parameter."""

    field: Annotated[str, about("Its name, with dots between nested ones.", "last_name")]
    message: Annotated[str, about("What to do about it.", "This field is required.")]


class ErrorBody(msgspec.Struct):
    """What went wrong."""

    code: Annotated[
        Literal[_CODES],  # type: ignore[valid-type]
        about("What kind of error it is, for programs."),
    ]
    message: Annotated[str, about("What was wrong and what to do, for people.")]
    details: Annotated[list[ErrorDetail], about("Every wrong field; empty for other errors.")]
    alternatives: Annotated[
        list[Annotated[msgspec.Raw, defined("FreeSlot")]] | msgspec.UnsetType,
        about("With SLOT_UNAVAILABLE: up to three free times."),
    ] = msgspec.UNSET


class ErrorResponse(msgspec.Struct):
    """Every error."""

    data: Annotated[None, about("Nothing.")]
    meta: Meta
    error: ErrorBody


def components(schemas: Schemas) -> dict[str, Any]:
    """An answer for each kind of error, by its name."""
    schemas.of(ErrorResponse)
    kinds = [kind for kind in _TOLD if kind is not errors.SlotUnavailable]
    return {kind.__name__: _response(kind, _TOLD[kind][0]) for kind in kinds}


def ref_of(kind: type[Problem]) -> dict[str, Any]:
    """A reference to the answer for this kind of error."""
    return {"$ref": f"#/components/responses/{kind.__name__}"}


def of_route(route: Route, told: Mapping[type[Problem], str]) -> dict[str, Any]:
    """The errors of an operation, by status, with what is `told` of some beside their kind."""
    kinds = sorted({*_kinds(route), *told}, key=lambda kind: kind.status)
    return {str(kind.status): _answer(kind, told.get(kind)) for kind in kinds}


def _kinds(route: Route) -> Iterable[type[Problem]]:
    yield from (errors.InvalidRequest, errors.Unauthorized, errors.RateLimited)
    yield from (errors.InternalError, errors.Unavailable)
    if route.scope is not None:
        yield errors.InsufficientScope
    if "{" in route.path:
        yield errors.NotFound
    if route.writes and route.method in ("POST", "PATCH"):
        yield errors.Conflict
    if parameters.takes_if_match(route):
        yield errors.PreconditionFailed
    if route.body is not None:
        yield from (errors.PayloadTooLarge, errors.UnsupportedMediaType, errors.ValidationFailed)


def _answer(kind: type[Problem], told: str | None) -> dict[str, Any]:
    if told is None:
        return ref_of(kind)
    return _response(kind, f"{_TOLD[kind][0]} {told}")


def _response(kind: type[Problem], words: str) -> dict[str, Any]:
    shown = headers.refs(headers.OF_EVERY_ANSWER, _OWN_HEADERS.get(kind, {}))
    if kind in _SOMETIMES_LIMITED:
        shown |= headers.sometimes(headers.LIMITS)
    elif kind not in _NEVER_LIMITED:
        shown |= headers.refs(headers.LIMITS)
    content = {"schema": ref("ErrorResponse"), "examples": _examples(kind, words)}
    return {"description": words, "headers": shown, "content": {"application/json": content}}


def _examples(kind: type[Problem], words: str) -> dict[str, Any]:
    kinds = [kind]
    if errors.SlotUnavailable.code in words:
        kinds = [errors.SlotUnavailable, kind]
    return {each.__name__: {"value": _example(each)} for each in kinds}


def _example(kind: type[Problem]) -> dict[str, Any]:
    details = [_DETAILS[kind]] if kind in _DETAILS else []
    error: dict[str, Any] = {
        "code": kind.code,
        "message": _TOLD[kind][1],
        "details": [{"field": field, "message": words} for field, words in details],
    }
    if kind is errors.SlotUnavailable:
        error["alternatives"] = []
    return {"data": None, "meta": {"request_id": REQUEST_ID}, "error": error}
