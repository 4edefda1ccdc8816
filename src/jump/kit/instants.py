"""Instants, dates and times as text: RFC 3339 in, UTC with `Z` out.

Errors are sentences for people and never repeat what was sent. Time zones are left to scheduling.
"""

import re
from datetime import date, time
from functools import lru_cache
from typing import Final

from jump.kit.clock import DAY, HOUR, MINUTE, SECOND

_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_FIRST: Final = (1 - _EPOCH_DAY) * DAY
_LAST: Final = (date.max.toordinal() - _EPOCH_DAY + 1) * DAY - 1

_INSTANT: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
_WITHOUT_OFFSET: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}[0-9:.]*")
_PLUS_LOST: Final = re.compile(r"[0-9T:.-]+ [0-9]{2}:[0-9]{2}")
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME: Final = re.compile(r"([0-9]{2}):([0-9]{2})")

_INSTANT_WANTED: Final = "Write a date and time with an offset, such as 2026-01-31T09:30:00Z."
_DATE_WANTED: Final = "Write a date as YYYY-MM-DD, such as 2026-01-31."
_TIME_WANTED: Final = "Write a time of day as HH:MM, such as 09:30."


def parse_instant(text: str) -> int:
    """Microseconds since the epoch of an RFC 3339 date-time; further fractional digits are cut.

    ValueError, with a sentence for people, for anything else: no offset, a leap second, a day
    that does not exist, an instant outside the years 1 to 9999 of UTC.
    """
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise ValueError(_reason(text))
    year, month, day, hour, minute, second, fraction, sign, off_hours, off_minutes = found.groups()
    at = _day_number(year, month, day, _INSTANT_WANTED) * DAY
    at += _time_of_day(int(hour), int(minute), int(second))
    if fraction:
        at += int(fraction[:6].ljust(6, "0"))
    if sign:
        at -= _offset(sign, int(off_hours), int(off_minutes))
    if not _FIRST <= at <= _LAST:
        raise ValueError("An instant must lie in the years 1 to 9999 of UTC.")
    return at


def format_instant(at: int) -> str:
    """`2026-01-31T09:30:00.000000Z`, always with six decimals. ValueError outside years 1-9999."""
    day, rest = divmod(at, DAY)
    minutes, rest = divmod(rest, MINUTE)
    seconds, microseconds = divmod(rest, SECOND)
    return f"{_day_text(day)}{_CLOCK[minutes]}:{seconds:02}.{microseconds:06}Z"


def format_second(at: int) -> str:
    """`2026-01-31T09:30:00Z`, cut to the whole second. ValueError outside the years 1 to 9999."""
    day, rest = divmod(at, DAY)
    minutes, rest = divmod(rest, MINUTE)
    return f"{_day_text(day)}{_CLOCK[minutes]}:{rest // SECOND:02}Z"


def parse_date(text: str) -> date:
    """The date of a `YYYY-MM-DD`; ValueError, with a sentence for people, for anything else."""
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(_DATE_WANTED)
    return date.fromordinal(_day_number(found[1], found[2], found[3], _DATE_WANTED) + _EPOCH_DAY)


def format_date(day: date) -> str:
    """`YYYY-MM-DD`."""
    return day.isoformat()


def parse_time(text: str) -> time:
    """The time of day of an `HH:MM`; ValueError, with a sentence for people, for anything else."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(_TIME_WANTED)
    hour, minute = int(found[1]), int(found[2])
    if hour > 23 or minute > 59:
        raise ValueError(f"There is no such time of day. {_TIME_WANTED}")
    return time(hour, minute)


def _reason(text: str) -> str:
    if _PLUS_LOST.fullmatch(text):
        return f"{_INSTANT_WANTED} In an address, a + is written %2B."
    if _WITHOUT_OFFSET.fullmatch(text):
        return f"The offset is missing. {_INSTANT_WANTED}"
    return _INSTANT_WANTED


def _day_number(year: str, month: str, day: str, wanted: str) -> int:
    try:
        return date(int(year), int(month), int(day)).toordinal() - _EPOCH_DAY
    except ValueError:
        # The standard library's own sentence repeats what was sent.
        raise ValueError(f"There is no such day. {wanted}") from None


def _time_of_day(hour: int, minute: int, second: int) -> int:
    if second == 60 and minute <= 59:
        raise ValueError("Leap seconds are not accepted. Write the second as 59.")
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"There is no such time of day. {_INSTANT_WANTED}")
    return hour * HOUR + minute * MINUTE + second * SECOND


def _offset(sign: str, hours: int, minutes: int) -> int:
    if hours > 23 or minutes > 59:
        raise ValueError("There is no such offset. Write one such as +01:00, or Z.")
    length = hours * HOUR + minutes * MINUTE
    return length if sign == "+" else -length


# A page of records repeats the same few days and minutes, so that their text is made once.
@lru_cache(maxsize=4096)
def _day_text(day: int) -> str:
    try:
        return f"{date.fromordinal(day + _EPOCH_DAY).isoformat()}T"
    except (ValueError, OverflowError):
        raise ValueError("An instant must lie in the years 1 to 9999.") from None


_CLOCK: Final = tuple(f"{hour:02}:{minute:02}" for hour in range(24) for minute in range(60))
