"""The audit: one row for each change, found again in many ways, and never touched again."""

from dataclasses import replace

import pytest

from jump.audit import trail
from jump.audit.trail import Change, Entry, Wanted
from jump.caller import OPERATOR, Actor, Caller, Tenant
from jump.kit.clock import HOUR, SECOND
from jump.storage.database import Database, Tx
from tests.databases import Store

NOON = 1_800_000_000 * SECOND
TENANT = Tenant("org_1", "test")
CALLER = Caller(TENANT, Actor("key", "key_1"), frozenset(), "req_1", "203.0.113.7")
CREATED = Change("patient.created", "patient", "pat_1", "pat_1", ("first_name", "last_name"))
UPDATED = Change("patient.updated", "patient", "pat_1", "pat_1", ("city",))
BOOKED = Change("appointment.created", "appointment", "apt_1", "pat_1")
LIMITED = Change("key.limit_changed", "key", "key_1", fields=("limit",))


async def write(database: Database, change: Change, at: int, caller: Caller = CALLER) -> None:
    await database.write(lambda tx: trail.write(tx, caller, change, at))


async def fill(database: Database) -> None:
    """Five rows an hour apart; the fourth by an operator, the fifth in live mode."""
    await write(database, CREATED, NOON)
    await write(database, BOOKED, NOON + HOUR)
    await write(database, UPDATED, NOON + 2 * HOUR)
    await write(database, LIMITED, NOON + 3 * HOUR, replace(CALLER, actor=OPERATOR))
    in_live = replace(CALLER, tenant=Tenant("org_1", "live"))
    await write(database, LIMITED, NOON + 4 * HOUR, in_live)


async def actions(database: Database, wanted: Wanted) -> list[str]:
    found = await database.read(lambda tx: trail.page(tx, TENANT, wanted))
    return [entry.change.action for entry in found]


async def test_a_row_tells_who_did_what_to_which_record(database: Database) -> None:
    await write(database, CREATED, NOON)
    [entry] = await database.read(lambda tx: trail.page(tx, TENANT))
    assert entry == Entry(
        id=entry.id,
        at=NOON,
        tenant=TENANT,
        actor=Actor("key", "key_1"),
        change=CREATED,
        request_id="req_1",
        address="203.0.113.7",
    )


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (
            Wanted(),
            ["key.limit_changed", "patient.updated", "appointment.created", "patient.created"],
        ),
        (Wanted(action="patient.updated"), ["patient.updated"]),
        (Wanted(actor="operator"), ["key.limit_changed"]),
        (Wanted(actor="key_1"), ["patient.updated", "appointment.created", "patient.created"]),
        (Wanted(record_id="pat_1"), ["patient.updated", "patient.created"]),
        (Wanted(record_id="pat_1", action="patient.created"), ["patient.created"]),
        (Wanted(record_id="pat_1", patient_id="pat_2"), []),
        (Wanted(patient_id="pat_1"), ["patient.updated", "appointment.created", "patient.created"]),
        (Wanted(patient_id="pat_1", actor="operator"), []),
        (Wanted(since=NOON + HOUR, until=NOON + 2 * HOUR), ["appointment.created"]),
        (Wanted(record_id="pat_1", since=NOON + 1000), ["patient.updated"]),
        (Wanted(patient_id="pat_1", until=NOON + HOUR), ["patient.created"]),
    ],
)
async def test_rows_are_found_by_what_is_asked(
    database: Database, wanted: Wanted, expected: list[str]
) -> None:
    await fill(database)
    assert await actions(database, wanted) == expected


async def test_pages_follow_each_other_newest_first(database: Database) -> None:
    await fill(database)
    whole = await database.read(lambda tx: trail.page(tx, TENANT))
    paged: list[Entry] = []
    while len(paged) < len(whole):
        before = paged[-1].id if paged else None
        paged += await database.read(
            lambda tx, before=before: trail.page(tx, TENANT, limit=1, before=before)
        )
    assert paged == whole
    last = whole[-1].id
    assert await database.read(lambda tx: trail.page(tx, TENANT, before=last)) == []


async def test_other_organisations_and_modes_see_nothing_of_it(database: Database) -> None:
    await fill(database)
    for tenant, rows in ((Tenant("org_2", "test"), 0), (Tenant("org_1", "live"), 1)):
        found = await database.read(lambda tx, tenant=tenant: trail.page(tx, tenant))
        assert len(found) == rows


async def test_a_row_goes_the_way_of_its_change(database: Database) -> None:
    async def change_and_fail(tx: Tx) -> None:
        await trail.write(tx, CALLER, CREATED, NOON)
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(change_and_fail)
    assert await actions(database, Wanted()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET action = 'nothing'",
        "UPDATE audit SET fields = fields",
        "DELETE FROM audit",
    ],
)
async def test_the_database_itself_refuses_to_change_or_lose_a_row(
    store: Store, database: Database, statement: str
) -> None:
    await fill(database)
    # Long past every retention, too: there is no switch.
    with pytest.raises(Exception, match="append"):
        store.execute(statement)
    assert len(await actions(database, Wanted())) == 4
