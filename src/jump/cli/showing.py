"""How commands speak: aligned tables and facts for people, JSON for scripts, all of it flushed.

Colour is for terminals only, and nothing that came from elsewhere can move a terminal's cursor.
"""

import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

# A table is never squeezed: an id that was cut or wrapped cannot be copied.
_WIDE = 4_000


def print_json(value: Any) -> None:
    """One JSON document on standard output, flushed."""
    print_json_bytes(msgspec.json.encode(value))


def print_json_bytes(encoded: bytes) -> None:
    """The same of what is encoded already."""
    say(msgspec.json.format(encoded, indent=2).decode())


def say(line: str = "") -> None:
    """A line, or several, on standard output, flushed."""
    click.echo(line)
    sys.stdout.flush()


def note(line: str) -> None:
    """A line that is no part of the answer: on standard error, in the way of a script's output."""
    click.echo(line, err=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> None:
    """Rows below their columns' names, or a line that says why there are none."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(harmless(cell)) for cell in row))
    if not table.rows:
        say(empty)
        return
    _print(table)


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Names and what they are, one a line, aligned."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in facts:
        table.add_row(Text(name, "bold"), Text(harmless(value)))
    _print(table)


def harmless(text: str, keep: str = "") -> str:
    """The text with every control and invisible character replaced, but those to keep."""
    if text.isprintable():
        return text
    return "".join(
        character if character in keep or _is_visible(character) else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _print(table: Table) -> None:
    console = Console(width=_WIDE, highlight=False)
    with console.capture() as captured:
        console.print(table)
    say("\n".join(line.rstrip() for line in captured.get().splitlines()))
