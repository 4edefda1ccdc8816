"""Pauses a webhook whose receiver is gone, or has failed every attempt for days.

The lane must be locked by the transaction. How a pause is kept is left to `pausing`.
"""

from collections.abc import Iterable, Sequence

from jump.audit import trail
from jump.caller import SYSTEM, Caller
from jump.kit.clock import DAY
from jump.storage.database import Tx
from jump.storage.sql import sql
from jump.webhooks import pausing
from jump.webhooks.engine.bookkeeping import Verdict
from jump.webhooks.engine.lanes import Lane
from jump.webhooks.phases import FailAndPause, Interrupted, Succeed

SUSPENDED_AFTER = 5 * DAY
GONE = "The receiver answered 410 Gone."
FAILED_FOR_DAYS = "Every delivery has failed for 5 days."

_PAUSE = sql("""
    UPDATE webhooks SET is_active = FALSE, paused_reason = :reason, paused_at = :now,
      updated_at = greatest(:now, updated_at + 1), version = version + 1
    WHERE organisation_id = :organisation AND mode = :mode AND id = :webhook
      AND is_active AND deleted_at IS NULL
""")


def failing_since(lane: Lane, verdicts: Iterable[Verdict]) -> int | None:
    """Since when every attempt of the lane has failed, after these; None if the last succeeded."""
    since = lane.failing_since
    for verdict in filter(_counts, verdicts):
        if isinstance(verdict.decision, Succeed):
            since = None
        elif since is None:
            since = lane.now
    return since


def reason_to_pause(
    lane: Lane, verdicts: Sequence[Verdict], failing_since: int | None
) -> str | None:
    """Why the webhook is to be paused after these attempts, in words, or None."""
    if not lane.is_active or lane.is_deleted:
        return None
    if any(isinstance(verdict.decision, FailAndPause) for verdict in verdicts):
        return GONE
    if failing_since is None or lane.now - failing_since < SUSPENDED_AFTER:
        return None
    return FAILED_FOR_DAYS if any(map(_counts, verdicts)) else None


def _counts(verdict: Verdict) -> bool:
    """Tests count neither way, nor does what a process that died left open."""
    ended = verdict.ended
    return ended.trigger != "test" and not isinstance(ended.outcome, Interrupted)


async def pause(tx: Tx, lane: Lane, reason: str) -> None:
    """Pause the webhook, write it into the audit, and let its deliveries wait."""
    tenant = lane.tenant
    changed = await tx.run(
        _PAUSE,
        reason=reason,
        now=lane.now,
        organisation=tenant.organisation,
        mode=tenant.mode,
        webhook=lane.webhook_id,
    )
    if changed:
        change = pausing.audited("paused", lane.webhook_id, ("is_active",))
        await trail.write(tx, Caller(tenant, SYSTEM, frozenset()), change, lane.now)
    await pausing.hold_deliveries(tx, tenant, lane.webhook_id)
