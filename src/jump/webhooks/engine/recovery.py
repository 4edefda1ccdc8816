"""What was in the air in a lane when its process died: attempts that nobody will hear of again.

Each becomes an attempt with the outcome `Interrupted`; what follows from it is decided as ever.
"""

from collections.abc import Callable, Collection, Mapping

from jump.storage.database import Tx
from jump.storage.sql import Row, sql
from jump.webhooks.engine.bookkeeping import Ended
from jump.webhooks.engine.lanes import Lane
from jump.webhooks.phases import Interrupted

_LEFT_IN_AIR = sql("""
    SELECT organisation_id, mode, id, webhook_id, attempt_count, failures, interruptions,
      next_trigger, epoch, started_at
    FROM deliveries WHERE webhook_id IN (:webhooks*) AND state = 'delivering'
    ORDER BY webhook_id, position
""")


async def interrupted(
    tx: Tx, abandoned: Mapping[str, Lane], known: Collection[str], chance: Callable[[], float]
) -> list[Ended]:
    """The attempts in these lanes that nobody will ever record; `known` are those we will."""
    if not abandoned:
        return []
    rows = await tx.all(_LEFT_IN_AIR, webhooks=sorted(abandoned))
    return [
        _interrupted(row, abandoned[row["webhook_id"]], chance())
        for row in rows
        if row["id"] not in known
    ]


def _interrupted(row: Row, lane: Lane, spread: float) -> Ended:
    return Ended(
        organisation=row["organisation_id"],
        mode=row["mode"],
        delivery_id=row["id"],
        webhook_id=row["webhook_id"],
        number=row["attempt_count"] + 1,
        failures=row["failures"],
        interruptions=row["interruptions"],
        trigger=row["next_trigger"],
        epoch=row["epoch"],
        url=lane.url,
        headers=(),
        attempted_at=row["started_at"],
        ended_at=lane.now,
        outcome=Interrupted(),
        spread=spread,
    )
