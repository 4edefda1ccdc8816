"""The audit of one mode, newest first: who changed what, when, from where; as a file too."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Final

from starlette.responses import Response

from jump.audit import trail
from jump.audit.trail import MOST, Entry, Wanted
from jump.console import paging, who
from jump.console.page import Context, Feed, Page
from jump.console.tables import Found, table
from jump.console.visit import Visit
from jump.errors import InvalidRequest
from jump.kit.clock import DAY
from jump.kit.instants import format_instant, parse_instant

_NARROWING: Final = ("action", "actor", "record", "patient", "since", "until")
_COLUMNS: Final = (
    "at",
    "mode",
    "actor",
    "actor_name",
    "action",
    "record_type",
    "record_id",
    "patient_id",
    "fields",
    "address",
    "request_id",
)
# The ids of what has a name.
_WITH_NAMES: Final = ("key_", "usr_")
# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection).
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


async def _show(visit: Visit) -> Context:
    wanted = _wanted(visit)
    entries = await table(lambda: _found(visit, wanted), is_filtered=wanted != trail.EVERYTHING)
    return {
        "entries": entries,
        "names": await names(visit, entries.rows),
        "is_narrowed": wanted != trail.EVERYTHING,
        "clear": visit.here(**dict.fromkeys((*_NARROWING, paging.AFTER), "")),
        "most": MOST,
        "file": visit.url("audit_file", **{name: visit.query.one(name) for name in _NARROWING}),
    }


def _wanted(visit: Visit) -> Wanted:
    """What the address asks for. Raises InvalidRequest."""
    typed = {name: visit.query.one(name) or None for name in _NARROWING}
    until = _day(typed["until"])
    return Wanted(
        action=typed["action"],
        actor=typed["actor"],
        record_id=typed["record"],
        patient_id=typed["patient"],
        since=_day(typed["since"]),
        until=None if until is None else until + DAY,
    )


def _day(text: str | None) -> int | None:
    """The beginning of a day, in UTC."""
    if text is None:
        return None
    try:
        return parse_instant(f"{text}T00:00:00Z")
    except ValueError as wrong:
        raise InvalidRequest("Write a day as 2026-11-25.") from wrong


async def _found(visit: Visit, wanted: Wanted) -> Found[Entry]:
    fingerprint = f"audit {visit.tenant} {wanted}"
    after = paging.position(visit, fingerprint)
    before = str(after[1]) if after else None
    rows = await visit.parts.database.read(
        lambda tx: trail.page(tx, visit.tenant, wanted, paging.ROWS + 1, before)
    )
    kept, following = rows[: paging.ROWS], ""
    if len(rows) > paging.ROWS:
        following = paging.next_page(visit, fingerprint, (kept[-1].at, kept[-1].id))
    return Found(kept, following, paging.first_page(visit))


async def _actors(visit: Visit, entries: Sequence[Entry]) -> Mapping[str, str]:
    return await who.names(visit, (entry.actor.id or entry.actor.kind for entry in entries))


async def names(visit: Visit, entries: Sequence[Entry]) -> Mapping[str, str]:
    """The names of who did what these tell of, and of the keys and users that it was done to."""
    of_records = (entry.change.record_id for entry in entries)
    return {
        **await who.names(visit, (each for each in of_records if each.startswith(_WITH_NAMES))),
        **await _actors(visit, entries),
    }


async def _file(visit: Visit) -> Response:
    """The newest entries with these filters, as CSV (RFC 4180)."""
    wanted = _wanted(visit)
    entries = await visit.parts.database.read(lambda tx: trail.page(tx, visit.tenant, wanted, MOST))
    actors = await _actors(visit, entries)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    writer.writerows([harmless(cell) for cell in _cells(entry, actors)] for entry in entries)
    name = f"audit-{visit.mode}-{format_instant(visit.at)[:10]}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.getvalue(), 200, headers, media_type="text/csv; charset=utf-8")


def _cells(entry: Entry, actors: Mapping[str, str]) -> tuple[str, ...]:
    who_did = entry.actor.id or entry.actor.kind
    change = entry.change
    return (
        format_instant(entry.at),
        entry.tenant.mode,
        who_did,
        actors[who_did],
        change.action,
        change.record_type,
        change.record_id,
        change.patient_id or "",
        " ".join(change.fields),
        entry.address or "",
        entry.request_id or "",
    )


def harmless(cell: str) -> str:
    """The same, as text in any spreadsheet: what looks like a formula gets an apostrophe."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


PAGES: Final = (
    Page("audit", "/audit", "see_logs", _show, section="audit"),
    Feed("audit_file", "/audit/file", "see_logs", _file),
)
