"""Local times as instants, around each clock change of places that change theirs differently."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jump.clinical.scheduling.zones import (
    Doubled,
    Skipped,
    beginning,
    ending,
    exactly,
    local_date,
    on_the_clock,
)
from jump.kit.instants import format_second, parse_instant

LONDON, NEW_YORK, LORD_HOWE, HAVANA = map(
    ZoneInfo, ("Europe/London", "America/New_York", "Australia/Lord_Howe", "America/Havana")
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = (LONDON, NEW_YORK, LORD_HOWE, HAVANA)


def at(zone: ZoneInfo, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        (LONDON, "2026-01-15T09:00", "2026-01-15T09:00:00Z"),
        (LONDON, "2026-07-15T09:00", "2026-07-15T08:00:00Z"),
        (NEW_YORK, "2026-07-15T09:00", "2026-07-15T13:00:00Z"),
        (LORD_HOWE, "2026-01-15T09:00", "2026-01-14T22:00:00Z"),
        (LORD_HOWE, "2026-07-15T09:00", "2026-07-14T22:30:00Z"),
    ],
)
def test_a_time_that_occurs_once_is_one_instant_however_it_is_asked(zone, local, instant):
    asked = at(zone, local)
    assert format_second(exactly(asked)) == instant
    assert beginning(asked) == ending(asked) == exactly(asked)


@pytest.mark.parametrize(
    ("zone", "local", "after"),
    [
        (LONDON, "2026-03-29T01:00", "2026-03-29T01:00:00Z"),
        (LONDON, "2026-03-29T01:30", "2026-03-29T01:00:00Z"),
        (NEW_YORK, "2026-03-08T02:59", "2026-03-08T07:00:00Z"),
        (LORD_HOWE, "2026-10-04T02:10", "2026-10-03T15:30:00Z"),
        (HAVANA, "2026-03-08T00:30", "2026-03-08T05:00:00Z"),
    ],
)
def test_a_skipped_time_moves_to_the_first_moment_after_the_gap(zone, local, after):
    asked = at(zone, local)
    assert format_second(beginning(asked)) == format_second(ending(asked)) == after
    with pytest.raises(Skipped, match="go forward"):
        exactly(asked)


@pytest.mark.parametrize(
    ("zone", "local", "first", "last"),
    [
        (LONDON, "2026-10-25T01:00", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"),
        (LONDON, "2026-10-25T01:59", "2026-10-25T00:59:00Z", "2026-10-25T01:59:00Z"),
        (NEW_YORK, "2026-11-01T01:30", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"),
        (LORD_HOWE, "2026-04-05T01:45", "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z"),
        (HAVANA, "2026-11-01T00:00", "2026-11-01T04:00:00Z", "2026-11-01T05:00:00Z"),
    ],
)
def test_what_occurs_twice_begins_the_first_time_and_ends_the_last(zone, local, first, last):
    asked = at(zone, local)
    assert format_second(beginning(asked)) == first
    assert format_second(ending(asked)) == last
    with pytest.raises(Doubled, match="go back"):
        exactly(asked)


def test_the_minutes_around_a_change_are_themselves():
    assert format_second(exactly(at(LONDON, "2026-03-29T00:59"))) == "2026-03-29T00:59:00Z"
    assert format_second(exactly(at(LONDON, "2026-03-29T02:00"))) == "2026-03-29T01:00:00Z"
    assert format_second(exactly(at(LONDON, "2026-10-25T00:59"))) == "2026-10-24T23:59:00Z"
    assert format_second(exactly(at(LONDON, "2026-10-25T02:00"))) == "2026-10-25T02:00:00Z"


def test_minutes_past_midnight_are_what_clocks_show_and_1440_is_the_next_day():
    assert on_the_clock(LONDON, date(2026, 3, 29), 180) == at(LONDON, "2026-03-29T03:00")
    assert on_the_clock(LONDON, date(2026, 3, 29), 1440) == at(LONDON, "2026-03-30T00:00")


def test_the_local_date_is_the_zones():
    late = parse_instant("2026-07-15T23:30:00Z")
    assert local_date(LONDON, late) == date(2026, 7, 16)
    assert local_date(NEW_YORK, late) == date(2026, 7, 15)


@given(
    zone=st.sampled_from(ZONES),
    minute=st.integers(0, 366 * 1440).map(lambda m: datetime(2026, 1, 1) + timedelta(minutes=m)),  # noqa: DTZ001
)
def test_the_readings_of_every_minute_of_a_year_are_those_a_search_over_instants_finds(
    zone: ZoneInfo, minute: datetime
):
    """Whoever watches the zone's clock all day sees the time so often, and at these instants."""
    around = minute.replace(tzinfo=UTC) - timedelta(hours=16)
    watched = [around + timedelta(minutes=each) for each in range(32 * 60)]
    clock = [(each, each.astimezone(zone).replace(tzinfo=None)) for each in watched]
    seen = [(each - EPOCH) // timedelta(microseconds=1) for each, shown in clock if shown == minute]
    local = minute.replace(tzinfo=zone)
    if len(seen) == 1:
        assert [exactly(local), beginning(local), ending(local)] == seen * 3
    elif seen:
        assert [beginning(local), ending(local)] == seen
        with pytest.raises(Doubled):
            exactly(local)
    else:
        after = next(each for each, shown in clock if shown > minute)
        assert beginning(local) == ending(local) == (after - EPOCH) // timedelta(microseconds=1)
        with pytest.raises(Skipped):
            exactly(local)
