"""A load generator: kept-alive HTTP connections, requests at their times whatever the answers do.

A request counts from the moment it was to be sent, also when it had to wait for a connection.
"""

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True)
class Exchange:
    """A request and its answer: monotonic seconds, and the status."""

    sent: float
    answered: float
    status: int

    @property
    def milliseconds(self) -> float:
        """How long it took."""
        return (self.answered - self.sent) * 1000


class Connection(asyncio.Protocol):
    """One connection, for one request at a time."""

    def __init__(self) -> None:
        self._read = b""
        self._answer: asyncio.Future[int] | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        head = self._read.find(END_OF_HEAD)
        if head < 0:
            return
        length = LENGTH.search(self._read, 0, head + 1)
        end = head + len(END_OF_HEAD) + (int(length[1]) if length else 0)
        if len(self._read) >= end and self._answer is not None:
            status = int(self._read[9:12])
            self._read = self._read[end:]
            self._answer.set_result(status)

    def connection_lost(self, problem: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(problem or ConnectionResetError())

    async def ask(self, request: bytes) -> int:
        """Send it; the status of its answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answer


@asynccontextmanager
async def connected(url: str, count: int) -> AsyncIterator[list[Connection]]:
    """So many connections to the server at the URL."""
    address = urlsplit(url)
    host, port = address.hostname or "", address.port or 0
    loop = asyncio.get_running_loop()
    made: list[Connection] = []
    try:
        for _ in range(count):
            _, connection = await loop.create_connection(Connection, host, port)
            made.append(connection)
        yield made
    finally:
        for connection in made:
            connection.transport.close()


async def at_a_rate(
    connections: Sequence[Connection], requests: Sequence[bytes], rate: float
) -> list[Exchange]:
    """Send so many a second, as callers do who know nothing of each other; the exchanges in order.

    The gaps are random, from a seed. Whatever the server does, no request waits for the answer to
    another while there are connections.
    """
    chance = random.Random(1)
    idle: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
    for connection in connections:
        idle.put_nowait(connection)

    async def one(request: bytes) -> Exchange:
        sent = time.monotonic()
        connection = await idle.get()
        status = await connection.ask(request)
        idle.put_nowait(connection)
        return Exchange(sent, time.monotonic(), status)

    running: list[asyncio.Task[Exchange]] = []
    due = time.monotonic()
    for request in requests:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        running.append(asyncio.create_task(one(request)))
        due += chance.expovariate(rate)
    return await asyncio.gather(*running)


async def as_fast_as_answered(
    connections: Sequence[Connection], request: bytes, seconds: float
) -> list[Exchange]:
    """Send the next request on each connection as soon as the last is answered."""
    until = time.monotonic() + seconds

    async def one(connection: Connection) -> list[Exchange]:
        done = []
        while (sent := time.monotonic()) < until:
            status = await connection.ask(request)
            done.append(Exchange(sent, time.monotonic(), status))
        return done

    each = await asyncio.gather(*map(one, connections))
    return [exchange for done in each for exchange in done]


def http_request(
    method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes = b""
) -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body
