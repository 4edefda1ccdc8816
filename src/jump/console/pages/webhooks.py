"""The webhooks of one mode: where events go, whether they arrive, and why one is paused."""

from collections.abc import Mapping
from typing import Any, Final

from jump.console import paging, who
from jump.console.page import Context, Page
from jump.console.tables import Found, table
from jump.console.visit import Visit
from jump.errors import InvalidRequest
from jump.events.catalog import EVENT_TYPES
from jump.resources import pages
from jump.storage.database import Tx
from jump.storage.sql import Row
from jump.webhooks import overview, webhook
from jump.webhooks.overview import Activity
from jump.webhooks.representation import subscribed

STATES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "": ("All", {}),
    "on": ("Active", {"is_active": "true"}),
    "off": ("Paused", {"is_active": "false"}),
}


async def _show(visit: Visit) -> Context:
    chosen = visit.query.one("state")
    if chosen not in STATES:
        raise InvalidRequest("There is no such state of webhooks.")
    return {
        "webhooks": await table(lambda: _found(visit, chosen), is_filtered=bool(chosen)),
        "states": [(value, label) for value, (label, _) in STATES.items()],
    }


async def _found(visit: Visit, chosen: str) -> Found[dict[str, Any]]:
    query = paging.query(visit, webhook.WEBHOOKS, STATES[chosen][1])

    async def look(tx: Tx) -> tuple[pages.Page, Mapping[str, Activity]]:
        page = await webhook.page(tx, visit.tenant, query)
        ids = [row["id"] for row in page.rows]
        return page, await overview.activity(tx, visit.tenant, ids, visit.at)

    page, done = await visit.parts.database.read(look)
    found = paging.found(visit, query, page)
    reasons = await who.reasons(visit, (row["paused_reason"] for row in found.rows))
    rows = [seen(row, done[row["id"]], reasons) for row in found.rows]
    return Found(rows, found.following, found.first)


def seen(row: Row, done: Activity, reasons: Mapping[str | None, str]) -> dict[str, Any]:
    """A webhook as templates show it; `reasons` is what `who.reasons` makes."""
    names = subscribed(row)
    every = set(EVENT_TYPES) <= set(names)
    return {
        "row": row,
        "title": row["name"] or row["url"],
        "events": "All events" if every else ", ".join(names),
        "state": overview.state(row, done),
        "done": done,
        "reason": reasons[row["paused_reason"]],
        "most_attempts": overview.MOST,
    }


PAGES: Final = (Page("webhooks", "/webhooks", "see_webhooks", _show, section="webhooks"),)
