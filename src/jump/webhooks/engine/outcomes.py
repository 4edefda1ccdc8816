"""What follows from the outcome of an attempt, and the one line that tells people what happened.

Pure: a value in, a value out. Recording it, and moving the delivery, is left to the engine.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from jump.webhooks.engine.retry_schedule import Schedule, next_wait, parse_retry_after
from jump.webhooks.phases import (
    Answered,
    Broken,
    Decision,
    Fail,
    FailAndPause,
    Interrupted,
    NotSent,
    Outcome,
    RetryAt,
    Succeed,
    Trigger,
)

INTERRUPTIONS_FORGIVEN = 2
_GONE = 410


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a delivery has failed by itself, and been interrupted in a row, so far."""

    failures: int = 0
    interruptions: int = 0


def is_success(outcome: Outcome) -> bool:
    """Tell whether the receiver took the delivery: any 2xx answer."""
    return isinstance(outcome, Answered) and 200 <= outcome.status < 300


def tally_after(outcome: Outcome, trigger: Trigger, tally: Tally) -> Tally:
    """Return the counts that stand once `outcome` is recorded.

    Only automatic attempts spend retries. Two interruptions in a row spend none; from the third
    on, each is a failed attempt.
    """
    interrupted = isinstance(outcome, Interrupted)
    interruptions = tally.interruptions + 1 if interrupted else 0
    forgiven = interrupted and interruptions <= INTERRUPTIONS_FORGIVEN
    failed = trigger == "auto" and not is_success(outcome) and not forgiven
    return Tally(tally.failures + failed, interruptions)


def decide(
    outcome: Outcome,
    trigger: Trigger,
    tally: Tally,
    now: int,
    schedule: Schedule,
    spread: float,
) -> Decision:
    """Decide what follows from `outcome`; `tally` is what stood before it, `now` microseconds.

    2xx succeeds; 410 fails and pauses the webhook, unless it was a test; anything else is tried
    again after the schedule's wait, lengthened by `spread` in [0, 1) and by `Retry-After`, until
    the schedule is spent. A resend or a test is never tried again on its own. An interrupted
    attempt (but not a test, which is sent once) is made again at once; from the third in a row on
    it counts as a failed one.
    """
    if is_success(outcome):
        return Succeed()
    after = tally_after(outcome, trigger, tally)
    match outcome:
        case Answered(status=status) if status == _GONE and trigger != "test":
            return FailAndPause("gone")
        case Interrupted() if after.interruptions <= INTERRUPTIONS_FORGIVEN and trigger != "test":
            return RetryAt(now)
    if trigger != "auto":
        return Fail()
    wait = next_wait(schedule, after.failures, spread)
    if wait is None:
        return Fail()
    return RetryAt(now + max(wait, _asked_wait(outcome, now)))


def explain(outcome: Outcome) -> str | None:
    """Return one sentence for people about what went wrong, or None for a success.

    It never holds anything of the answer's body.
    """
    match outcome:
        case Answered(status=status):
            return None if is_success(outcome) else _explain_status(status)
        case NotSent(error=error) | Broken(error=error):
            return error
        case Interrupted():
            return "The sending process ended before the answer came; it may have been received."


def _explain_status(status: int) -> str:
    if status == _GONE:
        return "The server answered 410 (gone)."
    if 300 <= status < 400:
        return f"The server answered {status}; redirects are not followed."
    return f"The server answered {status}."


def _asked_wait(outcome: Outcome, now: int) -> int:
    if not isinstance(outcome, Answered):
        return 0
    waits = (parse_retry_after(value, now) for value in _values(outcome.headers, "retry-after"))
    return max((wait for wait in waits if wait is not None), default=0)


def _values(headers: Iterable[tuple[str, str]], name: str) -> Iterable[str]:
    return (value for key, value in headers if key.lower() == name)
