"""What happened in one mode, newest first: which type of event, when, to which record.

What an event holds stands on its own page. Which types there are is left to the catalogue.
"""

from typing import Final

from jump.console import paging
from jump.console.page import Context, Page
from jump.console.tables import Found, table
from jump.console.visit import Visit
from jump.errors import InvalidRequest
from jump.events import newest
from jump.events.catalog import EVENT_TYPES
from jump.events.newest import Wanted
from jump.storage.sql import Row

_NARROWING: Final = ("type", "record")


async def _show(visit: Visit) -> Context:
    wanted = _wanted(visit)
    is_narrowed = wanted != newest.EVERYTHING
    return {
        "events": await table(lambda: _found(visit, wanted), is_filtered=is_narrowed),
        "types": [("", "Any"), *((name, name) for name in EVENT_TYPES)],
        "is_narrowed": is_narrowed,
        "clear": visit.here(**dict.fromkeys((*_NARROWING, paging.AFTER), "")),
        "looked": newest.LOOK,
        "most": paging.ROWS,
    }


def _wanted(visit: Visit) -> Wanted:
    """What the address asks for. Raises InvalidRequest."""
    event_type, record_id = (visit.query.one(name) or None for name in _NARROWING)
    if event_type is not None and event_type not in EVENT_TYPES:
        raise InvalidRequest("There is no such type of event. The catalogue lists them all.")
    return Wanted(event_type, record_id)


async def _found(visit: Visit, wanted: Wanted) -> Found[Row]:
    fingerprint = f"events {visit.tenant} {wanted}"
    after = paging.position(visit, fingerprint)
    before = int(after[0]) if after else None
    seen = await visit.parts.database.read(
        lambda tx: newest.look(tx, visit.tenant, wanted, paging.ROWS, before)
    )
    following = ""
    if seen.before is not None:
        following = paging.next_page(visit, fingerprint, (seen.before, ""))
    return Found(seen.rows, following, paging.first_page(visit))


PAGES: Final = (Page("events", "/events", "see_webhooks", _show, section="events"),)
