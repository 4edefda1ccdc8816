"""Queues ended deliveries of a period again: the same ones, with their retries given back.

A replay makes no new deliveries: events from before the webhook was made, or of types it did not
subscribe to then, stay in the feed. Those of a paused webhook wait until it is activated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from jump.audit import trail
from jump.caller import Caller
from jump.errors import FieldError, ValidationFailed
from jump.events import catalog
from jump.kit.clock import DAY
from jump.resources.versions import check_version
from jump.storage.database import Tx
from jump.storage.sql import Value, sql
from jump.webhooks import pausing, subscriptions, webhook
from jump.webhooks.representation import Replayed, subscribed

EndState = Literal["failed", "succeeded", "cancelled"]

MOST: Final = 10_000
EVERY_NAME: Final = (*catalog.EVENT_TYPES, *catalog.ALIASES)

_RETENTION = sql("SELECT days FROM retention WHERE subject = 'deliveries'")
_MATCHED = sql("""
    SELECT event_type, count(*) AS matched FROM deliveries
    WHERE organisation_id = :organisation AND mode = :mode AND webhook_id = :webhook
      AND created_at >= :since AND created_at <= :until
      AND state IN (:states*) AND event_type IN (:events*) AND NOT test
    GROUP BY event_type
""")
_QUEUE = sql("""
    UPDATE deliveries SET state = 'pending', next_trigger = 'auto', failures = 0,
      interruptions = 0, ended_at = NULL,
      next_attempt_at = CASE WHEN :active THEN (SELECT jump_now()) END
    WHERE organisation_id = :organisation AND mode = :mode AND state IN (:states*) AND id IN (
      SELECT id FROM deliveries
      WHERE organisation_id = :organisation AND mode = :mode AND webhook_id = :webhook
        AND created_at >= :since AND created_at <= :until
        AND state IN (:states*) AND event_type IN (:events*) AND NOT test
      ORDER BY created_at, id LIMIT :most)
""")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries: made from `since` to `until` (None: now), both included, in microseconds.

    `events` are types or aliases, None for all.
    """

    since: int
    until: int | None = None
    events: Sequence[str] | None = None
    states: Sequence[EndState] = ("failed",)


async def replay(
    tx: Tx,
    caller: Caller,
    at: int,
    webhook_id: str,
    wanted: Wanted,
    if_match: frozenset[int] | None = None,
    most: int = MOST,
) -> Replayed:
    """Queue what is wanted, the oldest `most` at once; repeat it for the rest.

    Raises NotFound, InsufficientScope, PreconditionFailed and ValidationFailed.
    """
    row = await webhook.lock(tx, caller, webhook_id, if_match)
    args = await _args(tx, caller, at, webhook_id, wanted)
    matched = await _matched(tx, caller, args)
    if matched == 0:
        return Replayed(0, 0)
    queued = await tx.run(_QUEUE, **args, active=bool(row["is_active"]), most=most)
    await trail.write(tx, caller, pausing.audited("replayed", webhook_id), at)
    tx.announce()
    return Replayed(matched, queued)


async def rehearse(
    tx: Tx,
    caller: Caller,
    at: int,
    webhook_id: str,
    wanted: Wanted,
    if_match: frozenset[int] | None = None,
) -> Replayed:
    """How many a replay would find; changes nothing. Raises what a replay raises."""
    row = await webhook.fetch(tx, caller.tenant, webhook_id)
    subscriptions.require_read_scopes(caller, subscribed(row))
    check_version("webhook", row["version"], if_match)
    return Replayed(await _matched(tx, caller, await _args(tx, caller, at, webhook_id, wanted)), 0)


async def _matched(tx: Tx, caller: Caller, args: Mapping[str, Value]) -> int:
    found = await tx.all(_MATCHED, **args)
    # The webhook may have subscribed to something else then.
    subscriptions.require_read_scopes(caller, (row["event_type"] for row in found))
    return sum(int(row["matched"]) for row in found)


async def _args(
    tx: Tx, caller: Caller, at: int, webhook_id: str, wanted: Wanted
) -> dict[str, Value]:
    until = at if wanted.until is None else wanted.until
    retention = await tx.one(_RETENTION)
    assert retention is not None
    days: int = retention["days"]
    errors = _problems(wanted, until, at, days)
    if errors:
        raise ValidationFailed(errors)
    return {
        "organisation": caller.tenant.organisation,
        "mode": caller.tenant.mode,
        "webhook": webhook_id,
        "since": wanted.since,
        "until": until,
        "states": list(wanted.states),
        "events": list(wanted.events or EVERY_NAME),
    }


def _problems(wanted: Wanted, until: int, at: int, days: int) -> list[FieldError]:
    errors = []
    if wanted.since < at - days * DAY:
        errors.append(
            FieldError("since", f"Deliveries are kept for {days} days: use a later time.")
        )
    elif wanted.since > at:
        errors.append(FieldError("since", "Use a time that has passed."))
    elif until < wanted.since:
        errors.append(FieldError("until", "Use a time after since."))
    if wanted.events is not None:
        try:
            subscriptions.check(wanted.events)
        except ValueError as problem:
            errors.append(FieldError("events", str(problem)))
    if not wanted.states:
        errors.append(FieldError("states", "Use any of: failed, succeeded, cancelled."))
    return errors
