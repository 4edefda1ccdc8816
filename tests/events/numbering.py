"""Somebody who is numbering just now, for tests of what others do meanwhile."""

import asyncio

from jump.events import sequence
from jump.storage.database import Database, Tx
from tests.patience import PATIENCE


async def begin_numbering(database: Database, go: asyncio.Event) -> asyncio.Task[None]:
    """Somebody who numbers and then keeps the locks until `go`."""
    locked = asyncio.Event()

    async def slowly(tx: Tx) -> None:
        batch = await sequence.advance(tx)
        assert batch is not None
        locked.set()
        await go.wait()
        await sequence.save(tx, batch, batch.position)

    numbering = asyncio.create_task(database.write(slowly))
    async with asyncio.timeout(PATIENCE):
        await locked.wait()
    return numbering
