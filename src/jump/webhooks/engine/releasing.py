"""Goes on releasing what waits for webhooks that were activated, piece by piece.

Whoever looks takes the next piece, so that it goes on when a process dies between two. What a piece
is, and in which order they come, is left to `pausing`.
"""

import asyncio
from typing import Final

from jump import telemetry
from jump.storage.database import Database, StorageUnavailable
from jump.webhooks import pausing

LOOK_EVERY: Final = 1.0  # seconds
BREATH: Final = 0.05  # seconds between two pieces, for those who wait for the webhook


async def keep_releasing(database: Database) -> None:
    """Release whatever there is, until cancelled."""
    while True:
        may_be_more = await _release_more(database)
        await asyncio.sleep(BREATH if may_be_more else LOOK_EVERY)


async def _release_more(database: Database) -> bool:
    try:
        # Looking keeps nobody from writing.
        if await database.read(pausing.is_releasing):
            return await database.write(pausing.release_more)
    except StorageUnavailable as refusal:
        telemetry.unavailable(str(refusal))
    except Exception as fault:
        telemetry.fault(fault, None, "webhooks.releasing")
    return False
