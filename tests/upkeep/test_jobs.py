"""A job that is due is done by one process, and what is past its time goes: never sooner."""

import asyncio
from pathlib import Path

import apsw
import pytest

from jump.clinical.loading import sandbox
from jump.clinical.registry import RESOURCES
from jump.kit.clock import DAY, HOUR, MINUTE, system_clock
from jump.storage import files
from jump.storage.database import Database
from jump.storage.sql import sql
from jump.upkeep.jobs import Job, do_if_due, keep_up
from jump.upkeep.table import table
from tests.databases import SqliteStore, Store
from tests.office import Office
from tests.rest.api import open_api


async def test_a_due_job_is_done_by_one_of_two_processes_and_again_when_its_time_has_come(
    store: Store,
) -> None:
    processes = [store.open(connections=1) for _ in range(2)]
    done: list[Database] = []

    async def note(database: Database) -> None:
        done.append(database)

    job = Job("look", HOUR, note)
    assert sorted([await do_if_due(each, job) for each in processes]) == [False, True]
    assert sorted(await asyncio.gather(*(do_if_due(each, job) for each in processes))) == [
        *(False, False),
    ]
    for minutes, due in ((59, False), (61, True), (62, False)):
        await store.set_clock(processes[1], system_clock() + minutes * MINUTE)
        assert await do_if_due(processes[1], job) == due
    assert done == [processes[0], processes[1]]
    for each in processes:
        await each.close()


async def test_a_job_that_fails_keeps_no_other_from_being_done(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    done = asyncio.Event()

    async def fail(_: Database) -> None:
        raise ArithmeticError

    async def finish(_: Database) -> None:
        done.set()

    keeping = asyncio.create_task(keep_up(database, [Job("a", 1, fail), Job("b", HOUR, finish)]))
    async with asyncio.timeout(10):
        await done.wait()
    keeping.cancel()
    assert "ArithmeticError" in capsys.readouterr().out


async def test_sqlite_learns_what_its_tables_hold_and_tells_other_processes(
    sqlite_store: SqliteStore,
) -> None:
    learner, other = sqlite_store.open(), sqlite_store.open()
    office = await Office.on(learner)
    await office.webhook()
    known = sql("SELECT count(*) AS n FROM sqlite_stat1 WHERE tbl = 'organisations'")
    version = sql("SELECT schema_version AS n FROM pragma_schema_version")
    before = await other.read(lambda tx: tx.one(version))
    await learner.learn(["organisations"])
    after = await other.read(lambda tx: tx.one(version))
    learned = await other.read(lambda tx: tx.one(known))
    assert before != after
    assert learned is not None
    assert learned["n"] > 0
    for each in (learner, other):
        await each.close()


async def test_of_what_sqlite_learns_it_keeps_numbers_and_no_value_of_a_record(
    sqlite_store: SqliteStore,
) -> None:
    database = sqlite_store.open()
    caller = (await open_api(database)).operator()
    await sandbox.load(database, caller, count=60, seed=1, at=system_clock())
    await database.learn([each.resource.table for each in RESOURCES])
    await database.close()
    connection = apsw.Connection(str(sqlite_store.path))
    numbers = connection.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = 'patients'").fetchall()
    assert any(stat.startswith("60 ") for (stat,) in numbers)
    assert connection.execute("SELECT * FROM sqlite_stat4").fetchall() == []
    connection.close()


async def test_events_and_deliveries_go_after_the_days_of_the_settings(
    database: Database, tmp_path: Path
) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    now = system_clock()
    kept = []
    for days in (31, 29, 0):
        kept.append(await office.happens(at=now - days * DAY))
        (delivery, *_) = (await office.deliveries(made["id"]))[::-1]
        await office.end(delivery["id"], at=now - days * DAY)
    for job in table(30, 365, system_clock, files.folder(tmp_path)):
        assert await do_if_due(database, job), job.name
    rows = await office.rows("SELECT id FROM events ORDER BY position")
    assert [row["id"] for row in rows] == kept[1:]
    assert [each["event_id"] for each in await office.deliveries(made["id"])] == kept[1:]
