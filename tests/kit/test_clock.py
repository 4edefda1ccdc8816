"""The lengths of time agree with each other, and the system's clock counts in their unit."""

import time

from jump.kit import clock


def test_a_day_is_made_of_its_parts() -> None:
    assert clock.DAY == 24 * clock.HOUR == 1_440 * clock.MINUTE == 86_400 * clock.SECOND
    assert clock.SECOND == 1_000 * clock.MILLISECOND == 1_000_000


def test_the_system_clock_counts_microseconds_since_1970() -> None:
    assert abs(clock.system_clock() - time.time() * 1_000_000) < clock.MINUTE
