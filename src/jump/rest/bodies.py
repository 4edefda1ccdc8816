"""Bodies and query strings: read within bounds, never whole when they are longer than allowed."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import ClientDisconnect, Request

from jump.errors import (
    FieldError,
    InvalidRequest,
    PayloadTooLarge,
    UnsupportedMediaType,
    unknown_name,
)
from jump.resources import listing
from jump.resources.listing import Listing, ListQuery

MOST_JSON = 262_144  # bytes
BODY_SECONDS = 20
MOST_DISCARDED = 4_194_304  # bytes
DISCARD_SECONDS = 2
MOST_QUERY = 8_192  # characters
MOST_PARAMETERS = 200

_KEY = re.compile(r"pk_(?:test|live)_", re.IGNORECASE)
_JSON = frozenset({"application/json"})
_PATCH = _JSON | {"application/merge-patch+json"}


async def read_json(request: Request, others: Collection[str] = ()) -> bytes:
    """The body of a JSON request, at an address that takes `others` too.

    Raises PayloadTooLarge, UnsupportedMediaType, InvalidRequest.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = b"".join([chunk async for chunk in _bounded(request, MOST_JSON)])
    except TimeoutError as error:
        raise _too_late(BODY_SECONDS) from error
    except ClientDisconnect as error:
        raise _broken_off() from error
    if body:
        _check_media_type(request, others)
    return body


def media_type(request: Request) -> str:
    """The media type that the body is said to have, in lower case; an empty text for none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def chunks(request: Request, most: int, seconds: float) -> AsyncIterator[bytes]:
    """The body piece by piece, at most so many bytes that arrive within so many seconds.

    So a body may be longer than what is kept of it. Raises PayloadTooLarge and InvalidRequest.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    stream = _bounded(request, most)
    while (chunk := await _next_chunk(stream, deadline, seconds)) is not None:
        yield chunk


async def _bounded(request: Request, most: int) -> AsyncIterator[bytes]:
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        raise _too_large(most)
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        yield chunk


async def _next_chunk(
    stream: AsyncIterator[bytes], deadline: float, seconds: float
) -> bytes | None:
    # The time is watched here alone: what is done with a chunk may not be broken off by it.
    try:
        async with asyncio.timeout_at(deadline):
            return await anext(stream, None)
    except TimeoutError as error:
        raise _too_late(seconds) from error
    except ClientDisconnect as error:
        raise _broken_off() from error


async def discard(
    request: Request, most: int = MOST_DISCARDED, seconds: float = DISCARD_SECONDS
) -> None:
    """Read what is left of a body that was refused, or that nobody wanted, within bounds.

    A server that hangs up in the middle of a body resets the connection, and the client may never
    see why. One that asks first (Expect: 100-continue, RFC 9110, 10.1.1) has not begun to send.
    """
    headers = request.headers
    if "content-length" not in headers and "transfer-encoding" not in headers:
        return
    length = headers.get("content-length", "0")
    too_long = length.isdigit() and int(length) > most
    has_body = "transfer-encoding" in headers or length != "0"
    if not has_body or too_long or "expect" in headers:
        return
    left = most
    # RuntimeError: it was read to its end.
    with contextlib.suppress(TimeoutError, ClientDisconnect, RuntimeError):
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                left -= len(chunk)
                if left < 0:
                    return


def refuse_key_in_query(request: Request) -> None:
    """Raises InvalidRequest when an API key stands in the query string."""
    raw = _query_string(request)
    if raw and _KEY.search(unquote_plus(raw)):
        raise InvalidRequest(
            "An API key was sent in the address, where logs may keep it. Send it in the"
            " Authorization header, and rotate this key."
        )


def query_params(request: Request) -> list[tuple[str, str]]:
    """The query string as pairs. Raises InvalidRequest."""
    raw = _query_string(request)
    if not raw:
        return []
    if len(raw) > MOST_QUERY:
        raise InvalidRequest("The query string is too long.")
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError as error:
        raise InvalidRequest(f"Use at most {MOST_PARAMETERS} query parameters.") from error
    if any("\x00" in name or "\x00" in value for name, value in pairs):
        raise InvalidRequest("A NUL character is not allowed in the query string.")
    return pairs


def _query_string(request: Request) -> str:
    # From the request line itself: a URL that is put together may be split by an odd Host header.
    raw: bytes = request.scope["query_string"]
    return raw.decode("ascii", "replace")


def flags(known: Mapping[str, str], pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Parameters of an address that is no list. Raises InvalidRequest for an unknown one."""
    errors = [unknown_name("parameter", name, known) for name, _ in pairs if name not in known]
    names = [name for name, _ in pairs]
    errors += [
        FieldError(name, "Give this parameter once.") for name in known if names.count(name) > 1
    ]
    if errors:
        named = ", ".join(dict.fromkeys(error.field for error in errors))
        raise InvalidRequest(f"Check these query parameters: {named}.", details=errors)
    return dict(pairs)


def query_in_body(lists: Listing, body: Mapping[str, Any]) -> ListQuery:
    """The query of a search by POST: its parameters stand in the body, null for none."""
    given = [(name, str(value)) for name, value in body.items() if value is not None]
    return listing.parse(lists, given)


def _check_media_type(request: Request, others: Collection[str]) -> None:
    accepted = _PATCH if request.method == "PATCH" else _JSON
    if media_type(request) not in accepted:
        named = " or ".join(sorted({*accepted, *others}))
        raise UnsupportedMediaType(f"Send the body as {named}.")


def _too_late(seconds: float) -> InvalidRequest:
    return InvalidRequest(f"The body did not arrive within {seconds:g} seconds.")


def _broken_off() -> InvalidRequest:
    return InvalidRequest("The body ended before it was complete.")


def _too_large(most: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body may have at most {most:,} bytes.")
