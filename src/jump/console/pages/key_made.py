"""A new key, or a new secret of one, shown once; and whether its first request has come.

Without scripts the page is asked again by a form, which brings the key with it, sealed.
"""

from typing import Final

import msgspec
from starlette.responses import Response

from jump.audit import requests
from jump.console.carried import HELD_FOR, Once, open_once, seal_once
from jump.console.page import Context, Feed, Form, Go, Page
from jump.console.pages.keys import of_mode, shown
from jump.console.visit import Visit
from jump.keys.record import KeyRecord
from jump.kit.ids import first_id
from jump.storage.sql import Row

# The name that `jump listen` reads a key from.
VARIABLE: Final = "PK_KEY"


async def _show(visit: Visit) -> Context:
    key = await _key(visit)
    if not visit.once:
        return {"key": key, "masked": shown(key), "full": ""}
    full, since = visit.once["key"], visit.once["since"]
    # Only when the old secret works no more is the next request sure to be made with the new one.
    first = await _first_request(visit, key, int(since)) if since else None
    once = Once(visit.path, visit.at, "", visit.once)
    return {
        "key": key,
        "masked": shown(key),
        "full": full,
        "since": since,
        "first": first,
        "first_words": in_words(first) if first else "",
        "kept": seal_once(visit.parts.keyring, visit.browser, once),
        "env": f"{VARIABLE}={full}",
        "curl": _curl(visit, full),
    }


async def _check(visit: Visit) -> Context | Go:
    """The same page again, with what has happened since."""
    parts, kept = visit.parts, visit.typed.raw("kept")
    once = open_once(parts.keyring, visit.browser, kept, visit.path, visit.at, HELD_FOR)
    if once is None:
        return Go("key_made", visit.ids)
    visit.once = once.shown
    return await _show(visit)


async def _first_use(visit: Visit) -> Response:
    """What the script of the page waits for."""
    since = visit.query.one("since")
    known = since.isascii() and since.isdigit() and len(since) < 18
    key = await _key(visit)
    first = await _first_request(visit, key, int(since)) if known else None
    answer = {"used": first is not None, "words": in_words(first) if first else ""}
    return Response(msgspec.json.encode(answer), media_type="application/json")


def in_words(request: Row) -> str:
    """A request of the access log in a sentence."""
    return (
        f"The first request has arrived: {request['method']} {request['route']} was answered"
        f" {request['status']}, from {request['address']}."
    )


async def _key(visit: Visit) -> KeyRecord:
    return (await of_mode(visit, visit.ids["key_id"])).key


async def _first_request(visit: Visit, key: KeyRecord, since: int) -> Row | None:
    first = first_id("req", since)
    return await visit.parts.database.read(
        lambda tx: requests.first_since(tx, visit.tenant, key.id, first)
    )


def _curl(visit: Visit, full: str) -> str:
    return f"curl -H 'Authorization: Bearer {full}' {visit.parts.public_url}/api/v1/me"


PAGES: Final = (
    Page(
        "key_made",
        "/keys/{key_id}/made",
        "manage_keys",
        _show,
        (Form("check", _check),),
        section="keys",
    ),
    Feed("key_first_use", "/keys/{key_id}/first-use", "manage_keys", _first_use),
)
