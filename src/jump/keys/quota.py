"""The rate limit: how many requests a key may make in any 60 minutes, and when the next one may.

Pure. Requests are counted by the minute; a window is the minute that runs and the 60 before it, so
that what was spent returns 60 to 61 minutes later, never early. admit counts, by the same rule.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from jump.kit.clock import MINUTE, SECOND

_BACK: Final = 61  # minutes from one that runs to the last one that its window leaves out
_DIGITS: Final = 12


class Quota(msgspec.Struct, frozen=True):
    """What a key may still do. Instants are microseconds of the database's clock; `at` is now.

    `reset_at` is when one more request is next possible: now, unless nothing remains.
    """

    limit: int
    used: int
    remaining: int
    reset_at: int
    at: int

    @property
    def retry_after(self) -> int:
        """Whole seconds until one more request is possible, 0 if it is now."""
        return -(-(self.reset_at - self.at) // SECOND)


class Counter(msgspec.Struct, frozen=True):
    """A row of `key_quota`: all requests ever, until the end of `minute`, and how that grew.

    `history` has the totals at the ends of the 61 minutes before `minute`, newest first, in
    12 digits each.
    """

    minute: int
    total: int
    history: str

    def total_at_end_of(self, minute: int) -> int:
        """All requests until a minute, no older than the window of `self.minute` goes back."""
        if minute >= self.minute:
            return self.total
        start = _DIGITS * (self.minute - 1 - minute)
        return int(self.history[start : start + _DIGITS])


UNUSED: Final = Counter(0, 0, "")


def counter(row: Mapping[str, Any]) -> Counter:
    """The counter of a row with minute, total and history; null where no request was counted."""
    if row["minute"] is None:
        return UNUSED
    return Counter(row["minute"], row["total"], row["history"])


def quota(spent: Counter, limit: int, at: int) -> Quota:
    """What remains of a limit at an instant."""
    # The counter never goes back: a clock that did must not give anything back early.
    minute = max(spent.minute, at // MINUTE)
    used = spent.total - spent.total_at_end_of(minute - _BACK)
    remaining = max(0, limit - used)
    reset_at = at if remaining else _next_possible(spent, limit, minute)
    return Quota(limit, used, remaining, reset_at, at)


def _next_possible(spent: Counter, limit: int, minute: int) -> int:
    """The start of the first minute whose window holds less than the limit.

    With a limit that was lowered, more than the oldest minute may have to leave.
    """
    coming = range(minute + 1, minute + _BACK + 1)
    return MINUTE * next(
        m for m in coming if spent.total - spent.total_at_end_of(m - _BACK) < limit
    )
