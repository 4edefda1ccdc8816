"""The headers of requests and answers, each described once. Data only."""

from collections.abc import Mapping
from typing import Any, Final

Header = dict[str, Any]


def _header(words: str, schema: Mapping[str, Any], example: Any, *, always: bool = True) -> Header:
    told = {"description": words, "required": always, "schema": dict(schema), "example": example}
    return told if always else {name: told[name] for name in told if name != "required"}


_TEXT: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "minimum": 0}

OF_EVERY_ANSWER: Final[Mapping[str, Header]] = {
    "X-Request-Id": _header(
        "The id of the request: quote it when you ask for help.",
        {"type": "string", "pattern": "^req_[0-7][0-9a-hjkmnp-tv-z]{25}$"},
        "req_00000000000000000000000000",
    ),
    "X-Response-Time": _header(
        "How long answering took.", {"type": "string", "pattern": "^[0-9]+ms$"}, "12ms"
    ),
    "Cache-Control": _header("Nothing may be kept on the way.", {"const": "no-store"}, "no-store"),
}
LIMITS: Final[Mapping[str, Header]] = {
    "X-RateLimit-Limit": _header(
        "How many requests the key may make in any 60 minutes.", _COUNT, 1000
    ),
    "X-RateLimit-Remaining": _header("How many of them are left now.", _COUNT, 998),
    "X-RateLimit-Reset": _header(
        "Unix seconds at which one more request is next possible.", _COUNT, 1768228200
    ),
    "RateLimit-Policy": _header(
        "The limit, as the IETF's draft writes it.", _TEXT, '"hour";q=1000;w=3600'
    ),
    "RateLimit": _header(
        "What is left of it, as the IETF's draft writes it.", _TEXT, '"hour";r=998;t=0'
    ),
}
ETAG: Final[Mapping[str, Header]] = {
    "ETag": _header(
        "The record's version: send it as If-Match with a change.",
        {"type": "string", "pattern": '^"(0|[1-9][0-9]*)"$'},
        '"1"',
    )
}
LOCATION: Final[Mapping[str, Header]] = {
    "Location": _header(
        "The address of what was made.",
        {"type": "string", "format": "uri-reference"},
        "/api/v1/patients/pat_00000000000000000000000000",
    )
}
REPLAYED: Final[Mapping[str, Header]] = {
    "Idempotent-Replayed": _header(
        "There where this is the answer to an earlier request with the same Idempotency-Key.",
        {"const": "true"},
        "true",
        always=False,
    )
}
CHALLENGE: Final[Mapping[str, Header]] = {
    "WWW-Authenticate": _header(
        "`Bearer`; where a scope is missing, with its name (RFC 6750).",
        _TEXT,
        'Bearer error="insufficient_scope", scope="read_patients"',
    )
}
RETRY_AFTER: Final[Mapping[str, Header]] = {
    "Retry-After": _header("Seconds to wait.", {"type": "integer", "minimum": 1}, 60)
}
ALLOW: Final[Mapping[str, Header]] = {
    "Allow": _header("The methods the address answers to.", _TEXT, "GET, HEAD, POST")
}
COMPONENTS: Final[Mapping[str, Header]] = {
    name: header
    for group in (
        OF_EVERY_ANSWER,
        LIMITS,
        ETAG,
        LOCATION,
        REPLAYED,
        CHALLENGE,
        RETRY_AFTER,
        ALLOW,
    )
    for name, header in group.items()
}


def refs(*groups: Mapping[str, Header]) -> dict[str, Any]:
    """References to these headers."""
    return {
        name: {"$ref": f"#/components/headers/{name}"}
        for name in COMPONENTS
        if any(name in group for group in groups)
    }


def sometimes(group: Mapping[str, Header]) -> dict[str, Any]:
    """The same headers where an answer may lack them: it was not known whose request it was."""
    return {
        name: {key: value for key, value in header.items() if key != "required"}
        for name, header in group.items()
    }
