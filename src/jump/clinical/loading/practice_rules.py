"""What must agree in a practice's file: references, zones, dates, and nobody at two places at once.

Pure: `today` comes in. What each field takes by itself is practice_file's.
"""

import datetime
import zoneinfo
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Protocol, TypeVar

from msgspec.structs import asdict

from jump.clinical.loading import reading, session_rules
from jump.clinical.loading.practice_file import (
    AppointmentType,
    Location,
    OpeningHours,
    Practice,
)
from jump.errors import FieldError, ValidationFailed

T = TypeVar("T")


class _Referred(Protocol):
    reference: str


_ENDS_FIRST = "This must be later than starts."


def checked(content: bytes, today: datetime.date) -> Practice:
    """The practice that a file describes.

    Raises InvalidRequest when it is no JSON, ValidationFailed with everything that is wrong.
    """
    errors: list[FieldError] = []
    practice = reading.read(Practice, reading.parse(content), errors)
    if practice is not None:
        errors += broken_rules(practice, today)
    if practice is None or errors:
        raise ValidationFailed(errors[: reading.MOST_ERRORS])
    return practice


def broken_rules(practice: Practice, today: datetime.date) -> list[FieldError]:
    """Every rule that the file breaks. A None in a list has been told of already."""
    return [
        *_twice("locations", practice.locations),
        *_twice("appointment_types", practice.appointment_types),
        *_twice("clinicians", practice.clinicians),
        *_locations(practice.locations),
        *_appointment_types(practice.appointment_types),
        *_closures(practice),
        *_clinicians(practice, today),
    ]


def there_is_day(moment: str) -> str | None:
    """What is wrong with the day of a local date and time, if anything."""
    try:
        day = datetime.date.fromisoformat(moment[:10])
    except ValueError:
        return "There is no such day."
    return session_rules.year_problem(day)


@cache
def zones() -> frozenset[str]:
    """The names of every time zone."""
    return frozenset(zoneinfo.available_timezones())


def _twice(name: str, items: Sequence[_Referred]) -> Iterator[FieldError]:
    first: dict[str, int] = {}
    for number, each in _numbered(items):
        seen = first.setdefault(each.reference, number)
        if seen != number:
            yield FieldError(
                f"{name}[{number}].reference", f"{name}[{seen}] has this reference already."
            )


def _locations(locations: Sequence[Location]) -> Iterator[FieldError]:
    known = [each for _, each in _numbered(locations)]
    primary = sum(each.is_primary for each in known)
    if primary > 1 or (primary == 0 and len(known) == len(locations)):
        yield FieldError("locations", "Exactly one location must have is_primary: true.")
    for number, each in _numbered(locations):
        path = f"locations[{number}]"
        if each.timezone not in zones():
            yield FieldError(
                f"{path}.timezone", "Use the name of a time zone, such as Europe/London."
            )
        if each.opening_hours is not None:
            yield from _opening_hours(f"{path}.opening_hours", each.opening_hours)


def _opening_hours(path: str, hours: OpeningHours) -> Iterator[FieldError]:
    for day, stretches in asdict(hours).items():
        closed = ""
        for number, each in _numbered(stretches):
            place = f"{path}.{day}[{number}]"
            if each.closes <= each.opens:
                yield FieldError(f"{place}.closes", "This must be later than opens.")
            elif each.opens < closed:
                yield FieldError(
                    f"{place}.opens", "This is earlier than the stretch before it ends."
                )
            closed = each.closes


def _appointment_types(kinds: Sequence[AppointmentType]) -> Iterator[FieldError]:
    for number, each in _numbered(kinds):
        if (each.price is None) != (each.currency is None):
            missing = "currency" if each.currency is None else "price"
            yield FieldError(
                f"appointment_types[{number}].{missing}", "Give price and currency together."
            )


def _closures(practice: Practice) -> Iterator[FieldError]:
    places = _references(practice.locations)
    for number, each in _numbered(practice.closures):
        path = f"closures[{number}]"
        yield from _stretch(path, each.starts, each.ends)
        if each.location is not None:
            yield from _known(f"{path}.location", each.location, places, "location")


def _clinicians(practice: Practice, today: datetime.date) -> Iterator[FieldError]:
    places = _references(practice.locations)
    kinds = _references(practice.appointment_types)
    by_zone = {
        each.reference: each.timezone
        for _, each in _numbered(practice.locations)
        if each.timezone in zones()
    }
    for number, each in _numbered(practice.clinicians):
        path = f"clinicians[{number}]"
        for at, offer in _numbered(each.offers):
            place = f"{path}.offers[{at}]"
            yield from _known(
                f"{place}.appointment_type", offer.appointment_type, kinds, "appointment type"
            )
            yield from _known(f"{place}.location", offer.location, places, "location")
        for at, session in _numbered(each.sessions):
            place = f"{path}.sessions[{at}].location"
            yield from _known(place, session.location, places, "location")
        for at, away in _numbered(each.leave):
            yield from _stretch(f"{path}.leave[{at}]", away.starts, away.ends)
        yield from session_rules.broken(f"{path}.sessions", each.sessions, by_zone, today)


def _stretch(path: str, starts: str, ends: str) -> Iterator[FieldError]:
    for name, moment in (("starts", starts), ("ends", ends)):
        wrong = there_is_day(moment)
        if wrong is not None:
            yield FieldError(f"{path}.{name}", wrong)
    if ends <= starts:
        yield FieldError(f"{path}.ends", _ENDS_FIRST)


def _references(items: Sequence[_Referred]) -> frozenset[str] | None:
    """The references there are; None where one could not be read, so that none is known wrong."""
    known = [each.reference for _, each in _numbered(items)]
    return frozenset(known) if len(known) == len(items) else None


def _known(
    path: str, reference: str, known: frozenset[str] | None, words: str
) -> Iterator[FieldError]:
    if known is not None and reference not in known:
        yield FieldError(path, f"The file has no {words} of this reference.")


def _numbered(items: Iterable[T | None]) -> Iterator[tuple[int, T]]:
    return ((number, each) for number, each in enumerate(items) if each is not None)
