"""A table and the one of its five states that it is in: whoever makes it says what was found.

What each state looks like is the part `table` of the templates.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from jump.errors import InsufficientScope
from jump.storage.database import StorageUnavailable

Row = TypeVar("Row")
State = Literal["content", "empty", "filtered", "error", "forbidden"]


@dataclass(frozen=True, slots=True)
class Found(Generic[Row]):
    """The rows of one page of a list. `following` is the address of the next one, if there is one,
    and `first` that of the first one, if this is a later one.
    """

    rows: Sequence[Row]
    following: str = ""
    first: str = ""


@dataclass(frozen=True, slots=True)
class Table(Generic[Row]):
    """What a template's table shows."""

    state: State
    rows: Sequence[Row] = ()
    following: str = ""
    first: str = ""


FORBIDDEN: Table[object] = Table("forbidden")


async def table(
    load: Callable[[], Awaitable[Found[Row]]], *, is_filtered: bool = False, allowed: bool = True
) -> Table[Row]:
    """The table of what `load` finds. A database that is away, or a scope that is missing, is a
    state of the table: the page around it stays.
    """
    if not allowed:
        return Table("forbidden")
    try:
        found = await load()
    except StorageUnavailable:
        return Table("error")
    except InsufficientScope:
        return Table("forbidden")
    if found.rows:
        return Table("content", found.rows, found.following, found.first)
    state: State = "filtered" if is_filtered or found.first else "empty"
    return Table(state, (), found.following, found.first)
