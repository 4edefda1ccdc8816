"""What a clock is here, the system's clock, and the lengths of time in its unit.

Whoever needs the time takes a `Clock` as an argument; only the composition root names the real one.
"""

import time
from collections.abc import Callable
from typing import Final, TypeAlias

Clock: TypeAlias = Callable[[], int]
"""Answers microseconds since 1970-01-01T00:00:00Z."""

MILLISECOND: Final = 1_000
SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


def system_clock() -> int:
    """The machine's time, in microseconds since the epoch (UTC). It may step back."""
    return time.time_ns() // 1_000
