"""A paused webhook's deliveries wait and lose nothing; activated, they go on in their order."""

from typing import Any

import pytest

from jump.caller import Actor
from jump.errors import Unauthorized
from jump.keys import issue, revoke
from jump.keys.issue import NewKey
from jump.keys.scopes import ALL_SCOPES
from jump.kit.clock import DAY, system_clock
from jump.storage.database import Database
from jump.webhooks import pausing
from tests.office import Office


async def pause(office: Office, webhook_id: str) -> dict[str, Any]:
    path = f"/webhooks/{webhook_id}"
    paused: dict[str, Any] = (await office.ask("PATCH", path, is_active=False)).data
    return paused


async def activate(office: Office, webhook_id: str) -> dict[str, Any]:
    path = f"/webhooks/{webhook_id}"
    active: dict[str, Any] = (await office.ask("PATCH", path, is_active=True)).data
    return active


async def test_pausing_says_when_and_by_whom(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    for actor, reason in [
        (Actor("key", "key_1"), "Paused with the key key_1."),
        (Actor("user", "usr_1"), "Paused by the user usr_1."),
        (Actor("operator"), "Paused by an operator."),
    ]:
        paused = await pause(office.as_actor(actor), made["id"])
        assert paused["paused_reason"] == reason
        assert paused["paused_at"] == paused["updated_at"]
        active = await activate(office, made["id"])
        assert (active["paused_reason"], active["paused_at"]) == (None, None)


async def test_pausing_and_activating_are_audited_as_such(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    await pause(office, made["id"])
    await pause(office, made["id"])
    await activate(office, made["id"])
    path = f"/webhooks/{made['id']}"
    await office.ask("PATCH", path, is_active=False, name="x")
    rows = await office.rows("SELECT action FROM audit ORDER BY at, id")
    assert [row["action"] for row in rows] == [
        "webhook.created",
        "webhook.paused",
        "webhook.activated",
        "webhook.updated",
    ]


async def test_a_webhook_may_be_made_paused(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook(is_active=False)
    assert made["is_active"] is False
    assert made["paused_at"] == made["created_at"]
    assert made["paused_reason"].startswith("Paused with the key")


async def test_what_is_pending_waits_and_what_comes_later_too(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    other = await office.webhook()
    await office.happens()
    await pause(office, made["id"])
    await office.happens()
    waiting = await office.deliveries(made["id"])
    assert [(one["state"], one["next_attempt_at"]) for one in waiting] == [("pending", None)] * 2
    assert all(one["next_attempt_at"] for one in await office.deliveries(other["id"]))


async def test_activating_makes_all_that_waits_due_at_one_instant(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook(is_active=False)
    other = await office.webhook(is_active=False)
    events = [await office.happens() for _ in range(3)]
    before = system_clock()
    await activate(office, made["id"])
    rows = await office.rows(
        "SELECT event_id, next_attempt_at FROM deliveries WHERE webhook_id = :id"
        " ORDER BY next_attempt_at, position",
        id=made["id"],
    )
    assert [row["event_id"] for row in rows] == events
    assert len({row["next_attempt_at"] for row in rows}) == 1
    assert before <= rows[0]["next_attempt_at"] <= system_clock()
    assert not any(one["next_attempt_at"] for one in await office.deliveries(other["id"]))


async def in_the_lane(office: Office, webhook_id: str) -> tuple[list[Any], list[Any]]:
    """The events of what is due, in the order in which it is sent, and of what waits."""
    rows = await office.rows(
        "SELECT event_id, next_attempt_at FROM deliveries WHERE webhook_id = :id"
        " ORDER BY next_attempt_at, position",
        id=webhook_id,
    )
    due = [row["event_id"] for row in rows if row["next_attempt_at"]]
    return due, [row["event_id"] for row in rows if not row["next_attempt_at"]]


async def test_of_many_that_wait_some_are_released_at_once_and_the_others_in_their_turn(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pausing, "PIECE", 2)
    office = await Office.on(database)
    made = await office.webhook(is_active=False)
    other = await office.webhook(is_active=False)
    events = [await office.happens() for _ in range(5)]
    await activate(office, made["id"])
    assert await in_the_lane(office, made["id"]) == (events[:2], events[2:])
    events.append(await office.happens())
    assert await in_the_lane(office, made["id"]) == (events[:2], events[2:]), "behind what waits"
    for due in (4, 6, 6):
        assert await database.write(pausing.release_more)
        assert await in_the_lane(office, made["id"]) == (events[:due], events[due:])
    assert not await database.write(pausing.release_more)
    events.append(await office.happens())
    assert await in_the_lane(office, made["id"]) == (events, [])
    assert await in_the_lane(office, other["id"]) == ([], events)


async def test_what_is_paused_again_before_all_of_it_was_released_waits(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pausing, "PIECE", 2)
    office = await Office.on(database)
    made = await office.webhook(is_active=False)
    events = [await office.happens() for _ in range(3)]
    await activate(office, made["id"])
    await pause(office, made["id"])
    assert not await database.write(pausing.release_more)
    assert await in_the_lane(office, made["id"]) == ([], events)
    monkeypatch.setattr(pausing, "PIECE", 4)
    await activate(office, made["id"])
    events.append(await office.happens())
    assert await in_the_lane(office, made["id"]) == (events, [])


async def test_what_has_ended_stays_ended(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    await office.happens()
    (done,) = await office.deliveries(made["id"])
    await office.end(done["id"], "failed")
    await pause(office, made["id"])
    await activate(office, made["id"])
    (after,) = await office.deliveries(made["id"])
    assert (after["state"], after["next_attempt_at"]) == ("failed", None)


async def test_activating_gives_a_failing_lane_a_clean_slate(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook(is_active=False)
    await office.change("UPDATE lanes SET failing_since = :at", at=system_clock() - 6 * DAY)
    await activate(office, made["id"])
    assert [row["failing_since"] for row in await office.rows("SELECT * FROM lanes")] == [None]


async def test_revoking_a_key_pauses_what_it_made_and_nothing_else(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    resting = await office.webhook(is_active=False)
    other = await office.as_actor(Actor("key", "key_other")).webhook()
    await office.happens()
    operator = office.as_actor(Actor("operator")).caller
    key, at = office.caller.actor.id or "", system_clock()
    paused = await database.write(lambda tx: pausing.pause_in_hand_of(tx, operator, key, at))
    assert paused == 1
    shown = (await office.ask("GET", f"/webhooks/{made['id']}")).data
    assert shown["is_active"] is False
    assert shown["paused_reason"] == "The key that made this webhook was revoked."
    assert shown["version"] == 2
    (waiting,) = await office.deliveries(made["id"])
    assert (waiting["state"], waiting["next_attempt_at"]) == ("pending", None)
    assert (await office.ask("GET", f"/webhooks/{other['id']}")).data["is_active"] is True
    assert (await office.ask("GET", f"/webhooks/{resting['id']}")).data["version"] == 1
    audit = await office.rows("SELECT * FROM audit WHERE action = 'webhook.paused'")
    assert [(row["record_id"], row["actor_kind"]) for row in audit] == [(made["id"], "operator")]


async def test_a_request_that_overtook_its_keys_revocation_leaves_nothing_active(
    database: Database,
) -> None:
    office = await Office.on(database)
    operator = office.as_actor(Actor("operator")).caller
    new = NewKey(name="Sync", mode="test", scopes=ALL_SCOPES)
    parts, at = office.parts, system_clock()
    key, _ = await database.write(
        lambda tx: issue.create(tx, parts.keyring, operator, new, at, parts.random)
    )
    late = office.as_actor(Actor("key", key.id))
    resting = await late.webhook(is_active=False)
    await late.webhook()
    await database.write(lambda tx: revoke.revoke(tx, operator, key.id, at))
    with pytest.raises(Unauthorized):
        await late.webhook()
    with pytest.raises(Unauthorized):
        await activate(late, resting["id"])
    assert len((await office.ask("GET", "/webhooks")).data) == 2
