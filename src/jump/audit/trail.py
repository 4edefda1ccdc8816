"""Writes one row for each change, in the change's own transaction, and reads the rows back.

A row names fields, never their values. That no row is changed or deleted is the schema's promise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import msgspec

from jump.caller import Actor, ActorKind, Caller, Tenant
from jump.kit.ids import first_id, new_id
from jump.storage.database import Tx
from jump.storage.sql import Row, Value, sql

MOST = 1_000
# An entry's id is for our own order and paging; it is not one of the contract's ids.
_PREFIX = "aud"
_AFTER_EVERY_ID = f"{_PREFIX}_~"


class Change(msgspec.Struct, frozen=True):
    """What was done to which record; `fields` are the names of those that changed."""

    action: str
    record_type: str
    record_id: str
    patient_id: str | None = None
    fields: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the audit. `at` is in microseconds."""

    id: str
    at: int
    tenant: Tenant
    actor: Actor
    change: Change
    request_id: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: all that is None is left open.

    `actor` is an id, or a kind such as `operator`; `since` (included) and `until` (not included)
    are in microseconds, exact to the millisecond.
    """

    action: str | None = None
    actor: str | None = None
    record_id: str | None = None
    patient_id: str | None = None
    since: int | None = None
    until: int | None = None


EVERYTHING = Wanted()

_WRITE = sql("""
INSERT INTO audit (organisation_id, mode, id, at, actor_kind, actor_id, action, record_type,
  record_id, patient_id, fields, request_id, address)
VALUES (:organisation, :mode, :id, :at, :actor_kind, :actor_id, :action, :record_type,
  :record_id, :patient_id, :fields, :request_id, :address)
""")

# Three ways in, each with an index of its own; the other conditions only thin out.
_PAGE = sql("""
SELECT * FROM audit
WHERE organisation_id = :organisation AND mode = :mode AND id >= :first AND id < :below
  AND (CAST(:action AS TEXT) IS NULL OR action = :action)
  AND (CAST(:actor AS TEXT) IS NULL OR actor_id = :actor OR actor_kind = :actor)
ORDER BY id DESC LIMIT :limit
""")
_PAGE_OF_RECORD = sql("""
SELECT * FROM audit
WHERE organisation_id = :organisation AND mode = :mode AND record_id = :record_id
  AND id >= :first AND id < :below
  AND (CAST(:patient_id AS TEXT) IS NULL OR patient_id = :patient_id)
  AND (CAST(:action AS TEXT) IS NULL OR action = :action)
  AND (CAST(:actor AS TEXT) IS NULL OR actor_id = :actor OR actor_kind = :actor)
ORDER BY id DESC LIMIT :limit
""")
_PAGE_OF_PATIENT = sql("""
SELECT * FROM audit
WHERE organisation_id = :organisation AND mode = :mode AND patient_id = :patient_id
  AND id >= :first AND id < :below
  AND (CAST(:action AS TEXT) IS NULL OR action = :action)
  AND (CAST(:actor AS TEXT) IS NULL OR actor_id = :actor OR actor_kind = :actor)
ORDER BY id DESC LIMIT :limit
""")


async def write(tx: Tx, caller: Caller, change: Change, at: int) -> None:
    """One row, in the tenant and with the actor, request and address of the caller.

    A change of a setting is written in the mode of what it touches.
    """
    await tx.later(_WRITE, _row(caller, change, at))


async def write_all(tx: Tx, caller: Caller, changes: Sequence[Change], at: int) -> None:
    """A row for each of many changes made at once."""
    await tx.many(_WRITE, [_row(caller, change, at) for change in changes])


async def page(
    tx: Tx, tenant: Tenant, wanted: Wanted = EVERYTHING, limit: int = 100, before: str | None = None
) -> list[Entry]:
    """At most `limit` entries, newest first, older than the entry `before`."""
    below = before or _AFTER_EVERY_ID
    if wanted.until is not None:
        below = min(below, first_id(_PREFIX, wanted.until))
    args: dict[str, Value] = {
        "organisation": tenant.organisation,
        "mode": tenant.mode,
        "first": first_id(_PREFIX, wanted.since or 0),
        "below": below,
        "action": wanted.action,
        "actor": wanted.actor,
        "limit": min(limit, MOST),
    }
    if wanted.record_id is not None:
        args |= {"record_id": wanted.record_id, "patient_id": wanted.patient_id}
        rows = await tx.all(_PAGE_OF_RECORD, **args)
    elif wanted.patient_id is not None:
        rows = await tx.all(_PAGE_OF_PATIENT, patient_id=wanted.patient_id, **args)
    else:
        rows = await tx.all(_PAGE, **args)
    return [_entry(row) for row in rows]


def _entry(row: Row) -> Entry:
    change = Change(
        action=row["action"],
        record_type=row["record_type"],
        record_id=row["record_id"],
        patient_id=row["patient_id"],
        fields=tuple(msgspec.json.decode(row["fields"], type=list[str])),
    )
    return Entry(
        id=row["id"],
        at=row["at"],
        tenant=Tenant(row["organisation_id"], row["mode"]),
        actor=Actor(cast(ActorKind, row["actor_kind"]), row["actor_id"]),
        change=change,
        request_id=row["request_id"],
        address=row["address"],
    )


def _row(caller: Caller, change: Change, at: int) -> dict[str, Value]:
    return {
        "organisation": caller.tenant.organisation,
        "mode": caller.tenant.mode,
        "id": new_id(_PREFIX, at),
        "at": at,
        "actor_kind": caller.actor.kind,
        "actor_id": caller.actor.id,
        "action": change.action,
        "record_type": change.record_type,
        "record_id": change.record_id,
        "patient_id": change.patient_id,
        "fields": msgspec.json.encode(list(change.fields)).decode(),
        "request_id": caller.request_id,
        "address": caller.address,
    }
