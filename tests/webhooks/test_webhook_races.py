"""Two at once on PostgreSQL: nothing is stranded, sent twice, or left behind by a revoked key."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from jump.caller import Actor
from jump.errors import Conflict, PreconditionFailed, Unauthorized
from jump.events import sequence
from jump.keys import issue, revoke
from jump.keys.issue import NewKey
from jump.keys.scopes import ALL_SCOPES
from jump.kit.clock import HOUR, system_clock
from jump.kit.instants import format_instant
from jump.storage.database import Database, Tx
from jump.storage.sql import sql
from jump.webhooks import pausing, webhook
from jump.webhooks.engine import fanout, numbering
from tests.blocking import blocked
from tests.office import URL, Office

# On SQLite one writer follows the other by itself.
pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


@pytest.fixture
async def office(database: Database) -> Office:
    return await Office.on(database)


@asynccontextmanager
async def held(database: Database, work: Callable[[Tx], Awaitable[Any]]) -> AsyncIterator[None]:
    """Inside, the work of a transaction is done but not committed; it is at the end."""
    done, go = asyncio.Event(), asyncio.Event()

    async def whole(tx: Tx) -> None:
        await work(tx)
        done.set()
        await go.wait()

    task = asyncio.create_task(database.write(whole))
    await done.wait()
    try:
        yield
    finally:
        go.set()
        await task


async def fan_out(tx: Tx) -> None:
    batch, concerned = await numbering.advance(tx, "nobody", ())
    assert batch is not None
    await fanout.enter(tx, await fanout.fan_out(tx, batch, concerned.webhooks), {})
    await sequence.save(tx, batch, batch.position)


async def unnumbered_event(office: Office) -> None:
    await office.happens()
    await office.change("DELETE FROM deliveries")
    await office.change("UPDATE events SET position = NULL")


async def test_activating_during_a_fan_out_strands_nothing(office: Office) -> None:
    made = await office.webhook(is_active=False)
    await unnumbered_event(office)
    path = f"/webhooks/{made['id']}"
    async with held(office.database, fan_out):
        activating = asyncio.create_task(office.ask("PATCH", path, is_active=True))
        await blocked(office.database)
    await activating
    (delivery,) = await office.deliveries(made["id"])
    assert delivery["next_attempt_at"]


async def test_what_is_fanned_out_after_an_activation_goes_behind_what_waited(
    office: Office,
) -> None:
    made = await office.webhook(is_active=False)
    await office.happens()
    later = await office.happens()
    await office.change("DELETE FROM deliveries WHERE event_id = :later", later=later)
    await office.change("UPDATE events SET position = NULL WHERE id = :later", later=later)

    async def begin_and_fan_out(tx: Tx) -> None:
        batch = await sequence.advance(tx)
        assert batch is not None
        await office.ask("PATCH", f"/webhooks/{made['id']}", is_active=True)
        await fanout.enter(tx, await fanout.fan_out(tx, batch), {})
        await sequence.save(tx, batch, batch.position)

    await office.database.write(begin_and_fan_out)
    waited, fresh = await office.deliveries(made["id"])
    assert waited["next_attempt_at"] <= fresh["next_attempt_at"]


async def test_a_fan_out_during_a_pause_sends_nothing(office: Office) -> None:
    made = await office.webhook()
    await unnumbered_event(office)
    # What a pause does before it commits: the row, then the deliveries there are.
    pause = sql("UPDATE webhooks SET is_active = FALSE, paused_at = 1 WHERE id = :id")
    tenant = office.caller.tenant

    async def pausing_now(tx: Tx) -> None:
        await tx.run(pause, id=made["id"])
        await pausing.hold_deliveries(tx, tenant, made["id"])

    async with held(office.database, pausing_now):
        fanning = asyncio.create_task(office.database.write(fan_out))
        await blocked(office.database)
    await fanning
    (delivery,) = await office.deliveries(made["id"])
    assert (delivery["state"], delivery["next_attempt_at"]) == ("pending", None)


async def both(*asked: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*asked, return_exceptions=True)


async def test_of_two_resends_one_is_told_that_it_is_on_its_way(office: Office) -> None:
    made = await office.webhook()
    await office.happens()
    (delivery,) = await office.deliveries(made["id"])
    await office.end(delivery["id"])
    path = f"/webhooks/{made['id']}/deliveries/{delivery['id']}/resend"
    answers = await both(office.ask("POST", path), office.ask("POST", path))
    assert sorted(isinstance(answer, Conflict) for answer in answers) == [False, True]


async def test_two_replays_queue_each_delivery_once(office: Office) -> None:
    made = await office.webhook()
    for _ in range(5):
        await office.happens()
    for delivery in await office.deliveries(made["id"]):
        await office.end(delivery["id"])
    path, since = f"/webhooks/{made['id']}/replay", format_instant(system_clock() - HOUR)
    answers = await both(
        office.ask("POST", path, since=since), office.ask("POST", path, since=since)
    )
    assert sorted(answer.data["queued"] for answer in answers) == [0, 5]


async def test_of_two_changes_of_one_version_one_is_stale(office: Office) -> None:
    path = f"/webhooks/{(await office.webhook())['id']}"
    answers = await both(
        office.ask("PATCH", path, if_match=1, name="A"),
        office.ask("PATCH", path, if_match=1, name="B"),
    )
    assert sorted(isinstance(answer, PreconditionFailed) for answer in answers) == [False, True]


async def test_two_rotations_give_two_secrets_that_both_sign(office: Office) -> None:
    made = await office.webhook()
    path = f"/webhooks/{made['id']}/rotate-secret"
    answers = await both(office.ask("POST", path), office.ask("POST", path))
    assert len({answer.data["secret"] for answer in answers}) == 2
    rows = await office.rows("SELECT expires_at FROM webhook_secrets")
    assert sorted(row["expires_at"] is None for row in rows) == [False, False, True]


@pytest.fixture
async def keyed(office: Office) -> Office:
    """A key that is there, and can be revoked."""
    parts, at = office.parts, system_clock()
    operator = office.as_actor(Actor("operator")).caller
    new = NewKey(name="Sync", mode="test", scopes=ALL_SCOPES)
    key, _ = await office.database.write(
        lambda tx: issue.create(tx, parts.keyring, operator, new, at, parts.random)
    )
    return office.as_actor(Actor("key", key.id))


def revoking(keyed: Office) -> Callable[[Tx], Awaitable[Any]]:
    operator, key, at = (
        keyed.as_actor(Actor("operator")).caller,
        keyed.caller.actor.id or "",
        system_clock(),
    )

    async def work(tx: Tx) -> None:
        await revoke.revoke(tx, operator, key, at)
        await pausing.pause_in_hand_of(tx, operator, key, at)

    return work


async def test_a_key_that_is_being_revoked_makes_no_webhook(office: Office, keyed: Office) -> None:
    async with held(office.database, revoking(keyed)):
        making = asyncio.create_task(keyed.webhook())
        await blocked(office.database)
    with pytest.raises(Unauthorized):
        await making
    assert (await office.ask("GET", "/webhooks")).data == []


async def test_what_a_key_is_making_while_it_is_revoked_is_paused(
    office: Office, keyed: Office
) -> None:
    body = {"url": URL, "events": ["patient.created"]}

    async def making(tx: Tx) -> None:
        await webhook.create(tx, keyed.caller, system_clock(), body, office.parts)

    async with held(office.database, making):
        revoked = asyncio.create_task(office.database.write(revoking(keyed)))
        await blocked(office.database)
    await revoked
    (made,) = (await office.ask("GET", "/webhooks")).data
    assert made["is_active"] is False
