"""One event: to what it happened, what it holds, and to whom it was delivered.

What it holds is for those who may see it, and looking is written into the audit where it is of a
patient.
"""

from typing import Any, Final

import msgspec

from jump.audit import trail
from jump.console import paging
from jump.console.page import Context, Page
from jump.console.tables import Found, table
from jump.console.visit import Visit
from jump.events import feed, newest
from jump.events.catalog import EVENT_TYPES
from jump.storage.database import Tx
from jump.storage.sql import Row
from jump.webhooks import history, webhook


async def _show(visit: Visit) -> Context:
    event = await visit.parts.database.read(
        lambda tx: newest.fetch(tx, visit.tenant, visit.ids["event_id"])
    )
    known = EVENT_TYPES.get(event["type"])
    return {
        "event": event,
        "sent": known.sent if known else "",
        "payload": await _payload(visit) if visit.may("see_payloads") else None,
        "deliveries": await table(lambda: _deliveries(visit)),
    }


async def _payload(visit: Visit) -> str:
    """The event's body, laid out for reading."""
    event_id = visit.ids["event_id"]

    async def look(tx: Tx) -> str:
        item = await feed.fetch(tx, visit.caller, event_id)
        if item.patient_id is not None:
            seen = trail.Change("event.viewed", "event", event_id, item.patient_id)
            await trail.write(tx, visit.caller, seen, visit.at)
        return item.body

    body = await visit.parts.database.write(look)
    return msgspec.json.format(body, indent=2)


async def _deliveries(visit: Visit) -> Found[dict[str, Any]]:
    query = paging.query(visit, history.ALL_DELIVERIES, {"event_id": visit.ids["event_id"]})

    async def look(tx: Tx) -> Found[dict[str, Any]]:
        page = await history.page_of_all(tx, visit.tenant, query)
        found: Found[Row] = paging.found(visit, query, page)
        titles = await webhook.titles(tx, visit.tenant, {row["webhook_id"] for row in found.rows})
        rows = [{"row": row, "title": titles[row["webhook_id"]]} for row in found.rows]
        return Found(rows, found.following, found.first)

    return await visit.parts.database.read(look)


PAGES: Final = (Page("event", "/events/{event_id}", "see_webhooks", _show, section="events"),)
