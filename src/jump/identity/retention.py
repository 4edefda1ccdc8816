"""Lets go of sign-ins and links that have ended, and of addresses and tries that count no more."""

from typing import Final

from jump.identity import tries
from jump.identity.credentials import KNOWN_FOR
from jump.identity.sign_in_record import ABSOLUTE_LIMIT, IDLE_LIMIT
from jump.kit.clock import DAY
from jump.storage.database import Database, Tx
from jump.storage.sql import sql

# So long a link still says what became of it.
_LINKS_KEPT_FOR: Final = 30 * DAY

_SIGN_INS = sql("DELETE FROM sign_ins WHERE began_at < :oldest")
_LINKS = sql("DELETE FROM invitations WHERE expires_at < :oldest")
_ADDRESSES = sql("DELETE FROM known_addresses WHERE seen_at < :oldest")
_USES = sql("DELETE FROM sign_in_uses WHERE seen_at < :oldest")


async def purge(database: Database, now: int) -> int:
    """Of all organisations; how many rows went."""

    async def kept_for_good(tx: Tx) -> int:
        gone = await tx.run(_SIGN_INS, oldest=now - ABSOLUTE_LIMIT)
        gone += await tx.run(_LINKS, oldest=now - _LINKS_KEPT_FOR)
        return gone + await tx.run(_ADDRESSES, oldest=now - KNOWN_FOR)

    async def counters(tx: Tx) -> int:
        gone = await tx.run(_USES, oldest=now - ABSOLUTE_LIMIT - IDLE_LIMIT)
        return gone + await tries.purge(tx, now)

    return await database.write(kept_for_good) + await database.count(counters)
