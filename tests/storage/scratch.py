"""A table to write to in the tests of storage: upkeep's, which nothing else here uses."""

from collections.abc import Awaitable, Callable

from jump.storage.database import Database, Tx
from jump.storage.sql import sql

ADD = sql("INSERT INTO upkeep (job, due_at) VALUES (:job, :due)")
MOVE = sql("UPDATE upkeep SET due_at = :due WHERE job = :job")
LOCK = sql("SELECT due_at FROM upkeep WHERE job = :job FOR UPDATE")
ALL = sql("SELECT job, due_at FROM upkeep ORDER BY job")


class Unwelcome(Exception):
    """What a transaction's function raises in these tests."""


def adding(job: str, due: int = 1) -> Callable[[Tx], Awaitable[str]]:
    """A transaction that adds one row."""

    async def work(tx: Tx) -> str:
        await tx.run(ADD, job=job, due=due)
        return job

    return work


async def jobs(database: Database) -> dict[str, int]:
    """Every row there is."""
    rows = await database.read(lambda tx: tx.all(ALL))
    return {row["job"]: row["due_at"] for row in rows}
