"""Bodies far past the JSON limit: streamed, never whole in memory, and done once all the same."""

import asyncio
import hashlib
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from functools import partial

import msgspec
import pytest

from jump.application.endpoints import document
from jump.resources.definition import Answer, Call
from jump.rest import bodies, unit
from jump.rest.app import RestApp
from jump.rest.exchange import Exchange, Rendered
from jump.rest.routes import Direct
from jump.storage.database import Database, Tx
from jump.storage.sql import sql
from tests.rest.api import Api, client_of, open_api

MOST = 6 * 1024 * 1024
LENGTH = 5 * 1024 * 1024
CHUNK = 64 * 1024
LITTLE = 1024 * 1024  # memory that an upload may take: far less than its length
LONG, SHORT = 60, 0.1  # seconds in which a body must have arrived
_KEEP = sql("""
    INSERT INTO key_uses (organisation_id, key_id, used_at, address)
    VALUES (:organisation, :key, :size, 'a streamed body')
    ON CONFLICT (organisation_id, key_id)
    DO UPDATE SET used_at = key_uses.used_at + excluded.used_at
""")
_KEPT = sql("SELECT used_at FROM key_uses WHERE address = 'a streamed body'")


@dataclass
class Upload:
    """A body that is made as it is sent; `hangs_after` so many chunks it sends nothing more."""

    fill: bytes = b"x"
    length: int = LENGTH
    hangs_after: int | None = None
    sent: int = field(default=0)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for number in range(self.length // CHUNK):
            if number == self.hangs_after:
                await asyncio.Event().wait()
            self.sent += CHUNK
            yield self.fill * CHUNK


async def store(exchange: Exchange, call: Call, seconds: float) -> Rendered:
    """Take a body in piece by piece, as documents will, and write down how long it was."""
    digest, size = hashlib.sha256(), 0
    async for chunk in bodies.chunks(exchange.request, MOST, seconds):
        digest.update(chunk)
        size += len(chunk)

    async def keep(tx: Tx, call: Call) -> Answer:
        organisation, key = call.caller.tenant.organisation, "key_of_a_stream"
        await tx.run(_KEEP, organisation=organisation, key=key, size=size)
        return Answer(msgspec.json.encode({"sha256": digest.hexdigest()}), status=201)

    return await unit.write(exchange, call, digest.digest(), keep)


@pytest.fixture
async def api(database: Database) -> Api:
    made = await open_api(database)
    routes = [
        Direct("POST", path, partial(store, seconds=seconds), "write_documents", "", writes=True)
        for path, seconds in (("/streams", LONG), ("/hurried-streams", SHORT))
    ]
    app = RestApp(made.parts, (*made.routes, *routes), document())
    return replace(made, app=app, client=client_of(app), documented=False)


async def kept(api: Api) -> int | None:
    """How many bytes were written down, over all requests."""
    row = await api.database.read(lambda tx: tx.one(_KEPT))
    return None if row is None else int(row["used_at"])


async def test_a_body_far_past_the_json_limit_streams_through_a_little_memory(api: Api) -> None:
    await api.call("POST", "/streams", content=Upload(length=CHUNK))
    tracemalloc.start()
    try:
        answer = await api.call("POST", "/streams", content=Upload())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.status_code == 201, answer.text
    assert answer.json()["data"]["sha256"] == hashlib.sha256(b"x" * LENGTH).hexdigest()
    assert await kept(api) == CHUNK + LENGTH
    assert peak < LITTLE, f"{peak:,} bytes"


async def test_a_streamed_body_is_done_once_under_an_idempotency_key(api: Api) -> None:
    headers = {"Idempotency-Key": "once"}
    first, again = [
        await api.call("POST", "/streams", content=Upload(), headers=headers) for _ in range(2)
    ]
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert await kept(api) == LENGTH

    other = await api.call("POST", "/streams", content=Upload(fill=b"y"), headers=headers)
    assert other.status_code == 409
    assert await kept(api) == LENGTH


async def test_a_body_that_is_too_long_is_refused_before_it_has_all_arrived(api: Api) -> None:
    endless = Upload(length=100 * MOST)
    answer = await api.call("POST", "/streams", content=endless)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "PAYLOAD_TOO_LARGE"
    assert endless.sent <= MOST + bodies.MOST_DISCARDED + 2 * CHUNK
    told = await api.call(
        "POST", "/streams", content=Upload(), headers={"Content-Length": str(MOST + 1)}
    )
    assert told.status_code == 413
    assert await kept(api) is None


async def test_a_body_that_does_not_arrive_in_time_is_refused(api: Api) -> None:
    answer = await api.call("POST", "/hurried-streams", content=Upload(hangs_after=3))
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "INVALID_REQUEST"
    assert await kept(api) is None


async def test_a_key_without_the_scope_is_refused_whatever_it_sends(api: Api) -> None:
    upload = Upload(length=100 * MOST)
    key = await api.make_key("read_documents")
    answer = await api.call("POST", "/streams", content=upload, key=key)
    assert answer.status_code == 403
    # Only so much is read that most clients see the answer.
    assert upload.sent <= bodies.MOST_DISCARDED + 2 * CHUNK
