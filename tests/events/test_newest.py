"""What happened is found newest first, and no look goes through more events than it may."""

import re
from typing import Any

import apsw
import asyncpg
import pytest

from jump.errors import NotFound
from jump.events import newest
from jump.events.newest import EVERYTHING, Wanted
from jump.kit.clock import DAY, system_clock
from jump.storage.database import Database
from tests.databases import PostgresStore, SqliteStore
from tests.office import Office

SAMPLE_PATIENT = "pat_00000000000000000000000000"


async def seen(
    office: Office, wanted: Wanted = EVERYTHING, rows: int = 10, **how: Any
) -> tuple[list[str], int | None]:
    tenant = office.caller.tenant
    found = await office.database.read(lambda tx: newest.look(tx, tenant, wanted, rows, **how))
    return [row["id"] for row in found.rows], found.before


async def test_events_come_newest_first_page_by_page(database: Database) -> None:
    office = await Office.on(database)
    # The order is that of the feed, whatever the clock of a machine said.
    now = system_clock()
    happened = [await office.happens(at=now - number * DAY) for number in range(5)]
    first, before = await seen(office, rows=2)
    second, middle = await seen(office, rows=2, before=before)
    third, end = await seen(office, rows=2, before=middle)
    assert [first, second, third] == [happened[:2:-1], happened[2:0:-1], happened[:1]]
    assert end is None


async def test_events_are_found_by_type_and_by_record(database: Database) -> None:
    office = await Office.on(database)
    created = await office.happens("patient.created")
    booked = await office.happens("appointment.created")
    updated = await office.happens("patient.updated")
    assert await seen(office, Wanted(type="appointment.created")) == ([booked], None)
    assert await seen(office, Wanted(record_id=SAMPLE_PATIENT)) == ([updated, created], None)
    both = Wanted("patient.created", SAMPLE_PATIENT)
    assert await seen(office, both) == ([created], None)
    assert await seen(office, Wanted(record_id="pat_none")) == ([], None)


async def test_a_look_for_what_is_rare_ends_and_says_where(database: Database) -> None:
    office = await Office.on(database)
    rare = await office.happens("document.created")
    for _ in range(3):
        await office.happens()
    wanted = Wanted("document.created")
    nothing, before = await seen(office, wanted, most=2)
    assert nothing == []
    assert before is not None
    assert await seen(office, wanted, before=before, most=2) == ([rare], 1)
    assert await seen(office, wanted, before=1, most=2) == ([], None)


async def test_a_row_holds_nothing_of_a_patient(database: Database) -> None:
    office = await Office.on(database)
    event = await office.happens()
    tenant = office.caller.tenant
    found = await database.read(lambda tx: newest.look(tx, tenant, EVERYTHING, 1))
    one = await database.read(lambda tx: newest.fetch(tx, tenant, event))
    told = {"id", "type", "record_type", "record_id", "created_at"}
    assert set(found.rows[0].keys()) == told | {"position"}
    assert set(one.keys()) == told
    assert one["record_id"] == SAMPLE_PATIENT


async def test_another_practice_or_mode_sees_nothing(database: Database) -> None:
    office = await Office.on(database)
    event = await office.happens()
    for stranger in (office.in_mode("live"), await office.neighbour()):
        assert await seen(stranger) == ([], None)
        tenant = stranger.caller.tenant
        with pytest.raises(NotFound):
            await database.read(lambda tx, of=tenant: newest.fetch(tx, of, event))


def test_sqlite_goes_through_the_index_of_the_feed(sqlite_store: SqliteStore) -> None:
    connection = apsw.Connection(str(sqlite_store.path))
    for statement in (newest._ROWS, newest._REACHED):
        names = dict.fromkeys(statement.names)
        plan = [
            row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement.sqlite}", names)
        ]
        told = " / ".join(plan)
        assert "SEARCH events USING INDEX events_feed" in told
        assert "position<?" in told
        assert "SCAN events" not in told
        # Events come in the index's order: none is sorted before the limit.
        assert "TEMP B-TREE" not in told
    connection.close()


FILLED = """
    INSERT INTO events (organisation_id, mode, id, type, record_type, record_id, body, thin_body,
      created_at, position)
    SELECT 'org_' || number % 2, 'test', 'evt_' || lpad(CAST(number AS TEXT), 26, '0'),
      'patient.created', 'patient', 'pat_1', '{}', '{}', number, number
    FROM generate_series(1, 5000) AS number
"""


async def test_postgresql_goes_through_the_index_of_the_feed(
    postgres_store: PostgresStore,
) -> None:
    postgres_store.execute(FILLED)
    connection = await asyncpg.connect(postgres_store.url)
    arguments = {
        "organisation": "org_1",
        "mode": "test",
        "before": 2**63 - 1,
        "look": 100,
        "type": None,
        "record_id": None,
        "rows": 51,
    }
    try:
        for statement in (newest._ROWS, newest._REACHED):
            values = [arguments[name] for name in statement.names]
            rows = await connection.fetch(f"EXPLAIN {statement.postgresql}", *values)
            plan = "\n".join(row[0] for row in rows)
            used = re.search(r"Index (?:Only )?Scan Backward using \w+ on events_rest", plan)
            assert used is not None, plan
            # The partitions are merged as they come: nothing of theirs is read whole and sorted.
            assert "on events_rest" not in "".join(re.findall(r"Seq Scan.*", plan)), plan
    finally:
        await connection.close()
