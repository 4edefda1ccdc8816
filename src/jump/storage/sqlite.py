"""SQLite, embedded: durable commits in groups, reads on a snapshot, counters in their own file.

Statements take microseconds and run on the loop's thread; only BEGIN under contention and COMMIT,
which waits for the disk, run in another. Each writer has a SAVEPOINT and several share a COMMIT:
8 to 15 times as fast as one by one, at the same durability.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import apsw

from jump.kit.clock import Clock
from jump.storage import sqlite_statistics
from jump.storage.database import Refused, StorageUnavailable, Violated, Work
from jump.storage.schema import SqliteSchema, read_schema
from jump.storage.sql import Args, Row, Sql, Value
from jump.storage.wakes import News, Waiter, Wakes

T = TypeVar("T")

GROUP = 16  # writers that share a commit: more would hold the loop too long
PATIENCE = 10.0  # seconds to wait for another process to let go of the database
LOOK_EVERY = 0.02  # seconds between two looks for another process's commits
STATEMENTS_KEPT = 512


class SqliteTx:
    """A transaction on one connection. Nothing here ever suspends.

    Once a constraint has refused a statement, `violated` says so, and nothing more is run.
    """

    __slots__ = ("_connection", "_schema", "announced", "violated")

    def __init__(self, connection: apsw.Connection, schema: SqliteSchema) -> None:
        self._connection = connection
        self._schema = schema
        self.announced = News.NONE
        self.violated: Violated | None = None

    async def one(self, query: Sql, **args: Value) -> Row | None:
        """The first row, or None. All rows are fetched: a half-read cursor keeps its snapshot."""
        rows = self._rows(query, args)
        return rows[0] if rows else None

    async def all(self, query: Sql, **args: Value) -> list[Row]:
        """Every row."""
        return self._rows(query, args)

    async def run(self, query: Sql, **args: Value) -> int:
        """Run it; the number of rows changed."""
        self._refuse_after_violation()
        try:
            before = self._connection.total_changes()
            self._connection.execute(query.sqlite, query.bound(args)).fetchall()
            changed = self._connection.total_changes() - before
            # Triggers count in the total only; changes() is what the statement itself did.
            return self._connection.changes() if changed else 0
        except apsw.Error as error:
            raise self._refusal(error) from error

    async def many(self, query: Sql, rows: Sequence[Args]) -> None:
        """Run it once for each row of arguments."""
        self._refuse_after_violation()
        try:
            self._connection.executemany(query.sqlite, [query.bound(row) for row in rows])
        except apsw.Error as error:
            raise self._refusal(error) from error

    async def later(self, query: Sql, *rows: Args, refused: Refused | None = None) -> None:
        """The same: here nothing is gained by waiting."""
        try:
            await self.many(query, rows)
        except Violated as violated:
            problem = None if refused is None else refused(violated)
            if problem is None:
                raise
            raise problem from violated

    def announce(self, *, to_do: bool = True) -> None:
        """Wake the waiters with this transaction's commit."""
        self.announced = max(self.announced, News.TO_DO if to_do else News.TO_READ)

    def _rows(self, query: Sql, args: Args) -> list[Row]:
        self._refuse_after_violation()
        try:
            cursor = self._connection.execute(query.sqlite, query.bound(args))
            first = cursor.fetchone()
            if first is None:
                return []
            names = [column[0] for column in cursor.get_description()]
            return [dict(zip(names, row, strict=True)) for row in (first, *cursor.fetchall())]
        except apsw.Error as error:
            raise self._refusal(error) from error

    def _refuse_after_violation(self) -> None:
        if self.violated is not None:
            raise self.violated

    def _refusal(self, error: apsw.Error) -> Exception:
        refusal = self._schema.translate(error)
        if isinstance(refusal, Violated):
            self.violated = refusal
        return refusal


@dataclass(slots=True)
class _Writer:
    work: Work[Any]
    answer: asyncio.Future[Any]


class SqliteDatabase:
    """One SQLite file shared by any number of processes of one machine."""

    kind: Literal["sqlite"] = "sqlite"

    def __init__(self, path: Path, clock: Clock, patience: float = PATIENCE) -> None:
        """`patience` is in seconds: how long another process may keep the database."""
        self.refused = False
        self._path = path
        self._patience = patience
        self._writer = _connect(path, clock)
        self._reader = _connect(path, clock)
        self._reader.execute("PRAGMA query_only = ON")
        self._counters = _connect_counters(path, clock)
        self._schema = read_schema(self._writer, self._counters)
        self._writer.set_busy_handler(None)
        self._queue: deque[_Writer] = deque()
        self._drain: asyncio.Task[None] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-commit")
        self._wakes = Wakes()
        self._joins = Wakes()
        self._version = _data_version(self._writer)

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one snapshot."""
        try:
            self._reader.execute("BEGIN")
            try:
                return _finish(work(SqliteTx(self._reader, self._schema)))
            finally:
                if self._reader.in_transaction:  # a failing disk may have ended it
                    self._reader.execute("ROLLBACK")
        except apsw.Error as error:
            raise self._schema.translate(error) from error

    async def look(self, work: Work[T]) -> T:
        """Run `work`, each statement on a snapshot of its own."""
        return _finish(work(SqliteTx(self._reader, self._schema)))

    async def write(self, work: Work[T]) -> T:
        """Run `work` in the next group; returns after its durable commit."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.append(_Writer(work, answer))
        if self._drain is None or self._drain.done():
            self._drain = asyncio.create_task(self._drain_queue())
        try:
            return await answer
        except StorageUnavailable:
            self.refused = True
            raise

    async def count(self, work: Work[T]) -> T:
        """Run `work` on the counters: each statement a transaction of its own."""
        try:
            return _finish(work(SqliteTx(self._counters, self._schema)))
        except StorageUnavailable:
            self.refused = True
            raise

    def woken(self) -> Waiter:
        """A waiter for announced commits, of other processes too."""
        self._start_watching()
        return self._wakes.waiter()

    def joinable(self) -> Waiter:
        """A waiter whose next write may still share the announced commit."""
        self._start_watching()
        return self._joins.waiter()

    async def make_room(self, now: int) -> None:
        """Nothing: a file has no partitions."""

    async def learn(self, tables: Sequence[str]) -> None:
        """In another thread: writers wait meanwhile, about a second for 300,000 rows."""
        with self._schema.translated():
            await asyncio.to_thread(sqlite_statistics.learn, self._path, tables, self._patience)

    async def close(self) -> None:
        """Finish the queue and close the files."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        if self._drain is not None:
            await self._drain
        self._thread.shutdown()
        for connection in (self._writer, self._reader, self._counters):
            connection.close()

    async def _drain_queue(self) -> None:
        while self._queue:
            group: _Group = []
            try:
                await self._begin()
                await self._run_group(group)
                await self._commit(group)
            except Exception as refusal:  # whatever it is, nobody may be left waiting
                self._abandon(group, refusal)

    def _abandon(self, group: "_Group", refusal: Exception) -> None:
        """Nothing of the group is kept. Where none had begun, those that wait are refused too."""
        with contextlib.suppress(apsw.Error):
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        waiting = [] if group else list(self._queue)
        if waiting:
            self._queue.clear()
        for writer in waiting:
            _Result(error=refusal).give(writer.answer)
        for writer, result in group:
            (result if result.error is not None else _Result(error=refusal)).give(writer.answer)

    async def _begin(self) -> None:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
        except apsw.BusyError:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, self._begin_patiently)
        except apsw.Error as error:
            raise self._schema.translate(error) from error

    def _begin_patiently(self) -> None:
        self._writer.set_busy_handler(_patient(self._patience, 0.001))
        try:
            with self._schema.translated():
                self._writer.execute("BEGIN IMMEDIATE")
        finally:
            self._writer.set_busy_handler(None)

    async def _run_group(self, done: "_Group") -> None:
        """Run the writers that wait, each beside its result in `done`."""
        announced = False
        while len(done) < GROUP:
            if not self._queue:
                if not announced:
                    break
                # Whoever was woken below may queue a write now and share this commit.
                announced = False
                for _ in range(3):
                    await asyncio.sleep(0)
                continue
            writer = self._queue.popleft()
            if writer.answer.cancelled():
                continue
            result = self._attempt(writer.work, is_first=not done)
            done.append((writer, result))
            if not self._writer.in_transaction:
                # The first was undone; or a full or failing disk has ended the transaction, with
                # what the others have written.
                raise result.error or StorageUnavailable("The database ended the transaction.")
            if result.announced is News.TO_DO:
                announced = True
                self._joins.wake()

    def _attempt(self, work: Work[Any], *, is_first: bool) -> "_Result":
        """One writer of a group. The first has nobody before it whose work must stay when its own
        is undone: it needs no SAVEPOINT, which keeps a copy of every page that is changed."""
        tx = SqliteTx(self._writer, self._schema)
        try:
            if not is_first:
                self._writer.execute("SAVEPOINT work")
            value = _finish(work(tx))
            if tx.violated is not None:
                raise tx.violated
            if not is_first:
                self._writer.execute("RELEASE work")
        except Exception as error:
            if self._writer.in_transaction:
                undo = "ROLLBACK" if is_first else "ROLLBACK TO work; RELEASE work"
                self._writer.execute(undo)
            return _Result(error=error)
        return _Result(value=value, announced=tx.announced)

    async def _commit(self, group: "_Group") -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._writer.execute, "COMMIT")
        except apsw.Error as error:
            raise self._schema.translate(error) from error
        for writer, result in group:
            result.give(writer.answer)
        if any(result.announced for _, result in group):
            self._wakes.wake()

    def _start_watching(self) -> None:
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._watch_others())

    async def _watch_others(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if self._drain is not None and not self._drain.done():
                continue
            version = _data_version(self._writer)
            if version != self._version:
                self._version = version
                self._wakes.wake()
                self._joins.wake()


@dataclass(frozen=True, slots=True)
class _Result:
    value: Any = None
    error: Exception | None = None
    announced: News = News.NONE

    def give(self, answer: asyncio.Future[Any]) -> None:
        if answer.cancelled():
            return
        if self.error is not None:
            answer.set_exception(self.error)
        else:
            answer.set_result(self.value)


_Group = list[tuple[_Writer, _Result]]


def _finish(work: Awaitable[T]) -> T:
    """Run a transaction to its end. It may await its `tx` only, and that never suspends."""
    try:
        cast("Coroutine[Any, Any, T]", work).send(None)
    except StopIteration as end:
        return cast("T", end.value)
    cast("Coroutine[Any, Any, T]", work).close()
    raise RuntimeError("a transaction awaited something other than its tx")


def _connect(path: Path, clock: Clock) -> apsw.Connection:
    connection = apsw.Connection(str(path), statementcachesize=STATEMENTS_KEPT)
    connection.set_busy_handler(_patient(PATIENCE, 0.001))
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA recursive_triggers = ON")  # or REPLACE would slip past the guards
    connection.execute("PRAGMA cache_size = -65536")
    # What a SAVEPOINT may have to undo would be kept in a temporary file, made for each of them.
    connection.execute("PRAGMA temp_store = MEMORY")
    _add_functions(connection, clock)
    return connection


def _connect_counters(path: Path, clock: Clock) -> apsw.Connection:
    """The counters' file with the database attached: admitting a request is one statement."""
    connection = apsw.Connection(str(counters_path(path)), statementcachesize=STATEMENTS_KEPT)
    # Another process holds this lock for microseconds.
    connection.set_busy_handler(_patient(1.0, 0.0002))
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("ATTACH :path AS jump", {"path": str(path)})
    _add_functions(connection, clock)
    return connection


def counters_path(path: Path) -> Path:
    """Where the counters of the database at `path` are kept."""
    return path.with_name(f"{path.stem}-counters{path.suffix}")


def _add_functions(connection: apsw.Connection, clock: Clock) -> None:
    # Plans must not depend on the values bound: SQLite would prepare a statement again for each
    # new value of some parameters, which made admitting a request cost fifty times as much.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    connection.create_scalar_function("jump_now", lambda *_: clock(), 0)
    connection.create_scalar_function("greatest", cast("Any", max), deterministic=True)
    connection.create_scalar_function("least", cast("Any", min), deterministic=True)


def _patient(seconds: float, pause: float) -> Any:
    def wait(tries: int) -> bool:
        time.sleep(pause)
        return tries * pause < seconds

    return wait


def _data_version(connection: apsw.Connection) -> int:
    return cast("int", connection.pragma("data_version"))
