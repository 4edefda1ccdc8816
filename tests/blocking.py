"""Two transactions at once on PostgreSQL: waiting until one of them waits for the other."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from jump.storage.database import Database, Tx
from jump.storage.sql import sql
from tests.patience import PATIENCE

# Of this test's own database: others on the server have locks to wait for too.
_WAITING = sql("""
    SELECT count(*) AS n FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
""")


async def blocked(database: Database) -> None:
    """Returns when somebody waits for a lock."""
    async with asyncio.timeout(PATIENCE):
        while True:
            row = await database.read(lambda tx: tx.one(_WAITING))
            if row is not None and row["n"]:
                return


@asynccontextmanager
async def held(database: Database, work: Callable[[Tx], Awaitable[Any]]) -> AsyncIterator[None]:
    """Inside, the work of a transaction is done but not committed; it is at the end."""
    done, go = asyncio.Event(), asyncio.Event()

    async def whole(tx: Tx) -> None:
        await work(tx)
        done.set()
        await go.wait()

    task = asyncio.create_task(database.write(whole))
    await asyncio.wait([task, asyncio.create_task(done.wait())], return_when="FIRST_COMPLETED")
    try:
        yield
    finally:
        go.set()
        await task
