"""How webhooks are doing: the state of each in one word, and what was tried of late.

Counts stop at the newest MOST attempts of the organisation, so that a busy one costs no more than
that; counts that stopped there say so. What was sent is left to `history`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from jump.caller import Tenant
from jump.storage.database import Tx
from jump.storage.sql import Row, sql
from jump.webhooks import attempt_counts, pausing
from jump.webhooks.attempt_counts import ENDINGS, Counts
from jump.webhooks.engine import suspension

State = Literal["active", "failing", "paused", "stopped"]

MOST: Final = 10_000
_BY_US: Final = frozenset(
    {
        pausing.KEY_REVOKED,
        pausing.DIRECTOR_REVOKED,
        suspension.GONE,
        suspension.FAILED_FOR_DAYS,
    }
)

_LAST = sql("""
    SELECT l.webhook_id, l.failing_since, (SELECT max(d.created_at) FROM deliveries d
      WHERE d.organisation_id = l.organisation_id AND d.mode = l.mode
        AND d.webhook_id = l.webhook_id) AS last_at
    FROM lanes l
    WHERE l.organisation_id = :organisation AND l.mode = :mode AND l.webhook_id IN (:ids*)
""")


@dataclass(frozen=True, slots=True)
class Activity:
    """Attempts of the last 24 hours without tests, and how many succeeded; when the last delivery
    was made, tests too; since when every attempt has failed. Unless `is_whole`, older attempts of
    the 24 hours were not counted. `counts` are the same attempts by the hour.
    """

    attempts: int = 0
    succeeded: int = 0
    last_at: int | None = None
    failing_since: int | None = None
    is_whole: bool = True
    counts: Counts = field(default_factory=dict)

    @property
    def percent(self) -> int | None:
        """How many of a hundred attempts succeeded, 100 only if all did; None without any."""
        return 100 * self.succeeded // self.attempts if self.attempts else None


async def activity(tx: Tx, tenant: Tenant, ids: Sequence[str], now: int) -> Mapping[str, Activity]:
    """What these webhooks did, by id: every one of them is in it."""
    if not ids:
        return {}
    names = {"organisation": tenant.organisation, "mode": tenant.mode}
    counted = await attempt_counts.count(tx, tenant, now, MOST)
    lasts = {row["webhook_id"]: row for row in await tx.all(_LAST, **names, ids=list(ids))}
    return {
        each: _activity(counted.webhooks.get(each, {}), lasts.get(each, {}), counted.is_whole)
        for each in ids
    }


def state(row: Row, done: Activity) -> State:
    """A row of `webhooks` in a word; `stopped` is paused by us and not by a person or a key."""
    if row["is_active"]:
        return "failing" if done.failing_since is not None else "active"
    return "stopped" if row["paused_reason"] in _BY_US else "paused"


def _activity(counts: Counts, last: Row, is_whole: bool) -> Activity:
    return Activity(
        attempt_counts.total(counts, *ENDINGS),
        attempt_counts.total(counts, "succeeded"),
        last.get("last_at"),
        last.get("failing_since"),
        is_whole,
        counts,
    )
