"""Slows down whoever keeps failing: past 20 answers of 401 in a minute, an address gets 429.

Only failing requests come here, so that a valid key is never refused for its address. The counts
also are the record of requests without a known key; they are kept for a day.
"""

from typing import Final

from jump.errors import RateLimited
from jump.kit.address_blocks import network
from jump.kit.clock import DAY, MINUTE, SECOND
from jump.storage.database import Database, Tx
from jump.storage.sql import sql

MOST_FAILURES: Final = 20
KEPT_FOR: Final = DAY

_FAILED = sql("""
INSERT INTO address_failures AS f (minute, address, refused)
VALUES (jump_now() / 60000000, :address, 1)
ON CONFLICT (minute, address) DO UPDATE SET refused = f.refused + 1
RETURNING minute, refused, jump_now() AS now
""")
_PURGE = sql("DELETE FROM address_failures WHERE minute < :minute")


async def failed(database: Database, address: str) -> None:
    """Count a request that is about to be answered 401.

    Raises RateLimited instead when the address has had its 20 in the minute that runs.
    """
    counted = network(address)
    row = await database.count(lambda tx: tx.one(_FAILED, address=counted))
    assert row is not None
    if row["refused"] > MOST_FAILURES:
        left = (row["minute"] + 1) * MINUTE - row["now"]
        raise RateLimited(
            "Too many requests without a valid API key came from this address. Wait a minute.",
            max(1, -(-left // SECOND)),
        )


async def purge(tx: Tx, now: int) -> int:
    """Forget the minutes that are older than a day; how many rows went. Run it on the counters."""
    return await tx.run(_PURGE, minute=(now - KEPT_FOR) // MINUTE)
