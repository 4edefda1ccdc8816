"""Two ends of one prescription at once on PostgreSQL: one of them comes first, and stands."""

import asyncio
from typing import Any

import pytest

from jump.storage.database import Database, Tx
from jump.storage.sql import sql
from tests.blocking import blocked
from tests.clinical.records.surgery import AUDIT, Surgery
from tests.clinical.scheduling.desk import data, refusal

# On SQLite one writer follows the other by itself.
pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)

_LOCK = sql("SELECT id FROM prescriptions FOR UPDATE")


async def released_together(database: Database, *calls: Any) -> list[Any]:
    """The answers to calls that all found the prescription locked when they came."""
    locked, go = asyncio.Event(), asyncio.Event()

    async def hold(tx: Tx) -> None:
        await tx.all(_LOCK)
        locked.set()
        await go.wait()

    holder = asyncio.create_task(database.write(hold))
    await locked.wait()
    tasks = [asyncio.create_task(call) for call in calls]
    await blocked(database)
    go.set()
    await holder
    return await asyncio.gather(*tasks)


async def test_of_stopping_and_completing_at_once_one_stands_and_the_other_is_told(
    surgery: Surgery,
) -> None:
    made = await surgery.write()
    answers = await released_together(
        surgery.database, surgery.act(made, "stop", reason="rash"), surgery.act(made, "complete")
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200, 409]
    won = next(answer for answer in answers if answer.status_code == 200)
    lost = next(answer for answer in answers if answer.status_code == 409)
    ended = await surgery.read(made)
    assert data(won) == ended
    assert ended["version"] == 2
    assert f"is {ended['status']}" in refusal(lost, 409, "CONFLICT")["message"]
    assert len(await surgery.rows(AUDIT)) == 2


async def test_of_many_that_stop_it_at_once_one_changes_it(surgery: Surgery) -> None:
    made = await surgery.write()
    stops = [surgery.act(made, "stop", reason="rash") for _ in range(4)]
    answers = await released_together(surgery.database, *stops)
    assert [data(answer)["version"] for answer in answers] == [2] * 4
    assert len(await surgery.rows(AUDIT)) == 2


async def test_of_changes_of_one_version_one_is_taken(surgery: Surgery) -> None:
    made = await surgery.write()
    path = f"/prescriptions/{made['id']}"
    match = {"If-Match": '"1"'}
    patch = surgery.api.patch(path, {"notes": "x"}, headers=match)
    stop = surgery.api.post(f"{path}/stop", {"reason": "rash"}, headers=match)
    answers = await released_together(surgery.database, patch, stop)
    assert sorted(answer.status_code for answer in answers) == [200, 412]
