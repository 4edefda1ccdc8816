"""Events get their places after their commit, so that a reader who goes forward misses none."""

import asyncio
import random

import pytest

from jump.caller import Tenant
from jump.events import record, sequence
from jump.kit.clock import system_clock
from jump.storage.database import Database, Tx
from jump.storage.sql import sql
from tests.events.numbering import begin_numbering

_ORGANISATION = sql("SELECT id FROM organisations")
_PLACES = sql("SELECT record_id, position FROM events WHERE position > :after ORDER BY position")
_SLEEP = sql("SELECT pg_sleep(:seconds) IS NULL AS done")


def happened(name: str, at: int | None = None) -> record.Event:
    return record.Event(
        type="patient.updated",
        alias=None,
        record_type="patient",
        record_id=name,
        patient_id=name,
        version=1,
        object_json=b"{}",
        previous={},
        at=system_clock() if at is None else at,
    )


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    row = await database.read(lambda tx: tx.one(_ORGANISATION))
    assert row is not None
    return Tenant(row["id"], "test")


async def number(database: Database) -> list[str]:
    """Number once; the records of the events that the consumer was given."""

    async def work(tx: Tx) -> list[str]:
        batch = await sequence.advance(tx)
        if batch is None:
            return []
        await sequence.save(tx, batch, batch.events[-1].position)
        return [str(event.patient_id) for event in batch.events]

    return await database.write(work)


async def places(database: Database, after: int = 0) -> list[tuple[str, int]]:
    rows = await database.read(lambda tx: tx.all(_PLACES, after=after))
    return [(row["record_id"], row["position"]) for row in rows]


async def test_an_event_has_no_place_before_it_is_numbered_and_gets_none_twice(
    database: Database, tenant: Tenant
) -> None:
    await database.write(lambda tx: record.record(tx, tenant, happened("a")))
    assert await places(database) == []
    assert await number(database) == ["a"]
    assert await number(database) == []
    assert await places(database) == [("a", 1)]


async def test_events_keep_the_order_in_which_they_were_entered_within_one_instant(
    database: Database, tenant: Tenant
) -> None:
    at = system_clock()
    names = [f"p{n}" for n in range(40)]

    async def several(tx: Tx) -> None:
        for name in names[:20]:
            await record.record(tx, tenant, happened(name, at))

    await database.write(several)
    for name in names[20:]:
        event = happened(name, at)
        await database.write(lambda tx, event=event: record.record(tx, tenant, event))
    assert await number(database) == names
    assert [name for name, _ in await places(database)] == names


async def test_no_more_than_a_batch_is_numbered_at_once(database: Database, tenant: Tenant) -> None:
    async def many(tx: Tx) -> None:
        for n in range(sequence.BATCH + 1):
            await record.record(tx, tenant, happened(str(n)))

    await database.write(many)
    assert len(await number(database)) == sequence.BATCH
    assert await database.read(sequence.is_behind)
    assert await number(database) == [str(sequence.BATCH)]
    assert not await database.read(sequence.is_behind)


async def test_what_the_consumer_did_not_take_comes_again(
    database: Database, tenant: Tenant
) -> None:
    for name in "abc":
        event = happened(name)
        await database.write(lambda tx, event=event: record.record(tx, tenant, event))

    async def take_one(tx: Tx) -> None:
        batch = await sequence.advance(tx)
        assert batch is not None
        await sequence.save(tx, batch, batch.events[0].position)

    await database.write(take_one)
    assert await database.read(sequence.is_behind)
    assert await number(database) == ["b", "c"]


on_postgresql = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


@on_postgresql
async def test_an_event_that_commits_late_comes_last(database: Database, tenant: Tenant) -> None:
    entered, go = asyncio.Event(), asyncio.Event()

    async def slowly(tx: Tx) -> None:
        await record.record(tx, tenant, happened("slow"))
        entered.set()
        await go.wait()

    slow = asyncio.create_task(database.write(slowly))
    await entered.wait()
    await database.write(lambda tx: record.record(tx, tenant, happened("quick")))
    assert await number(database) == ["quick"]
    go.set()
    await slow
    assert await number(database) == ["slow"]
    assert await places(database) == [("quick", 1), ("slow", 2)]


@on_postgresql
async def test_who_finds_another_numbering_does_not_wait_for_it(
    database: Database, tenant: Tenant
) -> None:
    await database.write(lambda tx: record.record(tx, tenant, happened("a")))
    go = asyncio.Event()
    slow = await begin_numbering(database, go)
    assert await number(database) == []
    assert await database.read(sequence.is_behind)
    go.set()
    await slow
    assert await places(database) == [("a", 1)]


@on_postgresql
async def test_a_reader_never_misses_an_event_whoever_commits_when(
    database: Database, tenant: Tenant
) -> None:
    chance = random.Random(3)
    writers, each = 6, 15
    seen: list[str] = []

    async def write(writer: int) -> None:
        for n in range(each):
            seconds = chance.random() / 100

            async def work(tx: Tx, name: str = f"{writer}.{n}", seconds: float = seconds) -> None:
                await record.record(tx, tenant, happened(name))
                await tx.one(_SLEEP, seconds=seconds)

            await database.write(work)

    async def keep_numbering() -> None:
        while len(seen) < writers * each:
            await number(database)

    async def read_on() -> None:
        cursor = 0
        while len(seen) < writers * each:
            for name, position in await places(database, cursor):
                assert position == cursor + 1
                cursor = position
                seen.append(name)

    async with asyncio.timeout(30):
        await asyncio.gather(
            *(write(writer) for writer in range(writers)),
            keep_numbering(),
            keep_numbering(),
            read_on(),
        )
    assert len(set(seen)) == writers * each
    for writer in range(writers):
        mine = [name for name in seen if name.startswith(f"{writer}.")]
        assert mine == [f"{writer}.{n}" for n in range(each)]
