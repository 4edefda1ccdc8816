"""Instants as people write and read them at a command line. Pure.

What an instant means to a command, and whether it is allowed, is left to the command.
"""

import re
from typing import Final

from jump.kit.clock import DAY, HOUR, MINUTE, SECOND
from jump.kit.instants import format_second
from jump.resources.listing import instant_or_date

_UNITS: Final = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_LENGTH: Final = re.compile(r"([0-9]{1,6})([smhd])")
_WANTED: Final = (
    "Write a length of time such as 90d, 12h, 30m or 45s, a date (midnight UTC), "
    "or an instant with an offset, such as 2026-01-31T09:30:00Z."
)
_WORDS: Final = ((DAY, "day"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s"))


def to_come(text: str, now: int) -> int:
    """Microseconds of an instant; a length of time counts from now on. ValueError, for people."""
    return now + _length(text) if _LENGTH.fullmatch(text) else _instant(text)


def gone_by(text: str, now: int) -> int:
    """The same, but a length of time counts back from now."""
    return now - _length(text) if _LENGTH.fullmatch(text) else _instant(text)


def relative(at: int, now: int) -> str:
    """`3 min ago`, `in 2 days` or `now`."""
    distance = abs(now - at)
    if distance < SECOND:
        return "now"
    length, word = next((unit, word) for unit, word in _WORDS if distance >= unit)
    count = distance // length
    words = f"{count} {word}{'s' if word == 'day' and count > 1 else ''}"
    return f"{words} ago" if at < now else f"in {words}"


def exact_and_relative(at: int | None, now: int, absent: str = "-") -> str:
    """`2026-01-31T09:30:00Z (3 min ago)`; `absent` where there is no instant."""
    return absent if at is None else f"{format_second(at)} ({relative(at, now)})"


def _length(text: str) -> int:
    found = _LENGTH.fullmatch(text)
    assert found is not None
    return int(found[1]) * _UNITS[found[2]]


def _instant(text: str) -> int:
    try:
        return instant_or_date(text)
    except ValueError:
        raise ValueError(_WANTED) from None
