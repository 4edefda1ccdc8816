"""One key, looked at from four sides: its use, its requests, its permissions, its history."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from jump.audit import requests, trail, usage
from jump.audit.trail import Entry, Wanted
from jump.audit.usage import Counted, RouteUse
from jump.console import paging, who
from jump.console.page import Context, Page, Show
from jump.console.pages.keys import of_mode, shown
from jump.console.tables import Found, table
from jump.console.usage_bars import bars
from jump.console.visit import Needs, Visit
from jump.errors import InvalidRequest
from jump.keys.listing import KeyOverview
from jump.keys.scopes import SCOPES, in_words
from jump.kit.clock import DAY, HOUR, MINUTE
from jump.storage.database import Tx
from jump.storage.sql import Row

OUTCOMES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "": ("All", {}),
    "done": ("Answered", {"status_lte": "399"}),
    "refused": ("Refused", {"status_gte": "400", "status_lte": "428"}),
    "limited": ("Over the limit", {"status": "429"}),
    "failed": ("Errors of ours", {"status_gte": "500"}),
}
USED_WITHIN: Final = 30 * DAY


async def frame(visit: Visit) -> dict[str, Any]:
    """What stands above each side of a key. Raises NotFound."""
    row = await of_mode(visit, visit.ids["key_id"])
    makers = await who.names(visit, [row.key.created_by, row.key.revoked_by or "system"])
    return {
        "row": row,
        "key": row.key,
        "masked": shown(row.key),
        "can": in_words(row.key.scopes),
        "makers": makers,
    }


async def _show_usage(visit: Visit) -> Context:
    framed = await frame(visit)
    key_id, now = visit.ids["key_id"], visit.at

    async def look(tx: Tx) -> tuple[Counted, Counted]:
        minutes = await usage.by_minute(tx, visit.tenant, key_id, now)
        return minutes, await usage.by_hour(tx, visit.tenant, key_id, now)

    minutes, hours = await visit.parts.database.read(look)
    return {
        **framed,
        "minutes": bars(minutes, now - 59 * MINUTE, 60, MINUTE),
        "hours": bars(hours, now - 7 * DAY, 7 * 24 + 1, HOUR, by_day=True),
        "is_whole": hours.is_whole,
        "most": usage.MOST,
    }


async def _show_requests(visit: Visit) -> Context:
    framed = await frame(visit)
    outcome = visit.query.one("outcome")
    if outcome not in OUTCOMES:
        raise InvalidRequest("There is no such outcome of requests.")
    return {
        **framed,
        "requests": await table(partial(_requests, visit, outcome), is_filtered=bool(outcome)),
        "outcomes": [(value, label) for value, (label, _) in OUTCOMES.items()],
    }


async def _requests(visit: Visit, outcome: str) -> Found[Row]:
    query = paging.query(visit, requests.OF_KEY, OUTCOMES[outcome][1])
    key_id = visit.ids["key_id"]
    page = await visit.parts.database.read(
        lambda tx: requests.page_of_key(tx, visit.tenant, key_id, query)
    )
    return paging.found(visit, query, page)


async def _show_permissions(visit: Visit) -> Context:
    framed = await frame(visit)
    key_id, since = visit.ids["key_id"], visit.at - USED_WITHIN

    async def look(tx: Tx) -> tuple[list[RouteUse], dict[str, int]]:
        routes = await usage.by_route(tx, visit.tenant, key_id, since)
        return routes, await usage.missing_scopes(tx, visit.tenant, key_id, since)

    routes, missing = await visit.parts.database.read(look)
    overview: KeyOverview = framed["row"]
    return {
        **framed,
        "granted": [SCOPES[name] for name in overview.key.scopes],
        "used": _by_scope(visit, routes),
        "missing": [(SCOPES[name], count) for name, count in missing.items() if name in SCOPES],
    }


def _by_scope(visit: Visit, routes: list[RouteUse]) -> Mapping[str, tuple[int, int]]:
    """How often each scope was used, and when last."""
    found: dict[str, tuple[int, int]] = {}
    for each in routes:
        scope = visit.parts.scopes_of_routes.get((each.method, each.route))
        if scope is not None:
            requests_before, last = found.get(scope, (0, 0))
            found[scope] = (requests_before + each.requests, max(last, each.last_at))
    return found


async def _show_history(visit: Visit) -> Context:
    framed = await frame(visit)
    entries = await table(partial(_entries, visit))
    makers = await who.names(visit, (e.actor.id or e.actor.kind for e in entries.rows))
    return {**framed, "entries": entries, "actors": makers}


async def _entries(visit: Visit) -> Found[Entry]:
    wanted = Wanted(record_id=visit.ids["key_id"])
    fingerprint = f"history {visit.tenant} {wanted.record_id}"
    after = paging.position(visit, fingerprint)
    before = str(after[1]) if after else None
    rows = await visit.parts.database.read(
        lambda tx: trail.page(tx, visit.tenant, wanted, paging.ROWS + 1, before)
    )
    kept, following = rows[: paging.ROWS], ""
    if len(rows) > paging.ROWS:
        following = paging.next_page(visit, fingerprint, (kept[-1].at, kept[-1].id))
    return Found(kept, following, paging.first_page(visit))


_SIDES: Final[tuple[tuple[str, str, Needs, Show], ...]] = (
    ("key", "", "see_keys", _show_usage),
    ("key_requests", "/requests", "see_logs", _show_requests),
    ("key_permissions", "/permissions", "see_keys", _show_permissions),
    ("key_history", "/history", "see_logs", _show_history),
)
PAGES: Final = tuple(
    Page(name, f"/keys/{{key_id}}{path}", needs, show, section="keys")
    for name, path, needs, show in _SIDES
)
