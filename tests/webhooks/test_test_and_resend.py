"""What a person sends at once: a test, which is nobody's data, and an ended delivery once more."""

from typing import Any

import msgspec
import pytest

from jump.errors import Conflict, InsufficientScope, NotFound, ValidationFailed
from jump.kit import ids
from jump.kit.clock import MINUTE, system_clock
from jump.storage.database import Database
from tests.office import Office


async def test_a_test_answers_with_its_delivery(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    reply = await office.ask("POST", f"/webhooks/{made['id']}/test")
    delivery = reply.data
    assert reply.status == 201
    assert reply.answer.location == f"/webhooks/{made['id']}/deliveries/{delivery['id']}"
    assert delivery == {
        "id": delivery["id"],
        "event_id": delivery["event_id"],
        "event_type": "patient.created",
        "webhook_id": made["id"],
        "state": "pending",
        "attempt_count": 0,
        "last_status": None,
        "last_error": None,
        "next_attempt_at": delivery["next_attempt_at"],
        "test": True,
        "created_at": delivery["created_at"],
    }
    assert delivery["next_attempt_at"]
    audit = await office.rows("SELECT * FROM audit WHERE action = 'delivery.tested'")
    assert [row["record_id"] for row in audit] == [delivery["id"]]


async def payload(office: Office, webhook_id: str, **body: Any) -> dict[str, Any]:
    sent = (await office.ask("POST", f"/webhooks/{webhook_id}/test", **body)).data
    path = f"/webhooks/{webhook_id}/deliveries/{sent['id']}"
    shown: dict[str, Any] = (await office.ask("GET", path)).data["payload"]
    assert shown["id"] == sent["event_id"]
    return shown


async def test_a_test_sends_a_sample_whose_ids_can_never_exist(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    sent = await payload(office, made["id"], event_type="patient.updated")
    assert sent["test"] is True
    assert sent["type"] == "patient.updated"
    assert sent["organization_id"] == office.caller.tenant.organisation
    assert sent["data"]["object"]["id"] == ids.sample_id("pat")
    assert sent["data"]["previous"]
    assert (await payload(office, made["id"]))["id"] != sent["id"]
    assert await office.rows("SELECT id FROM events") == []


async def test_a_thin_webhook_is_tested_with_a_thin_sample(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook("document.updated", payload="thin")
    sent = await payload(office, made["id"])
    assert sent["data"]["object"] == {"id": ids.sample_id("doc"), "type": "document", "version": 2}
    assert sent["data"]["changed"]


async def test_an_older_name_is_tested_under_that_name(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook("appointment.no_show")
    assert (await payload(office, made["id"]))["type"] == "appointment.no_show"


async def test_only_a_subscribed_type_can_be_tested(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook("patient.created")
    with pytest.raises(ValidationFailed) as refused:
        await office.ask("POST", f"/webhooks/{made['id']}/test", event_type="document.created")
    assert [detail.field for detail in refused.value.details] == ["event_type"]
    assert "patient.created" in refused.value.details[0].message


async def test_a_test_is_due_while_the_webhook_is_paused(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    path = f"/webhooks/{made['id']}"
    early = (await office.ask("POST", f"{path}/test")).data
    await office.ask("PATCH", path, is_active=False)
    late = (await office.ask("POST", f"{path}/test")).data
    due = {one["id"]: one["next_attempt_at"] for one in await office.deliveries(made["id"])}
    assert due[early["id"]]
    assert due[late["id"]]


async def test_a_test_goes_ahead_of_what_is_due_already(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    await office.happens()
    await office.change(
        "UPDATE deliveries SET next_attempt_at = next_attempt_at - :ago", ago=MINUTE
    )
    sent = (await office.ask("POST", f"/webhooks/{made['id']}/test")).data
    rows = await office.rows("SELECT id FROM deliveries ORDER BY next_attempt_at, position")
    assert rows[0]["id"] == sent["id"]


async def test_a_test_needs_no_scope_of_the_records(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    blind = office.only("write_webhooks")
    sent = (await blind.ask("POST", f"/webhooks/{made['id']}/test")).data
    assert list(sent) == ["id"]
    reader = office.only("read_webhooks")
    with pytest.raises(InsufficientScope, match="read_patients"):
        await reader.ask("GET", f"/webhooks/{made['id']}/deliveries/{sent['id']}")


async def ended(office: Office, state: str = "failed", **fields: Any) -> tuple[str, str]:
    """The path of a webhook's ended delivery, and its id."""
    made = await office.webhook(**fields)
    await office.happens()
    (delivery,) = await office.deliveries(made["id"])
    await office.end(delivery["id"], state)
    return f"/webhooks/{made['id']}/deliveries/{delivery['id']}", delivery["id"]


@pytest.mark.parametrize("state", ["failed", "succeeded", "cancelled"])
async def test_an_ended_delivery_is_due_once_more(database: Database, state: str) -> None:
    office = await Office.on(database)
    path, delivery_id = await ended(office, state)
    before = system_clock()
    again = (await office.ask("POST", f"{path}/resend")).data
    assert (again["id"], again["state"], again["attempt_count"]) == (delivery_id, "pending", 1)
    (row,) = await office.rows("SELECT * FROM deliveries")
    assert (row["next_trigger"], row["ended_at"], row["failures"]) == ("manual", None, 6)
    assert before <= row["next_attempt_at"] <= system_clock()
    audit = await office.rows("SELECT * FROM audit WHERE action = 'delivery.resent'")
    assert [(r["record_id"], r["patient_id"]) for r in audit] == [(delivery_id, row["patient_id"])]


@pytest.mark.parametrize("state", ["pending", "delivering"])
async def test_what_is_on_its_way_is_not_sent_twice(database: Database, state: str) -> None:
    office = await Office.on(database)
    path, _ = await ended(office)
    await office.change("UPDATE deliveries SET state = :state", state=state)
    with pytest.raises(Conflict, match=rf"is {state}: .* once it has succeeded, failed or"):
        await office.ask("POST", f"{path}/resend")


async def test_whoever_will_not_wait_is_told_when_the_next_attempt_is_and_how_to_have_it_now(
    database: Database,
) -> None:
    office = await Office.on(database)
    path, _ = await ended(office)
    webhook = path.rpartition("/deliveries/")[0]
    later = 1_767_225_600_000_000
    await office.change("UPDATE deliveries SET state = 'pending', next_attempt_at = :at", at=later)
    with pytest.raises(Conflict, match=r"at 2026-01-01T00:00:00Z\. .*pause .* and activate it"):
        await office.ask("POST", f"{path}/resend")
    for active in (False, True):
        await office.ask("PATCH", webhook, is_active=active)
    waiting = (await office.ask("GET", path)).data
    assert waiting["state"] == "pending"
    assert waiting["next_attempt_at"] > "2026-01-01T00:00:01Z"


async def test_a_paused_webhook_resends_nothing_until_it_is_activated(database: Database) -> None:
    office = await Office.on(database)
    path, _ = await ended(office)
    webhook = path.rpartition("/deliveries/")[0]
    await office.ask("PATCH", webhook, is_active=False)
    with pytest.raises(Conflict, match="Activate it first"):
        await office.ask("POST", f"{path}/resend")
    await office.ask("PATCH", webhook, is_active=True)
    assert (await office.ask("POST", f"{path}/resend")).status == 200


async def test_a_test_is_not_resent(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    sent = (await office.ask("POST", f"/webhooks/{made['id']}/test")).data
    await office.end(sent["id"], "failed")
    with pytest.raises(Conflict, match="Send a new test"):
        await office.ask("POST", f"/webhooks/{made['id']}/deliveries/{sent['id']}/resend")


async def test_a_delivery_is_found_under_its_own_webhook_only(database: Database) -> None:
    office = await Office.on(database)
    path, delivery_id = await ended(office)
    other = (await office.webhook())["id"]
    wrong = f"/webhooks/{other}/deliveries/{delivery_id}"
    for method, address in [("GET", wrong), ("POST", f"{wrong}/resend")]:
        with pytest.raises(NotFound):
            await office.ask(method, address)
    await office.ask("DELETE", path.rpartition("/deliveries/")[0])
    with pytest.raises(NotFound):
        await office.ask("POST", f"{path}/resend")


async def test_resending_takes_the_scope_of_what_is_sent(database: Database) -> None:
    office = await Office.on(database)
    path, _ = await ended(office)
    # What is sent is a patient still, though the webhook is for documents now.
    await office.ask("PATCH", path.rpartition("/deliveries/")[0], events=["document.created"])
    with pytest.raises(InsufficientScope, match="read_patients"):
        await office.without("read_patients").ask("POST", f"{path}/resend")


async def test_who_may_not_read_webhooks_learns_nothing_from_a_resend(database: Database) -> None:
    office = await Office.on(database)
    path, delivery_id = await ended(office)
    reply = await office.without("read_webhooks").ask("POST", f"{path}/resend")
    assert msgspec.json.decode(reply.answer.data) == {"id": delivery_id}
