"""A real HTTPS receiver for tests: it records every request and answers by a script.

It runs in a thread with a loop of its own, so it serves tests of any kind and other processes:

    with Receiver() as receiver:
        receiver.answer_with(Answer(503), Answer(200))     # the last one goes on
        ...                                                # POST to receiver.url, trust ca_file
        first, second = receiver.wait_for(2)
"""

import asyncio
import json
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import trustme

from tests.patience import PATIENCE

HEAD_LIMIT = 256 * 1024
BODILESS = (204, 304)


class Gate:
    """Holds every answer that waits at it until a test opens it. One that never opens hangs."""

    def __init__(self) -> None:
        self._opened: Future[None] = Future()

    def open(self) -> None:
        """Let everything through, now and later."""
        self._opened.set_result(None)

    async def passed(self) -> None:
        """Wait for the gate to open."""
        # Shielded, because whoever waits may be cancelled, and the gate is for others too.
        await asyncio.shield(asyncio.wrap_future(self._opened))


@dataclass(frozen=True)
class Answer:
    """What to answer, and how.

    `gate` and `delay` (seconds) come before the first byte. `interim` are status lines sent ahead,
    such as `103 Early Hints`. `pace` is the pause in seconds after each byte of the body.
    `declared` is the Content-Length to claim (None claims nothing and ends the body by closing);
    the default is the truth. `then_close` closes the connection after the body, whatever was
    claimed; `rudely` does so without TLS's goodbye. `raw` is sent instead of all that.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b"ok"
    gate: Gate | None = None
    delay: float = 0.0
    interim: tuple[str, ...] = ()
    pace: float = 0.0
    declared: int | None = -1
    then_close: bool = False
    rudely: bool = False
    raw: bytes | None = None

    def head(self) -> bytes:
        """The interim answers, the status line and the headers, as they are sent."""
        lines = [f"HTTP/1.1 {status}\r\n\r\n" for status in self.interim]
        lines.append(f"HTTP/1.1 {self.status} Answer\r\n")
        lines += [f"{name}: {value}\r\n" for name, value in self.headers]
        length = len(self.body) if self.declared == -1 else self.declared
        if length is not None and self.status not in BODILESS:
            lines.append(f"Content-Length: {length}\r\n")
        return "".join([*lines, "\r\n"]).encode()


GONE = Answer(410)


def hang() -> Answer:
    """Take the request and never answer it."""
    return Answer(gate=Gate())


def redirect_to(url: str, status: int = 302) -> Answer:
    """Send the sender elsewhere."""
    return Answer(status, headers=(("Location", url),))


def busy(retry_after: str, status: int = 503) -> Answer:
    """Ask to be left alone for a while."""
    return Answer(status, headers=(("Retry-After", retry_after),))


def trickle(body: bytes = b"x" * 1000, pace: float = 0.05) -> Answer:
    """Answer 200 at once and let the body drip."""
    return Answer(body=body, pace=pace)


def cut_short(body: bytes = b"half") -> Answer:
    """Promise twice the body that comes before the connection is closed."""
    return Answer(body=body, declared=2 * len(body), then_close=True)


@dataclass(frozen=True)
class Received:
    """One request as it arrived: `at` is monotonic seconds, `connection` counts from 1."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    at: float
    connection: int

    def header(self, name: str) -> str:
        """The value of the only header of that name; KeyError if there is none or several."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        if len(values) != 1:
            raise KeyError(f"{name}: {len(values)} values")
        return values[0]

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


Script = Callable[[Received], Answer]


@dataclass
class Receiver:
    """Listens on `address` and a free port from `with` on; its certificate is for `hosts`.

    `ca` issues that certificate, its own by default. `adjust_tls` may change what TLS it speaks.
    """

    hosts: Sequence[str] = ("localhost", "127.0.0.1", "::1")
    address: str = "127.0.0.1"
    ca: trustme.CA = field(default_factory=trustme.CA)
    adjust_tls: Callable[[ssl.SSLContext], None] = lambda context: None
    port: int = 0
    connections: int = 0
    requests: list[Received] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._scripts: dict[str | None, Script] = {None: lambda request: Answer()}
        self._arrived = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="receiver", daemon=True)
        self._started: Future[None] = Future()
        self._folder = tempfile.TemporaryDirectory(prefix="receiver-")
        self._talks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self.ca.cert_pem.write_to_path(self.ca_file)
        self._thread.start()
        self._started.result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._folder.cleanup()

    @property
    def ca_file(self) -> str:
        """The authority of its certificate, as a PEM file."""
        return str(Path(self._folder.name) / "ca.pem")

    @property
    def url(self) -> str:
        """Where to POST to."""
        return self.url_of("/hook")

    def url_of(self, path: str, host: str | None = None) -> str:
        """Where to POST to for a script of its own; `host` is one of `hosts`."""
        return f"https://{host or self.address}:{self.port}{path}"

    def answer_with(self, *answers: Answer | Script, path: str | None = None) -> None:
        """Answer the next requests (to `path`, or to any that has no script) with these in turn.

        The last one goes on for ever. A function is given the request and returns the answer.
        """
        with self._arrived:
            self._scripts[path] = _in_turn(list(answers))

    def wait_for(
        self, count: int, timeout: float = PATIENCE, path: str | None = None
    ) -> list[Received]:
        """Return all requests (to `path`) once `count` have arrived; else raise TimeoutError."""

        def arrived() -> list[Received]:
            return [request for request in self.requests if path in (None, request.path)]

        with self._arrived:
            if not self._arrived.wait_for(lambda: len(arrived()) >= count, timeout):
                raise TimeoutError(f"{len(arrived())} of {count} requests within {timeout} s")
            return arrived()

    async def arrived(
        self, count: int, within: float = PATIENCE, path: str | None = None
    ) -> list[Received]:
        """`wait_for` without holding up the loop of the test."""
        return await asyncio.to_thread(self.wait_for, count, within, path)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        try:
            server = await asyncio.start_server(
                self._talk, self.address, self.port, ssl=self._tls(), limit=HEAD_LIMIT
            )
        except BaseException as problem:
            self._started.set_exception(problem)
            raise
        self.port = server.sockets[0].getsockname()[1]
        self._started.set_result(None)
        await self._stop.wait()
        server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def _tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(*self.hosts).configure_cert(context)
        self.adjust_tls(context)
        return context

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        task.add_done_callback(self._talks.discard)
        self.connections += 1
        number = self.connections
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
                while await self._one(reader, writer, number):
                    pass
        except asyncio.CancelledError:
            pass  # the stream's callback would report it
        finally:
            writer.transport.abort()

    async def _one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int
    ) -> bool:
        request = await _read(reader, connection)
        with self._arrived:
            answer = self._script(request.path)(request)
            self.requests.append(request)
            self._arrived.notify_all()
        return await _send(answer, writer)

    def _script(self, path: str) -> Script:
        return self._scripts.get(path) or self._scripts[None]


def _in_turn(answers: list[Answer | Script]) -> Script:
    def script(request: Received) -> Answer:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer if isinstance(answer, Answer) else answer(request)

    return script


async def _read(reader: asyncio.StreamReader, connection: int) -> Received:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    headers = tuple((name, value.strip()) for name, _, value in (x.partition(":") for x in lines))
    lengths = [value for name, value in headers if name.lower() == "content-length"]
    body = await reader.readexactly(int(lengths[0])) if lengths else b""
    return Received(method, path, headers, body, time.monotonic(), connection)


async def _send(answer: Answer, writer: asyncio.StreamWriter) -> bool:
    """Send the answer; tell whether the connection goes on."""
    if answer.gate is not None:
        await answer.gate.passed()
    await asyncio.sleep(answer.delay)
    if answer.raw is not None:
        writer.write(answer.raw)
    else:
        writer.write(answer.head())
        if answer.status not in BODILESS:
            await _send_body(answer, writer)
    await writer.drain()
    ends = (answer.then_close, answer.rudely, answer.declared is None, answer.raw is not None)
    goes_on = not any(ends)
    if not goes_on and not answer.rudely:
        writer.close()
        await writer.wait_closed()
    return goes_on


async def _send_body(answer: Answer, writer: asyncio.StreamWriter) -> None:
    if not answer.pace:
        writer.write(answer.body)
        return
    for byte in answer.body:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(answer.pace)
