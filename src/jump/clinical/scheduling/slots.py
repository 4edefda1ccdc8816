"""Which times are free: sessions minus what is taken, with buffers, notice, horizon and groups.

Pure: instants are microseconds since 1970, and what the rota, the clock and the database say
comes in as values. That two callers never take the same time is left to the database.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from jump.kit.clock import MINUTE

_QUARTER = 15 * MINUTE
_SHORTEST_STEP = 5 * MINUTE


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time; its end is not in it."""

    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class Opening:
    """A stretch in which a clinician takes appointments of the type at a location, in one form.

    It is whole: sessions that touch are one, and closures and leave are cut out. Listed starts
    are counted from the last of `counted_from` (ascending) before them, else from its start.
    """

    clinician_id: str
    location_id: str
    is_remote: bool
    span: Span
    counted_from: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """A claim on a clinician's time, wherever they are, with the buffers it was made with.

    `seats_free` is 0 unless it is a group's; a claim whose every seat is free takes nothing and
    must be left out.
    """

    claim_id: str
    clinician_id: str
    appointment_type_id: str
    location_id: str
    is_remote: bool
    span: Span
    buffer_before: int
    buffer_after: int
    seats_free: int


@dataclass(frozen=True, slots=True)
class Kind:
    """What an appointment type asks for; a start lies from `earliest` to `latest`, both included.

    `capacity` above 1 is a group's. The two buffers are gaps to whoever is before and after.
    """

    id: str
    duration: int
    buffer_before: int
    buffer_after: int
    capacity: int
    earliest: int
    latest: int

    @property
    def step(self) -> int:
        """How far apart the starts in a list are."""
        return max(math.gcd(self.duration, _QUARTER), _SHORTEST_STEP)


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that can be booked; `joins` is the group's claim it would get a seat of, if any."""

    starts: int
    ends: int
    clinician_id: str
    location_id: str
    is_remote: bool
    joins: str | None = None


class Refusal(StrEnum):
    """Why a time is not offered."""

    TOO_SOON = "too soon"
    TOO_FAR_AHEAD = "too far ahead"
    OUTSIDE_SESSIONS = "outside sessions"
    TAKEN = "taken"
    NOT_OFFERED = "not offered"


def free(
    kind: Kind, openings: Sequence[Opening], taken: Sequence[Taken], window: Span
) -> list[Slot]:
    """The slots to list that start in the window: by start, then clinician, location and form.

    They are those on each session's grid, and every group with a free seat at its own start.
    """
    found: set[Slot] = set()
    claims = _by_clinician(taken)
    for opening in openings:
        of_clinician = claims.get(opening.clinician_id, [])
        low = max(opening.span.starts, window.starts, kind.earliest)
        high = min(opening.span.ends - kind.duration, window.ends - 1, kind.latest)
        found.update(
            _slot(kind, opening, start)
            for start in _listed(kind, opening, _clear(kind, of_clinician, low, high))
        )
        found.update(
            _slot(kind, opening, claim.span.starts, claim.claim_id)
            for claim in of_clinician
            if low <= claim.span.starts <= high and _joinable(kind, claim, opening)
        )
    return sorted(found, key=order)


def fit(
    kind: Kind, openings: Sequence[Opening], taken: Sequence[Taken], wanted: Slot
) -> Slot | Refusal:
    """The wanted slot as it can be booked, on the grid or not, or why it cannot.

    Only its start, clinician, location and form are looked at; the start is a whole minute.
    """
    if wanted.starts < kind.earliest:
        return Refusal.TOO_SOON
    if wanted.starts > kind.latest:
        return Refusal.TOO_FAR_AHEAD
    opening = _around(kind, openings, wanted)
    if opening is None:
        return Refusal.OUTSIDE_SESSIONS
    claims = _by_clinician(taken).get(wanted.clinician_id, [])
    for claim in claims:
        if claim.span.starts == wanted.starts and _joinable(kind, claim, opening):
            return _slot(kind, opening, wanted.starts, claim.claim_id)
    clear = _clear(kind, claims, wanted.starts, wanted.starts)
    return _slot(kind, opening, wanted.starts) if any(True for _ in clear) else Refusal.TAKEN


def order(slot: Slot) -> tuple[int, str, str, bool]:
    """How slots are listed."""
    return slot.starts, slot.clinician_id, slot.location_id, slot.is_remote


def _around(kind: Kind, openings: Iterable[Opening], wanted: Slot) -> Opening | None:
    place = (wanted.clinician_id, wanted.location_id, wanted.is_remote)
    for each in openings:
        if (each.clinician_id, each.location_id, each.is_remote) == place and (
            each.span.starts <= wanted.starts and wanted.starts + kind.duration <= each.span.ends
        ):
            return each
    return None


def _joinable(kind: Kind, claim: Taken, opening: Opening) -> bool:
    """Whether the claim is this very group, with a seat left.

    Its neighbours are as near as they could come when it was made, so they are not asked again.
    """
    return (
        kind.capacity > 1
        and claim.seats_free > 0
        and claim.appointment_type_id == kind.id
        and claim.location_id == opening.location_id
        and claim.is_remote == opening.is_remote
        and claim.span.ends - claim.span.starts == kind.duration
    )


def _clear(kind: Kind, claims: Sequence[Taken], low: int, high: int) -> Iterator[tuple[int, int]]:
    """From `low` to `high`, the first and last start of each run that comes near no claim."""
    at = low
    for shut in sorted(_shut(kind, claim) for claim in claims):
        last = min(shut[0], high)
        if at <= last:
            yield at, last
        at = max(at, shut[1])
    if at <= high:
        yield at, high


def _shut(kind: Kind, claim: Taken) -> tuple[int, int]:
    """The last start that ends early enough before the claim, and the first late enough after."""
    before = max(kind.buffer_after, claim.buffer_before)
    after = max(claim.buffer_after, kind.buffer_before)
    return claim.span.starts - before - kind.duration, claim.span.ends + after


def _listed(kind: Kind, opening: Opening, clear: Iterable[tuple[int, int]]) -> Iterator[int]:
    """The starts on the opening's grid in those runs."""
    origins = opening.counted_from or (opening.span.starts,)
    for low, high in clear:
        number = max(bisect_right(origins, low) - 1, 0)
        for origin, end in zip(origins[number:], (*origins[number + 1 :], high + 1), strict=True):
            first = low + (origin - low) % kind.step if low > origin else origin
            yield from range(first, min(end, high + 1), kind.step)


def _by_clinician(taken: Iterable[Taken]) -> Mapping[str, list[Taken]]:
    found: dict[str, list[Taken]] = {}
    for claim in taken:
        found.setdefault(claim.clinician_id, []).append(claim)
    return found


def _slot(kind: Kind, opening: Opening, start: int, joins: str | None = None) -> Slot:
    place = (opening.clinician_id, opening.location_id, opening.is_remote)
    return Slot(start, start + kind.duration, *place, joins)
