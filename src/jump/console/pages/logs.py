"""The access log of one mode, newest first: every request of every key, and how it was answered.

What comes while the page is open is left to `logs_tail`.
"""

from typing import Final

from jump.audit import looking
from jump.audit.looking import Sought
from jump.console import paging, who
from jump.console.page import Context, Page
from jump.console.tables import Found, Table, table
from jump.console.visit import Visit
from jump.errors import InvalidRequest
from jump.keys import listing
from jump.storage.sql import Row

METHODS: Final = ("GET", "POST", "PATCH", "PUT", "DELETE")
STATUSES: Final = {
    "": ("Any", None, None),
    "2xx": ("2xx: done", 200, 299),
    "4xx": ("4xx: refused", 400, 499),
    "429": ("429: over the limit", 429, 429),
    "5xx": ("5xx: an error of ours", 500, 599),
}
# So many keys to choose from; the log of any other one is a side of the key's own page.
_MOST_KEYS: Final = 200
_NARROWING: Final = ("key", "method", "route", "status", "code", "request")


async def _show(visit: Visit) -> Context:
    wanted = sought(visit)
    found = await table(lambda: _found(visit, wanted), is_filtered=wanted.is_narrowed)
    return {
        "requests": found,
        "keys": await who.names(visit, (row["key_id"] for row in found.rows)),
        "choices": [("", "Any"), *await _keys(visit, wanted)],
        "methods": [("", "Any"), *((each, each) for each in METHODS)],
        "statuses": [(value, label) for value, (label, _, _) in STATUSES.items()],
        "is_narrowed": wanted.is_narrowed,
        "clear": visit.here(**dict.fromkeys((*_NARROWING, paging.AFTER), "")),
        "looked": looking.LOOK,
        "most": paging.ROWS,
        "tail": "" if visit.query.one(paging.AFTER) else _tail(visit),
        "blank": Table("content"),
    }


def sought(visit: Visit) -> Sought:
    """What the address asks for. Raises InvalidRequest."""
    typed = {name: visit.query.one(name) for name in _NARROWING}
    if typed["status"] not in STATUSES or typed["method"] not in ("", *METHODS):
        raise InvalidRequest("There is no such status or method in this list.")
    _, status_from, status_to = STATUSES[typed["status"]]
    return Sought(
        key_id=typed["key"] or None,
        method=typed["method"] or None,
        route=typed["route"] or None,
        status_from=status_from,
        status_to=status_to,
        error_code=typed["code"].upper() or None,
        request_id=typed["request"] or None,
    )


def _tail(visit: Visit) -> str:
    """Where the first page learns of what is new to it, with the same filters."""
    narrowed = {name: visit.query.one(name) for name in _NARROWING}
    return visit.url("logs_tail", **narrowed, since=str(visit.at))


async def _keys(visit: Visit, wanted: Sought) -> list[tuple[str, str]]:
    """The newest keys, and the one that is asked for.

    They are chosen, not typed: a pasted key would stand in the address, with its secret.
    """
    rows = await listing.page(
        visit.parts.database, visit.tenant.organisation, (visit.mode,), _MOST_KEYS, None, None
    )
    found = {row.key.id: row.key.name for row in rows}
    if wanted.key_id and wanted.key_id not in found:
        found |= await who.names(visit, [wanted.key_id])
    return list(found.items())


async def _found(visit: Visit, wanted: Sought) -> Found[Row]:
    fingerprint = f"logs {visit.tenant} {wanted}"
    after = paging.position(visit, fingerprint)
    before = str(after[1]) if after else None
    seen = await visit.parts.database.read(
        lambda tx: looking.look(tx, visit.tenant, wanted, paging.ROWS, before)
    )
    following = paging.next_page(visit, fingerprint, ("", seen.before)) if seen.before else ""
    return Found(seen.rows, following, paging.first_page(visit))


PAGES: Final = (Page("logs", "/logs", "see_logs", _show, section="logs"),)
