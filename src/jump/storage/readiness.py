"""Whether a database can be used: it answers, has the shape that this program needs, takes changes.

Changes are tried only after one was refused: as long as all goes well nothing is written, and a
disk that has room again is noticed by itself.
"""

import apsw
import asyncpg

from jump.storage.database import Database, StorageUnavailable
from jump.storage.migrate import problem_with, read_shape
from jump.storage.sql import sql

_NO_LEDGER = (apsw.SQLError, asyncpg.UndefinedTableError)

# Rows of nobody, each changed every time: what changes nothing is not written.
_CHANGE = sql(
    "INSERT INTO upkeep AS u (job, due_at) VALUES ('be ready', 1)"
    " ON CONFLICT (job) DO UPDATE SET due_at = u.due_at + 1"
)
_COUNT = sql(
    "INSERT INTO key_quota AS q (key_id, minute, total, history) VALUES ('', 0, 1, '')"
    " ON CONFLICT (key_id) DO UPDATE SET total = q.total + 1"
)


async def readiness(database: Database) -> str | None:
    """What keeps the database from being used, in one line, or None. Never raises."""
    try:
        problem = problem_with(await database.read(read_shape))
        if problem is None and database.refused:
            await _try_to_write(database)
    except StorageUnavailable as refusal:
        return str(refusal)
    except _NO_LEDGER:
        return problem_with(None)
    return problem


async def _try_to_write(database: Database) -> None:
    database.refused = False  # until somebody is refused again, us among them
    await database.count(lambda tx: tx.run(_COUNT))
    await database.write(lambda tx: tx.run(_CHANGE))
