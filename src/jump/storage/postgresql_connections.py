"""The connections to one PostgreSQL database: so many at most, each lent to one user at a time.

Lending and taking back happen at once, without a turn of the event loop: a transaction that is
committed tells so before anything else is done. What may still be under way on a connection is
never lent again. What errors mean is left to the database.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

ACQUIRE_SECONDS = 5
IDLE_SECONDS = 300  # until a connection that was needed by nobody is closed


class Connections:
    """Up to `most` connections, made by `connect` when they are needed; `clock` tells seconds."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Any]],
        most: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most = most
        self._connect = connect
        self._clock = clock
        self._slots = asyncio.Semaphore(most)
        # Lent from the end, so that the first are those that have been idle for longest.
        self._idle: list[tuple[float, Any]] = []

    def lent(self) -> "Lent":
        """One of them, until the block ends. Waits for a while if all are lent."""
        return Lent(self)

    async def take(self) -> Any:
        """One of them, which has to be given back: `lent` sees to that."""
        await self._take_slot()
        try:
            return self._take_idle() or await self._connect()
        except BaseException:
            self._slots.release()
            raise

    def give_back(self, connection: Any, error: BaseException | None) -> None:
        """What was taken, with the error that ended its use."""
        if isinstance(error, asyncio.CancelledError | TimeoutError):
            # The server may not have heard yet that nobody waits for its answer.
            connection.terminate()
        self._keep(connection)
        self._slots.release()

    async def close(self) -> None:
        """Wait for those that are lent, and close all. To close again does nothing."""
        for _ in range(self.most):
            await self._slots.acquire()
        while self._idle:
            _, connection = self._idle.pop()
            await connection.close()
        for _ in range(self.most):
            self._slots.release()

    async def _take_slot(self) -> None:
        # To wait with a deadline takes a timer: not where there is no wait.
        if self._slots.locked():
            async with asyncio.timeout(ACQUIRE_SECONDS):
                await self._slots.acquire()
        else:
            await self._slots.acquire()

    def _take_idle(self) -> Any:
        while self._idle:
            _, connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return None

    def _keep(self, connection: Any) -> None:
        now = self._clock()
        if connection.is_closed() or connection.is_in_transaction():
            connection.terminate()
        else:
            self._idle.append((now, connection))
        while self._idle and self._idle[0][0] < now - IDLE_SECONDS:
            _, unused = self._idle.pop(0)
            unused.terminate()


class Lent:
    """A connection for the length of a block."""

    __slots__ = ("_connection", "_connections")

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def __aenter__(self) -> Any:
        self._connection = await self._connections.take()
        return self._connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connections.give_back(self._connection, error)
