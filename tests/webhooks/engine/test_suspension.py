"""A webhook whose every delivery has failed for days is paused, and people are told why."""

from jump.kit.clock import DAY
from tests.receiver import Answer
from tests.webhooks.delivering import Desk, working

LONG_AGO = "UPDATE lanes SET failing_since = jump_now() - :ago"


async def test_after_five_days_of_nothing_but_failures_a_webhook_is_paused(desk: Desk) -> None:
    webhook = await desk.webhook()
    await desk.change(LONG_AGO, ago=5 * DAY)
    desk.receiver.answer_with(Answer(500))
    async with working(desk) as work:
        await desk.happens("Ada", "Ada")
        await desk.receiver.arrived(1)
        await work.stop()
    shown = (await desk.office.ask("GET", f"/webhooks/{webhook['id']}")).data
    assert (shown["is_active"], shown["version"]) == (False, 2)
    assert shown["paused_reason"] == "Every delivery has failed for 5 days."
    assert shown["paused_at"] is not None
    assert (
        await desk.deliveries(webhook, "state", "next_attempt_at")
        == [{"state": "pending", "next_attempt_at": None}] * 2
    )
    [audit] = await desk.rows("SELECT * FROM audit WHERE action = 'webhook.paused'")
    assert (audit["actor_kind"], audit["actor_id"]) == ("system", None)
    assert (audit["record_type"], audit["record_id"]) == ("webhook", webhook["id"])


async def test_before_that_it_goes_on(desk: Desk) -> None:
    webhook = await desk.webhook()
    await desk.change(LONG_AGO, ago=4 * DAY)
    desk.receiver.answer_with(Answer(500))
    async with working(desk) as work:
        await desk.happens("Ada")
        await desk.receiver.arrived(1)
        await work.stop()
    [row] = await desk.deliveries(webhook, "state", "next_attempt_at")
    assert row["next_attempt_at"] is not None
    [lane] = await desk.rows("SELECT jump_now() - failing_since AS ago FROM lanes")
    assert lane["ago"] >= 4 * DAY


async def test_one_success_begins_the_count_anew(desk: Desk) -> None:
    webhook = await desk.webhook()
    await desk.change(LONG_AGO, ago=5 * DAY)
    async with working(desk) as work:
        await desk.happens("Ada")
        await desk.receiver.arrived(1)
        await work.stop()
    [lane] = await desk.rows("SELECT failing_since FROM lanes")
    assert lane["failing_since"] is None
    desk.receiver.answer_with(Answer(500))
    async with working(desk) as work:
        await desk.happens("Ada")
        await desk.receiver.arrived(2)
        await work.stop()
    [lane] = await desk.rows("SELECT jump_now() - failing_since AS ago FROM lanes")
    assert 0 <= lane["ago"] < DAY
    assert (await desk.office.ask("GET", f"/webhooks/{webhook['id']}")).data["is_active"]


async def test_a_failed_test_suspends_nothing(desk: Desk) -> None:
    webhook = await desk.webhook()
    await desk.change(LONG_AGO, ago=6 * DAY)
    desk.receiver.answer_with(Answer(500))
    async with working(desk) as work:
        await desk.office.ask("POST", f"/webhooks/{webhook['id']}/test")
        await desk.receiver.arrived(1)
        await work.stop()
    assert (await desk.office.ask("GET", f"/webhooks/{webhook['id']}")).data["is_active"]
