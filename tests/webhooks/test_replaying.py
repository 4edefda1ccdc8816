"""A replay queues the ended deliveries of a period again: the same ones, and no others."""

from typing import Any

import pytest

from jump.errors import InsufficientScope, ValidationFailed
from jump.kit.clock import DAY, HOUR, MINUTE, system_clock
from jump.kit.instants import format_instant
from jump.storage.database import Database, Tx
from jump.webhooks import replaying
from jump.webhooks.replaying import Wanted
from jump.webhooks.representation import Replayed
from tests.office import Office

STATES = ("failed", "succeeded", "cancelled")


async def history(office: Office, **fields: Any) -> tuple[str, dict[str, str]]:
    """A webhook with a delivery in each state: its path, and the state of each delivery's id."""
    made = await office.webhook(**fields)
    for _ in (*STATES, "pending", "delivering"):
        await office.happens()
    deliveries = [one["id"] for one in await office.deliveries(made["id"])]
    for delivery, state in zip(deliveries, STATES, strict=False):
        await office.end(delivery, state)
    await office.change(
        "UPDATE deliveries SET state = 'delivering', next_attempt_at = NULL WHERE id = :id",
        id=deliveries[4],
    )
    names = (*STATES, "pending", "delivering")
    return f"/webhooks/{made['id']}", dict(zip(names, deliveries, strict=True))


def ago(microseconds: int) -> str:
    return format_instant(system_clock() - microseconds)


async def replay(office: Office, path: str, /, **body: Any) -> dict[str, int]:
    body = {"since": ago(HOUR), **body}
    done: dict[str, int] = (await office.ask("POST", f"{path}/replay", **body)).data
    return done


async def queued(office: Office) -> set[str]:
    rows = await office.rows(
        "SELECT id FROM deliveries WHERE state = 'pending' AND attempt_count > 0"
    )
    return {row["id"] for row in rows}


async def test_failed_deliveries_are_queued_again_with_all_their_retries(
    database: Database,
) -> None:
    office = await Office.on(database)
    path, by_state = await history(office)
    before = system_clock()
    assert await replay(office, path) == {"matched": 1, "queued": 1}
    assert await queued(office) == {by_state["failed"]}
    (row,) = await office.rows("SELECT * FROM deliveries WHERE id = :id", id=by_state["failed"])
    assert (row["next_trigger"], row["failures"], row["attempt_count"]) == ("auto", 0, 1)
    assert row["ended_at"] is None
    assert before <= row["next_attempt_at"] <= system_clock()
    assert await replay(office, path) == {"matched": 0, "queued": 0}


async def test_a_dry_run_counts_and_changes_nothing(database: Database) -> None:
    office = await Office.on(database)
    path, _ = await history(office)
    before = await office.rows("SELECT * FROM deliveries ORDER BY id")
    assert await replay(office, path, dry_run=True) == {"matched": 1, "queued": 0}
    assert await office.rows("SELECT * FROM deliveries ORDER BY id") == before
    assert not await office.rows("SELECT id FROM audit WHERE action = 'webhook.replayed'")


async def test_a_replay_is_audited(database: Database) -> None:
    office = await Office.on(database)
    path, _ = await history(office)
    await replay(office, path)
    audit = await office.rows("SELECT * FROM audit WHERE action = 'webhook.replayed'")
    assert [row["record_id"] for row in audit] == [path.rpartition("/")[2]]


async def test_states_choose_what_is_queued_but_never_what_is_on_its_way(
    database: Database,
) -> None:
    office = await Office.on(database)
    path, by_state = await history(office)
    with pytest.raises(ValidationFailed, match="states"):
        await replay(office, path, states=["pending"])
    with pytest.raises(ValidationFailed, match="states"):
        await replay(office, path, states=[])
    assert await replay(office, path, states=list(STATES)) == {"matched": 3, "queued": 3}
    assert await queued(office) == {by_state[state] for state in STATES}


async def test_only_the_period_and_the_events_asked_for_are_queued(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook("patient.created", "patient.updated")
    other = await office.webhook("patient.created")
    for event_type in ("patient.created", "patient.updated", "patient.created"):
        await office.happens(event_type)
    deliveries = await office.deliveries(made["id"])
    for one in [*deliveries, *await office.deliveries(other["id"])]:
        await office.end(one["id"])
    early = deliveries[0]["id"]
    await office.change(
        "UPDATE deliveries SET created_at = created_at - :day WHERE id = :id", day=DAY, id=early
    )
    path = f"/webhooks/{made['id']}"
    wanted = {"events": ["patient.created"]}
    assert await replay(office, path, dry_run=True) == {"matched": 2, "queued": 0}
    assert await replay(office, path, since=ago(2 * DAY), until=ago(HOUR), **wanted) == {
        "matched": 1,
        "queued": 1,
    }
    assert await queued(office) == {early}
    assert await replay(office, path, since=ago(2 * DAY), **wanted) == {"matched": 1, "queued": 1}
    assert await queued(office) == {early, deliveries[2]["id"]}


async def test_tests_are_not_replayed(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    sent = (await office.ask("POST", f"/webhooks/{made['id']}/test")).data
    await office.end(sent["id"])
    assert await replay(office, f"/webhooks/{made['id']}") == {"matched": 0, "queued": 0}


async def test_what_a_paused_webhook_replays_waits_until_it_is_activated(
    database: Database,
) -> None:
    office = await Office.on(database)
    path, by_state = await history(office)
    await office.ask("PATCH", path, is_active=False)
    assert await replay(office, path) == {"matched": 1, "queued": 1}
    delivery = f"{path}/deliveries/{by_state['failed']}"
    assert (await office.ask("GET", delivery)).data["next_attempt_at"] is None
    await office.ask("PATCH", path, is_active=True)
    assert (await office.ask("GET", delivery)).data["next_attempt_at"]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"since": 31 * DAY}, "since"),
        ({"since": -MINUTE}, "since"),
        ({"since": HOUR, "until": 2 * HOUR}, "until"),
    ],
)
async def test_a_period_is_kept_past_and_in_order(
    database: Database, body: dict[str, int], wrong: str
) -> None:
    office = await Office.on(database)
    path = f"/webhooks/{(await office.webhook())['id']}"
    for dry_run in (True, False):
        times = {name: ago(distance) for name, distance in body.items()}
        with pytest.raises(ValidationFailed) as refused:
            await replay(office, path, **times, dry_run=dry_run)
        assert [detail.field for detail in refused.value.details] == [wrong]


async def test_a_replay_says_since_when(database: Database) -> None:
    office = await Office.on(database)
    path = f"/webhooks/{(await office.webhook())['id']}/replay"
    for body in ({}, {"since": None}, {"dry_run": True}):
        with pytest.raises(ValidationFailed) as refused:
            await office.ask("POST", path, **body)
        assert [detail.field for detail in refused.value.details] == ["since"]


async def test_unknown_events_are_refused(database: Database) -> None:
    office = await Office.on(database)
    path = f"/webhooks/{(await office.webhook())['id']}"
    with pytest.raises(ValidationFailed, match="events"):
        await replay(office, path, events=["patient.deleted"])


async def test_replaying_takes_the_scope_of_what_it_finds(database: Database) -> None:
    office = await Office.on(database)
    path, _ = await history(office)
    await office.ask("PATCH", path, events=["document.created"])
    blind = office.without("read_patients")
    for dry_run in (True, False):
        with pytest.raises(InsufficientScope, match="read_patients"):
            await replay(blind, path, dry_run=dry_run)
    assert await replay(blind, path, events=["document.created"]) == {"matched": 0, "queued": 0}


async def test_a_replay_queues_the_oldest_first_and_the_next_one_the_rest(
    database: Database,
) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    for _ in range(3):
        await office.happens()
    deliveries = await office.deliveries(made["id"])
    for one in deliveries:
        await office.end(one["id"])
    at = system_clock()
    wanted = Wanted(since=at - HOUR)

    async def replay_two(tx: Tx) -> Replayed:
        return await replaying.replay(tx, office.caller, at, made["id"], wanted, most=2)

    assert await database.write(replay_two) == Replayed(matched=3, queued=2)
    assert await queued(office) == {one["id"] for one in deliveries[:2]}
    assert await database.write(replay_two) == Replayed(matched=1, queued=1)
