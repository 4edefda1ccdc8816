"""When a change happened: its transaction's time, and never long before it can be seen."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from jump.kit.clock import SECOND, system_clock
from jump.kit.instants import format_instant
from jump.rest.unit import LONGEST_CHANGE
from jump.storage.database import Database, Tx
from jump.storage.sql import sql
from tests.blocking import blocked
from tests.rest.api import Api, open_api, refused

PATIENT = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
_LOCK = sql("SELECT id FROM patients FOR UPDATE")

on_postgresql = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


class MovedClock:
    """The time, and what was added to it."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return system_clock() + self.ahead


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def api(database: Database, clock: MovedClock) -> Api:
    return await open_api(database, clock)


async def made_to_wait(api: Api, call: Any, meanwhile: Callable[[], None]) -> Any:
    """The answer to a change that waits for another's lock while something happens."""
    locked, go = asyncio.Event(), asyncio.Event()

    async def hold(tx: Tx) -> None:
        await tx.all(_LOCK)
        locked.set()
        await go.wait()

    holder = asyncio.create_task(api.database.write(hold))
    await locked.wait()
    task = asyncio.create_task(call)
    await blocked(api.database)
    meanwhile()
    go.set()
    await holder
    return await task


async def new_patient(api: Api) -> dict[str, Any]:
    made: dict[str, Any] = (await api.post("/patients", PATIENT)).json()["data"]
    return made


@on_postgresql
async def test_a_change_has_the_time_at_which_it_began_however_long_it_waits(
    api: Api, clock: MovedClock
) -> None:
    made = await new_patient(api)
    before = clock()

    def wait() -> None:
        clock.ahead += LONGEST_CHANGE - 10 * SECOND

    answer = await made_to_wait(api, api.patch(f"/patients/{made['id']}", {"city": "Ely"}), wait)
    assert answer.status_code == 200
    changed = answer.json()["data"]["updated_at"]
    assert format_instant(before) <= changed <= format_instant(before + 10 * SECOND)


@on_postgresql
async def test_a_change_that_would_be_seen_late_is_undone_and_may_be_repeated(
    api: Api, clock: MovedClock
) -> None:
    made = await new_patient(api)
    once = {"Idempotency-Key": "once"}
    path = f"/patients/{made['id']}"

    def wait() -> None:
        clock.ahead += LONGEST_CHANGE + SECOND

    late = await made_to_wait(api, api.patch(path, {"city": "Ely"}, headers=once), wait)
    assert "took too long" in refused(late, 503, "UNAVAILABLE")["message"]
    assert (await api.get(path)).json()["data"] == made
    again = await api.patch(path, {"city": "Ely"}, headers=once)
    assert again.status_code == 200
    assert "Idempotent-Replayed" not in again.headers
    assert again.json()["data"]["updated_at"] > format_instant(clock() - 10 * SECOND)


async def test_a_body_that_takes_its_time_does_not_make_the_change_look_old(
    api: Api, clock: MovedClock
) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b'{"first_name": "Ada", "last_name": "Lovelace", '
        clock.ahead += 3600 * SECOND
        yield b'"date_of_birth": "1980-02-29"}'

    headers = {"Content-Type": "application/json"}
    answer = await api.call("POST", "/patients", content=slow(), headers=headers)
    assert answer.status_code == 201
    record = answer.json()["data"]
    assert record["created_at"] == record["updated_at"]
    assert record["created_at"] > format_instant(clock() - 60 * SECOND)
