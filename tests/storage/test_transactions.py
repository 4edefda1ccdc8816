"""What a transaction promises, on either database, whoever else is at work."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from jump.storage import wakes
from jump.storage.database import Database, StorageUnavailable, Tx
from jump.storage.sql import sql
from tests.databases import Store
from tests.patience import PATIENCE
from tests.storage.scratch import ADD, ALL, MOVE, Unwelcome, adding, jobs

FOREVER = 10 * PATIENCE


@pytest.fixture
async def other(store: Store) -> AsyncIterator[Database]:
    """What another process has of the same data."""
    opened = store.open()
    yield opened
    await opened.close()


async def test_what_is_written_is_there_for_everybody_once_write_returns(
    database: Database, other: Database
) -> None:
    assert await database.write(adding("a")) == "a"
    assert await jobs(other) == {"a": 1}


@pytest.mark.parametrize("place", [0, 20])
async def test_of_many_writers_at_once_one_that_fails_takes_nobody_with_it(
    database: Database, place: int
) -> None:
    async def fail(tx: Tx) -> None:
        await tx.run(ADD, job="half", due=1)
        raise Unwelcome

    writers = [database.write(adding(f"job {number:02}")) for number in range(40)]
    writers[place:place] = [database.write(fail), database.write(adding("job 00"))]
    answers = await asyncio.gather(*writers, return_exceptions=True)
    failed = [answer for answer in answers if isinstance(answer, Exception)]
    assert sorted(type(each).__name__ for each in failed) == ["Unwelcome", "Violated"]
    assert await jobs(database) == {f"job {number:02}": 1 for number in range(40)}


async def test_a_statement_of_a_transaction_that_fails_later_leaves_nothing(
    database: Database,
) -> None:
    async def work(tx: Tx) -> None:
        await tx.many(ADD, [{"job": f"{number}", "due": number} for number in range(3)])
        await tx.run(sql("DELETE FROM retention"))
        raise Unwelcome

    with pytest.raises(Unwelcome):
        await database.write(work)
    assert await jobs(database) == {}
    assert len(await database.read(lambda tx: tx.all(sql("SELECT * FROM retention")))) == 2


@pytest.mark.parametrize(("way", "seen"), [("read", (0, 0)), ("look", (0, 1))])
async def test_a_read_sees_one_moment_and_a_look_what_is_committed_meanwhile(
    database: Database, store: Store, way: str, seen: tuple[int, int]
) -> None:
    async def look_twice(tx: Tx) -> tuple[int, int]:
        before = len(await tx.all(ALL))
        store.execute("INSERT INTO upkeep (job, due_at) VALUES ('of another', 1)")
        return before, len(await tx.all(ALL))

    assert await getattr(database, way)(look_twice) == seen
    assert await jobs(database) == {"of another": 1}


async def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(StorageUnavailable, match="read-only"):
        await database.read(adding("a"))
    assert await jobs(database) == {}


async def test_run_tells_how_many_rows_it_changed(database: Database) -> None:
    async def work(tx: Tx) -> list[int]:
        await tx.many(ADD, [{"job": name, "due": 1} for name in "abc"])
        return [
            await tx.run(sql("UPDATE upkeep SET due_at = 2 WHERE job <> 'a'")),
            await tx.run(MOVE, job="nobody's", due=3),
            await tx.run(sql("SELECT job FROM upkeep")),
            await tx.run(sql("DELETE FROM upkeep")),
        ]

    changed = await database.write(work)
    assert [changed[0], changed[1], changed[3]] == [2, 0, 3]


async def test_a_counter_keeps_each_statement_by_itself(database: Database) -> None:
    counted = sql("INSERT INTO address_failures (minute, address, refused) VALUES (1, :a, 1)")

    async def work(tx: Tx) -> None:
        await tx.run(counted, a="192.0.2.1")
        raise Unwelcome

    with pytest.raises(Unwelcome):
        await database.count(work)
    rows = await database.count(lambda tx: tx.all(sql("SELECT address FROM address_failures")))
    assert [row["address"] for row in rows] == ["192.0.2.1"]


async def test_a_writer_that_is_cancelled_before_its_turn_writes_nothing(
    database: Database,
) -> None:
    writers = [asyncio.create_task(database.write(adding(f"{n}"))) for n in range(30)]
    writers[29].cancel()
    answers = await asyncio.gather(*writers, return_exceptions=True)
    assert isinstance(answers[29], asyncio.CancelledError)
    assert set(await jobs(database)) == {f"{number}" for number in range(29)}


async def test_a_writer_that_is_cancelled_at_work_leaves_all_or_nothing(
    database: Database,
) -> None:
    for number in range(20):
        names = {f"{number} {part}" for part in "ab"}

        async def both(tx: Tx, names: set[str] = names) -> None:
            for name in sorted(names):
                await tx.run(ADD, job=name, due=1)

        writer = asyncio.create_task(database.write(both))
        for _ in range(number):
            await asyncio.sleep(0)
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        await database.write(adding(f"{number} after"))
        assert len(names & set(await jobs(database))) in (0, 2)


async def test_closing_finishes_what_is_queued(store: Store) -> None:
    database = store.open(connections=2)
    writers = [asyncio.create_task(database.write(adding(f"{n}"))) for n in range(40)]
    await asyncio.sleep(0)
    await database.close()
    answers = await asyncio.gather(*writers, return_exceptions=True)
    left = store.open()
    assert set(await jobs(left)) == {f"{number}" for number in range(40)} == set(answers)
    await left.close()


async def test_a_closed_database_refuses_in_one_line(store: Store) -> None:
    database = store.open()
    await database.write(adding("a"))
    await database.close()
    for run in (database.read, database.write, database.count):
        with pytest.raises(StorageUnavailable, match=r"\.$"):
            await run(adding("b"))


@pytest.mark.parametrize("which", ["woken", "joinable"])
async def test_whoever_waits_is_woken_by_an_announced_commit_of_another_process(
    database: Database, other: Database, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    waiter = getattr(database, which)()
    await anext(waiter)  # whatever its beginning brings
    await anext(waiter)
    monkeypatch.setattr(wakes, "LONGEST_SLEEP", FOREVER)
    waiting = asyncio.ensure_future(anext(waiter))
    await other.write(announcing("a"))
    await asyncio.wait_for(waiting, PATIENCE)


async def test_whoever_waits_is_woken_by_a_commit_of_its_own_process(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakes, "LONGEST_SLEEP", FOREVER)
    waiter = database.woken()
    await database.write(announcing("a"))
    await asyncio.wait_for(anext(waiter), PATIENCE)


async def test_whoever_waits_looks_at_least_every_second(database: Database) -> None:
    assert wakes.LONGEST_SLEEP <= 1
    waiter = database.woken()
    await anext(waiter)
    await asyncio.wait_for(anext(waiter), PATIENCE)


def announcing(job: str) -> Callable[[Tx], Awaitable[None]]:
    async def work(tx: Tx) -> None:
        await tx.run(ADD, job=job, due=1)
        tx.announce()

    return work
