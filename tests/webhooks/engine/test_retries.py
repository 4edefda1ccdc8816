"""When a delivery is tried again, and what becomes of it when its webhook is no longer there."""

import pytest

from jump.kit.clock import MINUTE, SECOND, system_clock
from jump.storage import wakes
from jump.webhooks.signing import jump_signature
from tests.receiver import GONE, Answer, Gate, busy
from tests.webhooks.delivering import Desk, working


async def test_a_failed_delivery_is_tried_again_by_the_schedule_and_then_no_more(
    desk: Desk,
) -> None:
    webhook = await desk.webhook()
    desk.receiver.answer_with(Answer(503))
    async with working(desk, schedule=(60, 300)) as work:
        await desk.happens("Ada")
        await desk.until("SELECT 1 FROM attempts WHERE number = 1")
        await desk.pass_time(work.database, 61)
        await desk.until("SELECT 1 FROM attempts WHERE number = 2")
        await desk.pass_time(work.database, 61 + 301)
        await desk.receiver.arrived(3)
        await work.stop()
    attempts = [one.header("X-Webhook-Attempt") for one in desk.receiver.requests]
    assert attempts == ["1", "2", "3"]
    assert len({one.header("X-Webhook-Id") for one in desk.receiver.requests}) == 1
    [row] = await desk.deliveries(webhook, "state", "failures", "attempt_count", "last_error")
    assert row == {
        "state": "failed",
        "failures": 3,
        "attempt_count": 3,
        "last_error": "The server answered 503.",
    }
    assert [one["trigger"] for one in await desk.attempts(webhook)] == ["auto"] * 3


async def test_each_attempt_is_signed_when_it_is_made(desk: Desk) -> None:
    webhook = await desk.webhook()
    desk.receiver.answer_with(Answer(503), Answer())
    async with working(desk) as work:
        await desk.happens("Ada")
        await desk.until("SELECT 1 FROM attempts")
        work.engine._clock = lambda: system_clock() + 61 * SECOND
        await desk.pass_time(work.database, 61)
        first, second = await desk.receiver.arrived(2)
        await work.stop()
    stamps = [int(one.header("X-Webhook-Timestamp")) for one in (first, second)]
    assert 61 <= stamps[1] - stamps[0] <= 80
    for one, stamp in zip((first, second), stamps, strict=True):
        assert one.header("webhook-timestamp") == str(stamp)
        assert one.header("X-Webhook-Signature") == jump_signature(
            (webhook["secret"],), stamp, one.body
        )


async def test_each_wait_is_lengthened_by_chance(desk: Desk) -> None:
    webhook = await desk.webhook()
    desk.receiver.answer_with(Answer(503))
    async with working(desk, chance=lambda: 0.5) as work:
        await desk.happens("Ada")
        await desk.receiver.arrived(1)
        await work.stop()
    [row] = await desk.deliveries(webhook, "next_attempt_at", "started_at")
    assert 66 * SECOND <= row["next_attempt_at"] - row["started_at"] < 76 * SECOND


async def test_retry_after_lengthens_the_wait(desk: Desk) -> None:
    webhook = await desk.webhook()
    desk.receiver.answer_with(busy("1800"))
    async with working(desk) as work:
        await desk.happens("Ada")
        await desk.receiver.arrived(1)
        await work.stop()
    [row] = await desk.deliveries(webhook, "next_attempt_at", "started_at")
    assert 30 * MINUTE <= row["next_attempt_at"] - row["started_at"] < 31 * MINUTE


async def test_gone_ends_the_delivery_pauses_the_webhook_and_lets_the_others_wait(
    desk: Desk,
) -> None:
    webhook = await desk.webhook()
    other = await desk.webhook("/other")
    desk.receiver.answer_with(Answer(503), GONE, path="/hook")
    async with working(desk) as work:
        await desk.happens("Bob")
        await desk.until("SELECT 1 FROM attempts WHERE status = 503")
        await desk.happens("Ada")
        await desk.until("SELECT 1 FROM attempts WHERE status = 410")
        await desk.happens("Cid")
        await desk.receiver.arrived(3, path="/other")
        await work.stop()
    rows = await desk.deliveries(webhook, "state", "next_attempt_at")
    assert rows == [
        {"state": "pending", "next_attempt_at": None},
        {"state": "failed", "next_attempt_at": None},
        {"state": "pending", "next_attempt_at": None},
    ]
    assert await desk.deliveries(other, "state") == ["succeeded"] * 3
    shown = (await desk.office.ask("GET", f"/webhooks/{webhook['id']}")).data
    assert shown["is_active"] is False
    assert "410" in shown["paused_reason"]
    assert shown["paused_at"] is not None
    assert shown["version"] == 2
    [audit] = await desk.rows("SELECT * FROM audit WHERE action = 'webhook.paused'")
    assert (audit["actor_kind"], audit["record_id"]) == ("system", webhook["id"])


async def test_a_resend_is_one_manual_attempt_without_retries(desk: Desk) -> None:
    webhook = await desk.webhook()
    desk.receiver.answer_with(Answer(), Answer(500))
    async with working(desk) as work:
        await desk.happens("Ada")
        await desk.receiver.arrived(1)
        await desk.until("SELECT 1 FROM deliveries WHERE state = 'succeeded'")
        [delivery] = await desk.deliveries(webhook, "id")
        path = f"/webhooks/{webhook['id']}/deliveries/{delivery}/resend"
        await desk.office.ask("POST", path)
        await desk.receiver.arrived(2)
        await work.stop()
    assert await desk.deliveries(webhook, "state") == ["failed"]
    triggers = [(one["number"], one["trigger"]) for one in await desk.attempts(webhook)]
    assert triggers == [(1, "auto"), (2, "manual")]


async def test_what_is_in_the_air_when_its_webhook_is_paused_is_recorded_and_then_waits(
    desk: Desk,
) -> None:
    gate = Gate()
    webhook = await desk.webhook()
    desk.receiver.answer_with(Answer(503, gate=gate))
    async with working(desk) as work:
        await desk.happens("Ada", "Ada")
        await desk.receiver.arrived(1)
        await desk.office.ask("PATCH", f"/webhooks/{webhook['id']}", is_active=False)
        gate.open()
        await work.stop()
    rows = await desk.deliveries(webhook, "state", "next_attempt_at", "attempt_count")
    assert rows == [
        {"state": "pending", "next_attempt_at": None, "attempt_count": 1},
        {"state": "pending", "next_attempt_at": None, "attempt_count": 0},
    ]
    async with working(desk):
        desk.receiver.answer_with(Answer())
        await desk.office.ask("PATCH", f"/webhooks/{webhook['id']}", is_active=True)
        requests = await desk.receiver.arrived(3)
    assert [one.header("X-Webhook-Attempt") for one in requests[1:]] == ["2", "1"]


async def test_what_is_in_the_air_when_its_webhook_is_deleted_is_recorded_and_then_cancelled(
    desk: Desk,
) -> None:
    gate = Gate()
    webhook = await desk.webhook()
    desk.receiver.answer_with(Answer(503, gate=gate))
    async with working(desk) as work:
        await desk.happens("Ada", "Ada")
        await desk.receiver.arrived(1)
        await desk.office.ask("DELETE", f"/webhooks/{webhook['id']}")
        gate.open()
        await work.stop()
    assert len(desk.receiver.requests) == 1
    rows = await desk.deliveries(webhook, "state", "attempt_count")
    assert [row["state"] for row in rows] == ["cancelled"] * 2
    assert [row["attempt_count"] for row in rows] == [1, 0]
    assert len(await desk.attempts(webhook)) == 1


async def test_a_refused_address_is_a_failed_attempt_like_any_other(desk: Desk) -> None:
    webhook = await desk.webhook()
    await desk.change("UPDATE webhooks SET url = 'https://169.254.169.254/'")
    async with working(desk):
        await desk.happens("Ada")
        [row] = await desk.until("SELECT * FROM attempts")
    assert row["error"].startswith("Refused")
    assert row["status"] is None
    assert await desk.deliveries(webhook, "state", "failures") == [
        {"state": "pending", "failures": 1}
    ]


async def test_every_event_arrives_though_the_first_two_attempts_of_each_fail(desk: Desk) -> None:
    webhook = await desk.webhook()
    desk.receiver.answer_with(
        lambda request: Answer(200 if request.header("X-Webhook-Attempt") == "3" else 500)
    )
    async with working(desk, schedule=(60, 60)) as work:
        for _ in range(10):
            await desk.happens("Ada", "Bob", "Cid")
        await desk.until("SELECT count(*) AS n FROM attempts HAVING count(*) = 30")
        await desk.pass_time(work.database, 61)
        await desk.until("SELECT count(*) AS n FROM attempts HAVING count(*) = 60")
        await desk.pass_time(work.database, 122)
        await desk.receiver.arrived(90)
        await work.stop()
    assert await desk.deliveries(webhook, "state") == ["succeeded"] * 30


async def test_a_short_wait_is_over_to_the_moment_and_not_at_the_next_look(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody looks by themselves any more: without a bell of its own the retry would never come.
    monkeypatch.setattr(wakes, "LONGEST_SLEEP", 3600)
    await desk.webhook()
    desk.receiver.answer_with(Answer(500), Answer(500), Answer())
    async with working(desk, schedule=(1, 1)):
        await desk.happens("Ada")
        requests = await desk.receiver.arrived(3)
    assert [request.header("X-Webhook-Attempt") for request in requests] == ["1", "2", "3"]
