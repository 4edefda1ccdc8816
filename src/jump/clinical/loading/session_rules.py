"""Which sessions of a clinician can be: whole ones, of days that exist, and none at two places at
once. Pure.

Sessions at one location may touch or overlap: they are one.
"""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from zoneinfo import ZoneInfo

from jump.clinical.loading.practice_file import WEEKDAYS, Session
from jump.clinical.scheduling import zones
from jump.errors import FieldError

FIRST_YEAR, LAST_YEAR = 1970, 2199
MOST_SESSIONS = 250  # of one clinician
ALWAYS = datetime.date(FIRST_YEAR, 1, 1)

# In two years every pair of offsets that two zones have beside each other has come up.
_LOOKED_AT = datetime.timedelta(days=2 * 366)
_DAY = datetime.timedelta(days=1)
_WEEK = 7
_DAYS_APART = 2  # the dates of two places may differ by so many: they are up to 26 hours apart


def year_problem(day: datetime.date) -> str | None:
    """What is wrong with a day that no calendar of ours can mean, if anything."""
    if FIRST_YEAR <= day.year <= LAST_YEAR:
        return None
    return f"Use a year from {FIRST_YEAR} to {LAST_YEAR}."


def broken(
    path: str, sessions: Sequence[Session | None], zone_of: Mapping[str, str], today: datetime.date
) -> Iterator[FieldError]:
    """Every rule that a clinician's sessions break; `zone_of` are the known locations'."""
    if len(sessions) > MOST_SESSIONS:
        yield FieldError(path, f"Give at most {MOST_SESSIONS} sessions.")
        return
    whole: list[tuple[int, _Repeated]] = []
    for number, session in enumerate(sessions):
        if session is None:
            continue
        wrong = list(_of_one(f"{path}[{number}]", session))
        yield from wrong
        zone = zone_of.get(session.location)
        if not wrong and zone is not None:
            whole.append((number, _repeated(session, zone)))
    for (first, one), (second, other) in combinations(whole, 2):
        if one.location != other.location and _meet(one, other, today):
            yield FieldError(
                f"{path}[{second}]",
                f"This overlaps {path}[{first}], which is at another location.",
            )


def _of_one(path: str, session: Session) -> Iterator[FieldError]:
    if session.ends_at <= session.starts_at:
        yield FieldError(f"{path}.ends_at", "This must be later than starts_at, on the same day.")
    if (session.weekday is None) == (session.date is None):
        yield FieldError(path, "Give either weekday or date.")
    if session.date is not None:
        for name in ("starts_on", "ends_on"):
            if getattr(session, name) is not None:
                yield FieldError(f"{path}.{name}", "This belongs to weekday, not to date.")
    for name in ("date", "starts_on", "ends_on"):
        day = getattr(session, name)
        wrong = None if day is None else year_problem(day)
        if wrong is not None:
            yield FieldError(f"{path}.{name}", wrong)
    if session.ends_on is not None and session.ends_on < (session.starts_on or ALWAYS):
        yield FieldError(f"{path}.ends_on", "This must not be earlier than starts_on.")


@dataclass(frozen=True, slots=True)
class _Repeated:
    """A session on `weekday` from the day `first` to the day `last`, None for without end."""

    location: str
    zone: str
    weekday: int
    first: datetime.date
    last: datetime.date | None
    starts_at: str
    ends_at: str


def _repeated(session: Session, zone: str) -> _Repeated:
    times = (session.starts_at, session.ends_at)
    if session.date is not None:
        weekday = session.date.isoweekday()
        return _Repeated(session.location, zone, weekday, session.date, session.date, *times)
    assert session.weekday is not None
    weekday, first = WEEKDAYS[session.weekday], session.starts_on or ALWAYS
    return _Repeated(session.location, zone, weekday, first, session.ends_on, *times)


def _meet(one: _Repeated, other: _Repeated, today: datetime.date) -> bool:
    """Whether there is an instant in both."""
    if one.zone == other.zone:
        return _meet_by_one_clock(one, other)
    return _meet_by_two_clocks(one, other, today)


def _meet_by_one_clock(one: _Repeated, other: _Repeated) -> bool:
    if one.weekday != other.weekday:
        return False
    first = _first_day(one.weekday, max(one.first, other.first))
    last = min(one.last or datetime.date.max, other.last or datetime.date.max)
    return first <= last and one.starts_at < other.ends_at and other.starts_at < one.ends_at


def _meet_by_two_clocks(one: _Repeated, other: _Repeated, today: datetime.date) -> bool:
    """Looked for on the days of two years from today, or from the first day that both have."""
    apart = (one.weekday - other.weekday) % _WEEK
    if min(apart, _WEEK - apart) > _DAYS_APART:
        return False
    start = max(one.first, other.first - _DAYS_APART * _DAY, today)
    day = _first_day(one.weekday, start)
    end = min(one.last or datetime.date.max, start + _LOOKED_AT)
    while day <= end:
        mine = _instants(one, day)
        for near in (day + number * _DAY for number in range(-_DAYS_APART, _DAYS_APART + 1)):
            if _takes_place(other, near):
                starts, ends = _instants(other, near)
                if starts < mine[1] and mine[0] < ends:
                    return True
        day += _WEEK * _DAY
    return False


def _first_day(weekday: int, start: datetime.date) -> datetime.date:
    return start + datetime.timedelta(days=(weekday - start.isoweekday()) % _WEEK)


def _takes_place(session: _Repeated, day: datetime.date) -> bool:
    last = session.last or datetime.date.max
    return day.isoweekday() == session.weekday and session.first <= day <= last


def _instants(session: _Repeated, day: datetime.date) -> tuple[int, int]:
    zone = ZoneInfo(session.zone)
    starts = zones.on_the_clock(zone, day, _minutes(session.starts_at))
    ends = zones.on_the_clock(zone, day, _minutes(session.ends_at))
    return zones.beginning(starts), zones.ending(ends)


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])
