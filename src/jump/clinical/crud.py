"""The four ordinary verbs. Special functions of a resource call them; they never call back.

Each change locks the row, checks If-Match, and writes the record, its audit row and its event in
the caller's transaction.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from jump.audit import trail
from jump.caller import Caller
from jump.clinical.definition import Resource
from jump.clinical.representation import changed, columns, reduced, shown
from jump.errors import (
    Conflict,
    FieldError,
    NotFound,
    Problem,
    ValidationFailed,
)
from jump.events import record as events
from jump.kit.ids import new_id, no_such
from jump.resources import pages
from jump.resources.definition import Answer, Call, PageInfo
from jump.resources.validation import plain
from jump.resources.versions import check_version
from jump.storage.database import Tx, Violated
from jump.storage.sql import Row, Sql, Value, sql

_FIXED = ("id", "created_at", "created_by")


@dataclass(frozen=True, slots=True)
class _Statements:
    select: Sql
    lock: Sql
    insert: Sql
    update: Sql


async def page(tx: Tx, resource: Resource, call: Call) -> Answer:
    """One page of the list."""
    assert call.query is not None
    found = await pages.page(tx, call.caller.tenant, resource.listing, call.query)
    return listed(resource, found)


async def fetch(tx: Tx, resource: Resource, call: Call) -> Answer:
    """One record. Raises NotFound."""
    row = await load(tx, resource, call)
    return answer(resource, call, shown(resource, row), row)


async def create(tx: Tx, resource: Resource, call: Call, values: Mapping[str, Any]) -> Answer:
    """A new record of `values`; what is missing has the resource's default. Raises Conflict.

    An `id` among the values is one that had to be known before, to refer to the record.
    """
    row: dict[str, Any] = dict.fromkeys(columns(resource))
    row |= resource.defaults
    row |= {name: value for name, value in stored(values).items() if value is not None}
    row |= {
        "id": row["id"] or new_id(resource.prefix, call.at),
        "created_at": call.at,
        "updated_at": call.at,
        "version": 1,
        "created_by": call.caller.actor.id or call.caller.actor.kind,
    }
    await _write(tx, resource, call, _statements(resource).insert, row)
    record = shown(resource, row)
    unsent = {"id", *resource.hidden}
    sent = tuple(name for name in values if name in row and name not in unsent)
    await _audit(tx, resource, call, "created", row, sent)
    if resource.created_event is not None:
        await _announce(tx, resource, call, resource.created_event, None, record, row, None)
    done = answer(resource, call, record, row)
    return replace(done, status=201, location=f"{resource.path}/{row['id']}")


async def update(
    tx: Tx,
    resource: Resource,
    call: Call,
    row: Row,
    values: Mapping[str, Any],
    action: str = "updated",
    alias: str | None = None,
) -> Answer:
    """Change a row that `load_to_change` locked. Changing nothing keeps the version: no event.

    `action` names the change in the audit; `alias` is an older name of its event, for those who
    subscribed to that. Raises Conflict.
    """
    cleared = {name: resource.defaults.get(name) for name, value in values.items() if value is None}
    after: dict[str, Any] = {
        **row,
        **stored(values),
        **cleared,
        "version": row["version"] + 1,
        # Clocks of machines differ: a later change never looks earlier.
        "updated_at": max(call.at, row["updated_at"] + 1),
    }
    before, record = shown(resource, row), shown(resource, after)
    previous = changed(before, record)
    if not previous:
        return answer(resource, call, before, row)
    await _write(tx, resource, call, _statements(resource).update, after)
    fields = tuple(name for name in previous if name not in resource.derived)
    await _audit(tx, resource, call, action, after, fields)
    if resource.updated_event is not None:
        await _announce(tx, resource, call, resource.updated_event, alias, record, after, previous)
    return answer(resource, call, record, after)


async def announce_created(tx: Tx, resource: Resource, call: Call, row: Row) -> None:
    """The event of a new record, for one that is complete later than it was made."""
    assert resource.created_event is not None
    record = shown(resource, row)
    await _announce(tx, resource, call, resource.created_event, None, record, row, None)


async def load(tx: Tx, resource: Resource, call: Call) -> Row:
    """The row that the address names. Raises NotFound."""
    return await _load(tx, resource, call, _statements(resource).select)


async def load_to_change(tx: Tx, resource: Resource, call: Call) -> Row:
    """The same, locked until the transaction ends. Raises NotFound and PreconditionFailed."""
    row = await _load(tx, resource, call, _statements(resource).lock)
    check_version(resource.name, row["version"], call.if_match)
    return row


def answer(resource: Resource, call: Call, record: Mapping[str, Any], row: Row) -> Answer:
    """One record as an answer; a caller without the read scope gets its id, version and status."""
    visible = record if call.caller.may(resource.read_scope) else reduced(record)
    return Answer(
        msgspec.json.encode(visible), version=row["version"], patients=_patients(resource, [row])
    )


def listed(resource: Resource, found: pages.Page) -> Answer:
    """A page of rows as an answer."""
    records = [shown(resource, row) for row in found.rows]
    return Answer(
        msgspec.json.encode(records),
        page=PageInfo(found.limit, found.has_more, found.next_offset, found.after),
        patients=_patients(resource, found.rows),
    )


def stored(values: Mapping[str, Any]) -> dict[str, Value]:
    """Decoded fields as they are kept."""
    return {name: plain(value) for name, value in values.items()}


@functools.cache
def _statements(resource: Resource) -> _Statements:
    names = columns(resource)
    one = "organisation_id = :organisation AND mode = :mode AND id = :id"
    select = f"SELECT {', '.join(names)} FROM {resource.table} WHERE {one}"  # noqa: S608
    settings = ", ".join(f"{name} = :{name}" for name in names if name not in _FIXED)
    holders = ", ".join(f":{name}" for name in names)
    return _Statements(
        select=sql(select),
        lock=sql(f"{select} FOR UPDATE"),
        insert=sql(
            f"INSERT INTO {resource.table} (organisation_id, mode, {', '.join(names)})"  # noqa: S608
            f" VALUES (:organisation, :mode, {holders})"
        ),
        update=sql(f"UPDATE {resource.table} SET {settings} WHERE {one}"),  # noqa: S608
    )


async def _load(tx: Tx, resource: Resource, call: Call, statement: Sql) -> Row:
    tenant = call.caller.tenant
    row = await tx.one(
        statement, organisation=tenant.organisation, mode=tenant.mode, id=call.path["id"]
    )
    if row is None:
        raise NotFound(no_such(resource.prefix, call.path["id"]))
    return row


async def _write(
    tx: Tx, resource: Resource, call: Call, statement: Sql, row: Mapping[str, Any]
) -> None:
    tenant = call.caller.tenant
    whole = {"organisation": tenant.organisation, "mode": tenant.mode, **row}
    await tx.later(statement, whole, refused=functools.partial(_refused, resource))


def _refused(resource: Resource, violated: Violated) -> Problem | None:
    """What the caller did wrong, where the constraint is one that a caller can break."""
    constraint = violated.constraint
    if constraint in resource.conflicts:
        return Conflict(resource.conflicts[constraint])
    errors = [
        FieldError(each.field, each.words)
        for each in resource.links
        if each.constraint == constraint
    ]
    return ValidationFailed(errors) if errors else None


async def _audit(
    tx: Tx, resource: Resource, call: Call, action: str, row: Row, fields: tuple[str, ...]
) -> None:
    change = trail.Change(
        action=f"{resource.name}.{action}",
        record_type=resource.name,
        record_id=row["id"],
        patient_id=_patient(resource, row),
        fields=fields,
    )
    await trail.write(tx, call.caller, change, call.at)


async def _announce(
    tx: Tx,
    resource: Resource,
    call: Call,
    kind: str,
    alias: str | None,
    record: Mapping[str, Any],
    row: Row,
    previous: Mapping[str, Any] | None,
) -> None:
    event = events.Event(
        type=kind,
        alias=alias,
        record_type=resource.name,
        record_id=row["id"],
        patient_id=_patient(resource, row),
        version=row["version"],
        object_json=msgspec.json.encode(record),
        previous=previous,
        at=call.at,
    )
    await events.record(tx, call.caller.tenant, event)


def _patient(resource: Resource, row: Row) -> str | None:
    return None if resource.patient is None else row[resource.patient]


def _patients(resource: Resource, rows: list[Row]) -> tuple[str, ...]:
    column = resource.patient
    if column is None:
        return ()
    return tuple(dict.fromkeys(row[column] for row in rows if row[column] is not None))


async def load_rows(
    tx: Tx, resource: Resource, caller: Caller, rows: Sequence[Mapping[str, Any]], at: int
) -> list[Row]:
    """Write whole new records at once, with their audit rows and without events.

    `created_at` may lie in the past, and an `id` may be given where something else names it
    already. For loading data, not for the API.
    """
    prepared: list[Row] = []
    for values in rows:
        created = values.get("created_at", at)
        row: dict[str, Any] = dict.fromkeys(columns(resource))
        row |= {**resource.defaults, **stored(values)}
        row |= {"id": values.get("id") or new_id(resource.prefix, created)}
        row |= {"created_at": created, "updated_at": created}
        row |= {"version": 1, "created_by": caller.actor.kind}
        prepared.append(row)
    tenant = caller.tenant
    await tx.many(
        _statements(resource).insert,
        [{"organisation": tenant.organisation, "mode": tenant.mode, **row} for row in prepared],
    )
    fields = tuple(sorted({name for values in rows for name in values} - set(resource.hidden)))
    changes = [
        trail.Change(
            f"{resource.name}.created", resource.name, row["id"], _patient(resource, row), fields
        )
        for row in prepared
    ]
    await trail.write_all(tx, caller, changes, at)
    return prepared
