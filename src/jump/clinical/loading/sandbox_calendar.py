"""Fills invented calendars with invented appointments that could have been made. Pure.

Chance comes in. Nothing overlaps what is taken already or comes nearer to it than the buffers say,
groups are never overfull, and of the time ahead the end of each session stays free.
"""

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from jump.clinical.scheduling.slots import Span
from jump.kit.clock import DAY, HOUR, MINUTE

STATUSES_PAST: Final = (("completed", 86), ("no_show", 5), ("cancelled", 7), ("confirmed", 2))
STATUSES_AHEAD: Final = (("confirmed", 80), ("pending", 12), ("cancelled", 8))
# Longer than any of the sandbox's appointments with its buffers: it can be booked at once.
LEFT_FREE: Final = 75 * MINUTE
WEEK: Final = 7 * DAY
WEEKS_AHEAD: Final = 6
SHARE_AHEAD: Final = 0.15
_FEWEST_WEEKS: Final = 26
_IDLE: Final = 10 * MINUTE
_DENSEST, _THINNEST = 0.92, 0.01
_DENSEST_AHEAD: Final = 0.5


@dataclass(frozen=True, slots=True)
class Kind:
    """A type that a clinician offers at a place, in one form."""

    id: str
    duration: int
    buffer_before: int
    buffer_after: int
    capacity: int
    is_remote: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a session, and what is offered in it."""

    clinician_id: str
    location_id: str
    span: Span
    kinds: Sequence[Kind]


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a clinician's time that is taken, with its buffers."""

    starts: int
    ends: int
    buffer_before: int
    buffer_after: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A time that is booked, with the status of each seat that is."""

    kind: Kind
    clinician_id: str
    location_id: str
    starts: int
    statuses: tuple[str, ...]

    @property
    def ends(self) -> int:
        return self.starts + self.kind.duration


@dataclass(slots=True)
class Diary:
    """What is taken of each clinician's days; a block is found by each day it touches."""

    days: dict[tuple[str, int], list[Block]] = field(default_factory=dict)

    def add(self, clinician_id: str, block: Block) -> None:
        """Take the time."""
        for day in range(block.starts // DAY, (block.ends - 1) // DAY + 1):
            self.days.setdefault((clinician_id, day), []).append(block)

    def in_the_way(self, clinician_id: str, wanted: Block) -> Block | None:
        """The first block that the wanted one overlaps or comes too near to."""
        first = (wanted.starts - wanted.buffer_before) // DAY - 1
        last = (wanted.ends + wanted.buffer_after) // DAY + 1
        for day in range(first, last + 1):
            for block in self.days.get((clinician_id, day), ()):
                before = max(block.buffer_after, wanted.buffer_before)
                after = max(wanted.buffer_after, block.buffer_before)
                if wanted.starts < block.ends + before and block.starts < wanted.ends + after:
                    return block
        return None


def density(weekly_minutes: int, wanted: int) -> tuple[int, float]:
    """Over how many weeks to spread so many appointments, and how full those are then.

    What is full is a chance: of taking the next time rather than leaving some minutes idle.
    """
    average, idle = 20, _IDLE / MINUTE
    most_a_week = max(1.0, weekly_minutes / (average + idle * (1 - _DENSEST) / _DENSEST))
    weeks = max(_FEWEST_WEEKS, math.ceil(wanted / (0.8 * most_a_week)))
    a_week = max(wanted / weeks, 0.001)
    chance = idle / max(weekly_minutes / a_week - average + idle, 0.001)
    return weeks, min(_DENSEST, max(_THINNEST, chance))


def ahead(
    chance: random.Random, stretches: Iterable[Stretch], diary: Diary, now: int, full: float
) -> Iterator[Planned]:
    """Appointments to come: fewer, the further ahead; the end of each stretch stays free."""
    for stretch in stretches:
        far = (stretch.span.starts - now) / (WEEKS_AHEAD * WEEK)
        span = Span(max(stretch.span.starts, now + HOUR), stretch.span.ends - LEFT_FREE)
        thinner = min(full, _DENSEST_AHEAD) * max(0.1, 1 - far)
        yield from _filled(chance, stretch, span, diary, thinner, STATUSES_AHEAD, spare=1)


def past(
    chance: random.Random, stretches: Iterable[Stretch], diary: Diary, now: int, full: float
) -> Iterator[Planned]:
    """Appointments that have been."""
    for stretch in stretches:
        span = Span(stretch.span.starts, min(stretch.span.ends, now))
        yield from _filled(chance, stretch, span, diary, full, STATUSES_PAST, spare=0)


def _filled(
    chance: random.Random,
    stretch: Stretch,
    span: Span,
    diary: Diary,
    full: float,
    statuses: Sequence[tuple[str, int]],
    spare: int,
) -> Iterator[Planned]:
    # Short ones are booked more often than long ones.
    weights = [HOUR / kind.duration for kind in stretch.kinds]
    at = -(-span.starts // MINUTE) * MINUTE
    while at < span.ends:
        (kind,) = chance.choices(stretch.kinds, weights)
        block = Block(at, at + kind.duration, kind.buffer_before, kind.buffer_after)
        if block.ends > span.ends or chance.random() >= full:
            at += _IDLE
            continue
        blocking = diary.in_the_way(stretch.clinician_id, block)
        if blocking is not None:
            at = max(at + 5 * MINUTE, blocking.ends)
            continue
        booked = _statuses(chance, kind, statuses, spare)
        if any(status != "cancelled" for status in booked):
            diary.add(stretch.clinician_id, block)
        yield Planned(kind, stretch.clinician_id, stretch.location_id, at, booked)
        at = block.ends


def _statuses(
    chance: random.Random, kind: Kind, statuses: Sequence[tuple[str, int]], spare: int
) -> tuple[str, ...]:
    """The status of each seat that is booked."""
    names, weights = zip(*statuses, strict=True)
    seats = 1 if kind.capacity == 1 else chance.randint(1, max(1, kind.capacity - spare))
    return tuple(chance.choices(names, weights, k=seats))
