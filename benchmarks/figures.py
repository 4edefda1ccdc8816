"""Figures as tables: what was measured, in aligned text for people and as rows for programs."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Cell = str | int | float


@dataclass(frozen=True)
class Column:
    """One column: its name with its unit, and how a number in it is written."""

    name: str
    style: str = ","


@dataclass(frozen=True)
class Aim:
    """What a figure ought to be at most."""

    words: str
    measured: float
    most: float
    unit: str

    @property
    def is_met(self) -> bool:
        """Whether it is."""
        return self.measured <= self.most

    def line(self) -> str:
        """In a line."""
        verdict = "met" if self.is_met else "MISSED"
        return f"aim  {self.words}: {self.measured:.2f} of {self.most:.2f} {self.unit}, {verdict}"


@dataclass(frozen=True)
class Table:
    """The rows of one benchmark, and the aims that belong to them."""

    title: str
    columns: Sequence[Column]
    rows: list[tuple[Cell, ...]] = field(default_factory=list)
    aims: list[Aim] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Aligned: words to the left, numbers to the right."""
        lines = [
            [column.name for column in self.columns],
            *([_text(cell, column) for cell, column in zip(row, self.columns, strict=True)]
              for row in self.rows),
        ]  # fmt: skip
        widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
        is_words = [isinstance(cell, str) for cell in self.rows[0]] if self.rows else []
        written = [
            "  ".join(
                cell.ljust(width) if left else cell.rjust(width)
                for cell, width, left in zip(line, widths, is_words, strict=True)
            ).rstrip()
            for line in lines
        ]
        return "\n".join([self.title, *written, *(aim.line() for aim in self.aims), *self.notes])

    def json(self) -> dict[str, Any]:
        """The same for programs."""
        names = [column.name for column in self.columns]
        return {
            "title": self.title,
            "rows": [dict(zip(names, row, strict=True)) for row in self.rows],
            "aims": [{**vars(aim), "is_met": aim.is_met} for aim in self.aims],
            "notes": self.notes,
        }


def median(values: Sequence[float]) -> float:
    """The middle one; not a number where there is none."""
    return statistics.median(values) if values else math.nan


def p95(values: Sequence[float]) -> float:
    """The value that 95 in 100 do not pass (nearest rank); not a number where there is none."""
    if not values:
        return math.nan
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def _text(cell: Cell, column: Column) -> str:
    return cell if isinstance(cell, str) else format(cell, column.style)
