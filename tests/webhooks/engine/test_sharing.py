"""Several engines on one database: each delivery is sent by one of them, and none is lost."""

import asyncio
from collections import Counter

import pytest

from jump.kit.clock import MINUTE, SECOND
from jump.webhooks import pausing
from jump.webhooks.engine.lanes import LEASE
from tests.receiver import Answer, Gate
from tests.webhooks.delivering import Desk, names, working


async def test_two_engines_share_the_lanes_and_send_each_event_once(desk: Desk) -> None:
    webhooks = [await desk.webhook(f"/{number}") for number in range(6)]
    async with working(desk) as one, working(desk) as other:
        for number in range(30):
            await desk.happens(f"P{number}", f"Q{number}")
        await desk.receiver.arrived(6 * 60)
        await asyncio.gather(one.stop(), other.stop())
    sent = Counter((one.path, one.header("X-Webhook-Id")) for one in desk.receiver.requests)
    assert len(sent) == 6 * 60
    assert set(sent.values()) == {1}
    for webhook in webhooks:
        assert await desk.deliveries(webhook, "state") == ["succeeded"] * 60


async def test_a_lane_whose_lease_lapsed_is_taken_over_and_the_late_answer_dropped(
    desk: Desk,
) -> None:
    gate = Gate()
    webhook = await desk.webhook()
    desk.receiver.answer_with(Answer(gate=gate), Answer(202))
    async with working(desk) as slow:
        await desk.happens("Ada")
        await desk.receiver.arrived(1)
        async with working(desk) as taker:
            await desk.pass_time(taker.database, (LEASE + SECOND) / SECOND)
            first, second = await desk.receiver.arrived(2)
            await taker.stop()
            gate.open()
            await slow.stop()
    assert first.header("X-Webhook-Delivery") == second.header("X-Webhook-Delivery")
    assert second.header("X-Webhook-Attempt") == "2"
    attempts = await desk.attempts(webhook)
    assert [(one["number"], one["status"]) for one in attempts] == [(1, None), (2, 202)]
    assert "sending process ended" in attempts[0]["error"]
    [row] = await desk.deliveries(
        webhook, "state", "attempt_count", "failures", "interruptions", "last_status"
    )
    assert row == {
        "state": "succeeded",
        "attempt_count": 2,
        "failures": 0,
        "interruptions": 0,
        "last_status": 202,
    }
    [lane] = await desk.rows("SELECT epoch, owner FROM lanes")
    assert (lane["epoch"], lane["owner"]) == (2, None)


async def abandoned(desk: Desk, owner: str, interruptions: int) -> None:
    """A delivery is in the air, and its lane held by this owner for a long time to come."""
    await desk.happens("Ada")
    async with working(desk) as work:
        await desk.receiver.arrived(1)
        await work.stop()
    await desk.change(
        "UPDATE deliveries SET state = 'delivering', next_attempt_at = NULL, ended_at = NULL,"
        " epoch = 7, interruptions = :interruptions",
        interruptions=interruptions,
    )
    await desk.change(
        "UPDATE lanes SET owner = :owner, epoch = 7, leased_until = jump_now() + 3600000000",
        owner=owner,
    )


async def test_the_lanes_of_a_process_that_died_here_are_taken_over_at_once(
    desk: Desk, dead_owner: str
) -> None:
    webhook = await desk.webhook()
    await abandoned(desk, dead_owner, interruptions=1)
    async with working(desk) as work:
        await desk.receiver.arrived(2)
        await work.stop()
    assert await desk.deliveries(webhook, "state", "failures", "interruptions") == [
        {"state": "succeeded", "failures": 0, "interruptions": 0}
    ]
    numbers = [(one["number"], one["status"]) for one in await desk.attempts(webhook)]
    assert numbers == [(1, 200), (2, None), (3, 200)]


async def test_what_waited_too_long_for_one_transaction_goes_in_order_whoever_began_to_release_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pausing, "PIECE", 2)
    webhook = await desk.webhook(is_active=False)
    events = await desk.happens(*["Ada"] * 6)
    async with working(desk):
        await desk.until("SELECT id FROM event_sequence WHERE fanned_out = 6")
    # Nobody goes on with it: as if the process had died.
    await desk.office.ask("PATCH", f"/webhooks/{webhook['id']}", is_active=True)
    events += await desk.happens("Ada")
    async with working(desk), working(desk):
        received = await desk.receiver.arrived(7)
    assert [each.json()["id"] for each in received] == events


async def test_the_third_interruption_in_a_row_counts_as_a_failure_and_backs_off(
    desk: Desk, dead_owner: str
) -> None:
    webhook = await desk.webhook()
    await abandoned(desk, dead_owner, interruptions=2)
    async with working(desk) as work:
        await desk.until("SELECT 1 FROM deliveries WHERE interruptions = 3")
        await work.stop()
    assert len(desk.receiver.requests) == 1
    [row] = await desk.deliveries(webhook, "state", "failures", "next_attempt_at", "started_at")
    assert (row["state"], row["failures"]) == ("pending", 1)
    assert row["next_attempt_at"] - row["started_at"] >= MINUTE


async def test_the_lane_of_a_living_process_is_left_alone(desk: Desk, living_owner: str) -> None:
    await desk.webhook()
    await abandoned(desk, living_owner, interruptions=0)
    other = await desk.webhook("/other")
    async with working(desk) as work:
        await desk.happens("Bob")
        await desk.receiver.arrived(1, path="/other")
        await work.stop()
    assert len(await desk.receiver.arrived(1, path="/hook")) == 1
    assert await desk.deliveries(other, "state") == ["succeeded"]
    states = await desk.rows("SELECT state FROM deliveries WHERE epoch = 7")
    assert [row["state"] for row in states] == ["delivering"]


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_a_commit_that_went_unheard_leaves_nothing_in_the_air_for_ever(desk: Desk) -> None:
    gate = Gate()
    webhook = await desk.webhook()
    desk.receiver.answer_with(
        lambda request: Answer(gate=gate if names([request]) == ["Cid"] else None)
    )
    async with working(desk) as work:
        database, lost, to_lose = work.database, 0, 1
        write = database.write

        async def unheard(step):  # type: ignore[no-untyped-def]
            nonlocal lost
            done = await write(step)
            if done.started.claimed and lost < to_lose:
                lost += 1
                raise ConnectionResetError
            return done

        database.write = unheard  # type: ignore[method-assign]
        # The first lost one takes the lane, too; with the second it is held, and in use.
        await desk.happens("Ada")
        await desk.receiver.arrived(1)
        await desk.happens("Cid")
        await desk.receiver.arrived(2)
        to_lose = 2
        await desk.happens("Bob")
        await desk.receiver.arrived(3)
        gate.open()
        await work.stop()
    assert lost == 2
    assert await desk.deliveries(webhook, "state") == ["succeeded"] * 3
    assert await desk.deliveries(webhook, "attempt_count") == [2, 1, 2]
    assert len(await desk.attempts(webhook)) == 5
