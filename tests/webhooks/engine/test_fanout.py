"""Which webhooks get a delivery of an event, and that making it twice makes one."""

import asyncio

import pytest

from jump.events import sequence
from jump.storage.database import Database, Tx
from jump.storage.sql import sql
from jump.webhooks.engine import fanout
from tests.office import Office
from tests.patience import PATIENCE

_PAUSE = sql("UPDATE webhooks SET is_active = FALSE")
_WAITING = "SELECT count(*) AS n FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"


async def fan_out_again(office: Office) -> None:
    await office.change("UPDATE event_sequence SET fanned_out = 0")

    async def work(tx: Tx) -> int:
        batch = await sequence.advance(tx)
        if batch is None:
            return 0
        done = await fanout.fan_out(tx, batch)
        await fanout.enter(tx, done, {})
        await sequence.save(tx, batch, batch.events[done.events - 1].position)
        return done.events

    while await office.database.write(work):
        pass


async def count(office: Office) -> int:
    [row] = await office.rows("SELECT count(*) AS n FROM deliveries")
    return int(row["n"])


async def test_fanning_out_twice_makes_each_delivery_once(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    await office.webhook()
    await office.happens()
    before = await office.deliveries(made["id"])
    await fan_out_again(office)
    assert await count(office) == 2
    assert await office.deliveries(made["id"]) == before


async def test_only_webhooks_of_the_same_practice_and_mode_that_asked_get_it(
    database: Database,
) -> None:
    office = await Office.on(database)
    asked = await office.webhook("patient.created")
    await office.webhook("patient.updated")
    await office.in_mode("live").webhook("patient.created")
    await (await office.neighbour()).webhook("patient.created")
    deleted = await office.webhook("patient.created")
    await office.ask("DELETE", f"/webhooks/{deleted['id']}")
    await office.happens("patient.created")
    rows = await office.rows("SELECT webhook_id FROM deliveries")
    assert [row["webhook_id"] for row in rows] == [asked["id"]]


async def test_who_asked_for_the_alias_and_the_type_gets_one_delivery(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook("patient.updated", "patient.archived")
    await office.happens("patient.updated", alias="patient.archived")
    await office.happens("patient.updated")
    types = [one["event_type"] for one in await office.deliveries(made["id"])]
    assert types == ["patient.archived", "patient.updated"]


async def test_an_active_webhook_s_deliveries_are_due_and_a_paused_one_s_wait(
    database: Database,
) -> None:
    office = await Office.on(database)
    active, paused = await office.webhook(), await office.webhook(is_active=False)
    await office.happens()
    [due] = await office.deliveries(active["id"])
    [waiting] = await office.deliveries(paused["id"])
    assert (due["state"], waiting["state"]) == ("pending", "pending")
    assert due["next_attempt_at"] is not None
    assert waiting["next_attempt_at"] is None


async def test_many_deliveries_are_made_in_several_rounds(database: Database) -> None:
    office = await Office.on(database)
    for _ in range(3):
        await office.webhook()
    each = fanout.MOST_DELIVERIES // 3 + 2
    await office.change("UPDATE webhooks SET is_active = FALSE")
    for _ in range(each):
        await office.happens()
    await office.change("DELETE FROM deliveries")
    await fan_out_again(office)
    assert await count(office) == 3 * each
    [row] = await office.rows("SELECT position, fanned_out FROM event_sequence")
    assert row["fanned_out"] == row["position"] == each


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_fanning_out_waits_for_whoever_is_just_pausing_the_webhook(
    database: Database,
) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    paused, go = asyncio.Event(), asyncio.Event()

    async def pause(tx: Tx) -> None:
        await tx.run(_PAUSE)
        paused.set()
        await go.wait()

    pausing = asyncio.create_task(database.write(pause))
    await paused.wait()
    happening = asyncio.create_task(office.happens())
    async with asyncio.timeout(PATIENCE):
        while not (await office.rows(_WAITING))[0]["n"]:
            pass
    go.set()
    await asyncio.gather(pausing, happening)
    [delivery] = await office.deliveries(made["id"])
    assert delivery["next_attempt_at"] is None
