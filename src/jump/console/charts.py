"""Bars as shapes: where each one of a chart stands, in the units of its SVG. Pure.

The same figures are shown as a table beside it; that is the part `chart` of the templates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 140
_GAP: Final = 0.25  # of a bar's room
_LEAST: Final = 2.0  # a bar of one among thousands must be seen
_THINNEST: Final = 1.0  # and so must a part, of a hundred


@dataclass(frozen=True, slots=True)
class Bar:
    """One moment: its words, short ones for the axis, and how many of each kind."""

    label: str
    short: str
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """All kinds together."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Shape:
    """A rectangle of a bar; its kind decides its colour and pattern."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart draws: shapes, the number at its top, and words below: first, middle, last."""

    shapes: tuple[Shape, ...]
    top: int
    axis: tuple[str, ...]
    bars: tuple[Bar, ...]
    kinds: tuple[tuple[str, str], ...]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def total(self) -> int:
        """Everything in it."""
        return sum(bar.total for bar in self.bars)

    def total_of(self, kind: str) -> int:
        """Everything of one kind."""
        return sum(bar.counts.get(kind, 0) for bar in self.bars)


def chart(bars: Sequence[Bar], kinds: Sequence[tuple[str, str]]) -> Chart:
    """Stacked bars; `kinds` are the names of the counts, the lowest first, with their words."""
    top = _round_up(max((bar.total for bar in bars), default=0))
    room = WIDTH / max(1, len(bars))
    shapes: list[Shape] = []
    for position, bar in enumerate(bars):
        base = float(HEIGHT)
        for kind, _ in kinds:
            count = bar.counts.get(kind, 0)
            if count:
                height = max(_LEAST, HEIGHT * count / top)
                base -= height
                x = position * room + room * _GAP / 2
                shapes.append(Shape(kind, x, max(0.0, base), room * (1 - _GAP), height))
    return Chart(tuple(shapes), top, _axis(bars), tuple(bars), tuple(kinds))


def strip(parts: Sequence[tuple[str, float]]) -> tuple[Shape, ...]:
    """Parts of one whole beside each other, in a box of 100 by 8: kinds and their amounts.

    One that is next to nothing beside the others is still to be seen.
    """
    seen = [(kind, max(amount, 0.0)) for kind, amount in parts]
    whole = sum(amount for _, amount in seen)
    widths = [max(_THINNEST, 100 * amount / whole if whole else 0.0) for _, amount in seen]
    shapes, x = [], 0.0
    for (kind, _), width in zip(seen, widths, strict=True):
        scaled = 100 * width / sum(widths)
        shapes.append(Shape(kind, x, 0.0, scaled, 8.0))
        x += scaled
    return tuple(shapes)


def _axis(bars: Sequence[Bar]) -> tuple[str, ...]:
    if len(bars) < 3:
        return tuple(bar.short for bar in bars)
    return bars[0].short, bars[len(bars) // 2].short, bars[-1].short


def _round_up(number: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50 …, and never 0."""
    unit = 1
    while True:
        for factor in (1, 2, 5):
            if number <= factor * unit:
                return factor * unit
        unit *= 10
