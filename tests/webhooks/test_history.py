"""What was sent is listed for whoever may read webhooks, and shown to who may read the records."""

from typing import Any

import msgspec
import pytest

from jump.caller import Actor
from jump.errors import InsufficientScope, InvalidRequest, NotFound
from jump.events import catalog
from jump.kit.instants import format_instant
from jump.resources import listing
from jump.storage.database import Database, Violated
from jump.webhooks import history, representation
from tests.office import URL, Office

FIELDS = [
    "id", "event_id", "event_type", "webhook_id", "state", "attempt_count", "last_status",
    "last_error", "next_attempt_at", "test", "created_at",
]  # fmt: skip


async def test_the_log_lists_deliveries_newest_first_without_payloads(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    await office.webhook()
    events = [await office.happens() for _ in range(3)]
    path = f"/webhooks/{made['id']}/deliveries"
    reply = await office.only("read_webhooks").ask("GET", path, query="limit=2")
    assert [row["event_id"] for row in reply.data] == events[:0:-1]
    assert all(list(row) == FIELDS for row in reply.data)
    assert reply.answer.page is not None
    assert reply.answer.page.has_more
    assert reply.answer.patients == ()


async def test_the_log_filters(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook("patient.created", "patient.updated")
    first = await office.happens("patient.created")
    second = await office.happens("patient.updated")
    sent = (await office.ask("POST", f"/webhooks/{made['id']}/test")).data
    deliveries = await office.deliveries(made["id"])
    await office.end(deliveries[0]["id"], "failed")
    for query, found in [
        ("state=failed", [first]),
        ("state_in=failed,pending", [first, second, sent["event_id"]]),
        ("event_type=patient.updated", [second]),
        (f"event_id={second}", [second]),
        ("test=true", [sent["event_id"]]),
        ("test=false", [first, second]),
        ("last_status_gte=500", [first]),
        (f"created_at_lte={deliveries[0]['created_at']}", [first]),
    ]:
        assert [row["event_id"] for row in await office.deliveries(made["id"], query)] == found
    with pytest.raises(InvalidRequest):
        await office.deliveries(made["id"], "patient_id=pat_1")


async def test_a_delivery_shows_its_payload_and_each_attempt_oldest_first(
    database: Database,
) -> None:
    office = await Office.on(database)
    made = await office.webhook("patient.created")
    event = await office.happens("patient.created")
    (delivery,) = await office.deliveries(made["id"])
    for at in (1_000_000_000_000_000, 1_000_000_060_000_000):
        await office.end(delivery["id"], at=at)
    path = f"/webhooks/{made['id']}/deliveries/{delivery['id']}"
    reply = await office.ask("GET", path)
    shown: dict[str, Any] = reply.data
    assert list(shown) == [*FIELDS, "payload", "attempts"]
    assert shown["payload"]["id"] == event
    assert shown["payload"]["data"]["object"] == msgspec.json.decode(
        catalog.sample("patient.created").object
    )
    assert shown["attempts"] == [
        {
            "id": attempt["id"],
            "number": number,
            "attempted_at": format_instant(at),
            "trigger": "auto",
            "url": URL,
            "status": 500,
            "error": "The server answered 500.",
            "request_headers": {"X-Webhook-Attempt": "1"},
            "response_headers": {"a": "b"},
            "response_body": "oh",
            "duration_ms": {
                "dns": None, "connect": 1.5, "tls": 2.5, "first_byte": 3.5, "total": 8.0
            },
        }
        for attempt, number, at in zip(
            shown["attempts"],
            (1, 2),
            (1_000_000_000_000_000, 1_000_000_060_000_000),
            strict=True,
        )
    ]  # fmt: skip
    assert reply.answer.patients == ("pat_00000000000000000000000001",)


async def test_the_payload_is_the_one_its_webhook_sends(database: Database) -> None:
    office = await Office.on(database)
    full = await office.webhook("patient.updated")
    thin = await office.webhook("patient.updated", payload="thin")
    renamed = await office.webhook("patient.archived")
    event = await office.happens("patient.updated", alias="patient.archived")
    (row,) = await office.rows("SELECT body, thin_body FROM events")
    for webhook, body in [
        (full, row["body"]),
        (thin, row["thin_body"]),
        (renamed, row["body"].replace("patient.updated", "patient.archived", 1)),
    ]:
        (delivery,) = await office.deliveries(webhook["id"])
        path = f"/webhooks/{webhook['id']}/deliveries/{delivery['id']}"
        reply = await office.ask("GET", path)
        assert f'"payload":{body},"attempts":[]'.encode() in reply.answer.data
        assert delivery["event_id"] == event


async def test_payloads_take_the_read_scope_of_the_record(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    await office.happens()
    (delivery,) = await office.without("read_patients").deliveries(made["id"])
    with pytest.raises(InsufficientScope, match="read_patients"):
        await office.without("read_patients").ask(
            "GET", f"/webhooks/{made['id']}/deliveries/{delivery['id']}"
        )


async def webhooks_of_all(office: Office, *given: tuple[str, str]) -> list[str]:
    """The webhooks of the deliveries that an operator lists."""
    query = listing.parse(history.ALL_DELIVERIES, given)
    page = await office.database.read(
        lambda tx: history.page_of_all(tx, office.caller.tenant, query)
    )
    return [representation.delivery(row).webhook_id for row in page.rows]


async def test_another_practice_or_mode_sees_no_delivery(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    await office.happens()
    (delivery,) = await office.deliveries(made["id"])
    for stranger in (office.in_mode("live"), await office.neighbour()):
        with pytest.raises(NotFound):
            await stranger.ask("GET", f"/webhooks/{made['id']}/deliveries/{delivery['id']}")
        assert await webhooks_of_all(stranger) == []


async def test_a_delivery_is_in_one_of_the_states_of_the_contract(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    await office.happens()
    (delivery,) = await office.deliveries(made["id"])
    path = f"/webhooks/{made['id']}/deliveries/{delivery['id']}"
    for state in ("pending", "delivering", "succeeded", "failed", "cancelled"):
        await office.change("UPDATE deliveries SET state = :state", state=state)
        assert (await office.ask("GET", path)).data["state"] == state
        assert len(await office.deliveries(made["id"], f"state={state}")) == 1
    with pytest.raises(Violated, match="deliveries_state_check"):
        await office.change("UPDATE deliveries SET state = 'retrying'")


async def test_a_header_that_came_twice_is_one_line(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    sent = (await office.ask("POST", f"/webhooks/{made['id']}/test")).data
    await office.end(sent["id"])
    found = await database.read(lambda tx: history.fetch(tx, office.caller, sent["id"]))
    attempt = {**found.attempts[0], "response_headers": '[["via","a"],["x","y"],["via","b"]]'}
    shown = representation.delivery_in_full(found.delivery, [attempt])
    assert shown.attempts[0].response_headers == {"via": "a, b", "x": "y"}


async def test_an_operator_lists_the_deliveries_of_every_webhook(database: Database) -> None:
    office = (await Office.on(database)).as_actor(Actor("operator"))
    one, other, gone = await office.webhook(), await office.webhook(), await office.webhook()
    await office.happens()
    await office.happens()
    await office.end((await office.deliveries(one["id"]))[0]["id"])
    await office.ask("DELETE", f"/webhooks/{gone['id']}")

    assert sorted(await webhooks_of_all(office)) == sorted([one["id"], other["id"]] * 2)
    assert await webhooks_of_all(office, ("state", "failed")) == [one["id"]]
    assert await webhooks_of_all(office, ("webhook_id", other["id"])) == [other["id"]] * 2
