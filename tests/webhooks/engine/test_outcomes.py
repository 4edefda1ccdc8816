"""What follows from an outcome, as a table of numbers; and what people are told about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jump.kit.clock import SECOND
from jump.webhooks.engine.outcomes import Tally, decide, explain, tally_after
from jump.webhooks.phases import (
    Answered,
    Broken,
    Decision,
    Durations,
    Fail,
    FailAndPause,
    Interrupted,
    NotSent,
    Outcome,
    RetryAt,
    Succeed,
    Trigger,
)

NOW = 1_767_225_600 * SECOND
SCHEDULE = (10, 20, 40)
HALF_A_DAY = 12 * 3600
SECRET_BODY = "NHS number 9434765919"


def answered(status: int, *headers: tuple[str, str]) -> Answered:
    return Answered(status, headers, SECRET_BODY, False, Durations())


def asked(value: str, status: int = 503) -> Answered:
    return answered(status, ("retry-after", value))


REFUSED = NotSent("refused", "Refused: the address 10.0.0.1 is not public.", Durations())
BROKEN = Broken("No answer within 10 seconds.", Durations())
GONE = answered(410)
INTERRUPTED = Interrupted()
PAUSE = FailAndPause("gone")


def after(seconds: float) -> RetryAt:
    return RetryAt(NOW + int(seconds * SECOND))


# outcome, trigger, (failures, interruptions) before it, spread, decision
TABLE: list[tuple[Outcome, Trigger, tuple[int, int], float, Decision]] = [
    # Any 2xx succeeds, however it came about.
    (answered(200), "auto", (0, 0), 0.0, Succeed()),
    (answered(204), "auto", (3, 0), 0.0, Succeed()),
    (answered(299), "manual", (9, 0), 0.0, Succeed()),
    (answered(200), "test", (0, 0), 0.0, Succeed()),
    # Every other answer fails: the wait is the schedule's, lengthened by up to a fifth.
    (answered(500), "auto", (0, 0), 0.0, after(10)),
    (answered(500), "auto", (0, 0), 0.5, after(11)),
    (answered(404), "auto", (1, 0), 0.0, after(20)),
    (answered(302), "auto", (0, 0), 0.0, after(10)),
    (answered(304), "auto", (0, 0), 0.0, after(10)),
    (answered(100), "auto", (0, 0), 0.0, after(10)),
    (answered(300), "auto", (0, 0), 0.0, after(10)),
    (BROKEN, "auto", (2, 0), 0.0, after(40)),
    (REFUSED, "auto", (0, 0), 0.0, after(10)),
    # The schedule is spent.
    (answered(500), "auto", (3, 0), 0.0, Fail()),
    (BROKEN, "auto", (3, 0), 0.9, Fail()),
    (REFUSED, "auto", (7, 0), 0.0, Fail()),
    # Retry-After lengthens a wait, never shortens one, never adds one.
    (asked("60"), "auto", (0, 0), 0.0, after(60)),
    (asked("60", status=429), "auto", (2, 0), 0.5, after(60)),
    (asked("60", status=500), "auto", (0, 0), 0.0, after(60)),
    (asked("5"), "auto", (0, 0), 0.5, after(11)),
    (asked("0"), "auto", (0, 0), 0.0, after(10)),
    (asked("soon"), "auto", (0, 0), 0.0, after(10)),
    (asked("999999"), "auto", (0, 0), 0.0, after(HALF_A_DAY)),
    (asked("Thu, 01 Jan 2026 00:01:40 GMT"), "auto", (0, 0), 0.0, after(100)),
    (asked("60"), "auto", (3, 0), 0.0, Fail()),
    (answered(503, ("X", "1"), ("Retry-After", "30")), "auto", (0, 0), 0.0, after(30)),
    # Gone ends it and pauses the webhook, at any attempt; a test changes nothing.
    (GONE, "auto", (0, 0), 0.0, PAUSE),
    (GONE, "auto", (3, 0), 0.0, PAUSE),
    (GONE, "manual", (0, 0), 0.0, PAUSE),
    (GONE, "test", (0, 0), 0.0, Fail()),
    (answered(410, ("Retry-After", "60")), "auto", (0, 0), 0.0, PAUSE),
    # A resend and a test are not tried again.
    (answered(500), "manual", (0, 0), 0.0, Fail()),
    (asked("60"), "manual", (0, 0), 0.0, Fail()),
    (BROKEN, "test", (0, 0), 0.0, Fail()),
    # An interrupted attempt is made again at once; from the third in a row on it is a failed one.
    (INTERRUPTED, "auto", (0, 0), 0.5, after(0)),
    (INTERRUPTED, "auto", (3, 1), 0.0, after(0)),
    (INTERRUPTED, "auto", (0, 2), 0.0, after(10)),
    (INTERRUPTED, "auto", (1, 3), 0.5, after(22)),
    (INTERRUPTED, "auto", (3, 2), 0.0, Fail()),
    (INTERRUPTED, "manual", (0, 1), 0.0, after(0)),
    (INTERRUPTED, "manual", (0, 2), 0.0, Fail()),
    (INTERRUPTED, "test", (0, 0), 0.0, Fail()),
]


@pytest.mark.parametrize(("outcome", "trigger", "before", "spread", "decision"), TABLE)
def test_the_decision(
    outcome: Outcome,
    trigger: Trigger,
    before: tuple[int, int],
    spread: float,
    decision: Decision,
) -> None:
    assert decide(outcome, trigger, Tally(*before), NOW, SCHEDULE, spread) == decision


@pytest.mark.parametrize(
    ("outcome", "trigger", "before", "counted"),
    [
        (answered(200), "auto", (2, 1), (2, 0)),
        (answered(500), "auto", (2, 2), (3, 0)),
        (GONE, "auto", (0, 0), (1, 0)),
        (BROKEN, "manual", (2, 1), (2, 0)),
        (BROKEN, "test", (0, 0), (0, 0)),
        (INTERRUPTED, "auto", (1, 0), (1, 1)),
        (INTERRUPTED, "auto", (1, 1), (1, 2)),
        (INTERRUPTED, "auto", (1, 2), (2, 3)),
        (INTERRUPTED, "auto", (2, 3), (3, 4)),
        (INTERRUPTED, "manual", (0, 2), (0, 3)),
    ],
)
def test_what_an_outcome_adds_to_the_counts(
    outcome: Outcome, trigger: Trigger, before: tuple[int, int], counted: tuple[int, int]
) -> None:
    assert tally_after(outcome, trigger, Tally(*before)) == Tally(*counted)


@given(st.lists(st.sampled_from([answered(500), BROKEN, REFUSED, INTERRUPTED, INTERRUPTED])))
def test_however_it_fails_a_delivery_ends_with_the_schedule(outcomes: list[Outcome]) -> None:
    tally, waits = Tally(), 0
    for outcome in [*outcomes, *[BROKEN] * (len(SCHEDULE) + 1)]:
        decision = decide(outcome, "auto", tally, NOW, SCHEDULE, 0.0)
        tally = tally_after(outcome, "auto", tally)
        if decision == Fail():
            break
        assert isinstance(decision, RetryAt)
        waits += decision.at > NOW
    assert waits == len(SCHEDULE)
    assert tally.failures == len(SCHEDULE) + 1


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (answered(200), None),
        (answered(500), "The server answered 500."),
        (answered(301), "The server answered 301; redirects are not followed."),
        (GONE, "The server answered 410 (gone)."),
        (REFUSED, "Refused: the address 10.0.0.1 is not public."),
        (BROKEN, "No answer within 10 seconds."),
        (
            INTERRUPTED,
            "The sending process ended before the answer came; it may have been received.",
        ),
    ],
)
def test_people_are_told_in_one_sentence(outcome: Outcome, words: str | None) -> None:
    assert explain(outcome) == words


@given(st.integers(100, 599))
def test_no_sentence_repeats_the_body(status: int) -> None:
    assert SECRET_BODY not in (explain(answered(status)) or "")
