"""Local dates and times of a zone as instants, and back, through every clock change.

Pure: a zone comes in as a value. What people type is `exactly`; a rota's times are never refused.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from jump.kit.clock import SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Skipped(ValueError):
    """The clocks go forward over this local time: it does not occur."""


class Doubled(ValueError):
    """The clocks go back over this local time: it occurs twice."""


def on_the_clock(zone: ZoneInfo, day: date, minutes: int = 0) -> datetime:
    """What clocks in the zone show so many minutes past midnight; 1,440 is the next day's."""
    return datetime.combine(day, time.min, zone) + timedelta(minutes=minutes)


def exactly(local: datetime) -> int:
    """The one instant of a local time. Raises Skipped or Doubled when there is not just one."""
    first, second = _readings(local)
    if first > second:
        raise Skipped("The clocks go forward over this time: it does not occur on that day.")
    if first < second:
        raise Doubled("The clocks go back over this time: it occurs twice on that day.")
    return first


def beginning(local: datetime) -> int:
    """When something begins that is said to begin then: the first time, or after the gap."""
    first, second = _readings(local)
    return first if first <= second else _after_gap(local, second, first)


def ending(local: datetime) -> int:
    """When something ends that is said to end then: the last time, or after the gap."""
    first, second = _readings(local)
    return second if first <= second else _after_gap(local, second, first)


def local_date(zone: ZoneInfo, at: int) -> date:
    """The date in the zone at an instant."""
    return _shown(zone, at).date()


def _readings(local: datetime) -> tuple[int, int]:
    """The instants of both readings of a local time: the same but at a clock change.

    At one that goes back, the first is the earlier; at one that goes forward, the later.
    """
    return _instant(local.replace(fold=0)), _instant(local.replace(fold=1))


def _after_gap(local: datetime, low: int, high: int) -> int:
    """The first instant at which the clocks have passed a time that they skip."""
    assert isinstance(local.tzinfo, ZoneInfo)
    wanted = local.replace(tzinfo=None)
    # Clocks change on whole seconds, and show less than `wanted` at `low`.
    while high - low > SECOND:
        middle = (low + high) // (2 * SECOND) * SECOND
        if _shown(local.tzinfo, middle).replace(tzinfo=None) < wanted:
            low = middle
        else:
            high = middle
    return high


def _instant(local: datetime) -> int:
    return (local.astimezone(UTC) - _EPOCH) // _MICROSECOND


def _shown(zone: ZoneInfo, at: int) -> datetime:
    return (_EPOCH + at * _MICROSECOND).astimezone(zone)
