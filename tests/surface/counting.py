"""A database that counts the statements each way of running a transaction takes.

It hands everything on, so that what is counted is what the program really does.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Literal, TypeVar

from jump.storage.database import Database, Refused, Tx, Work
from jump.storage.sql import Args, Row, Sql, Value

T = TypeVar("T")


class CountingTx:
    """A transaction that tells of each of its statements; what is left for later is one of them."""

    def __init__(self, tx: Tx, tell: Callable[[], None]) -> None:
        self._tx = tx
        self._tell_one = tell
        self._left: list[Sql] = []

    def _tell(self) -> None:
        self.settled()
        self._tell_one()

    def settled(self) -> None:
        """What was left has been run."""
        if self._left:
            self._tell_one()
        self._left.clear()

    async def one(self, query: Sql, **args: Value) -> Row | None:
        self._tell()
        return await self._tx.one(query, **args)

    async def all(self, query: Sql, **args: Value) -> list[Row]:
        self._tell()
        return await self._tx.all(query, **args)

    async def run(self, query: Sql, **args: Value) -> int:
        self._tell()
        return await self._tx.run(query, **args)

    async def many(self, query: Sql, rows: Sequence[Args]) -> None:
        if rows:
            self._tell()
        await self._tx.many(query, rows)

    async def later(self, query: Sql, *rows: Args, refused: Refused | None = None) -> None:
        if rows:
            if query in self._left:
                self.settled()
            self._left.append(query)
        await self._tx.later(query, *rows, refused=refused)

    def announce(self, *, to_do: bool = True) -> None:
        self._tx.announce(to_do=to_do)


class CountingDatabase:
    """`counted` has the statements by the way they were run: count, read, write."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.counted: Counter[str] = Counter()
        self.transactions: Counter[str] = Counter()

    @property
    def refused(self) -> bool:
        return self._database.refused

    @refused.setter
    def refused(self, refused: bool) -> None:
        self._database.refused = refused

    @property
    def kind(self) -> Literal["sqlite", "postgresql"]:
        return self._database.kind

    async def read(self, work: Work[T]) -> T:
        return await self._run("read", self._database.read, work)

    async def look(self, work: Work[T]) -> T:
        return await self._run("look", self._database.look, work)

    async def write(self, work: Work[T]) -> T:
        return await self._run("write", self._database.write, work)

    async def count(self, work: Work[T]) -> T:
        return await self._run("count", self._database.count, work)

    def woken(self) -> AsyncIterator[None]:
        return self._database.woken()

    def joinable(self) -> AsyncIterator[None]:
        return self._database.joinable()

    async def make_room(self, now: int) -> None:
        await self._database.make_room(now)

    async def learn(self, tables: Sequence[str]) -> None:
        await self._database.learn(tables)

    async def close(self) -> None:
        await self._database.close()

    async def _run(self, way: str, run: Callable[[Any], Awaitable[T]], work: Work[T]) -> T:
        self.transactions[way] += 1

        def tell() -> None:
            self.counted[way] += 1

        async def counting(tx: Tx) -> T:
            counted = CountingTx(tx, tell)
            value = await work(counted)
            counted.settled()
            return value

        return await run(counting)
