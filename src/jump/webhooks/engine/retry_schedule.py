"""When a failed delivery is tried again: the schedule, its random spread and `Retry-After`.

Pure: the time and the chance are passed in. Whether to try again at all is decided in `outcomes`.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import pairwise

Schedule = tuple[int, ...]

DEFAULT_SCHEDULE: Schedule = (60, 300, 1500, 7500, 37500)
MOST_RETRIES = 5
LONGEST_WAIT = 30 * 24 * 3600
LONGEST_RETRY_AFTER = 12 * 3600
SPREAD = 0.2
_MICROSECONDS = 1_000_000


def parse_schedule(text: str) -> Schedule:
    """Read `60,300,1500`: the seconds to wait after each failed attempt.

    One to five whole numbers, none longer than 30 days, none shorter than the one before.
    Raises ValueError with a sentence for the operator.
    """
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() and len(word) <= 9 for word in words):
        raise ValueError(
            "The retry schedule must be whole numbers of seconds with commas between them, "
            "such as 60,300,1500."
        )
    waits = tuple(int(word) for word in words)
    if len(waits) > MOST_RETRIES:
        raise ValueError(f"The retry schedule may have at most {MOST_RETRIES} waits.")
    if not all(0 < wait <= LONGEST_WAIT for wait in waits):
        raise ValueError(
            f"Each wait of the retry schedule must be from 1 to {LONGEST_WAIT} seconds."
        )
    if any(later < earlier for earlier, later in pairwise(waits)):
        raise ValueError("A wait of the retry schedule must not be shorter than the one before it.")
    return waits


def next_wait(schedule: Schedule, failures: int, spread: float) -> int | None:
    """Return the wait in microseconds after the `failures`-th failed attempt, or None if it is
    the last.

    `spread` in [0, 1) lengthens the wait by 0 to 20 %.
    """
    if failures > len(schedule):
        return None
    return int(schedule[failures - 1] * _MICROSECONDS * (1 + SPREAD * spread))


def parse_retry_after(value: str, now: int) -> int | None:
    """Return the wait in microseconds that a `Retry-After` asks for, at most 12 hours.

    `value` is whole seconds or an HTTP-date (RFC 9110, 10.2.3); None if it is neither. A date in
    the past is a wait of nothing. `now` is in microseconds.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        # The length is looked at first, because int() refuses thousands of digits.
        seconds = int(text) if len(text) <= 9 else LONGEST_RETRY_AFTER
        return min(seconds, LONGEST_RETRY_AFTER) * _MICROSECONDS
    moment = _http_date(text)
    if moment is None:
        return None
    return max(0, min(moment - now, LONGEST_RETRY_AFTER * _MICROSECONDS))


def _http_date(text: str) -> int | None:
    # All three forms of an HTTP-date begin with the name of a day; e-mail dates need not.
    if not text[:3].isalpha():
        return None
    try:
        moment = parsedate_to_datetime(text)
        # The asctime form has no zone; an HTTP-date is always UTC.
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return (since.days * 86_400 + since.seconds) * _MICROSECONDS
