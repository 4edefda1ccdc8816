"""Writes down attempts that have ended and moves their deliveries on.

One row for each attempt, and the delivery's new state, in the same transaction. That the lanes are
locked and still in the epoch of the attempts is the caller's promise; pausing is left to it too.
"""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from jump.kit.ids import derived_id
from jump.storage.database import Tx
from jump.storage.sql import Args, bulk
from jump.webhooks.engine.lanes import Lane
from jump.webhooks.engine.outcomes import Tally, decide, explain, is_success, tally_after
from jump.webhooks.engine.retry_schedule import Schedule
from jump.webhooks.phases import (
    Answered,
    Decision,
    Durations,
    Fail,
    FailAndPause,
    Headers,
    Interrupted,
    Outcome,
    PreparedAttempt,
    RetryAt,
    Succeed,
    Trigger,
)

MOST = 100


class Ended(msgspec.Struct, frozen=True, gc=False):
    """An attempt that is over. Instants are in microseconds; `spread` is its chance, in [0, 1)."""

    organisation: str
    mode: str
    delivery_id: str
    webhook_id: str
    number: int
    failures: int
    interruptions: int
    trigger: Trigger
    epoch: int
    url: str
    headers: Headers
    attempted_at: int
    ended_at: int
    outcome: Outcome
    spread: float


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What follows from an attempt that has ended, and the state its delivery gets."""

    ended: Ended
    decision: Decision
    state: str
    next_attempt_at: int | None


def ended(prepared: PreparedAttempt, outcome: Outcome, ended_at: int, spread: float) -> Ended:
    """The attempt that was prepared, with what came of it."""
    claimed = prepared.claimed
    return Ended(
        organisation=claimed.organisation,
        mode=claimed.mode,
        delivery_id=claimed.delivery_id,
        webhook_id=claimed.webhook_id,
        number=claimed.number,
        failures=claimed.failures,
        interruptions=claimed.interruptions,
        trigger=claimed.trigger,
        epoch=claimed.epoch,
        url=claimed.url,
        headers=prepared.headers,
        attempted_at=prepared.attempted_at,
        ended_at=ended_at,
        outcome=outcome,
        spread=spread,
    )


# COALESCE: found by its key. The index of what is in the air would do, but holds all that ever was
# until the next vacuum.
_MOVE_ON = bulk(
    """
    UPDATE deliveries AS d SET state = :state, next_attempt_at = :due, attempt_count = :number,
      failures = :failures, interruptions = :interruptions, last_status = :status,
      last_error = :error, ended_at = :over
    /*rows*/
    WHERE d.organisation_id = :organisation AND d.mode = :mode AND d.id = :id
      AND COALESCE(d.state, '') = 'delivering' AND d.epoch = :epoch
    """,
    state="TEXT",
    due="BIGINT",
    number="BIGINT",
    failures="BIGINT",
    interruptions="BIGINT",
    status="BIGINT",
    error="TEXT",
    over="BIGINT",
    organisation="TEXT",
    mode="TEXT",
    id="TEXT",
    epoch="BIGINT",
)
_ATTEMPT = bulk(
    """
    INSERT INTO attempts (organisation_id, mode, id, delivery_id, webhook_id, number, attempted_at,
      ended_at, trigger, url, succeeded, status, error, request_headers, response_headers,
      response_body, duration_ms)
    SELECT :organisation, :mode, :id, :delivery, :webhook, :number, :attempted_at, :ended_at,
      :trigger, :url, :succeeded, :status, :error, :request_headers, :response_headers,
      :response_body, :duration_ms
    /*rows*/
    WHERE TRUE ON CONFLICT (organisation_id, mode, id) DO NOTHING
    """,
    organisation="TEXT",
    mode="TEXT",
    id="TEXT",
    delivery="TEXT",
    webhook="TEXT",
    number="BIGINT",
    attempted_at="BIGINT",
    ended_at="BIGINT",
    trigger="TEXT",
    url="TEXT",
    succeeded="BOOLEAN",
    status="BIGINT",
    error="TEXT",
    request_headers="TEXT",
    response_headers="TEXT",
    response_body="TEXT",
    duration_ms="TEXT",
)


def judge(
    attempts: Iterable[Ended], lanes: Mapping[str, Lane], schedule: Schedule
) -> list[Verdict]:
    """Decide what follows from each attempt, in the state that its webhook has now.

    What would be tried again waits if the webhook is paused, and is cancelled if it is deleted.
    """
    return [_judge(attempt, lanes[attempt.webhook_id], schedule) for attempt in attempts]


async def record(tx: Tx, verdicts: Collection[Verdict], lanes: Mapping[str, Lane]) -> None:
    """Write the attempts down and move their deliveries on."""
    await tx.later(_MOVE_ON, *(_delivery(verdict, lanes) for verdict in verdicts))
    await tx.later(_ATTEMPT, *(_attempt(verdict.ended) for verdict in verdicts))


def _judge(attempt: Ended, lane: Lane, schedule: Schedule) -> Verdict:
    tally = Tally(attempt.failures, attempt.interruptions)
    decision = decide(attempt.outcome, attempt.trigger, tally, lane.now, schedule, attempt.spread)
    match decision:
        case Succeed():
            return Verdict(attempt, decision, "succeeded", None)
        case Fail() | FailAndPause():
            return Verdict(attempt, decision, "failed", None)
        case RetryAt() if lane.is_deleted:
            return Verdict(attempt, decision, "cancelled", None)
        case RetryAt(at=at):
            return Verdict(attempt, decision, "pending", at if lane.is_active else None)


def _delivery(verdict: Verdict, lanes: Mapping[str, Lane]) -> Args:
    attempt = verdict.ended
    tally = tally_after(
        attempt.outcome, attempt.trigger, Tally(attempt.failures, attempt.interruptions)
    )
    is_over = verdict.state != "pending"
    return {
        "state": verdict.state,
        "due": verdict.next_attempt_at,
        "number": attempt.number,
        "failures": tally.failures,
        "interruptions": tally.interruptions,
        "status": _status(attempt.outcome),
        "error": explain(attempt.outcome),
        "over": lanes[attempt.webhook_id].now if is_over else None,
        "organisation": attempt.organisation,
        "mode": attempt.mode,
        "id": attempt.delivery_id,
        "epoch": attempt.epoch,
    }


def _attempt(attempt: Ended) -> Args:
    outcome = attempt.outcome
    answer = outcome if isinstance(outcome, Answered) else None
    durations = Durations() if isinstance(outcome, Interrupted) else outcome.durations
    return {
        "organisation": attempt.organisation,
        "mode": attempt.mode,
        # Always the same, so that writing it again after a commit that went unheard is harmless.
        "id": derived_id("att", attempt.attempted_at, attempt.delivery_id, str(attempt.number)),
        "delivery": attempt.delivery_id,
        "webhook": attempt.webhook_id,
        "number": attempt.number,
        "attempted_at": attempt.attempted_at,
        "ended_at": attempt.ended_at,
        "trigger": attempt.trigger,
        "url": attempt.url,
        "succeeded": is_success(outcome),
        "status": _status(outcome),
        "error": explain(outcome),
        "request_headers": _json(attempt.headers),
        "response_headers": None if answer is None else _json(answer.headers),
        "response_body": None if answer is None else answer.body,
        "duration_ms": _json(durations),
    }


def _status(outcome: Outcome) -> int | None:
    return outcome.status if isinstance(outcome, Answered) else None


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
