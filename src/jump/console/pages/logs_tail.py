"""New requests of the access log as they are written, as server-sent events, for the page of logs.

Its filters are the page's. It ends with the person's sign-in, and with the process.
"""

from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec

from jump.console import event_stream, words
from jump.console.event_stream import EventStream
from jump.console.page import Feed
from jump.console.pages import logs
from jump.console.tails import Batch, Tail, Why
from jump.console.visit import Visit
from jump.errors import InvalidRequest
from jump.kit.instants import format_second
from jump.storage.sql import Row

# Proxies end what is silent for long.
HEARTBEAT_EVERY: Final = 10.0  # seconds
_LONGEST_PLACE: Final = 16
# Of a process that stops nothing is said: a browser comes again by itself, and finds the next one.
_ENDS: Final[dict[Why, str]] = {
    "signed_out": "You are signed out. Reload this page to sign in again.",
    "not_allowed": "Your role does not show logs any more.",
}


async def _answer(visit: Visit) -> EventStream:
    parts, tenant = visit.parts, visit.tenant
    tail = Tail(visit.signed_in.id, logs.sought(visit), _since(visit))
    parts.tails.open(parts.database, parts.clock, parts.stopping, tenant, tail)
    return EventStream(_told(visit, tail), lambda: parts.tails.close(tenant, tail))


def _since(visit: Visit) -> int:
    """From which instant on: what the browser read last, or else what the address says."""
    place = visit.request.headers.get("last-event-id") or visit.query.one("since") or str(visit.at)
    if not (place.isascii() and place.isdigit() and len(place) <= _LONGEST_PLACE):
        raise InvalidRequest("This is no place in the log.")
    return min(int(place), visit.at)


async def _told(visit: Visit, tail: Tail) -> AsyncIterator[str]:
    yield event_stream.RETRY
    while tail.ended is None:
        batch = await tail.following(HEARTBEAT_EVERY)
        if batch is not None:
            yield event_stream.message("requests", _encoded(visit, batch), str(batch.at))
        elif tail.ended is None:
            yield event_stream.HEARTBEAT
    if tail.ended in _ENDS:
        told = msgspec.json.encode({"words": _ENDS[tail.ended]}).decode()
        yield event_stream.message("end", told)


def _encoded(visit: Visit, batch: Batch) -> str:
    rows = [_row(visit, row, batch.names.get(row["key_id"], row["key_id"])) for row in batch.rows]
    return msgspec.json.encode({"rows": rows, "whole": batch.is_whole}).decode()


def _row(visit: Visit, row: Row, key: str) -> dict[str, Any]:
    """What the cells of the page's table hold."""
    code, scope = row["error_code"] or "", row["missing_scope"]
    return {
        "time": format_second(row["at"]),
        "exact": words.exact(row["at"]),
        "key": key,
        "url": visit.url("key", key_id=row["key_id"]),
        "request": f"{row['method']} {row['route']}",
        "id": row["id"],
        "status": str(row["status"]),
        "kind": words.status_kind(row["status"]),
        "code": f"{code}: {scope}" if scope else code,
        "took": f"{row['milliseconds']:,} ms",
        "from": row["address"],
    }


PAGES: Final = (Feed("logs_tail", "/logs/tail", "see_logs", _answer),)
