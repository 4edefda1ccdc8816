"""Dates of what has happened: not in the future anywhere, and of nobody's lifetime that is over.

Pure; what dates must agree with each other is left to each record.
"""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from jump.errors import FieldError
from jump.kit.clock import DAY

EARLIEST: Final = datetime.date(1870, 1, 1)


def latest_today(at: int) -> datetime.date:
    """The date it may already be somewhere: nobody's today is refused as the future."""
    there = datetime.datetime.fromtimestamp((at + DAY // 2) / 1_000_000, datetime.UTC)
    return there.date()


def check_past(sent: Mapping[str, Any], fields: Iterable[str], at: int) -> Iterator[FieldError]:
    """The fields among these whose date, if one was sent, cannot be of anything that happened."""
    for name in fields:
        day = sent.get(name)
        if day is not None and not EARLIEST <= day <= latest_today(at):
            yield FieldError(name, "Use a date from 1870 until today.")


def as_date(value: Any) -> datetime.date | None:
    """A date as it was sent or as it is kept."""
    return datetime.date.fromisoformat(value) if isinstance(value, str) else value
