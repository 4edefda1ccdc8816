"""The attempts of the last 24 hours, of each webhook by the hour and by how they ended.

Counting stops at so many of the newest as it is told, and says so. Tests count for nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

from jump.caller import Tenant
from jump.kit.clock import DAY, HOUR
from jump.kit.ids import first_id
from jump.storage.database import Tx
from jump.storage.sql import sql

# Delivered; answered with anything but a success; no answer at all.
Ending = Literal["succeeded", "rejected", "unanswered"]
# By the number of the hour since the epoch.
Counts: TypeAlias = Mapping[int, Mapping[Ending, int]]
ENDINGS: Final[tuple[Ending, ...]] = get_args(Ending)

_COUNTS = sql("""
    SELECT webhook_id, hour, ending, count(*) AS attempts
    FROM (SELECT webhook_id, attempted_at / :hour AS hour,
        CASE WHEN trigger = 'test' THEN 'test' WHEN succeeded THEN 'succeeded'
          WHEN status IS NOT NULL THEN 'rejected' ELSE 'unanswered' END AS ending
      FROM attempts
      WHERE organisation_id = :organisation AND mode = :mode AND id >= :first
      ORDER BY id DESC LIMIT :most) newest
    GROUP BY webhook_id, hour, ending
""")


@dataclass(frozen=True, slots=True)
class Counted:
    """By webhook, those without attempts left out. Unless `is_whole`, older ones are missing."""

    webhooks: Mapping[str, Counts]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour: when it begins, and how many attempts ended in each way."""

    begins_at: int
    counts: Mapping[Ending, int] = field(default_factory=dict)


async def count(tx: Tx, tenant: Tenant, now: int, most: int) -> Counted:
    """The attempts of every webhook, the newest `most` of them all."""
    rows = await tx.all(
        _COUNTS,
        organisation=tenant.organisation,
        mode=tenant.mode,
        hour=HOUR,
        first=first_id("att", now - DAY),
        most=most,
    )
    webhooks: dict[str, dict[int, dict[Ending, int]]] = {}
    for row in rows:
        if row["ending"] in ENDINGS:
            hours = webhooks.setdefault(row["webhook_id"], {})
            hours.setdefault(int(row["hour"]), {})[row["ending"]] = int(row["attempts"])
    return Counted(webhooks, sum(int(row["attempts"]) for row in rows) < most)


def total(counts: Counts, *endings: Ending) -> int:
    """How many attempts ended in these ways, in all hours."""
    return sum(each.get(ending, 0) for each in counts.values() for ending in endings)


def by_hour(counts: Counts, now: int) -> Sequence[Hour]:
    """Every hour of the 24 before now, those without attempts too, the oldest first."""
    hours = range((now - DAY) // HOUR, now // HOUR + 1)
    return [Hour(hour * HOUR, counts.get(hour, {})) for hour in hours]
