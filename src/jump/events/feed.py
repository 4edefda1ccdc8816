"""The event feed of a tenant, oldest first: what a client that was down reads to catch up.

Positions alone decide what comes next, so that an event never appears behind a cursor already
returned. Only types whose read scope the caller has are shown, each as the exact body that a
`full` webhook gets. Cursors as text are left to the faces.
"""

import asyncio
import functools
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from jump.caller import Caller
from jump.errors import FieldError, InsufficientScope, InvalidRequest, NotFound
from jump.events.catalog import EVENT_TYPES
from jump.resources.listing import Filter, Listing, ListQuery
from jump.storage.database import Database, Tx
from jump.storage.sql import Sql, Value, sql

# One transaction looks at so many events at most, and one reading runs so many of them, so that a
# narrow filter over a long history neither blocks others nor takes for ever.
LOOK: Final = 2_000
MOST_LOOKS: Final = 50
LONGEST_WAIT: Final = 30

FEED: Final = Listing(
    source="events",
    columns=("id", "type", "body", "patient_id", "position"),
    filters=(Filter("type", "text"), Filter("created_at", "instant")),
    sorts=(("position", "position"),),
    default_order="asc",
    endless=True,
)

_AHEAD = sql("""
    SELECT max(position) AS bound, count(*) AS looked FROM (
      SELECT position FROM events
      WHERE organisation_id = :organisation AND mode = :mode AND position > :after
      ORDER BY position LIMIT :look) AS ahead
""")
_NOW = sql("""
    SELECT max(position) AS position FROM events
    WHERE organisation_id = :organisation AND mode = :mode AND position IS NOT NULL
""")
_ONE = sql("""
    SELECT type, body, patient_id FROM events
    WHERE organisation_id = :organisation AND mode = :mode AND id = :id
""")


@dataclass(frozen=True, slots=True)
class Item:
    """One event: its body as it goes over the wire, and the patient it is about, if any."""

    body: str
    patient_id: str | None


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Events in order; `position` is where the next page starts behind, whatever this one holds.

    With `has_more` there is more to look at now, even if this page is short or empty.
    """

    items: tuple[Item, ...]
    limit: int
    has_more: bool
    position: int


def _never() -> bool:
    return False


async def read_feed(
    database: Database,
    caller: Caller,
    query: ListQuery,
    after: int,
    wait: float = 0,
    stopping: Callable[[], bool] = _never,
) -> FeedPage:
    """The events behind the position `after` (0: from the oldest kept).

    Where there are none it waits up to `wait` seconds for the first, and answers as soon as there
    is one, or within a second of `stopping` being true. Raises InvalidRequest and
    InsufficientScope.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait
    woken = database.woken()
    page = await _read(database, caller, query, after)
    while not (page.items or page.has_more or stopping()):
        left = deadline - loop.time()
        if left <= 0:
            break
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                await anext(woken)
        page = await _read(database, caller, query, page.position)
    return page


async def position_now(tx: Tx, caller: Caller) -> int:
    """The position behind which only events come that are not in the feed yet."""
    row = await tx.one(_NOW, **_tenant(caller))
    return int(row["position"]) if row is not None and row["position"] is not None else 0


async def fetch(tx: Tx, caller: Caller, event_id: str) -> Item:
    """One event. Raises NotFound and InsufficientScope."""
    row = await tx.one(_ONE, **_tenant(caller), id=event_id)
    if row is None:
        raise NotFound("There is no event with this id.")
    event = EVENT_TYPES[row["type"]]
    if not caller.may(event.read_scope):
        raise InsufficientScope(event.read_scope)
    return Item(row["body"], row["patient_id"])


async def _read(database: Database, caller: Caller, query: ListQuery, after: int) -> FeedPage:
    """A page over as many looks as it takes, each a transaction of its own."""
    types = _visible(caller, query)
    items: tuple[Item, ...] = ()
    for _ in range(MOST_LOOKS):
        wanted = query.limit - len(items)
        start = after

        async def look(tx: Tx, start: int = start, wanted: int = wanted) -> FeedPage:
            return await _look(tx, caller, query, types, start, wanted)

        found = await database.read(look)
        items, after = items + found.items, found.position
        if len(items) == query.limit or not found.has_more:
            return FeedPage(items, query.limit, found.has_more, after)
        await asyncio.sleep(0)  # SQLite reads on the loop's thread: let others have a turn
    return FeedPage(items, query.limit, True, after)


async def _look(
    tx: Tx, caller: Caller, query: ListQuery, types: tuple[str, ...], after: int, wanted: int
) -> FeedPage:
    ahead = await tx.one(_AHEAD, **_tenant(caller), after=after, look=LOOK)
    assert ahead is not None
    if ahead["bound"] is None:
        return FeedPage((), wanted, False, after)
    args: dict[str, Value] = {**_tenant(caller), "after": after, "bound": ahead["bound"]}
    for condition in query.conditions:
        args.update(condition.args)
    texts = tuple(condition.text for condition in query.conditions)
    rows = await tx.all(_items(texts), **args, types=list(types), rows=wanted + 1)
    items = tuple(Item(row["body"], row["patient_id"]) for row in rows[:wanted])
    if len(rows) > wanted:
        return FeedPage(items, wanted, True, rows[wanted - 1]["position"])
    return FeedPage(items, wanted, ahead["looked"] == LOOK, ahead["bound"])


@functools.lru_cache(maxsize=256)
def _items(conditions: tuple[str, ...]) -> Sql:
    # Every name in a condition comes from FEED, never from a request.
    narrowed = "".join(f" AND {text}" for text in conditions)
    return sql(
        "SELECT position, body, patient_id FROM events"  # noqa: S608
        " WHERE organisation_id = :organisation AND mode = :mode"
        f" AND position > :after AND position <= :bound AND type IN (:types*){narrowed}"
        " ORDER BY position LIMIT :rows"
    )


def _visible(caller: Caller, query: ListQuery) -> tuple[str, ...]:
    """The types the caller may see. A caller that asks for others, or may see none, is told."""
    if query.offset or query.order != "asc":
        raise InvalidRequest("The feed goes forward only: use cursor, not offset or order=desc.")
    asked = _asked(query.given)
    unknown = [name for name, types in asked.items() for t in types if t not in EVENT_TYPES]
    if unknown:
        words = f"Use event types: {', '.join(EVENT_TYPES)}."
        details = [FieldError(name, words) for name in dict.fromkeys(unknown)]
        raise InvalidRequest(f"Check these query parameters: {', '.join(asked)}.", details=details)
    for event_type in (t for types in asked.values() for t in types):
        if not caller.may(EVENT_TYPES[event_type].read_scope):
            raise InsufficientScope(EVENT_TYPES[event_type].read_scope)
    visible = tuple(e.name for e in EVENT_TYPES.values() if caller.may(e.read_scope))
    if not visible:
        scopes = list(dict.fromkeys(event.read_scope for event in EVENT_TYPES.values()))
        raise InsufficientScope(
            scopes[0], f"The feed shows what a key may read: it needs one of {', '.join(scopes)}."
        )
    return visible


def _asked(given: tuple[tuple[str, str], ...]) -> Mapping[str, list[str]]:
    """The types that the query names, by parameter."""
    named = dict(given)
    asked = {"type": [named["type"]]} if "type" in named else {}
    if "type_in" in named:
        asked["type_in"] = [name for name in named["type_in"].split(",") if name]
    return asked


def _tenant(caller: Caller) -> dict[str, Value]:
    return {"organisation": caller.tenant.organisation, "mode": caller.tenant.mode}
