"""What a step does with fresh events: sent at once where nothing else waits, else in their turn."""

import pytest

from jump.webhooks.engine.step import Held
from tests.webhooks.delivering import Desk
from tests.webhooks.engine.stepping import Stepping, patients

# On PostgreSQL the first three are one.
FRESH_IN_A_HELD_LANE = {
    "sqlite": 4,  # number, whom it concerns, lock the lanes, enter
    "postgresql": 2,
}


@pytest.fixture
def stepping(desk: Desk) -> Stepping:
    return Stepping(desk)


async def test_fresh_events_are_on_their_way_after_a_few_statements(
    desk: Desk, stepping: Stepping
) -> None:
    webhook = await desk.webhook()
    held = await stepping.hold()
    await desk.happens("Ada", "Grace")
    done = await stepping.step(held)
    assert stepping.statements == FRESH_IN_A_HELD_LANE[desk.office.database.kind]
    assert patients(desk, done) == ["Ada", "Grace"]
    assert done.cold == {webhook["id"]}
    rows = await desk.deliveries(webhook, "state", "epoch", "next_attempt_at", "started_at")
    assert [(row["state"], row["next_attempt_at"]) for row in rows[1:]] == [
        ("delivering", None)
    ] * 2
    assert [row["epoch"] for row in rows] == [1, 1, 1]
    assert all(row["started_at"] for row in rows)
    [cursor] = await desk.rows("SELECT position, fanned_out FROM event_sequence")
    assert (cursor["position"], cursor["fanned_out"]) == (3, 3)


async def test_what_has_waited_longer_goes_first(desk: Desk, stepping: Stepping) -> None:
    webhook = await desk.webhook()
    held = await stepping.hold()
    await desk.change("UPDATE deliveries SET state = 'pending', next_attempt_at = 1")
    await desk.happens("Ada")
    done = await stepping.step(held)
    assert patients(desk, done) == ["somebody", "Ada"]
    assert await desk.deliveries(webhook, "state") == ["delivering"] * 2


async def test_of_one_patient_only_the_first_goes_at_once(desk: Desk, stepping: Stepping) -> None:
    webhook = await desk.webhook()
    held = await stepping.hold()
    await desk.happens("Ada", "Ada", "Grace")
    done = await stepping.step(held)
    assert patients(desk, done) == ["Ada", "Grace"]
    assert done.started.blocked == {webhook["id"]}
    waiting = await desk.rows("SELECT position FROM deliveries WHERE next_attempt_at IS NOT NULL")
    assert [row["position"] for row in waiting] == [3]


async def test_whose_patient_is_in_the_air_waits(desk: Desk, stepping: Stepping) -> None:
    webhook = await desk.webhook()
    await stepping.hold()
    held = {webhook["id"]: Held(1, 1, frozenset({desk.patients["somebody"]}), hot=False)}
    await desk.happens("somebody", "Ada")
    done = await stepping.step(held)
    assert patients(desk, done) == ["Ada"]
    assert done.started.blocked == {webhook["id"]}


async def test_a_lane_that_is_full_says_that_more_waits(desk: Desk, stepping: Stepping) -> None:
    webhook = await desk.webhook()
    await stepping.hold()
    await desk.happens("Ada")
    done = await stepping.step({webhook["id"]: Held(1, 8, frozenset(), hot=False)})
    assert patients(desk, done) == []
    assert done.started.blocked == {webhook["id"]}
    assert (await desk.deliveries(webhook, "state"))[-1] == "pending"


async def test_after_a_commit_that_went_unheard_what_is_fresh_goes_behind_what_was_lost(
    desk: Desk, stepping: Stepping
) -> None:
    await desk.webhook()
    held = await stepping.hold()
    await desk.change("UPDATE deliveries SET state = 'delivering', ended_at = NULL")
    await desk.happens("somebody", "Ada")
    done = await stepping.step(held, lock=frozenset(held), known=frozenset())
    assert [claimed.number for claimed in done.started.claimed] == [2, 1]
    assert patients(desk, done) == ["somebody", "Ada"]


async def test_a_lane_taken_from_a_process_that_died_sends_what_it_left_first(
    desk: Desk, stepping: Stepping, dead_owner: str
) -> None:
    await desk.webhook()
    await stepping.hold()
    await desk.change("UPDATE deliveries SET state = 'delivering', ended_at = NULL")
    await desk.change("UPDATE lanes SET owner = :owner", owner=dead_owner)
    await desk.happens("somebody", "Ada")
    done = await stepping.step(dead=frozenset({dead_owner}))
    assert patients(desk, done) == ["somebody", "Ada"]
    assert [claimed.number for claimed in done.started.claimed] == [2, 1]
    assert set(done.epochs.values()) == {2}
