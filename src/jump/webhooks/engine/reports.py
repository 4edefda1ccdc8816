"""Tells operators what the engine did: counters and log lines, with webhook ids only."""

from collections import Counter

from jump import telemetry
from jump.kit.clock import SECOND
from jump.webhooks.engine.outcomes import is_success
from jump.webhooks.engine.step import Done
from jump.webhooks.phases import Answered, Broken, Interrupted, NotSent, Outcome


def report(done: Done, in_air: int, now: int) -> None:
    """One step, after its commit; `now` is in microseconds."""
    telemetry.IN_AIR.set(in_air)
    telemetry.EVENTS.inc(done.events)
    attempts = Counter(_outcome(verdict.ended.outcome) for verdict in done.verdicts)
    attempts["dropped"] = len(done.dropped)
    states = Counter(verdict.state for verdict in done.verdicts)
    del states["pending"]
    for metric, counted in ((telemetry.ATTEMPTS, attempts), (telemetry.DELIVERIES, states)):
        for label, count in counted.items():
            metric.labels(label).inc(count)
    for happened_at in done.started.first_attempts:
        telemetry.ATTEMPT_LAG.observe(max(0, now - happened_at) / SECOND)
    for webhook_id, interrupted in done.taken_over.items():
        telemetry.lane_taken_over(webhook_id, interrupted)
    for webhook_id, reason in done.paused.items():
        telemetry.webhook_paused(webhook_id, reason)


def _outcome(outcome: Outcome) -> str:
    match outcome:
        case Answered():
            return "succeeded" if is_success(outcome) else "refused"
        case NotSent():
            return "not_sent"
        case Broken():
            return "broken"
        case Interrupted():
            return "interrupted"
