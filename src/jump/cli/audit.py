"""`jump audit list`: who changed what, and when."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from jump.application.opening import Storage
from jump.audit import trail
from jump.audit.trail import Entry, Wanted
from jump.caller import Mode, Tenant
from jump.cli.operating import (
    MODES,
    instant,
    json_option,
    limit_option,
    mode_option,
    operator,
    org_option,
    with_storage,
)
from jump.cli.showing import print_json, print_table
from jump.cli.when import exact_and_relative, gone_by
from jump.kit.clock import system_clock
from jump.kit.instants import format_instant
from jump.storage.database import Tx

COLUMNS = ("WHEN", "MODE", "WHO", "WHAT", "RECORD", "FIELDS", "FROM")
MOST_FIELDS = 4


@click.group()
def audit() -> None:
    """The audit: who changed what.

    One row for each change of a record or a setting. No value of a patient is in it.
    """


@audit.command("list")
@click.option("--action", help="Only this, such as patient.updated or key.revoked.")
@click.option("--actor", help="Only by this one: key, user, operator, system, or an id.")
@click.option("--record", "record_id", help="Only changes of this record, by its id.")
@click.option("--patient", "patient_id", help="Only changes that concern this patient, by id.")
@click.option("--since", type=instant(gone_by), help="From then on: 2h, a date or an instant.")
@click.option("--until", type=instant(gone_by), help="Until then.")
@mode_option
@limit_option
@org_option
@json_option
def list_(mode: Mode | None, rows: int, org: str | None, as_json: bool, **wanted: Any) -> None:
    """List changes, newest first.

    \b
    Examples:
      jump audit list --since 2h
      jump audit list --actor key_0123456789abcdef --action patient.updated --json
    """
    modes = (mode,) if mode else MODES

    async def work(storage: Storage) -> list[Entry]:
        callers = [await operator(storage, org, each) for each in modes]

        both = [await _newest(storage, each.tenant, Wanted(**wanted), rows) for each in callers]
        found = [entry for one in both for entry in one]
        return sorted(found, key=lambda entry: entry.id, reverse=True)[:rows]

    entries = with_storage(work)
    if as_json:
        print_json([_shown(entry) for entry in entries])
    else:
        now = system_clock()
        print_table(COLUMNS, [_row(entry, now) for entry in entries], "Nothing was changed.")


async def _newest(storage: Storage, tenant: Tenant, wanted: Wanted, rows: int) -> list[Entry]:
    """The first rows, however many pages that takes."""
    found: list[Entry] = []
    while len(found) < rows:
        read = partial(_page, tenant, wanted, rows - len(found), found[-1].id if found else None)
        page = await storage.database.read(read)
        found += page
        if not page:
            break
    return found


async def _page(
    tenant: Tenant, wanted: Wanted, rows: int, before: str | None, tx: Tx
) -> list[Entry]:
    return await trail.page(tx, tenant, wanted, rows, before)


def _shown(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": format_instant(entry.at),
        "mode": entry.tenant.mode,
        "actor": {"kind": entry.actor.kind, "id": entry.actor.id},
        "action": entry.change.action,
        "record_type": entry.change.record_type,
        "record_id": entry.change.record_id,
        "patient_id": entry.change.patient_id,
        "fields": list(entry.change.fields),
        "request_id": entry.request_id,
        "address": entry.address,
    }


def _row(entry: Entry, now: int) -> tuple[str, ...]:
    return (
        exact_and_relative(entry.at, now),
        entry.tenant.mode,
        entry.actor.id or entry.actor.kind,
        entry.change.action,
        entry.change.record_id,
        _fields(entry.change.fields),
        entry.address or "-",
    )


def _fields(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_FIELDS} more" if len(names) > MOST_FIELDS else ""
    return (", ".join(names[:MOST_FIELDS]) or "-") + more
