"""Revoking a key pauses the webhooks that it made or directed, and can say before how many."""

import os

import pytest

from jump.caller import Actor
from jump.errors import NotFound
from jump.keys import issue
from jump.keys.issue import NewKey
from jump.keys.record import KeyRecord
from jump.keys.scopes import ALL_SCOPES
from jump.kit.clock import system_clock
from jump.storage.database import Database
from jump.webhooks import revoking
from tests.keys.holders import KEYRING
from tests.office import Office


async def key_of(office: Office) -> KeyRecord:
    caller, at = office.caller, system_clock()
    new = NewKey("Integration", caller.tenant.mode, ALL_SCOPES)
    key, _ = await office.database.write(
        lambda tx: issue.create(tx, KEYRING, caller, new, at, os.urandom)
    )
    return key


async def would_pause(office: Office, key: KeyRecord) -> int:
    tenant = office.caller.tenant
    return await office.database.read(lambda tx: revoking.would_pause(tx, tenant, key.id))


@pytest.mark.parametrize("mode", ["test", "live"])
async def test_what_revoking_would_pause_is_what_it_pauses(database: Database, mode: str) -> None:
    office = await Office.on(database, "live" if mode == "live" else "test")
    key = await key_of(office)
    by_key = office.as_actor(Actor("key", key.id))
    first = await by_key.webhook()
    paused_before = await by_key.webhook()
    await office.webhook()
    assert await would_pause(office, key) == 2
    await office.ask("PATCH", f"/webhooks/{paused_before['id']}", is_active=False)
    assert await would_pause(office, key) == 1
    # Whoever revokes may be looking at the other mode.
    caller, at = office.in_mode("test").caller, system_clock()
    revoked, paused = await database.write(
        lambda tx: revoking.revoke_and_pause(tx, caller, key.id, at)
    )
    assert (revoked.status(at), paused) == ("revoked", 1)
    assert await would_pause(office, key) == 0
    shown = (await office.ask("GET", f"/webhooks/{first['id']}")).data
    assert shown["paused_reason"] == "The key that made this webhook was revoked."


@pytest.mark.parametrize("by", ["url", "secret"])
async def test_what_a_key_sent_elsewhere_or_whose_secret_it_knows_is_paused_with_it(
    database: Database, by: str
) -> None:
    office = await Office.on(database)
    key = await key_of(office)
    by_key = office.as_actor(Actor("key", key.id))
    ours, renamed, mended = [await office.webhook() for _ in range(3)]
    await by_key.ask("PATCH", f"/webhooks/{renamed['id']}", name="Ours")
    await direct(by_key, by, ours["id"])
    await direct(by_key, by, mended["id"])
    await direct(office, by, mended["id"])
    assert await would_pause(office, key) == 1
    caller, at = office.caller, system_clock()
    await database.write(lambda tx: revoking.revoke_and_pause(tx, caller, key.id, at))
    shown = [
        (await office.ask("GET", f"/webhooks/{each['id']}")).data
        for each in (ours, renamed, mended)
    ]
    assert [each["is_active"] for each in shown] == [False, True, True]
    assert shown[0]["paused_reason"] == (
        "The key that had set this webhook's URL or secret was revoked."
    )


async def direct(office: Office, by: str, webhook_id: str) -> None:
    """Send the webhook elsewhere, or learn its secret."""
    if by == "url":
        elsewhere = f"https://example.org/{office.caller.actor.id}"
        await office.ask("PATCH", f"/webhooks/{webhook_id}", url=elsewhere)
    else:
        await office.ask("POST", f"/webhooks/{webhook_id}/rotate-secret")


async def test_revoking_twice_pauses_nothing_more(database: Database) -> None:
    office = await Office.on(database)
    key = await key_of(office)
    await office.as_actor(Actor("key", key.id)).webhook()

    async def revoke() -> int:
        caller, at = office.caller, system_clock()
        _, paused = await database.write(
            lambda tx: revoking.revoke_and_pause(tx, caller, key.id, at)
        )
        return paused

    assert [await revoke(), await revoke()] == [1, 0]


async def test_a_key_of_another_practice_is_not_found(database: Database) -> None:
    office = await Office.on(database)
    key = await key_of(office)
    stranger = (await office.neighbour()).caller
    with pytest.raises(NotFound):
        await database.write(lambda tx: revoking.revoke_and_pause(tx, stranger, key.id, 1))
