"""`/events`: the feed as a list with a cursor, and one event.

What is in it, and in which order, is left to `jump.events.feed`.
"""

import asyncio
from typing import Annotated, Final, Literal

import msgspec

from jump.errors import FieldError, InsufficientScope, InvalidRequest
from jump.events import feed
from jump.events.feed import FeedPage
from jump.resources.about import defined
from jump.resources.definition import Answer, Call, Documentation, Operation, PageInfo
from jump.rest.exchange import Exchange
from jump.rest.routes import Direct, Route
from jump.storage.database import Database, Tx

Event = Annotated[msgspec.Raw, defined("Event")]

FLAGS: Final = {
    "wait": f"Seconds to wait for the first event, 0 to {feed.LONGEST_WAIT}; 0 if left out.",
    "start": "Where to begin without a cursor: oldest, or now for only what comes from here on.",
}


async def page(exchange: Exchange, call: Call) -> Answer:
    """Events in order; `meta.next_cursor` is always there, and goes on behind the last of them."""
    return await read(exchange.parts.database, call, exchange.parts.stopping)


async def read(database: Database, call: Call, stopping: asyncio.Event) -> Answer:
    """The same, of a database, without waiting on once the process is `stopping`.

    Raises InvalidRequest and InsufficientScope.
    """
    assert call.query is not None
    wait, from_now = _wait(call), _from_now(call)
    if call.query.after is not None:
        after = int(call.query.after[0])
    elif from_now:
        after = await database.read(lambda tx: feed.position_now(tx, call.caller))
    else:
        after = 0
    found = await feed.read_feed(
        database, call.caller, call.query, after, wait, stopping=stopping.is_set
    )
    return _listed(found)


async def fetch(tx: Tx, call: Call) -> Answer:
    """One event, as it stands in the feed."""
    item = await feed.fetch(tx, call.caller, call.path["id"])
    patients = () if item.patient_id is None else (item.patient_id,)
    return Answer(item.body.encode(), patients=patients)


def _listed(found: FeedPage) -> Answer:
    patients = (item.patient_id for item in found.items if item.patient_id is not None)
    return Answer(
        # The bytes that a receiver gets: taken as they stand.
        b"[" + b",".join(item.body.encode() for item in found.items) + b"]",
        page=PageInfo(found.limit, found.has_more, None, (found.position, "")),
        patients=tuple(dict.fromkeys(patients)),
    )


def _wait(call: Call) -> int:
    text = call.flags.get("wait", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 3 and int(text) <= feed.LONGEST_WAIT):
        raise _wrong("wait", f"Use a whole number from 0 to {feed.LONGEST_WAIT}.")
    return int(text)


def _from_now(call: Call) -> bool:
    text = call.flags.get("start", "oldest")
    if text not in ("oldest", "now"):
        raise _wrong("start", "Use oldest or now.")
    if "start" in call.flags and call.query is not None and call.query.after is not None:
        raise _wrong("start", "Use cursor or start, not both.")
    return text == "now"


def _wrong(name: str, words: str) -> InvalidRequest:
    details = [FieldError(name, words)]
    return InvalidRequest(f"Check these query parameters: {name}.", details=details)


OPERATIONS: Final[tuple[Route, ...]] = (
    Direct(
        "GET",
        "/events",
        page,
        None,
        "Read the event feed, oldest first, and wait for what comes next",
        listing=feed.FEED,
        flags=FLAGS,
        documentation=Documentation(
            details="Only types whose read scope the key has are shown, for as long as events are"
            " kept. `meta.next_cursor` is never null here: go on with it.",
            result=list[Event],
            values={
                "wait": Annotated[int, msgspec.Meta(ge=0, le=feed.LONGEST_WAIT)],
                "start": Literal["oldest", "now"],
            },
            refuses={
                InvalidRequest: "There is no such event type. `start` and `cursor` are both sent.",
                InsufficientScope: "The key may read no record that events are about, or not the"
                " records of the type that is asked for.",
            },
        ),
    ),
    Operation(
        "GET",
        "/events/{id}",
        fetch,
        None,
        "Read an event",
        documentation=Documentation(
            result=Event,
            refuses={InsufficientScope: "The key may not read the record that it is about."},
        ),
    ),
)
