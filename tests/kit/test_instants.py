"""RFC 3339 is read strictly, refused in words that repeat nothing, and written in UTC."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jump.kit import instants
from jump.kit.clock import DAY, HOUR, MINUTE, SECOND

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
JANUARY = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z


def as_datetime(at: int) -> datetime:
    return EPOCH + timedelta(microseconds=at)


moments = st.integers(-62_135_596_800 * SECOND, 253_402_300_800 * SECOND - 1)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-01-01T00:00:00Z", JANUARY),
        ("2026-01-01t00:00:00z", JANUARY),
        ("2026-01-01T01:00:00+01:00", JANUARY),
        ("2025-12-31T18:30:00-05:30", JANUARY),
        ("2026-01-01T00:00:00-00:00", JANUARY),
        ("2026-01-01T00:00:00.5Z", JANUARY + SECOND // 2),
        ("2026-01-01T00:00:00.000001Z", JANUARY + 1),
        ("2026-01-01T00:00:00.123456999Z", JANUARY + 123_456),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("0001-01-01T00:00:00Z", -62_135_596_800 * SECOND),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_800 * SECOND - 1),
        ("2024-02-29T12:00:00Z", 1_709_208_000 * SECOND),
    ],
)
def test_an_instant_is_read(text: str, at: int) -> None:
    assert instants.parse_instant(text) == at


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Write a date and time"),
        ("tomorrow", "Write a date and time"),
        ("2026-01-01", "Write a date and time"),
        ("2026-01-01 00:00:00Z", "Write a date and time"),
        ("2026-01-01T00:00Z", "Write a date and time"),
        ("2026-01-01T00:00:00.Z", "Write a date and time"),
        ("2026-01-01T00:00:00,5Z", "Write a date and time"),
        ("2026-01-01T00:00:00Z\n", "Write a date and time"),
        ("2026-1-1T00:00:00Z", "Write a date and time"),
        ("\u0662026-01-01T00:00:00Z", "Write a date and time"),
        ("2026-01-01T00:00:00+0100", "Write a date and time"),
        ("10000-01-01T00:00:00Z", "Write a date and time"),
        ("2026-01-01T00:00:00", "offset is missing"),
        ("2026-01-01T00:00", "offset is missing"),
        ("2026-01-01T00:00:00 01:00", "%2B"),
        ("2026-02-29T00:00:00Z", "no such day"),
        ("2026-13-01T00:00:00Z", "no such day"),
        ("0000-01-01T00:00:00Z", "no such day"),
        ("2026-01-01T24:00:00Z", "no such time"),
        ("2026-01-01T23:60:00Z", "no such time"),
        ("2026-01-01T23:59:61Z", "no such time"),
        ("2016-12-31T23:59:60Z", "Leap seconds"),
        ("2026-01-01T00:00:00+24:00", "no such offset"),
        ("2026-01-01T00:00:00+01:60", "no such offset"),
        ("0001-01-01T00:00:00+00:01", "years 1 to 9999"),
        ("9999-12-31T23:59:59-00:01", "years 1 to 9999"),
    ],
)
def test_anything_else_is_refused_with_a_reason_that_repeats_nothing(
    text: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        instants.parse_instant(text)
    assert not text or text not in str(refused.value)


@given(moments)
def test_what_is_written_reads_back(at: int) -> None:
    text = instants.format_instant(at)
    assert instants.parse_instant(text) == at
    assert datetime.fromisoformat(text) == as_datetime(at)


@given(moments, st.integers(-1439, 1439))
def test_an_offset_is_taken_off(at: int, minutes: int) -> None:
    at = max(-62_135_596_800 * SECOND + DAY, min(at, 253_402_300_800 * SECOND - DAY - 1))
    local = instants.format_instant(at + minutes * MINUTE).removesuffix("Z")
    hours, rest = divmod(abs(minutes), 60)
    offset = f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
    assert instants.parse_instant(local + offset) == at


def test_an_instant_is_written_with_six_decimals_or_in_whole_seconds() -> None:
    at = JANUARY + 9 * HOUR + 5 * MINUTE + 7 * SECOND + 42
    assert instants.format_instant(at) == "2026-01-01T09:05:07.000042Z"
    assert instants.format_second(at) == "2026-01-01T09:05:07Z"
    assert instants.format_instant(JANUARY) == "2026-01-01T00:00:00.000000Z"
    assert instants.format_second(-1) == "1969-12-31T23:59:59Z"


@pytest.mark.parametrize("at", [-62_135_596_800 * SECOND - 1, 253_402_300_800 * SECOND, 10**30])
def test_an_instant_outside_the_years_cannot_be_written(at: int) -> None:
    with pytest.raises(ValueError, match="years 1 to 9999"):
        instants.format_instant(at)


def test_a_date_reads_and_writes_back() -> None:
    assert instants.parse_date("2024-02-29") == date(2024, 2, 29)
    assert instants.format_date(date(987, 1, 2)) == "0987-01-02"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "YYYY-MM-DD"),
        ("20260101", "YYYY-MM-DD"),
        ("2026-W01-1", "YYYY-MM-DD"),
        ("01/02/2026", "YYYY-MM-DD"),
        ("2026-01-01T00:00:00Z", "YYYY-MM-DD"),
        ("2026-01-01\n", "YYYY-MM-DD"),
        ("2025-02-29", "no such day"),
        ("0000-01-01", "no such day"),
    ],
)
def test_another_date_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        instants.parse_date(text)
    assert not text or text not in str(refused.value)


def test_a_time_of_day_is_read() -> None:
    assert instants.parse_time("09:05") == time(9, 5)
    assert instants.parse_time("23:59") == time(23, 59)


@pytest.mark.parametrize("text", ["", "9:05", "09:05:00", "24:00", "12:60", "0905", "09:05\n"])
def test_another_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="HH:MM") as refused:
        instants.parse_time(text)
    assert not text or text not in str(refused.value)
