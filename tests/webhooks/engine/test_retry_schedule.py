"""The schedule is read strictly, spread by chance, and only ever lengthened by `Retry-After`."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jump.kit.clock import SECOND
from jump.webhooks.engine.retry_schedule import (
    DEFAULT_SCHEDULE,
    next_wait,
    parse_retry_after,
    parse_schedule,
)

NOON = int(datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()) * SECOND
HALF_A_DAY = 12 * 3600 * SECOND


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("60,300,1500,7500,37500", DEFAULT_SCHEDULE),
        ("1", (1,)),
        (" 5, 5 ,10 ", (5, 5, 10)),
    ],
)
def test_a_schedule_is_read(text: str, schedule: tuple[int, ...]) -> None:
    assert parse_schedule(text) == schedule


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "whole numbers of seconds"),
        ("60,", "whole numbers of seconds"),
        ("60;300", "whole numbers of seconds"),
        ("1.5", "whole numbers of seconds"),
        ("-1", "whole numbers of seconds"),
        ("1_000", "whole numbers of seconds"),
        ("٣", "whole numbers of seconds"),
        ("9" * 5000, "whole numbers of seconds"),
        ("1,2,3,4,5,6", "at most 5 waits"),
        ("0,1", "from 1 to 2592000 seconds"),
        ("60,2592001", "from 1 to 2592000 seconds"),
        ("60,59", "must not be shorter than the one before"),
    ],
)
def test_a_wrong_schedule_is_refused_in_words(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        parse_schedule(text)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("failures", "spread", "seconds"),
    [
        (1, 0.0, 60),
        (1, 0.5, 66),
        (2, 0.0, 300),
        (3, 0.25, 1575),
        (5, 0.0, 37500),
        (6, 0.0, None),
        (7, 0.9, None),
    ],
)
def test_the_wait_after_each_failure(failures: int, spread: float, seconds: int | None) -> None:
    expected = None if seconds is None else seconds * SECOND
    assert next_wait(DEFAULT_SCHEDULE, failures, spread) == expected


@given(
    failures=st.integers(1, 5),
    spread=st.floats(0, 1, exclude_max=True),
)
def test_the_spread_is_at_most_a_fifth(failures: int, spread: float) -> None:
    wait = next_wait(DEFAULT_SCHEDULE, failures, spread)
    shortest = DEFAULT_SCHEDULE[failures - 1] * SECOND
    assert wait is not None
    assert shortest <= wait <= shortest * 1.2


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("0", 0),
        ("120", 120 * SECOND),
        (" 120 ", 120 * SECOND),
        ("43200", HALF_A_DAY),
        ("43201", HALF_A_DAY),
        ("9" * 5000, HALF_A_DAY),
        # The three forms of an HTTP-date, RFC 9110, 5.6.7.
        ("Thu, 01 Jan 2026 12:30:00 GMT", 1800 * SECOND),
        ("Thursday, 01-Jan-26 12:30:00 GMT", 1800 * SECOND),
        ("Thu Jan  1 12:30:00 2026", 1800 * SECOND),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0),
        ("Fri, 01 Jan 2038 00:00:00 GMT", HALF_A_DAY),
    ],
)
def test_retry_after_asks_for_seconds_or_until_a_date(value: str, wait: int) -> None:
    assert parse_retry_after(value, NOON) == wait


@pytest.mark.parametrize(
    "value",
    ["", "soon", "-5", "1.5", "1e3", "٣", "Thu, 99 Jan 2026 12:30:00 GMT", "2026-01-01T12:30:00Z"],
)
def test_any_other_retry_after_asks_for_nothing(value: str) -> None:
    assert parse_retry_after(value, NOON) is None


@given(st.text(max_size=60))
def test_no_retry_after_is_too_strange(value: str) -> None:
    wait = parse_retry_after(value, NOON)
    assert wait is None or 0 <= wait <= HALF_A_DAY


@given(st.integers(0, HALF_A_DAY // SECOND))
def test_a_date_means_the_seconds_until_then(seconds: int) -> None:
    moment = datetime.fromtimestamp(NOON // SECOND + seconds, UTC)
    assert parse_retry_after(format_datetime(moment, usegmt=True), NOON) == seconds * SECOND
