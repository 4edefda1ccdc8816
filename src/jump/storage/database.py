"""What the program asks of a database: four ways to run a transaction, and being woken.

A transaction is a function that awaits only its `Tx`. So storage can run it again after a deadlock,
can commit several together, and no HTTP can hide inside one.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Literal, Protocol, TypeVar

from jump.storage.sql import Args, Row, Sql, Value

T = TypeVar("T")


class Violated(Exception):
    """A constraint refused the statement; `constraint` is its name, the same on both databases.

    The transaction is over: nothing more may be run in it.
    """

    def __init__(self, constraint: str) -> None:
        super().__init__(f"constraint {constraint}")
        self.constraint = constraint


Refused = Callable[[Violated], Exception | None]


class StorageUnavailable(Exception):
    """The database, or what keeps files, is locked, full, read-only or out of reach.

    The message is one clear line.
    """


class Tx(Protocol):
    """One running transaction."""

    async def one(self, query: Sql, **args: Value) -> Row | None:
        """The first row, or None."""
        ...

    async def all(self, query: Sql, **args: Value) -> list[Row]:
        """Every row."""
        ...

    async def run(self, query: Sql, **args: Value) -> int:
        """Run it; the number of rows changed."""
        ...

    async def many(self, query: Sql, rows: Sequence[Args]) -> None:
        """Run it once for each row of arguments."""
        ...

    async def later(self, query: Sql, *rows: Args, refused: Refused | None = None) -> None:
        """Run it before the next statement that answers, or before the commit.

        All that is left so runs together, in one round trip and in no order: none may touch a row
        that another does. Only a `bulk` statement takes more than one row. What `refused` makes of
        a violation, if anything, is raised instead of it, whenever that shows.
        """
        ...

    def announce(self, *, to_do: bool = True) -> None:
        """Wake whoever waits in `Database.woken`, here and elsewhere, once this is committed.

        With `to_do` those in `Database.joinable` too: there is something to do for them, not only
        something to read.
        """
        ...


Work = Callable[[Tx], Awaitable[T]]


class Database(Protocol):
    """SQLite or PostgreSQL; the rest of the program cannot tell which."""

    refused: bool
    """Whether changes may be refused: one was, since somebody last set this to False."""

    @property
    def kind(self) -> Literal["sqlite", "postgresql"]:
        """Which of the two it is, for operators to read."""
        ...

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one snapshot; it must not write."""
        ...

    async def look(self, work: Work[T]) -> T:
        """Run `work`, each statement on a snapshot of its own; it must not write.

        One statement needs no more: on PostgreSQL a transaction around it takes two round trips.
        """
        ...

    async def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction; returns after a durable commit.

        What `work` raises undoes it whole. It may run more than once, so it must have no effect
        but through its `tx`.
        """
        ...

    async def count(self, work: Work[T]) -> T:
        """Run `work` on the counters: each statement atomic by itself, not durable in a crash."""
        ...

    def woken(self) -> AsyncIterator[None]:
        """Yields when someone announced a commit, in any process, and at least every second.

        It listens from the call on: look first, then wait.
        """
        ...

    def joinable(self) -> AsyncIterator[None]:
        """Like `woken`, for those who have something to do, and as early as a write can be of use.

        On SQLite that is before the announced commit: what is written now shares it.
        """
        ...

    async def make_room(self, now: int) -> None:
        """Make the partitions that the time ahead needs, where the database has partitions."""
        ...

    async def learn(self, tables: Sequence[str]) -> None:
        """Let the database see how much these tables hold, so that it plans its queries by that."""
        ...

    async def close(self) -> None:
        """Finish what is queued and let go of the database."""
        ...
