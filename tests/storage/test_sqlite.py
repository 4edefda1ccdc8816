"""SQLite alone: commits in groups, and what happens when the file cannot be written."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from jump.kit.clock import system_clock
from jump.storage.database import StorageUnavailable, Tx
from jump.storage.migrate import migrate_sqlite
from jump.storage.sql import sql
from jump.storage.sqlite import GROUP, SqliteDatabase
from tests.databases import SqliteStore
from tests.storage.scratch import ADD, Unwelcome, adding, jobs

PATIENCE = 0.1
BIG = "x" * 500_000


@pytest.fixture
async def database(sqlite_store: SqliteStore) -> AsyncIterator[SqliteDatabase]:
    opened = SqliteDatabase(sqlite_store.path, system_clock, PATIENCE)
    yield opened
    await opened.close()


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another process that has begun to write, and does not end."""
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


def count_commits(database: SqliteDatabase) -> list[None]:
    """One entry for each commit of the database from now on."""
    commits: list[None] = []
    database._writer.set_commit_hook(lambda: commits.append(None) or False)
    return commits


async def test_writers_that_come_together_share_a_commit(database: SqliteDatabase) -> None:
    commits = count_commits(database)
    await asyncio.gather(*(database.write(adding(f"{n}")) for n in range(3 * GROUP)))
    assert len(commits) == 3
    assert len(await jobs(database)) == 3 * GROUP


async def test_a_writer_alone_waits_for_nobody(database: SqliteDatabase) -> None:
    commits = count_commits(database)
    for number in range(3):
        await database.write(adding(f"{number}"))
    assert len(commits) == 3


async def test_a_write_made_when_an_announced_one_is_noticed_shares_its_commit(
    database: SqliteDatabase,
) -> None:
    commits = count_commits(database)
    waiter = database.joinable()

    async def follow() -> None:
        await anext(waiter)
        await database.write(adding("second"))

    async def first(tx: Tx) -> None:
        await tx.run(ADD, job="first", due=1)
        tx.announce()

    following = asyncio.create_task(follow())
    await asyncio.sleep(0)
    await database.write(first)
    await following
    assert await jobs(database) == {"first": 1, "second": 1}
    assert len(commits) == 1


async def test_a_transaction_that_waits_for_something_else_is_refused_whole(
    database: SqliteDatabase,
) -> None:
    async def wait_outside(tx: Tx) -> None:
        await tx.run(ADD, job="half", due=1)
        await asyncio.sleep(0)

    writers = [database.write(adding("before")), database.write(wait_outside)]
    answers = await asyncio.gather(
        *writers, database.write(adding("after")), return_exceptions=True
    )
    assert isinstance(answers[1], RuntimeError)
    assert await jobs(database) == {"after": 1, "before": 1}
    for run in (database.read, database.count):
        with pytest.raises(RuntimeError, match="other than its tx"):
            await run(lambda tx: asyncio.sleep(0))
    assert await jobs(database) == {"after": 1, "before": 1}


async def test_when_the_disk_is_full_who_was_told_yes_is_kept_and_nobody_else(
    database: SqliteDatabase,
) -> None:
    pages = database._writer.pragma("page_count")
    database._writer.pragma("max_page_count", pages + 4)
    writers = [database.write(adding(f"small {n}")) for n in range(5)]
    writers[2:2] = [database.write(adding(BIG))]
    answers = await asyncio.gather(*writers, return_exceptions=True)
    kept = {answer for answer in answers if isinstance(answer, str)}
    refused = [answer for answer in answers if not isinstance(answer, str)]
    assert refused
    assert {str(each) for each in refused} == {"The disk is full: the database cannot grow."}
    assert set(await jobs(database)) == kept
    assert BIG not in kept
    database._writer.pragma("max_page_count", pages + 1_000)
    await asyncio.gather(*(database.write(adding(f"later {n}")) for n in range(3)))
    assert set(await jobs(database)) == kept | {f"later {number}" for number in range(3)}


async def test_a_writer_keeps_its_own_error_when_the_disk_is_full(database: SqliteDatabase) -> None:
    async def fail(tx: Tx) -> None:
        raise Unwelcome

    database._writer.pragma("max_page_count", database._writer.pragma("page_count"))
    answers = await asyncio.gather(
        database.write(fail), database.write(adding(BIG)), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [Unwelcome, StorageUnavailable]


async def test_a_database_kept_by_another_process_is_refused_after_a_while_and_then_had_again(
    database: SqliteDatabase, sqlite_store: SqliteStore
) -> None:
    await database.write(adding("before"))
    with held(sqlite_store.path):
        writers = [database.write(adding(f"{number}")) for number in range(3)]
        answers = await asyncio.gather(*writers, return_exceptions=True)
        assert {type(answer) for answer in answers} == {StorageUnavailable}
        assert {str(answer) for answer in answers} == {"The database is locked by another process."}
        assert await jobs(database) == {"before": 1}
    await database.write(adding("after"))
    assert await jobs(database) == {"before": 1, "after": 1}


async def test_a_writer_waits_a_while_for_another_process_without_holding_up_readers(
    sqlite_store: SqliteStore,
) -> None:
    database = SqliteDatabase(sqlite_store.path, system_clock, patience=30)
    with held(sqlite_store.path):
        writer = asyncio.create_task(database.write(adding("a")))
        for _ in range(20):
            await asyncio.sleep(0.001)
            assert await jobs(database) == {}
        assert not writer.done()
    assert await writer == "a"
    await database.close()


async def test_a_database_that_is_read_only_refuses_to_write_and_can_be_read(
    database: SqliteDatabase,
) -> None:
    await database.write(adding("before"))
    database._writer.pragma("query_only", True)
    with pytest.raises(StorageUnavailable, match="read-only"):
        await database.write(adding("a"))
    assert await jobs(database) == {"before": 1}
    database._writer.pragma("query_only", False)
    await database.write(adding("after"))


@pytest.mark.parametrize("damage", ["not a database", "a folder", "no folder"])
def test_a_file_that_is_no_database_is_told_in_one_line(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "jump.db"
    if damage == "not a database":
        path.write_bytes(b"something else entirely " * 1_000)
    elif damage == "a folder":
        path.mkdir()
    else:
        (tmp_path / "file").write_text("")
        path = tmp_path / "file" / "jump.db"
    with pytest.raises(StorageUnavailable) as refusal:
        migrate_sqlite(path, system_clock)
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).endswith(".")


async def test_two_processes_write_without_losing_anything(sqlite_store: SqliteStore) -> None:
    one, two = [SqliteDatabase(sqlite_store.path, system_clock) for _ in range(2)]
    bump = sql("UPDATE retention SET days = days + 1 WHERE subject = 'deliveries'")
    writers = [each.write(lambda tx: tx.run(bump)) for _ in range(40) for each in (one, two)]
    await asyncio.gather(*writers)
    days = await two.read(
        lambda tx: tx.one(sql("SELECT days FROM retention WHERE subject = 'deliveries'"))
    )
    assert days == {"days": 110}
    await one.close()
    await two.close()
