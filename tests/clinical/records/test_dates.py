"""Dates of what has happened, to the day: the first that is taken, and the last."""

import datetime

import pytest

from jump.clinical.records.dates import EARLIEST, check_past, latest_today

NOON = datetime.datetime(2026, 1, 5, 12, tzinfo=datetime.UTC)
FIFTH, SIXTH, SEVENTH = (datetime.date(2026, 1, day) for day in (5, 6, 7))


def microseconds(at: datetime.datetime) -> int:
    return int(at.timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("later", "latest"), [(-1, FIFTH), (0, SIXTH), (86_399, SIXTH), (86_400, SEVENTH)]
)
def test_a_day_is_no_future_from_when_it_begins_twelve_hours_east_and_not_before(
    later: int, latest: datetime.date
) -> None:
    at = microseconds(NOON + datetime.timedelta(seconds=later))
    assert latest_today(at) == latest
    after = latest + datetime.timedelta(days=1)
    sent = {"begun": latest, "ended": after, "unsent": None}
    wrong = check_past(sent, ("begun", "ended", "unsent", "unknown"), at)
    assert [error.field for error in wrong] == ["ended"]


def test_the_first_day_that_is_taken_is_that_of_the_year_1870() -> None:
    sent = {"taken": EARLIEST, "refused": EARLIEST - datetime.timedelta(days=1)}
    wrong = check_past(sent, tuple(sent), microseconds(NOON))
    assert str(EARLIEST) == "1870-01-01"
    assert [error.field for error in wrong] == ["refused"]
