"""The demo's receiver: takes deliveries over HTTPS, verifies them, tells of each, can be broken.

`/hook` takes deliveries; asking for `/break` makes it answer 500 until somebody asks for `/mend`.
"""

import asyncio
import contextlib
import http
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jump.cli.demo.certificates import HOST
from jump.cli.demo.verifying import problem_with
from jump.cli.operating import Refused
from jump.kit.clock import SECOND, Clock

HOOK: Final = "/hook"
BREAK: Final = "/break"
MEND: Final = "/mend"
USUAL_PORT: Final = 8443
_LONGEST_HEAD: Final = 64 * 1024
_LONGEST_BODY: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery as it came: `at` in microseconds, why it is not believed, and the answer."""

    at: int
    headers: Mapping[str, str]
    body: bytes
    problem: str | None
    status: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a line of text."""

    status: int
    words: str

    def encoded(self) -> bytes:
        """The whole answer as it is sent."""
        body = f"{self.words}\n".encode()
        return (
            f"HTTP/1.1 {self.status} {http.HTTPStatus(self.status).phrase}\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


@dataclass
class Receiver:
    """Answers on one port; `secret` is what deliveries are signed with, once that is known."""

    clock: Clock
    tell: Callable[[Arrival], None]
    port: int = 0
    secret: str = ""
    is_broken: bool = False

    @property
    def url(self) -> str:
        """The receiver's address, without a path."""
        return f"https://{HOST}:{self.port}"

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer to one request, told if it is a delivery."""
        if path in (BREAK, MEND):
            self.is_broken = path == BREAK
            return Answer(200, "Broken: every delivery gets 500." if self.is_broken else "Mended.")
        if path != HOOK:
            return Answer(404, f"Deliveries go to {HOOK}.")
        if method != "POST":
            return Answer(405, "Deliveries are POSTed.")
        return self._take(headers, body)

    def _take(self, headers: Mapping[str, str], body: bytes) -> Answer:
        at = self.clock()
        problem = problem_with(headers, body, self.secret, at // SECOND)
        if problem is not None:
            answer = Answer(401, f"Not believed: {problem}.")
        elif self.is_broken:
            answer = Answer(500, "Broken on purpose.")
        else:
            answer = Answer(200, "Taken.")
        self.tell(Arrival(at, headers, body, problem, answer.status))
        return answer


@contextlib.asynccontextmanager
async def listening(receiver: Receiver, certificate: Path) -> AsyncIterator[None]:
    """Let the receiver answer, on its usual port or, where that is taken, on any other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            await _talk(receiver, reader, writer)
        finally:
            talks.discard(task)
            writer.transport.abort()

    server = await _start(talk, context)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        server.close()
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def _start(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    context: ssl.SSLContext,
) -> asyncio.Server:
    for port in (USUAL_PORT, 0):
        with contextlib.suppress(OSError):
            return await asyncio.start_server(talk, HOST, port, ssl=context, limit=_LONGEST_HEAD)
    raise Refused(f"No port of {HOST} can be had for the demo's receiver.")


async def _talk(
    receiver: Receiver, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer the requests of one connection. Whatever is wrong with it ends it."""
    broken_off = (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, ValueError)
    with contextlib.suppress(*broken_off, asyncio.CancelledError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").rstrip().split("\r\n")
            method, path, _ = first.split(" ")
            pairs = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            length = int(headers.get("content-length", "0"))
            if not 0 <= length <= _LONGEST_BODY:
                return
            body = await reader.readexactly(length)
            writer.write(receiver.answer(method, path, headers, body).encoded())
            await writer.drain()
