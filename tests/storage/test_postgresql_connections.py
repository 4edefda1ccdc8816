"""The connections that a process has to PostgreSQL: how many, to whom, and which never again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from jump.storage.postgresql_connections import IDLE_SECONDS, Connections
from tests.databases import PostgresStore
from tests.patience import PATIENCE

MOST = 2


class Making:
    """Makes connections, keeps them in mind, and has the clock."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.made: list[Any] = []
        self.now = 0.0

    async def connect(self) -> Any:
        connection = await asyncpg.connect(self._url)
        self.made.append(connection)
        return connection


@pytest.fixture
def making(postgres_store: PostgresStore) -> Making:
    return Making(postgres_store.url)


@pytest.fixture
async def connections(making: Making) -> AsyncIterator[Connections]:
    opened = Connections(making.connect, MOST, lambda: making.now)
    yield opened
    await opened.close()
    assert all(connection.is_closed() for connection in making.made)


async def test_one_is_made_where_none_is_idle_and_lent_again(
    connections: Connections, making: Making
) -> None:
    for _ in range(3):
        async with connections.lent() as connection:
            assert await connection.fetchval("SELECT 1") == 1
    assert len(making.made) == 1


async def test_no_more_than_may_be_are_lent_and_the_next_gets_what_comes_back(
    connections: Connections, making: Making
) -> None:
    lent = set[Any]()
    all_are_lent = asyncio.Barrier(MOST)

    async def use() -> None:
        async with connections.lent() as connection:
            assert connection not in lent
            lent.add(connection)
            await all_are_lent.wait()
            lent.remove(connection)

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(use() for _ in range(5 * MOST)))
    assert len(making.made) == MOST


async def test_one_whose_user_gave_up_is_not_lent_again(
    connections: Connections, making: Making
) -> None:
    begun = asyncio.Event()

    async def wait() -> None:
        async with connections.lent() as connection:
            begun.set()
            await connection.execute("SELECT pg_sleep(60)")

    waiting = asyncio.create_task(wait())
    await begun.wait()
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    async with connections.lent() as connection:
        assert connection is not making.made[0]
    assert making.made[0].is_closed()


async def test_one_in_which_a_transaction_is_left_is_not_lent_again(
    connections: Connections, making: Making
) -> None:
    async with connections.lent() as connection:
        await connection.execute("BEGIN")
    async with connections.lent() as connection:
        assert not connection.is_in_transaction()
    assert making.made[0].is_closed()


async def test_one_that_the_server_has_closed_is_made_anew(
    connections: Connections, making: Making
) -> None:
    async with connections.lent() as connection:
        gone = connection
    gone.terminate()
    async with connections.lent() as connection:
        assert await connection.fetchval("SELECT 1") == 1
    assert len(making.made) == MOST


async def test_those_that_nobody_needs_any_more_are_closed(
    connections: Connections, making: Making
) -> None:
    async with connections.lent(), connections.lent():
        pass
    assert len(making.made) == MOST
    making.now = IDLE_SECONDS + 1.0
    async with connections.lent() as connection:
        kept = connection
    assert [each is kept for each in making.made if not each.is_closed()] == [True]


async def test_closing_waits_for_those_that_are_lent(making: Making) -> None:
    connections = Connections(making.connect, MOST)
    async with connections.lent() as connection:
        closing = asyncio.create_task(connections.close())
        assert await connection.fetchval("SELECT 1") == 1
        assert not closing.done()
    await closing
    assert connection.is_closed()


async def test_closing_again_does_nothing(connections: Connections) -> None:
    async with connections.lent() as connection:
        assert await connection.fetchval("SELECT 1") == 1
    async with asyncio.timeout(PATIENCE):
        for _ in range(2):
            await connections.close()
