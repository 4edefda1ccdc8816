"""What has to be done now and then: a table of jobs, each done by one process at a time.

Whoever moves a job's due time first has won it, with one UPDATE; a process that dies in the middle
has only delayed it until the next time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from jump import telemetry
from jump.storage.database import Database, StorageUnavailable, Tx
from jump.storage.sql import sql

LOOK_EVERY = 20  # seconds


@dataclass(frozen=True, slots=True)
class Job:
    """`run` is done at least every `every` microseconds, somewhere."""

    name: str
    every: int
    run: Callable[[Database], Awaitable[object]]


_ANNOUNCE = sql("INSERT INTO upkeep (job, due_at) VALUES (:job, 0) ON CONFLICT (job) DO NOTHING")
_WIN = sql(
    "UPDATE upkeep SET due_at = jump_now() + :every WHERE job = :job AND due_at <= jump_now()"
)


async def keep_up(database: Database, jobs: Sequence[Job]) -> None:
    """Look for due jobs until cancelled. A job that fails is told and tried at its next time."""
    while True:
        for job in jobs:
            await do_if_due(database, job)
        await asyncio.sleep(LOOK_EVERY)


async def do_if_due(database: Database, job: Job) -> bool:
    """Do the job if it is due and nobody else took it; whether it was done. Never raises."""

    async def win(tx: Tx) -> bool:
        await tx.run(_ANNOUNCE, job=job.name)
        return await tx.run(_WIN, job=job.name, every=job.every) == 1

    try:
        if not await database.write(win):
            return False
        await job.run(database)
    except StorageUnavailable as refusal:
        telemetry.unavailable(str(refusal))
    except Exception as fault:
        telemetry.fault(fault, None, f"upkeep {job.name}")
    else:
        return True
    return False
