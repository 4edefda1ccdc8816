"""What the same machine can do with the bare parts, measured in the same run.

A POST by libcurl of a delivery's very bytes; a commit of one small row that the disk has confirmed.
What is done now and then takes longer than what is done without a pause, so both can be paced.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import apsw
import asyncpg
import pycurl

from benchmarks.figures import median
from benchmarks.places import Place
from benchmarks.practices import sample_event
from benchmarks.receiving import Receiver
from jump.events import envelope
from jump.kit.clock import system_clock
from jump.kit.ids import new_id
from jump.webhooks.phases import Claimed
from jump.webhooks.signing import prepare

AT_ONCE = 80  # as many as the engine has in the air for ten webhooks
INSERT = "INSERT INTO yardstick (words) VALUES ($1)"
SECRET = "whsec_" + "A" * 43 + "="


@dataclass(frozen=True)
class Message:
    """The body and the headers of a delivery."""

    headers: list[str]
    body: bytes


def message() -> Message:
    """What the engine would send for an event of ours."""
    now = system_clock()
    event = sample_event(now)
    ids = {prefix: new_id(prefix, now) for prefix in ("org", "dlv", "wh", "evt")}
    head = envelope.Head(ids["evt"], event.type, now, ids["org"], "test")
    body = envelope.full(head, event.object_json, b'{"city":"Leeds"}')
    claimed = Claimed(
        organisation=ids["org"], mode="test", delivery_id=ids["dlv"], webhook_id=ids["wh"],
        event_id=ids["evt"], event_type=event.type, patient_id=None, url="", body=body,
        secrets=(SECRET,), number=1, failures=0, interruptions=0, trigger="auto", test=False,
        epoch=1,
    )  # fmt: skip
    headers = [f"{name}: {value}" for name, value in prepare(claimed, now).headers]
    return Message([*headers, "Accept-Encoding: identity", "Expect:"], body)


async def post_milliseconds(receiver: Receiver, count: int, every: float) -> float:
    """The median time of a POST over TLS 1.3, kept alive, one each `every` seconds."""
    posting = _Posting(receiver, message())
    handle = posting.handle()

    async def post() -> None:
        await posting.multi.perform(handle)
        posting.check(handle)

    try:
        posting.load(handle)
        await post()
        return median(await _timed(post, count, every))
    finally:
        await posting.close()


async def post_cpu_microseconds(receiver: Receiver, count: int) -> float:
    """The client's CPU for each of the same, many at once, as fast as the receiver answers.

    One after the other they cost up to twice as much, but how much depends on how soundly the
    machine falls asleep in between.
    """
    posting = _Posting(receiver, message())
    handles = [posting.handle() for _ in range(AT_ONCE)]

    async def posts(handle: Any, times: int) -> None:
        for _ in range(times):
            posting.load(handle)
            await posting.multi.perform(handle)
            posting.check(handle)

    try:
        await asyncio.gather(*(posts(handle, 2) for handle in handles))
        each = max(1, count // AT_ONCE)
        began = time.process_time()
        await asyncio.gather(*(posts(handle, each) for handle in handles))
        return (time.process_time() - began) / (each * AT_ONCE) * 1e6
    finally:
        await posting.close()


class _Posting:
    """What bare POSTs of one message to one receiver share."""

    def __init__(self, receiver: Receiver, sent: Message) -> None:
        self._receiver = receiver
        self._sent = sent
        self._url = receiver.url("/bare")
        self._handles: list[Any] = []
        self.multi = pycurl.AsyncCurlMulti()
        self.multi.setopt(pycurl.M_MAXCONNECTS, 2 * AT_ONCE)

    def handle(self) -> Any:
        answer: list[bytes] = []
        handle = pycurl.Curl()
        options = {
            pycurl.POST: 1,
            pycurl.CAINFO: str(self._receiver.ca_file),
            pycurl.SSLVERSION: pycurl.SSLVERSION_TLSv1_3,
            pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
            pycurl.PROXY: "",
            pycurl.NOSIGNAL: 1,
            pycurl.WRITEFUNCTION: answer.append,
        }
        for option, value in options.items():
            handle.setopt(option, value)
        self._handles.append(handle)
        return handle

    def load(self, handle: Any) -> None:
        handle.setopt(pycurl.URL, self._url)
        handle.setopt(pycurl.HTTPHEADER, self._sent.headers)
        handle.setopt(pycurl.POSTFIELDS, self._sent.body)

    def check(self, handle: Any) -> None:
        if handle.getinfo(pycurl.RESPONSE_CODE) != 200:
            raise RuntimeError("A bare POST was refused.")

    async def close(self) -> None:
        await self.multi.aclose()
        for handle in self._handles:
            handle.close()
        self._receiver.take()


async def commit_milliseconds(place: Place, count: int, every: float = 0.0) -> float:
    """The median time of committing one small row on the place's disk, one each `every` seconds.

    On SQLite in WAL with FULL sync; on PostgreSQL an INSERT that is its own transaction.
    """
    if place.kind == "sqlite":
        connection = apsw.Connection(str(place.folder / "yardstick.db"))
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE yardstick (id INTEGER PRIMARY KEY, words TEXT)")

        async def insert() -> None:
            connection.execute("INSERT INTO yardstick (words) VALUES ('a small row')")

        try:
            return median(await _timed(insert, count, every))
        finally:
            connection.close()
            os.remove(place.folder / "yardstick.db")
    async with _small_table(place) as session:
        insert = await session.prepare(INSERT)
        return median(await _timed(lambda: insert.fetch("a small row"), count, every))


async def round_trips_milliseconds(place: Place, number: int, count: int, every: float) -> float:
    """The median time of a transaction on PostgreSQL that does next to nothing, but in so many
    round trips: it begins, reads nothing, writes one small row and commits."""
    async with _small_table(place) as session:
        nothing = await session.prepare("SELECT 1")
        insert = await session.prepare(INSERT)

        async def transaction() -> None:
            await session.execute("BEGIN")
            for _ in range(number - 3):
                await nothing.fetch()
            await insert.fetch("a small row")
            await session.execute("COMMIT")

        return median(await _timed(transaction, count, every))


@asynccontextmanager
async def _small_table(place: Place) -> AsyncIterator[Any]:
    """A session with a table for small rows."""
    session = await asyncpg.connect(place.url)
    try:
        await session.execute("CREATE TABLE yardstick (id BIGSERIAL PRIMARY KEY, words TEXT)")
        yield session
        await session.execute("DROP TABLE yardstick")
    finally:
        await session.close()


async def _timed(work: Callable[[], Awaitable[object]], count: int, every: float) -> list[float]:
    """How many milliseconds each took."""
    took = []
    for _ in range(count):
        await asyncio.sleep(every)
        began = time.monotonic()
        await work()
        took.append((time.monotonic() - began) * 1000)
    return took
