"""What a receiver sees of the engine: whole deliveries, in order, eight at once, nobody held up."""

import asyncio

import pytest
from standardwebhooks import Webhook

from jump.kit.clock import SECOND
from jump.storage import wakes
from jump.storage.sqlite import SqliteDatabase
from jump.webhooks.engine import engine
from jump.webhooks.engine.engine import Engine
from tests.patience import PATIENCE
from tests.receiver import Answer, Gate, Received, Script, hang
from tests.webhooks.delivering import Desk, names, working


def held(patient: str, gate: Gate) -> Script:
    """Answers at once, but for what is about this patient."""

    def answer(request: Received) -> Answer:
        return Answer(gate=gate) if names([request]) == [patient] else Answer()

    return answer


async def test_an_event_arrives_signed_and_its_answer_is_kept(desk: Desk) -> None:
    webhook = await desk.webhook()
    desk.receiver.answer_with(Answer(201, headers=(("X-Seen", "yes"),), body=b"thanks"))
    async with working(desk) as work:
        [event] = await desk.happens("Ada")
        [request] = await desk.receiver.arrived(1)
        await work.stop()
    [delivery] = await desk.deliveries(webhook, "id", "state", "attempt_count", "last_status")
    assert request.header("X-Webhook-Id") == request.json()["id"] == event
    assert request.header("X-Webhook-Event") == "patient.updated"
    assert request.header("X-Webhook-Delivery") == delivery["id"]
    assert request.header("X-Webhook-Attempt") == "1"
    assert request.header("X-Webhook-Signature").startswith("t=")
    assert (delivery["state"], delivery["attempt_count"]) == ("succeeded", 1)
    assert delivery["last_status"] == 201
    [attempt] = await desk.attempts(webhook)
    assert attempt["delivery_id"] == delivery["id"]
    assert (attempt["number"], attempt["trigger"], attempt["status"]) == (1, "auto", 201)
    assert (attempt["response_body"], attempt["error"]) == ("thanks", None)
    assert '["X-Seen","yes"]' in attempt["response_headers"]
    assert f'["X-Webhook-Delivery","{delivery["id"]}"]' in attempt["request_headers"]
    assert attempt["url"] == desk.receiver.url
    assert '"tls":' in attempt["duration_ms"]
    assert attempt["attempted_at"] <= attempt["ended_at"] < attempt["attempted_at"] + 10 * SECOND


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_change_and_the_start_of_its_first_attempt_share_a_commit(desk: Desk) -> None:
    commits: list[None] = []
    counted: list[int] = []
    database = desk.office.database
    assert isinstance(database, SqliteDatabase)

    def count(request: Received) -> Answer:
        counted.append(len(commits))
        return Answer()

    await desk.webhook()
    desk.receiver.answer_with(count)
    async with working(desk, beside=True):
        database._writer.set_commit_hook(lambda: bool(commits.append(None)))
        for number in range(10):
            commits.clear()
            await desk.happens("Ada")
            await desk.receiver.arrived(number + 1)
            while len(await desk.rows("SELECT id FROM attempts")) <= number:  # noqa: ASYNC110
                await asyncio.sleep(0)
    # Now and then the engine is in the middle of something when the change comes.
    assert counted.count(1) >= 5


async def test_a_change_is_sent_when_it_is_made_and_not_at_the_next_look(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody looks by themselves any more: only the commit itself tells the engine to.
    monkeypatch.setattr(wakes, "LONGEST_SLEEP", 3600)
    await desk.webhook()
    async with working(desk):
        for count in range(1, 4):
            await desk.happens("Ada")
            await desk.receiver.arrived(count)


async def test_an_answer_is_kept_also_when_a_timer_rings_early(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A clock that moves in steps: a timer set for a moment between two of them rings before it.
    monkeypatch.setattr(
        Engine, "_loop_time", lambda _: asyncio.get_running_loop().time() // 0.1 / 10
    )
    monkeypatch.setattr(wakes, "LONGEST_SLEEP", 3600)
    await desk.webhook()
    async with working(desk):
        for count in range(1, 4):
            await desk.happens("Ada")
            await desk.receiver.arrived(count)
            async with asyncio.timeout(PATIENCE):
                while len(await desk.rows("SELECT id FROM attempts")) < count:  # noqa: ASYNC110
                    await asyncio.sleep(0)


async def test_a_thin_webhook_is_told_no_personal_data(desk: Desk) -> None:
    await desk.webhook(payload="thin")
    async with working(desk):
        await desk.happens("Ada")
        [request] = await desk.receiver.arrived(1)
    assert request.json()["data"]["changed"] == ["name"]
    assert b"Ada" not in request.body


async def test_a_webhook_that_asked_for_an_alias_gets_the_event_under_that_name(desk: Desk) -> None:
    webhook = await desk.webhook("/alias", "patient.archived")
    plain = await desk.webhook("/plain")
    await desk.office.happens("patient.updated", alias="patient.archived")
    async with working(desk) as work:
        [one] = await desk.receiver.arrived(1, path="/alias")
        [other] = await desk.receiver.arrived(1, path="/plain")
        await work.stop()
    assert one.header("X-Webhook-Event") == one.json()["type"] == "patient.archived"
    assert other.header("X-Webhook-Event") == other.json()["type"] == "patient.updated"
    assert one.header("X-Webhook-Id") == other.header("X-Webhook-Id")
    assert await desk.deliveries(webhook, "event_type") == ["patient.archived"]
    assert await desk.deliveries(plain, "event_type") == ["patient.updated"]


async def test_eight_are_in_the_air_at_once_and_no_more(desk: Desk) -> None:
    gate = Gate()
    await desk.webhook("/held", "patient.updated")
    desk.receiver.answer_with(Answer(gate=gate), path="/held")
    await desk.webhook("/free", "patient.created")
    async with working(desk):
        await desk.happens(*(f"P{number}" for number in range(20)))
        await desk.receiver.arrived(8, path="/held")
        # Whole rounds of the engine pass.
        for count in range(1, 4):
            await desk.happens("other", event_type="patient.created")
            await desk.receiver.arrived(count, path="/free")
        assert len(await desk.receiver.arrived(8, path="/held")) == 8
        gate.open()
        held = await desk.receiver.arrived(20, path="/held")
    assert sorted(names(held)) == sorted(f"P{number}" for number in range(20))


async def test_two_of_one_patient_are_never_in_the_air_at_once(desk: Desk) -> None:
    gate = Gate()
    await desk.webhook()
    desk.receiver.answer_with(held("Ada", gate))
    async with working(desk):
        events = await desk.happens("Ada", "Ada", "Bob", "Ada")
        await desk.receiver.arrived(2)
        await desk.happens("Cid")
        before = await desk.receiver.arrived(3)
        assert sorted(names(before)) == ["Ada", "Bob", "Cid"]
        gate.open()
        requests = await desk.receiver.arrived(5)
    assert names(requests)[3:] == ["Ada", "Ada"]
    of_ada = [one.header("X-Webhook-Id") for one in requests if names([one]) == ["Ada"]]
    assert of_ada == [events[0], events[1], events[3]]


async def test_a_patient_with_much_to_say_holds_up_no_other(desk: Desk) -> None:
    gate = Gate()
    await desk.webhook()
    desk.receiver.answer_with(held("Ada", gate))
    async with working(desk):
        await desk.happens(*["Ada"] * 30, "Bob")
        requests = await desk.receiver.arrived(2)
        assert sorted(names(requests)) == ["Ada", "Bob"]
        gate.open()
        requests = await desk.receiver.arrived(31)
    versions = [one.header("X-Webhook-Id") for one in requests if names([one]) == ["Ada"]]
    rows = await desk.rows("SELECT event_id FROM deliveries ORDER BY position")
    assert versions == [row["event_id"] for row in rows][:30]


async def test_a_receiver_that_hangs_holds_up_no_other_webhook(desk: Desk) -> None:
    await desk.webhook("/hung")
    desk.receiver.answer_with(hang(), path="/hung")
    for number in range(9):
        await desk.webhook(f"/healthy{number}")
    everybody = [f"P{number}" for number in range(20)]
    async with working(desk) as work:
        await desk.happens(*everybody)
        await desk.receiver.arrived(8, path="/hung")
        for number in range(9):
            healthy = await desk.receiver.arrived(20, path=f"/healthy{number}")
            assert sorted(names(healthy)) == sorted(everybody)
        work.task.cancel()


async def test_where_one_has_much_to_send_there_is_still_a_slot_for_the_others(desk: Desk) -> None:
    gate = Gate()
    await desk.webhook("/busy", "patient.updated")
    for number in range(4):
        await desk.webhook(f"/{number}", "patient.created")
    desk.receiver.answer_with(Answer(gate=gate))
    async with working(desk, most_in_air=8) as work:
        await desk.happens(*(f"P{number}" for number in range(20)))
        await desk.receiver.arrived(1, path="/busy")
        await desk.happens("Ada", "Bob", event_type="patient.created")
        for number in range(4):
            await desk.receiver.arrived(1, path=f"/{number}")
        assert work.engine._in_air <= 8
        gate.open()
        await desk.receiver.arrived(20 + 4 * 2)


async def test_a_rotated_secret_signs_beside_the_new_one(desk: Desk) -> None:
    webhook = await desk.webhook()
    await desk.office.ask("POST", f"/webhooks/{webhook['id']}/rotate-secret")
    async with working(desk):
        await desk.happens("Ada")
        [request] = await desk.receiver.arrived(1)
    assert request.header("X-Webhook-Signature").count("v1=") == 2


async def test_a_test_is_sent_while_the_webhook_is_paused_and_only_once(desk: Desk) -> None:
    webhook = await desk.webhook(is_active=False)
    desk.receiver.answer_with(Answer(500))
    async with working(desk) as work:
        await desk.happens("Ada")
        await desk.office.ask("POST", f"/webhooks/{webhook['id']}/test")
        [request] = await desk.receiver.arrived(1)
        await work.stop()
    assert request.header("X-Webhook-Test") == "true"
    assert request.json()["test"] is True
    Webhook(webhook["secret"]).verify(request.body, dict(request.headers))
    assert [one["trigger"] for one in await desk.attempts(webhook)] == ["test"]
    rows = await desk.deliveries(webhook, "test", "state", "failures", "next_attempt_at")
    by_test = {bool(row["test"]): row for row in rows}
    assert by_test[True]["state"] == "failed"
    assert (by_test[False]["state"], by_test[False]["next_attempt_at"]) == ("pending", None)
    assert (await desk.rows("SELECT failing_since FROM lanes"))[0]["failing_since"] is None


async def test_stopping_finishes_what_is_in_the_air_and_starts_nothing_more(desk: Desk) -> None:
    gate = Gate()
    webhook = await desk.webhook()
    desk.receiver.answer_with(Answer(gate=gate))
    async with working(desk) as work:
        await desk.happens(*(f"P{number}" for number in range(10)))
        await desk.receiver.arrived(8)
        desk.receiver.answer_with(Answer())
        stopping = work.engine.stop()
        gate.open()
        await stopping
        await work.task
    assert len(desk.receiver.requests) == 8
    assert await desk.deliveries(webhook, "state") == ["succeeded"] * 8 + ["pending"] * 2
    [lane] = await desk.rows("SELECT owner, epoch FROM lanes")
    assert lane["owner"] is None
    async with working(desk):
        await desk.receiver.arrived(10)


async def test_stopping_does_not_wait_for_a_receiver_longer_than_an_attempt_may_take(
    desk: Desk,
) -> None:
    webhook = await desk.webhook()
    desk.receiver.answer_with(hang())
    async with working(desk, total_timeout=0.5) as work:
        await desk.happens("Ada")
        await desk.receiver.arrived(1)
        await work.stop()
    [attempt] = await desk.attempts(webhook)
    assert "0.5 seconds" in attempt["error"]
    assert (await desk.rows("SELECT owner FROM lanes"))[0]["owner"] is None


async def test_stopping_gives_up_what_does_not_land_and_leaves_it_to_whoever_comes_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LAND_WITHIN", 0.1)
    webhook = await desk.webhook()
    desk.receiver.answer_with(hang(), Answer())
    async with working(desk) as work:
        await desk.happens("Ada")
        await desk.receiver.arrived(1)
        await work.stop()
    assert await desk.deliveries(webhook, "state") == ["delivering"]
    async with working(desk) as work:
        await desk.pass_time(work.database, 26)
        await desk.receiver.arrived(2)
        await work.stop()
    assert await desk.deliveries(webhook, "state", "attempt_count") == [
        {"state": "succeeded", "attempt_count": 2}
    ]


async def test_an_answer_that_cannot_be_kept_keeps_no_other_from_being_written_down(
    desk: Desk,
) -> None:
    bad, good = await desk.webhook("/bad"), await desk.webhook("/good")
    desk.receiver.answer_with(Answer(body=b"poison"), path="/bad")
    if desk.office.database.kind == "sqlite":
        desk.store.execute(
            "CREATE TRIGGER poison BEFORE INSERT ON attempts WHEN NEW.response_body = 'poison'"
            " BEGIN SELECT RAISE(ABORT, 'poison'); END"
        )
    else:
        desk.store.execute(
            "ALTER TABLE attempts ADD CONSTRAINT poison CHECK (response_body <> 'poison')"
        )
    async with working(desk) as work:
        await desk.happens("Ada")
        await desk.receiver.arrived(2)
        await work.stop()
    assert await desk.deliveries(good, "state") == ["succeeded"]
    assert await desk.deliveries(bad, "state") == ["pending"]
    [attempt] = await desk.attempts(bad)
    assert attempt["error"] == "The answer could not be kept."
