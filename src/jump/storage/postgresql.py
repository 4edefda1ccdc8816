"""PostgreSQL: any number of processes on any number of machines share it, and share only it.

Nothing is kept in a session, so that a pooler in transaction mode may stand between: LISTEN is a
short cut where it is possible, looking every moment suffices.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Literal, TypeVar

import asyncpg

from jump.storage import partitions
from jump.storage.database import StorageUnavailable, Work
from jump.storage.postgresql_connections import ACQUIRE_SECONDS, Connections, Lent
from jump.storage.postgresql_transaction import PostgresTx
from jump.storage.wakes import News, Waiter, Wakes

T = TypeVar("T")

CHANNEL = "jump"
TRIES = 6  # of a transaction that lost a deadlock or a serialisation race
STATEMENT_SECONDS = 30
LOOK_EVERY_BEHIND_POOLER = 0.2  # seconds between looks where LISTEN cannot be had
# Seconds until others are told what is only to be read, or what this process sees to itself: each
# word wakes a session of every process.
OTHERS_WAIT = 0.02
STANDSTILL_SECONDS = 10  # of a transaction whose process hangs or is out of reach, until it is over

# One message each, so that it takes one round trip. The statements of writes are the same few all
# day and find their rows by keys: planning them again takes longer than running them.
_BEGIN_READING = ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",)
_BEGIN_WRITING = (
    "BEGIN ISOLATION LEVEL READ COMMITTED",
    "SET LOCAL plan_cache_mode = force_generic_plan",
)

_LOST_RACES = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_OUT_OF_REACH = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
    asyncpg.InterfaceError,
    # What comes of a statement that meets the server's word that the session is over.
    asyncpg.InternalClientError,
)
_REFUSALS: tuple[tuple[type[Exception], str], ...] = (
    (asyncpg.ReadOnlySQLTransactionError, "The database is read-only."),
    (asyncpg.DiskFullError, "The disk is full: the database cannot grow."),
    (asyncpg.LockNotAvailableError, "The database is locked by another process."),
    (asyncpg.InsufficientPrivilegeError, "The database's user may not do this: see its rights."),
    (asyncpg.InvalidPasswordError, "The database refuses the password."),
    (asyncpg.InvalidAuthorizationSpecificationError, "The database refuses the user."),
    (asyncpg.IdleInTransactionSessionTimeoutError, "The database ended a transaction that hung."),
    (asyncpg.InvalidCatalogNameError, "The database does not exist."),
)
_REFUSING = tuple(kind for kind, _ in _REFUSALS)
_TROUBLES = (*_REFUSING, *_OUT_OF_REACH)


class PostgresDatabase:
    """One PostgreSQL database, over a few connections. Made by `open_postgres`."""

    kind: Literal["postgresql"] = "postgresql"

    def __init__(
        self, url: str, *, behind_pooler: bool, connections: int, standstill: float
    ) -> None:
        self.refused = False
        self._url = url
        self._behind_pooler = behind_pooler
        # A pooler gives each transaction another session: what is set must be set for it alone.
        self._liveness = _liveness(standstill)
        local = tuple(f"SET LOCAL {each}" for each in self._liveness) if behind_pooler else ()
        self._begin_reading = "; ".join((*_BEGIN_READING, *local))
        self._begin_writing = "; ".join((*_BEGIN_WRITING, *local))
        self._connections = Connections(self._connect, connections)
        self._closed = False
        self._name = secrets.token_hex(4)
        self._wakes = Wakes()
        self._joins = Wakes()
        self._listening: asyncio.Task[None] | None = None
        self._line: Any = None  # the connection that listens: always there, so it tells, too
        self._notifying: asyncio.Task[None] | None = None
        self._to_notify = News.NONE

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one snapshot."""
        async with self._connection() as connection, _Within(connection, self._begin_reading):
            return await _finished(work, PostgresTx(connection))

    async def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction, again when it lost a race; returns after the commit."""
        for attempt in range(1, TRIES + 1):
            try:
                return await self._write_once(work)
            except _LOST_RACES:
                if attempt == TRIES:
                    raise StorageUnavailable("The database is too busy.") from None
            await asyncio.sleep(secrets.randbelow(10 * attempt) / 1000)
        raise AssertionError("unreachable")

    async def count(self, work: Work[T]) -> T:
        """Run `work` on the counters: each statement a transaction of its own."""
        async with self._connection() as connection:
            return await _finished(work, PostgresTx(connection))

    async def look(self, work: Work[T]) -> T:
        """The same: here all is in one database."""
        return await self.count(work)

    def woken(self) -> Waiter:
        """A waiter for announced commits, of other processes too."""
        self._start_listening()
        return self._wakes.waiter()

    def joinable(self) -> Waiter:
        """A waiter for those that have something to do; a write cannot join another's commit."""
        self._start_listening()
        return self._joins.waiter()

    async def make_room(self, now: int) -> None:
        """Make the partitions of now and of the time ahead."""
        async with self._connection() as connection, _Within(connection, self._begin_writing):
            await partitions.make(connection, now)

    async def learn(self, tables: Sequence[str]) -> None:
        """It learns by itself (autovacuum); this is for those who load much and cannot wait."""
        async with self._connection() as connection, _Within(connection, self._begin_writing):
            await connection.execute(f"ANALYZE {', '.join(tables)}")

    async def close(self) -> None:
        """Finish what runs and close every connection."""
        for task in (self._listening, self._notifying):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        self._closed = True
        await self._connections.close()

    async def _write_once(self, work: Work[T]) -> T:
        async with self._connection() as connection:
            tx = PostgresTx(connection)
            try:
                async with _Within(connection, self._begin_writing):
                    value = await _finished(work, tx)
                    if tx.violated is not None:
                        raise tx.violated
            except asyncpg.IntegrityConstraintViolationError as error:
                # A deferred constraint refuses only the commit.
                raise tx.violation(error) from error
        if tx.announced:
            self._wake(tx.announced)
            self._tell_others(tx.announced)
        return value

    def _connection(self) -> "_Reached":
        if self._closed:
            raise StorageUnavailable("The database was closed.")
        return _Reached(self._connections, self._refusal)

    def _refusal(self, error: Exception) -> StorageUnavailable:
        self.refused |= isinstance(error, _REFUSING)
        return StorageUnavailable(refusal_of(error))

    async def _connect(self) -> Any:
        connection = await asyncpg.connect(
            self._url,
            timeout=ACQUIRE_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            # Prepared statements are the session's, which a pooler changes.
            statement_cache_size=0 if self._behind_pooler else 512,
        )
        if not self._behind_pooler:
            # Not as parameters of the start: a pooler in session mode would refuse those.
            try:
                await connection.execute("; ".join(f"SET {each}" for each in self._liveness))
            except BaseException:
                connection.terminate()
                raise
        return connection

    def _wake(self, news: News) -> None:
        self._wakes.wake()
        if news is News.TO_DO:
            self._joins.wake()

    def _tell_others(self, news: News) -> None:
        """Tell other processes; what follows before they have been told becomes one message."""
        is_first = self._to_notify is News.NONE
        self._to_notify = max(self._to_notify, news)
        if news is News.TO_DO and not self._joins.are_awaited():
            self._send_soon()
        elif is_first:
            asyncio.get_running_loop().call_later(OTHERS_WAIT, self._send_soon)

    def _send_soon(self) -> None:
        if not self._closed and (self._notifying is None or self._notifying.done()):
            self._notifying = asyncio.create_task(self._send_notices())

    async def _send_notices(self) -> None:
        if not self._behind_pooler:
            self._start_listening()
        while self._to_notify:
            news, self._to_notify = self._to_notify, News.NONE
            notice = f"NOTIFY {CHANNEL}, '{self._name} {news:d}'"
            # Losing it costs at most a second: everybody looks by themselves too.
            with contextlib.suppress(StorageUnavailable, *_OUT_OF_REACH):
                if self._line is not None:
                    await self._line.execute(notice, timeout=STATEMENT_SECONDS)
                    continue
                async with self._connection() as connection:
                    await connection.execute(notice)

    def _hear(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        name, _, news = str(payload).partition(" ")
        # We have woken our own already.
        if name != self._name:
            self._wake(News.TO_READ if news == f"{News.TO_READ:d}" else News.TO_DO)

    def _start_listening(self) -> None:
        if self._listening is None or self._listening.done():
            listen = self._look if self._behind_pooler else self._listen
            self._listening = asyncio.create_task(listen())

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(*_OUT_OF_REACH):
                await self._listen_until_lost()
            await asyncio.sleep(1)

    async def _listen_until_lost(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=ACQUIRE_SECONDS)
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            await connection.add_listener(CHANNEL, self._hear)
            self._line = connection
            self._wake(News.TO_DO)
            await lost.wait()
        finally:
            self._line = None
            connection.terminate()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_BEHIND_POOLER)
            self._wake(News.TO_DO)


async def _finished(work: Work[T], tx: PostgresTx) -> T:
    """What the work comes to, once all that it left for later is done."""
    value = await work(tx)
    await tx.settle()
    return value


def _liveness(standstill: float) -> tuple[str, ...]:
    """What keeps a process that hangs, or whose network is gone, from keeping what it has locked.

    The server ends a transaction that stands still, and a connection whose other end is silent.
    """
    milliseconds = round(standstill * 1000)
    return (
        f"idle_in_transaction_session_timeout = {milliseconds}",
        f"tcp_user_timeout = {milliseconds}",
        "tcp_keepalives_idle = 5",
        "tcp_keepalives_interval = 2",
        "tcp_keepalives_count = 3",
    )


class _Reached(Lent):
    """A connection for the length of a block, in which the driver's errors become `refusal`."""

    __slots__ = ("_refusal",)

    def __init__(
        self, connections: Connections, refusal: Callable[[Exception], StorageUnavailable]
    ) -> None:
        super().__init__(connections)
        self._refusal = refusal

    async def __aenter__(self) -> Any:
        try:
            return await super().__aenter__()
        except _TROUBLES as error:
            raise self._refusal(error) from error

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await super().__aexit__(kind, error, trace)
        if isinstance(error, _TROUBLES):
            raise self._refusal(error) from error


class _Within:
    """A transaction for the length of a block: committed at its end, undone by what it raises."""

    __slots__ = ("_begin", "_connection")

    def __init__(self, connection: Any, begin: str) -> None:
        self._connection = connection
        self._begin = begin

    async def __aenter__(self) -> None:
        await self._connection.execute(self._begin)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            # On a connection that is lost there is nothing to roll back.
            with contextlib.suppress(asyncpg.PostgresError, *_OUT_OF_REACH):
                await self._connection.execute("ROLLBACK")
        elif await self._connection.execute("COMMIT") != "COMMIT":
            raise StorageUnavailable("The database undid the transaction.")


def refusal_of(error: BaseException) -> str:
    """One clear line on why the database cannot be had."""
    told = (message for kind, message in _REFUSALS if isinstance(error, kind))
    return next(told, "The database does not answer.")


def open_postgres(
    url: str, *, connections: int = 16, standstill: float = STANDSTILL_SECONDS
) -> PostgresDatabase:
    """The database at `postgresql://…`; `?pooler=transaction` says that a pooler stands between.

    Nothing is connected until the first transaction. One that stands still for `standstill` seconds
    is undone.
    """
    address, behind_pooler = split_options(url)
    return PostgresDatabase(
        address, behind_pooler=behind_pooler, connections=connections, standstill=standstill
    )


def split_options(url: str) -> tuple[str, bool]:
    """The address without our own option, and whether a pooler stands between."""
    plain, _, query = url.partition("?")
    options = [option for option in query.split("&") if option]
    kept = "&".join(option for option in options if not option.startswith("pooler="))
    return (f"{plain}?{kept}" if kept else plain), "pooler=transaction" in options
