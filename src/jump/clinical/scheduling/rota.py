"""The rota as openings: sessions, minus closures and leave, of those who offer a type somewhere.

Pure: dates and times are local to a location, as they are kept, and become instants here.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from jump.clinical.scheduling.slots import Opening, Span
from jump.clinical.scheduling.zones import beginning, ending, local_date, on_the_clock
from jump.kit.clock import DAY

_ONE_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Offer:
    """A clinician offers the type at a location, in the room or remotely."""

    clinician_id: str
    location_id: str
    is_remote: bool


@dataclass(frozen=True, slots=True)
class Session:
    """A clinician is at a location, every week on `weekday` (1 is Monday) or on one day.

    From `starts_at` to `ends_at` (HH:MM, up to 24:00), from the day `starts_on` to `ends_on`,
    None for without end; on one day the two are that day, and `weekday` is None.
    """

    clinician_id: str
    location_id: str
    weekday: int | None
    starts_on: str
    ends_on: str | None
    starts_at: str
    ends_at: str


@dataclass(frozen=True, slots=True)
class Absence:
    """A closure of a location or of all, or a clinician's leave, by the location's clock.

    None stands for every clinician or every location; `starts` and `ends` are YYYY-MM-DDTHH:MM.
    """

    clinician_id: str | None
    location_id: str | None
    starts: str
    ends: str


Place = tuple[str, str]


def openings(
    offers: Iterable[Offer],
    sessions: Iterable[Session],
    absences: Sequence[Absence],
    zones: Mapping[str, ZoneInfo],
    window: Span,
) -> list[Opening]:
    """Every opening in which an appointment that starts in the window may lie.

    `zones` are the locations'. An opening may reach out of the window, and is not complete there.
    """
    of_place: dict[Place, list[Session]] = {}
    for session in sessions:
        of_place.setdefault((session.clinician_id, session.location_id), []).append(session)
    stretches: dict[Place, list[tuple[Span, tuple[int, ...]]]] = {}
    found: list[Opening] = []
    for offer in offers:
        place = (offer.clinician_id, offer.location_id)
        if place not in stretches:
            zone = zones[offer.location_id]
            away = [
                Span(beginning(_local(zone, each.starts)), ending(_local(zone, each.ends)))
                for each in absences
                if each.clinician_id in (None, offer.clinician_id)
                and each.location_id in (None, offer.location_id)
            ]
            stretches[place] = list(_stretches(zone, of_place.get(place, ()), away, window))
        found += [Opening(*place, offer.is_remote, *stretch) for stretch in stretches[place]]
    return found


def _stretches(
    zone: ZoneInfo, sessions: Iterable[Session], away: Iterable[Span], window: Span
) -> Iterator[tuple[Span, tuple[int, ...]]]:
    """Whole stretches without absences, each with what its grid counts from."""
    # The day before may reach past midnight when clocks go back; an appointment lasts up to a day.
    first = local_date(zone, window.starts) - _ONE_DAY
    last = local_date(zone, window.ends + DAY) + _ONE_DAY
    on_day: dict[date, list[Span]] = {}
    for session in sessions:
        for day in _days(session, first, last):
            starts = beginning(on_the_clock(zone, day, _minutes(session.starts_at)))
            ends = ending(on_the_clock(zone, day, _minutes(session.ends_at)))
            on_day.setdefault(day, []).append(Span(starts, ends))
    of_days = [span for spans in on_day.values() for span in _merged(spans)]
    # What touches at midnight is one stretch, but each day's grid is its own: it must not depend
    # on how many days before are looked at.
    origins = sorted(span.starts for span in of_days)
    for span in _without(_merged(of_days), _merged(away)):
        begins = max(bisect_right(origins, span.starts) - 1, 0)
        yield span, tuple(origins[begins : bisect_right(origins, span.ends - 1)])


def _days(session: Session, first: date, last: date) -> Iterator[date]:
    day = max(first, date.fromisoformat(session.starts_on))
    if session.ends_on is not None:
        last = min(last, date.fromisoformat(session.ends_on))
    if session.weekday is not None:
        day += timedelta(days=(session.weekday - day.isoweekday()) % 7)
    while day <= last:
        yield day
        day += _WEEK


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The same time in as few stretches as can be: what touches or overlaps is one."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda each: each.starts):
        if span.ends <= span.starts:
            continue  # a session that lies in a gap of the clocks
        if found and span.starts <= found[-1].ends:
            found[-1] = Span(found[-1].starts, max(found[-1].ends, span.ends))
        else:
            found.append(span)
    return found


def _without(spans: Iterable[Span], away: Sequence[Span]) -> Iterator[Span]:
    """What is left of the spans; `away` is merged."""
    for span in spans:
        at = span.starts
        for gone in away:
            if gone.starts >= span.ends:
                break
            if at < gone.starts:
                yield Span(at, gone.starts)
            at = max(at, gone.ends)
        if at < span.ends:
            yield Span(at, span.ends)


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _local(zone: ZoneInfo, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)
