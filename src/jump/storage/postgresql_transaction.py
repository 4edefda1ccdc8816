"""One transaction on PostgreSQL, in as few messages as it can be had with.

Each statement that answers is a round trip to the server. Those that give nothing back wait for
each other and go together as one. When it begins and ends is left to the database.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import asyncpg

from jump.storage import partitions
from jump.storage.database import Refused, Violated
from jump.storage.sql import Args, Row, Sql, Value
from jump.storage.wakes import News

_PARAMETER = re.compile(r"\$(\d+)")


class _Left(NamedTuple):
    """What is left for later: `query`, as `statement` with these values for its rows."""

    query: Sql
    statement: Sql
    values: list[Any]
    refused: Refused | None


class PostgresTx:
    """One transaction, or for the counters one statement after another, on one connection.

    Once a constraint has refused a statement, `violated` says so, and nothing more is run.
    """

    __slots__ = ("_connection", "_left", "announced", "violated")

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._left: list[_Left] = []
        self.announced = News.NONE
        self.violated: Violated | None = None

    async def one(self, query: Sql, **args: Value) -> Row | None:
        """The first row, or None."""
        row: Row | None = await self._ask(self._connection.fetchrow, query, query.positional(args))
        return row

    async def all(self, query: Sql, **args: Value) -> list[Row]:
        """Every row."""
        rows: list[Row] = await self._ask(self._connection.fetch, query, query.positional(args))
        return rows

    async def run(self, query: Sql, **args: Value) -> int:
        """Run it; the number of rows changed."""
        status: str = await self._ask(self._connection.execute, query, query.positional(args))
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def many(self, query: Sql, rows: Sequence[Args]) -> None:
        """Run it once for each row of arguments, or once with all of them as columns."""
        if not rows:
            await self.settle()
        elif query.takes_columns or len(rows) == 1:
            await self._ask(self._connection.execute, *query.for_rows(rows))
        else:
            each = [query.positional(row) for row in rows]
            await self._ask(self._connection.executemany, query, [each])

    async def later(self, query: Sql, *rows: Args, refused: Refused | None = None) -> None:
        """Run it together with what else is left: one statement of many parts."""
        if not rows:
            return
        if any(query is other.query for other in self._left):
            # The parts have no order, and what is entered twice is to keep its own.
            await self.settle()
        assert query.takes_columns or len(rows) == 1
        self._left.append(_Left(query, *query.for_rows(rows), refused))

    async def settle(self) -> None:
        """Run what is left."""
        left, self._left = self._left, []
        if not left:
            return
        text = _together(tuple(each.statement for each in left))
        values = chain(*(each.values for each in left))
        try:
            await self._send(self._connection.execute, text, values)
        except Violated as violated:
            told = (each.refused(violated) for each in left if each.refused is not None)
            problem = next((each for each in told if each is not None), None)
            if problem is None:
                raise
            raise problem from violated

    def announce(self, *, to_do: bool = True) -> None:
        """Wake the waiters, here and in other processes, after this transaction's commit."""
        self.announced = max(self.announced, News.TO_DO if to_do else News.TO_READ)

    def violation(self, error: asyncpg.IntegrityConstraintViolationError) -> Violated:
        """The driver's error as ours, so that the transaction's function can put it into words."""
        self.violated = Violated(partitions.name_on_table(error.constraint_name or ""))
        return self.violated

    async def _ask(self, way: Callable[..., Awaitable[Any]], query: Sql, values: list[Any]) -> Any:
        if self._left:
            await self.settle()
        return await self._send(way, query.postgresql, values)

    async def _send(
        self, way: Callable[..., Awaitable[Any]], text: str, values: Iterable[Any]
    ) -> Any:
        if self.violated is not None:
            raise self.violated
        try:
            return await way(text, *values)
        except asyncpg.IntegrityConstraintViolationError as error:
            raise self.violation(error) from error


@lru_cache(maxsize=512)
def _together(queries: tuple[Sql, ...]) -> str:
    """One statement that does what these do, with the parameters of all, one after the other."""
    parts: list[str] = []
    taken = 0
    for query in queries:
        parts.append(_shifted(query.postgresql, taken))
        taken += len(query.names)
    *others, last = parts
    named = ", ".join(f"part_{number} AS ({part})" for number, part in enumerate(others))
    return f"WITH {named} {last}" if others else last


def _shifted(text: str, by: int) -> str:
    return _PARAMETER.sub(lambda found: f"${int(found[1]) + by}", text)
