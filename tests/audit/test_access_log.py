"""The access log: one row for each request of a known key, written once, soon, and for good."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar, cast

import pytest
from msgspec.structs import replace

from jump import telemetry
from jump.audit import access_log
from jump.audit.access_log import Access, Recorder
from jump.caller import Tenant
from jump.kit.clock import DAY, system_clock
from jump.kit.ids import new_id
from jump.resources.listing import ListQuery
from jump.storage.database import Database, StorageUnavailable, Tx
from jump.storage.sql import sql
from tests.databases import Store
from tests.keys.holders import new_key
from tests.patience import PATIENCE

T = TypeVar("T")

TENANT = Tenant("org_1", "test")
COUNT = sql("SELECT count(*) AS rows FROM access_log")
ALL = sql("SELECT * FROM access_log ORDER BY id")


def access(*patients: str, at: int | None = None, tenant: Tenant = TENANT) -> Access:
    now = system_clock() if at is None else at
    return Access(
        tenant=tenant,
        request_id=new_id("req", now),
        at=now,
        key_id="key_1",
        address="203.0.113.7",
        method="GET",
        route="/patients/{id}",
        status=200,
        error_code=None,
        missing_scope=None,
        milliseconds=3,
        patient_ids=patients,
    )


async def rows(database: Database) -> int:
    row = await database.read(lambda tx: tx.one(COUNT))
    assert row is not None
    return int(row["rows"])


async def seen(
    database: Database, patient: str, query: ListQuery | None = None, tenant: Tenant = TENANT
) -> list[str]:
    asked = query or ListQuery()
    found = await database.read(lambda tx: access_log.of_patient(tx, tenant, patient, asked))
    return [row["id"] for row in found.rows]


class Witness:
    """Rides along with the recorder, and tells when it has committed."""

    def __init__(self) -> None:
        self.committed = asyncio.Event()

    def waits(self) -> bool:
        return False

    async def flush(self, tx: Tx) -> None:
        """Nothing to write."""

    def settle(self) -> None:
        self.committed.set()


class Faulty:
    """The database with a fault that the test switches on and off: what storage would raise."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.away = True
        self.tried = asyncio.Event()

    async def write(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        self.tried.set()
        if self.away:
            raise StorageUnavailable("The database does not answer.")
        return await self.database.write(work)


@contextlib.asynccontextmanager
async def recording(database: Any, witness: Witness) -> AsyncIterator[Recorder]:
    recorder = Recorder(database, [witness])
    recorder.start()
    yield recorder
    await recorder.close()


async def test_a_reads_row_is_there_within_a_second(database: Database) -> None:
    witness = Witness()
    async with recording(database, witness) as recorder:
        recorder.add(access("pat_1"))
        async with asyncio.timeout(1):
            await witness.committed.wait()
        assert await rows(database) == 1


async def test_a_hundred_rows_do_not_wait_for_the_timer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_log, "FLUSH_EVERY", 3600)
    witness = Witness()
    async with recording(database, witness) as recorder:
        for _ in range(100):
            recorder.add(access("pat_1", "pat_2"))
        async with asyncio.timeout(PATIENCE):
            await witness.committed.wait()
        assert await rows(database) == 100


async def test_closing_writes_what_waits(database: Database) -> None:
    recorder = Recorder(database)
    recorder.start()
    for _ in range(450):
        recorder.add(access())
    await recorder.close()
    assert await rows(database) == 450


async def test_rows_wait_for_a_database_that_is_away(database: Database) -> None:
    faulty, witness = Faulty(database), Witness()
    async with recording(faulty, witness) as recorder:
        recorder.add(access())
        await faulty.tried.wait()
        recorder.add(access())
        faulty.away = False
        async with asyncio.timeout(PATIENCE):
            await witness.committed.wait()
    assert await rows(database) == 2


async def test_what_cannot_be_kept_is_counted(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_log, "MOST_KEPT", 3)
    before = telemetry.DROPPED_ACCESSES._value.get()
    recorder = Recorder(cast(Database, Faulty(database)))
    for _ in range(5):
        recorder.add(access())
    await recorder.close()
    # Two found no place, and three were still waiting at the end.
    assert telemetry.DROPPED_ACCESSES._value.get() - before == 5
    assert await rows(database) == 0


async def test_a_row_that_cannot_be_stored_keeps_back_no_other(database: Database) -> None:
    before = telemetry.DROPPED_ACCESSES._value.get()
    recorder = Recorder(database)
    for broken in (False, True, False):
        recorder.add(replace(access(), status=cast(int, None)) if broken else access())
    await recorder.close()
    assert await rows(database) == 2
    assert telemetry.DROPPED_ACCESSES._value.get() - before == 1


async def test_every_field_is_kept(database: Database) -> None:
    refused = replace(
        access(), status=403, error_code="INSUFFICIENT_SCOPE", missing_scope="read_patients"
    )
    await database.write(lambda tx: access_log.write(tx, [refused]))
    row = await database.read(lambda tx: tx.one(ALL))
    assert row is not None
    assert dict(row) == {
        "organisation_id": "org_1",
        "mode": "test",
        "id": refused.request_id,
        "at": refused.at,
        "key_id": "key_1",
        "address": "203.0.113.7",
        "method": "GET",
        "route": "/patients/{id}",
        "status": 403,
        "error_code": "INSUFFICIENT_SCOPE",
        "missing_scope": "read_patients",
        "milliseconds": 3,
    }


async def test_writing_a_row_twice_writes_it_once(database: Database) -> None:
    twice = access("pat_1", "pat_2", "pat_1")
    for _ in range(2):
        await database.write(lambda tx: access_log.write(tx, [twice]))
    assert await rows(database) == 1
    assert await seen(database, "pat_1") == [twice.request_id]


async def test_a_patients_requests_are_listed_newest_first_page_by_page(
    database: Database,
) -> None:
    now = system_clock()
    both = [access("pat_1", "pat_2", at=now - n * DAY) for n in range(5)]
    other = [access("pat_2", at=now), access("pat_1", at=now, tenant=Tenant("org_1", "live"))]
    await database.write(lambda tx: access_log.write(tx, both + other))
    expected = [each.request_id for each in both]
    assert await seen(database, "pat_1") == expected
    first = await database.read(
        lambda tx: access_log.of_patient(tx, TENANT, "pat_1", ListQuery(limit=2))
    )
    rest = await seen(database, "pat_1", ListQuery(limit=9, after=first.after))
    assert [row["id"] for row in first.rows] + rest == expected
    assert await seen(database, "pat_1", tenant=Tenant("org_2", "test")) == []
    assert await seen(database, "pat_1", ListQuery(order="asc")) == expected[::-1]


async def test_a_request_is_listed_with_the_name_of_its_key(database: Database) -> None:
    key, _ = await new_key(database)
    tenant = Tenant(key.organisation, key.mode)
    known = replace(access("pat_1", tenant=tenant), key_id=key.id)
    unknown = access("pat_1", tenant=tenant, at=known.at - DAY)
    await database.write(lambda tx: access_log.write(tx, [known, unknown]))
    found = await database.read(lambda tx: access_log.of_patient(tx, tenant, "pat_1", ListQuery()))
    assert [(row["key_id"], row["key_name"]) for row in found.rows] == [
        (key.id, "Front desk"),
        ("key_1", None),
    ]
    assert found.rows[0]["route"] == "/patients/{id}"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access_log SET status = 500",
        "DELETE FROM access_log",
        "UPDATE access_log_patients SET patient_id = 'pat_2'",
        "DELETE FROM access_log_patients",
    ],
)
async def test_the_database_itself_refuses_to_change_or_lose_a_row(
    store: Store, database: Database, statement: str
) -> None:
    await database.write(lambda tx: access_log.write(tx, [access("pat_1")]))
    with pytest.raises(Exception, match="append"):
        store.execute(statement)
    assert await rows(database) == 1
    assert len(await seen(database, "pat_1")) == 1


async def test_a_row_past_retention_may_go_and_its_links_after_it(
    store: Store, database: Database
) -> None:
    old = access("pat_1", at=system_clock() - 366 * DAY)
    await database.write(lambda tx: access_log.write(tx, [old, access("pat_1")]))
    store.execute(f"DELETE FROM access_log WHERE id = '{old.request_id}'")
    store.execute(f"DELETE FROM access_log_patients WHERE request_id = '{old.request_id}'")
    assert await rows(database) == 1
