"""One webhook: what was sent to it and how that ended, and a test with its answer on the page."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from starlette.responses import PlainTextResponse, Response

from jump.console import attempts, paging, who, words
from jump.console.charts import Bar, Chart, chart
from jump.console.page import Context, Feed, Form, Go, Page
from jump.console.pages.webhooks import seen
from jump.console.sending import Repeated, write_once
from jump.console.tables import Found, table
from jump.console.visit import Visit
from jump.errors import InvalidRequest, NotFound
from jump.events.catalog import ALIASES, EVENT_TYPES
from jump.kit.instants import parse_instant
from jump.storage.database import Tx
from jump.storage.sql import Row
from jump.webhooks import attempt_counts, history, overview, sending, webhook
from jump.webhooks.attempt_counts import Hour
from jump.webhooks.history import Found as Delivery
from jump.webhooks.representation import subscribed
from jump.webhooks.sending import ON_THEIR_WAY

STATES: Final[Mapping[str, str]] = {
    "": "All",
    "pending": "Pending",
    "delivering": "Delivering",
    "succeeded": "Succeeded",
    "failed": "Failed",
    "cancelled": "Cancelled",
}
# The parameters of the address that narrow the log, and what each is to the list.
FILTERS: Final[Mapping[str, str]] = {
    "state": "state",
    "event": "event_type",
    "id": "event_id",
    "since": "created_at_gte",
    "until": "created_at_lte",
}
KINDS: Final = (
    ("succeeded", "delivered"),
    ("rejected", "answered with an error"),
    ("unanswered", "not answered"),
)
_NAMES: Final = (*EVENT_TYPES, *ALIASES)
# How an instant of a filter is written, by its length: by `type=datetime-local`, or as a day; and
# with what it ends at the beginning and at the end of what it says.
_WRITTEN: Final[Mapping[int, tuple[str, str]]] = {
    len("2026-11-25"): ("T00:00:00Z", "T23:59:59.999999Z"),
    len("2026-11-25T14:30"): (":00Z", ":59.999999Z"),
    len("2026-11-25T14:30:05"): ("Z", ".999999Z"),
}


async def frame(visit: Visit) -> dict[str, Any]:
    """What stands above each side of a webhook. Raises NotFound."""
    webhook_id = visit.ids["webhook_id"]

    async def look(tx: Tx) -> tuple[Row, overview.Activity]:
        row = await webhook.fetch(tx, visit.tenant, webhook_id)
        found = await overview.activity(tx, visit.tenant, [webhook_id], visit.at)
        return row, found[webhook_id]

    row, done = await visit.parts.database.read(look)
    reasons = await who.reasons(visit, [row["paused_reason"]])
    return {"each": seen(row, done, reasons), "row": row, "names": subscribed(row)}


async def _show(visit: Visit) -> Context:
    framed = await frame(visit)
    given = _filters(visit)
    deliveries = await table(partial(_deliveries, visit, given), is_filtered=bool(given))
    shown = {name: visit.query.one(name) for name in (*FILTERS, paging.AFTER)}
    return {
        **framed,
        "stands": stands(visit, deliveries.rows, **shown),
        "tested": await _tested(visit),
        "attempts": _chart(attempt_counts.by_hour(framed["each"]["done"].counts, visit.at)),
        "deliveries": deliveries,
        "states": list(STATES.items()),
        "events": [("", "All events"), *((name, name) for name in framed["names"])],
        "is_narrowed": bool(given.keys() - {"state"}),
        "clear": visit.here(**dict.fromkeys((*FILTERS, paging.AFTER), "")),
    }


def stands(visit: Visit, rows: Iterable[Row], **shown: str) -> dict[str, str]:
    """For the script of a page: where these deliveries stand, and where it learns of a change."""
    ids = {"webhook_id": visit.ids["webhook_id"]}
    return {"mark": _mark(rows), "ask": visit.url("webhook_stands", **ids, **shown)}


def _mark(rows: Iterable[Row]) -> str:
    """Differs when a delivery is new, or one stands otherwise."""
    told = (f"{row['id']} {row['state']} {row['attempt_count']}" for row in rows)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


async def _stands(visit: Visit) -> Response:
    """The mark of the deliveries that the address names. Raises InvalidRequest."""
    found = await _deliveries(visit, _filters(visit))
    return PlainTextResponse(_mark(found.rows))


def _filters(visit: Visit) -> dict[str, str]:
    """The list's parameters that the address asks for. Raises InvalidRequest."""
    typed = {name: visit.query.one(name) for name in FILTERS}
    if typed["state"] not in STATES or (typed["event"] and typed["event"] not in _NAMES):
        raise InvalidRequest("There is no such state, or no such event, of deliveries.")
    for name, end in (("since", 0), ("until", 1)):
        if typed[name]:
            typed[name] = _instant(typed[name], end)
    return {FILTERS[name]: value for name, value in typed.items() if value}


def _instant(text: str, end: int) -> str:
    written = text + _WRITTEN.get(len(text), ("", ""))[end]
    try:
        parse_instant(written)
    except ValueError as wrong:
        raise InvalidRequest("Write a time as 2026-11-25T14:30, in UTC, or a day.") from wrong
    return written


async def _deliveries(visit: Visit, given: Mapping[str, str]) -> Found[Row]:
    query = paging.query(visit, history.DELIVERIES, given)
    page = await visit.parts.database.read(
        lambda tx: history.page(tx, visit.tenant, visit.ids["webhook_id"], query)
    )
    return paging.found(visit, query, page)


def _chart(hours: Sequence[Hour]) -> Chart:
    bars = [
        Bar(
            f"{words.day(hour.begins_at)}, {words.clock_time(hour.begins_at)[:5]}",
            words.clock_time(hour.begins_at)[:5],
            {kind: hour.counts.get(kind, 0) for kind in attempt_counts.ENDINGS},
        )
        for hour in hours
    ]
    return chart(bars, KINDS)


async def _tested(visit: Visit) -> dict[str, Any] | None:
    """The test that the address names, and its answer as soon as it is there."""
    delivery_id, webhook_id = visit.query.one("test"), visit.ids["webhook_id"]
    if not delivery_id or not visit.may("manage_webhooks"):
        return None

    async def look(tx: Tx) -> Delivery | None:
        try:
            return await history.fetch(tx, visit.caller, delivery_id, webhook_id)
        except NotFound:
            return None

    found = await visit.parts.database.read(look)
    if found is None or not found.delivery["test"]:
        return None
    return {
        "delivery": found.delivery,
        "is_under_way": found.delivery["state"] in ON_THEIR_WAY,
        "attempt": attempts.shown(found.attempts[-1]) if found.attempts else None,
    }


async def send_waiting(visit: Visit) -> None:
    """Send at once what waits for its next attempt, in order: a pause that ends as it begins."""
    webhook_id, guard = visit.ids["webhook_id"], visit.parts.guard

    async def work(tx: Tx) -> None:
        for is_active in (False, True):
            asked = {"is_active": is_active}
            await webhook.change(tx, visit.caller, visit.at, webhook_id, asked, guard)

    await visit.parts.database.write(work)


async def send_test(visit: Visit) -> Go:
    """Send a test; the page that follows waits for its answer."""
    webhook_id, wanted = visit.ids["webhook_id"], visit.typed.one("event_type") or None

    async def work(tx: Tx) -> tuple[str, str]:
        made = await sending.send_test(
            tx, visit.caller, visit.at, webhook_id, wanted, visit.parts.random
        )
        return made["id"], made["id"]

    try:
        delivery_id = await write_once(visit, work)
    except Repeated as repeated:
        delivery_id = repeated.made
    ids = {"webhook_id": webhook_id}
    return Go("webhook", ids, {"test": delivery_id}, said="The test is sent.")


PAGES: Final = (
    Page(
        "webhook",
        "/webhooks/{webhook_id}",
        "see_webhooks",
        _show,
        (Form("test", send_test, needs="manage_webhooks"),),
        section="webhooks",
    ),
    Feed("webhook_stands", "/webhooks/{webhook_id}/stands", "see_webhooks", _stands),
)
