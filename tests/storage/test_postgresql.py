"""PostgreSQL alone: lost races, poolers, and servers that are away or will not have us."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from jump.storage.database import StorageUnavailable, Tx
from jump.storage.postgresql import PostgresDatabase, open_postgres
from jump.storage.sql import sql
from tests import databases, postgres
from tests.databases import PostgresStore
from tests.gate import gate_to
from tests.pooler import Pooler
from tests.ports import free_port
from tests.postgres import PostgresServer, database_name
from tests.storage.scratch import ADD, LOCK, MOVE, adding, jobs

BACKENDS = sql("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")


@pytest.fixture
async def database(postgres_store: PostgresStore) -> AsyncIterator[PostgresDatabase]:
    opened = open_postgres(postgres_store.url, connections=8)
    yield opened
    await opened.close()


async def test_of_two_that_wait_for_each_other_one_is_run_again(
    database: PostgresDatabase,
) -> None:
    await database.write(adding("a"))
    await database.write(adding("b"))
    both_hold_one = asyncio.Barrier(2)
    runs: list[str] = []

    async def take(tx: Tx, first: str, second: str) -> None:
        runs.append(first)
        await tx.one(LOCK, job=first)
        if len(runs) <= 2:
            await both_hold_one.wait()
        await tx.run(MOVE, job=second, due=7)
        await tx.run(MOVE, job=first, due=7)

    await asyncio.gather(
        database.write(lambda tx: take(tx, "a", "b")), database.write(lambda tx: take(tx, "b", "a"))
    )
    assert len(runs) >= 3
    assert await jobs(database) == {"a": 7, "b": 7}


async def test_a_race_that_is_lost_every_time_is_given_up_in_words(
    database: PostgresDatabase,
) -> None:
    fails = sql(
        "DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = 'serialization_failure'; END $$"
    )
    runs: list[None] = []

    async def lose(tx: Tx) -> None:
        runs.append(None)
        await tx.run(ADD, job="half", due=1)
        await tx.run(fails)

    with pytest.raises(StorageUnavailable, match=r"too busy\.$"):
        await database.write(lose)
    assert len(runs) > 3
    assert await jobs(database) == {}


async def test_connections_that_the_server_ends_are_made_anew(
    database: PostgresDatabase, postgres_server: PostgresServer, postgres_store: PostgresStore
) -> None:
    await asyncio.gather(*(database.write(adding(f"before {n}")) for n in range(4)))
    name = database_name(postgres_store.url)
    postgres_server.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
    )
    answers = await asyncio.gather(
        *(database.write(adding(f"during {n}")) for n in range(4)), return_exceptions=True
    )
    assert {type(answer) for answer in answers} <= {str, StorageUnavailable}
    await asyncio.gather(*(database.write(adding(f"after {n}")) for n in range(4)))
    kept = {answer for answer in answers if isinstance(answer, str)}
    assert kept <= set(await jobs(database))
    assert {f"after {n}" for n in range(4)} <= set(await jobs(database))


async def test_a_server_out_of_reach_is_told_in_one_line_and_had_again_when_it_is_back(
    postgres_server: PostgresServer, postgres_store: PostgresStore
) -> None:
    name = database_name(postgres_store.url)
    async with gate_to(postgres_server.port) as gate:
        database = open_postgres(f"postgresql://jump@127.0.0.1:{gate.port}/{name}", connections=4)
        waiter = database.woken()
        await asyncio.gather(*(database.write(adding(f"before {n}")) for n in range(4)))
        await gate.shut()
        for run in (database.read, database.write, database.count):
            with pytest.raises(StorageUnavailable, match=r"^The database does not answer\.$"):
                await run(adding("during"))
        await gate.open()
        await database.write(adding("after"))
        assert set(await jobs(database)) == {"after", *(f"before {n}" for n in range(4))}
        await anext(waiter)
        await database.close()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated database of a server that is this test's alone."""
    with postgres.running(tmp_path, fsync=False) as server:
        yield server.create_database(server.template("migrated", databases.migrate))


async def test_a_server_that_crashes_under_a_writer_keeps_all_of_it_or_nothing(
    own_server: str,
) -> None:
    """When a backend is killed, the server ends all others and starts again by itself."""
    database = open_postgres(own_server, connections=4)
    await database.write(adding("before"))

    async def crash(tx: Tx) -> None:
        await tx.run(ADD, job="half", due=1)
        row = await tx.one(sql("SELECT pg_backend_pid() AS pid"))
        assert row is not None
        os.kill(row["pid"], signal.SIGKILL)
        await tx.run(sql("SELECT pg_sleep(30)"))

    with pytest.raises(StorageUnavailable):
        await database.write(crash)
    await until_it_is_back(database)
    assert await jobs(database) == {"before": 1}
    await database.write(adding("after"))
    assert await jobs(database) == {"before": 1, "after": 1}
    await database.close()


async def until_it_is_back(database: PostgresDatabase) -> None:
    """The server itself makes us wait."""
    for _ in range(100_000):
        with contextlib.suppress(StorageUnavailable):
            await jobs(database)
            return
    raise AssertionError("the server does not come back")


@pytest.mark.parametrize(
    ("arrange", "words"),
    [
        ("ALTER DATABASE {name} SET default_transaction_read_only = on", "read-only"),
        ("REVOKE INSERT ON upkeep FROM jump", "may not"),
    ],
)
async def test_a_server_that_will_not_have_us_write_says_why(
    postgres_server: PostgresServer, postgres_store: PostgresStore, arrange: str, words: str
) -> None:
    name = database_name(postgres_store.url)
    await asyncio.to_thread(postgres_server.execute, arrange.format(name=name), database=name)
    database = open_postgres(postgres_store.url)
    with pytest.raises(StorageUnavailable, match=words):
        await database.write(adding("a"))
    assert await jobs(database) == {}
    await database.close()


@pytest.mark.parametrize("what", ["port", "database", "user"])
async def test_a_server_that_cannot_be_had_says_so_in_one_line(
    postgres_server: PostgresServer, what: str
) -> None:
    port = free_port() if what == "port" else postgres_server.port
    user = "nobody_here" if what == "user" else "jump"
    database = open_postgres(f"postgresql://{user}@127.0.0.1:{port}/nothing_here")
    with pytest.raises(StorageUnavailable, match=r"^The database .*\.$"):
        await database.read(lambda tx: tx.all(BACKENDS))
    await database.close()


@pytest.mark.parametrize("way", ["straight", "pooler"])
async def test_a_transaction_that_hangs_lets_go_of_what_it_has_locked(
    transaction_pooler: Pooler, postgres_store: PostgresStore, way: str
) -> None:
    url = postgres_store.url if way == "straight" else transaction_pooler.url(postgres_store.url)
    hanging, other = open_postgres(url, standstill=0.3), open_postgres(url)
    await other.write(adding("a"))
    locked, go = asyncio.Event(), asyncio.Event()

    async def hang(tx: Tx) -> None:
        await tx.run(MOVE, job="a", due=7)
        locked.set()
        await go.wait()
        await tx.run(MOVE, job="a", due=8)

    hung = asyncio.create_task(hanging.write(hang))
    await locked.wait()
    async with asyncio.timeout(10):
        await other.write(lambda tx: tx.run(MOVE, job="a", due=9))
    go.set()
    with pytest.raises(StorageUnavailable, match=r"^The database .*\.$"):
        await hung
    assert await jobs(other) == {"a": 9}
    await hanging.write(adding("b"))
    assert await jobs(other) == {"a": 9, "b": 1}
    await hanging.close()
    await other.close()


async def test_everything_works_behind_a_pooler_in_transaction_mode(
    transaction_pooler: Pooler, postgres_store: PostgresStore
) -> None:
    url = transaction_pooler.url(postgres_store.url)
    one, two = open_postgres(url, connections=12), open_postgres(url, connections=12)
    counted = sql("""
        INSERT INTO address_failures AS f (minute, address, refused) VALUES (1, :a, 1)
        ON CONFLICT (minute, address) DO UPDATE SET refused = f.refused + 1 RETURNING refused
    """)
    others = sql("SELECT count(*) AS rows FROM upkeep WHERE job IN (:jobs*)")

    async def once(database: PostgresDatabase, number: int) -> None:
        await database.count(lambda tx: tx.one(counted, a=f"192.0.2.{number % 7}"))
        await database.write(adding(f"{id(database)} {number}"))
        await database.count(lambda tx: tx.all(others, jobs=["a", f"{number}"]))
        await database.read(lambda tx: tx.all(others, jobs=["b"]))

    await asyncio.gather(*(once(each, number) for number in range(60) for each in (one, two)))
    assert len(await jobs(one)) == 120
    total = await two.count(
        lambda tx: tx.one(sql("SELECT sum(refused)::BIGINT AS refused FROM address_failures"))
    )
    assert total is not None
    assert total["refused"] == 120
    await one.close()
    await two.close()
