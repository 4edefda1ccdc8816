"""A database that refuses changes is not ready, and is again as soon as it takes them."""

from collections.abc import AsyncIterator

import pytest

from jump.storage.database import Database, StorageUnavailable, Work
from jump.storage.postgresql import PostgresDatabase
from jump.storage.readiness import readiness
from jump.storage.sql import sql
from tests.databases import Store
from tests.storage.scratch import adding
from tests.surface.counting import CountingDatabase

SET_READ_ONLY = sql("SELECT set_config('default_transaction_read_only', :value, FALSE)")
COUNTED = sql("INSERT INTO sign_in_uses (sign_in_id, seen_at) VALUES ('one', 1)")


@pytest.fixture
async def database(store: Store) -> AsyncIterator[Database]:
    opened = store.open(connections=1)
    yield opened
    await opened.close()


async def make_read_only(database: Database, way: str, value: str) -> None:
    """Let every change be refused, or taken again; on SQLite those that are made in this way."""
    if isinstance(database, PostgresDatabase):
        await database.count(lambda tx: tx.one(SET_READ_ONLY, value=value))
    else:
        connection = {"write": "_writer", "count": "_counters"}[way]
        getattr(database, connection).pragma("query_only", value == "on")


@pytest.mark.parametrize("way", ["write", "count"])
async def test_a_database_that_refused_a_change_is_not_ready_until_it_takes_one(
    database: Database, way: str
) -> None:
    work: Work[object] = adding("one") if way == "write" else lambda tx: tx.run(COUNTED)
    await make_read_only(database, way, "on")
    with pytest.raises(StorageUnavailable):
        await getattr(database, way)(work)
    for _ in range(2):
        assert await readiness(database) == "The database is read-only."
    await make_read_only(database, way, "off")
    assert await readiness(database) is None
    await getattr(database, way)(work)


async def test_a_database_is_asked_for_changes_only_after_one_was_refused(
    database: Database,
) -> None:
    counting = CountingDatabase(database)

    async def written_by_asking() -> int:
        before = counting.counted["write"] + counting.counted["count"]
        await readiness(counting)
        return counting.counted["write"] + counting.counted["count"] - before

    assert await written_by_asking() == 0
    await make_read_only(database, "write", "on")
    with pytest.raises(StorageUnavailable):
        await counting.write(adding("one"))
    await make_read_only(database, "write", "off")
    assert await written_by_asking() == 2
    assert await written_by_asking() == 0
