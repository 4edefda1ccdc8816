"""The one shape of an error and the headers of every answer, asserted here and nowhere else."""

import re
from collections.abc import Mapping
from typing import Any

from tests.surface.asking import Reply

REQUEST_ID = re.compile(r"req_[0-7][0-9a-hjkmnp-tv-z]{25}")
RATE_LIMIT = {
    "x-ratelimit-limit": re.compile(r"\d+"),
    "x-ratelimit-remaining": re.compile(r"\d+"),
    "x-ratelimit-reset": re.compile(r"\d{10}"),
    "ratelimit-policy": re.compile(r'"hour";q=\d+;w=3600'),
    "ratelimit": re.compile(r'"hour";r=\d+;t=\d+'),
}
CODES: Mapping[str, tuple[int, ...]] = {
    "INVALID_REQUEST": (400,),
    "UNAUTHORIZED": (401,),
    "INSUFFICIENT_SCOPE": (403,),
    "NOT_FOUND": (404,),
    "METHOD_NOT_ALLOWED": (405,),
    "SLOT_UNAVAILABLE": (409,),
    "CONFLICT": (409,),
    "GONE": (410,),
    "PRECONDITION_FAILED": (412,),
    "PAYLOAD_TOO_LARGE": (413,),
    "UNSUPPORTED_MEDIA_TYPE": (415,),
    "VALIDATION_FAILED": (422,),
    "RATE_LIMITED": (429,),
    "INTERNAL_ERROR": (500,),
    "UNAVAILABLE": (503,),
}


def assert_refused(reply: Reply, status: int, code: str, *, authenticated: bool = True) -> Any:
    """The answer is this error, in the shape of the contract, with the headers it must have.

    Returns the error, for what a test wants to know of its words.
    """
    assert (reply.status, reply.body[:400]) == (status, reply.body[:400])
    assert status in CODES[code]
    assert_headers(reply, authenticated=authenticated)
    answer = reply.json
    assert set(answer) == {"data", "meta", "error"}
    assert answer["data"] is None
    assert answer["meta"] == {"request_id": reply.headers["x-request-id"]}
    error = answer["error"]
    expected = {"code", "message", "details"}
    assert set(error) == expected | ({"alternatives"} if code == "SLOT_UNAVAILABLE" else set())
    assert error["code"] == code
    assert error["message"].endswith((".", "?"))
    for detail in error["details"]:
        assert set(detail) == {"field", "message"}
        assert detail["field"]
        assert detail["message"].endswith(".")
    _assert_own_headers(reply, status)
    return error


def assert_answered(reply: Reply, status: int = 200) -> Any:
    """The answer is a success in the shape of the contract; returns its data."""
    assert (reply.status, reply.body[:400]) == (status, reply.body[:400])
    assert_headers(reply, authenticated=True)
    answer = reply.json
    listed = {"limit", "has_more", "next_offset", "next_cursor"} & set(answer["meta"])
    assert set(answer) == {"data", "meta"} | ({"pagination"} if listed else set())
    assert len(listed) in (0, 4)
    assert set(answer["meta"]) == listed | {"request_id"}
    assert isinstance(answer["data"], list) == bool(listed)
    if "idempotent-replayed" not in reply.headers:
        assert answer["meta"]["request_id"] == reply.headers["x-request-id"]
    return answer["data"]


def assert_headers(reply: Reply, *, authenticated: bool) -> None:
    """What every answer carries, and the rate limit on those to a key and only there."""
    assert REQUEST_ID.fullmatch(reply.headers["x-request-id"])
    assert re.fullmatch(r"\d+ms", reply.headers["x-response-time"])
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["content-type"] == "application/json"
    assert not [name for name in reply.headers if name.startswith("access-control-")]
    for name, shape in RATE_LIMIT.items():
        assert (name in reply.headers) == authenticated, f"{name}: authenticated={authenticated}"
        if authenticated:
            assert shape.fullmatch(reply.headers[name]), f"{name}: {reply.headers[name]}"


def _assert_own_headers(reply: Reply, status: int) -> None:
    challenge = reply.headers.get("www-authenticate")
    if status == 401:
        assert challenge == "Bearer"
    elif status == 403:
        assert challenge is not None
        named = re.fullmatch(r'Bearer error="insufficient_scope", scope="(\w+)"', challenge)
        assert named is not None
        assert named[1] in reply.error["message"]
    else:
        assert challenge is None
    assert ("allow" in reply.headers) == (status == 405)
    assert ("retry-after" in reply.headers) == (status == 429)
    if status == 429:
        assert int(reply.headers["retry-after"]) >= 1
