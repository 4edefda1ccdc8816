"""A webhook is made, read, changed and deleted; who may see its events is asked at each step."""

import json
from typing import Any

import pytest

from jump.caller import Actor
from jump.errors import InsufficientScope, NotFound, PreconditionFailed, ValidationFailed
from jump.storage.database import Database
from tests.office import KEY, URL, Office


def fields(refused: pytest.ExceptionInfo[ValidationFailed]) -> list[str]:
    return [detail.field for detail in refused.value.details]


async def audited(office: Office) -> list[tuple[str, str, str]]:
    rows = await office.rows(
        "SELECT action, record_id, fields FROM audit WHERE organisation_id = :organisation"
        " AND mode = :mode ORDER BY at, id",
        **office.tenant,
    )
    return [(row["action"], row["record_id"], row["fields"]) for row in rows]


async def test_a_new_webhook_has_the_fields_of_the_contract(database: Database) -> None:
    office = await Office.on(database)
    reply = await office.ask(
        "POST", "/webhooks", url=URL, events=["patient.created"], name="Bookings"
    )
    made = reply.data
    assert reply.status == 201
    assert reply.answer.location == f"/webhooks/{made['id']}"
    assert reply.answer.version == 1
    assert made.pop("secret").startswith("whsec_")
    assert made == {
        "id": made["id"],
        "name": "Bookings",
        "url": URL,
        "events": ["patient.created"],
        "is_active": True,
        "payload": "full",
        "mode": "test",
        "paused_reason": None,
        "paused_at": None,
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
        "version": 1,
        "created_by": KEY,
    }
    assert made["id"].startswith("wh_")
    assert await audited(office) == [
        ("webhook.created", made["id"], '["url","events","name"]'),
    ]


async def test_the_secret_is_in_the_answer_to_creation_only(database: Database) -> None:
    office = await Office.on(database)
    reply = await office.ask("POST", "/webhooks", url=URL, events=["patient.created"])
    path = f"/webhooks/{reply.data['id']}"
    assert b"whsec_" not in (reply.answer.kept or b"whsec_")
    for shown in (
        await office.ask("GET", path),
        await office.ask("GET", "/webhooks"),
        await office.ask("PATCH", path, name="x"),
    ):
        assert b"secret" not in shown.answer.data


async def test_events_are_folded_and_older_names_are_taken(database: Database) -> None:
    office = await Office.on(database)
    names = ["patient.archived", "patient.created", "patient.archived", "appointment.no_show"]
    made = await office.webhook(*names)
    assert made["events"] == ["patient.archived", "patient.created", "appointment.no_show"]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"url": "http://hooks.example.com", "events": ["patient.created"]}, ["url"]),
        ({"url": "https://10.0.0.1/", "events": ["patient.created"]}, ["url"]),
        ({"url": "https://u:p@hooks.example.com:8443/#a", "events": []}, ["url", "url", "events"]),
        ({"url": URL, "events": ["patient.deleted"]}, ["events"]),
        ({"url": URL, "events": "patient.created"}, ["events"]),
        ({"url": URL, "events": ["patient.created"], "payload": "lean"}, ["payload"]),
        ({"url": URL, "events": ["patient.created"], "name": ""}, ["name"]),
        ({"url": URL, "events": ["patient.created"], "name": "x" * 201}, ["name"]),
        ({"url": URL, "events": ["patient.created"], "mode": "live"}, ["mode"]),
        ({}, ["url", "events"]),
    ],
)
async def test_every_wrong_field_is_named(
    database: Database, body: dict[str, Any], wrong: list[str]
) -> None:
    office = await Office.on(database)
    with pytest.raises(ValidationFailed) as refused:
        await office.ask("POST", "/webhooks", **body)
    assert fields(refused)[: len(wrong)] == wrong
    assert set(fields(refused)) == set(wrong)
    assert (await office.ask("GET", "/webhooks")).data == []


async def test_a_new_webhook_takes_null_for_what_it_is_not_told(database: Database) -> None:
    office = await Office.on(database)
    body = {"url": URL, "events": ["patient.created"], "is_active": None, "payload": None}
    made = (await office.ask("POST", "/webhooks", **body)).data
    assert (made["is_active"], made["payload"]) == (True, "full")
    path = f"/webhooks/{made['id']}"
    with pytest.raises(ValidationFailed) as refused:
        await office.ask("PATCH", path, is_active=None, payload=None)
    assert fields(refused) == ["is_active", "payload"]


async def test_a_webhook_takes_the_read_scope_of_each_of_its_events(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook("patient.created", "document.created")
    path = f"/webhooks/{made['id']}"
    blind = office.without("read_documents")
    changes: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/webhooks", {"url": URL, "events": ["document.created"]}),
        ("PATCH", path, {"name": "x"}),
        ("PATCH", path, {"events": ["patient.created"]}),
        ("PATCH", path, {"is_active": False}),
        ("POST", f"{path}/rotate-secret", {}),
        ("POST", f"{path}/replay", {"since": made["created_at"]}),
        ("POST", f"{path}/replay", {"since": made["created_at"], "dry_run": True}),
    ]
    for method, address, body in changes:
        with pytest.raises(InsufficientScope) as refused:
            await blind.ask(method, address, **body)
        assert refused.value.scope == "read_documents"
        assert "read_documents" in refused.value.message
    assert (await blind.ask("GET", path)).data["url"] == URL


async def test_an_older_name_takes_the_scope_of_its_type(database: Database) -> None:
    office = (await Office.on(database)).without("read_patients")
    with pytest.raises(InsufficientScope, match="read_patients"):
        await office.webhook("patient.archived")


async def test_scope_comes_before_what_is_wrong_with_the_body(database: Database) -> None:
    office = (await Office.on(database)).without("read_patients")
    with pytest.raises(InsufficientScope):
        await office.ask("POST", "/webhooks", url="nothing", events=["patient.created", "nothing"])


async def test_who_may_not_read_webhooks_gets_id_version_and_a_new_secret(
    database: Database,
) -> None:
    office = (await Office.on(database)).without("read_webhooks")
    reply = await office.ask("POST", "/webhooks", url=URL, events=["patient.created"])
    made = reply.data
    assert sorted(made) == ["id", "secret", "version"]
    assert sorted(json.loads(reply.answer.kept or b"{}")) == ["id", "version"]
    changed = await office.ask("PATCH", f"/webhooks/{made['id']}", name="x")
    assert changed.data == {"id": made["id"], "version": 2}


async def test_a_change_raises_the_version_and_is_audited_by_field(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook(name="Old")
    path = f"/webhooks/{made['id']}"
    other = "https://other.example.com/"
    changed = (await office.ask("PATCH", path, url=other, name=None, payload="thin")).data
    assert (changed["url"], changed["name"], changed["payload"]) == (other, None, "thin")
    assert changed["version"] == 2
    assert changed["updated_at"] > made["updated_at"]
    assert (await office.ask("GET", path)).data == changed
    assert (await audited(office))[1:] == [
        ("webhook.updated", made["id"], '["url","name","payload"]')
    ]


async def test_a_change_of_nothing_keeps_the_version_and_writes_no_audit(
    database: Database,
) -> None:
    office = await Office.on(database)
    made = await office.webhook(name="Bookings")
    path = f"/webhooks/{made['id']}"
    same = await office.ask(
        "PATCH", path, name="Bookings", url=URL, events=made["events"], is_active=True
    )
    assert same.answer.version == 1
    assert same.data["updated_at"] == made["updated_at"]
    assert len(await audited(office)) == 1


async def test_a_stale_version_changes_nothing(database: Database) -> None:
    office = await Office.on(database)
    path = f"/webhooks/{(await office.webhook())['id']}"
    await office.ask("PATCH", path, if_match=1, name="first")
    changes: list[tuple[str, str, dict[str, Any]]] = [
        ("PATCH", path, {"name": "second"}),
        ("DELETE", path, {}),
        ("POST", f"{path}/rotate-secret", {}),
        ("POST", f"{path}/test", {}),
        ("POST", f"{path}/replay", {"since": "2026-01-01T00:00:00Z"}),
    ]
    for method, address, body in changes:
        with pytest.raises(PreconditionFailed):
            await office.ask(method, address, if_match=1, **body)
    assert (await office.ask("GET", path)).data["name"] == "first"


async def test_another_practice_or_mode_finds_nothing(database: Database) -> None:
    office = await Office.on(database)
    path = f"/webhooks/{(await office.webhook())['id']}"
    for stranger in (office.in_mode("live"), await office.neighbour()):
        assert (await stranger.ask("GET", "/webhooks")).data == []
        for method, address in [
            ("GET", path),
            ("PATCH", path),
            ("DELETE", path),
            ("GET", f"{path}/deliveries"),
            ("POST", f"{path}/test"),
            ("POST", f"{path}/rotate-secret"),
        ]:
            with pytest.raises(NotFound):
                await stranger.ask(method, address)
    assert (await office.ask("GET", path)).status == 200


async def test_the_list_pages_and_filters(database: Database) -> None:
    office = await Office.on(database)
    ids = [(await office.webhook())["id"] for _ in range(3)]
    await office.ask("PATCH", f"/webhooks/{ids[1]}", is_active=False)
    first = await office.ask("GET", "/webhooks", query="limit=2")
    assert [row["id"] for row in first.data] == ids[:0:-1]
    assert first.answer.page is not None
    assert first.answer.page.has_more
    paused = await office.ask("GET", "/webhooks", query="is_active=false")
    assert [row["id"] for row in paused.data] == [ids[1]]


async def test_a_deleted_webhook_is_gone_and_its_waiting_deliveries_are_cancelled(
    database: Database,
) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    due, done = await office.happens(), await office.happens()
    deliveries = await office.deliveries(made["id"])
    await office.end(deliveries[1]["id"], "succeeded")
    path = f"/webhooks/{made['id']}"
    reply = await office.ask("DELETE", path)
    assert reply.data == {"id": made["id"], "deleted": True}
    assert (await office.ask("GET", "/webhooks")).data == []
    for address in (path, f"{path}/deliveries", f"{path}/deliveries/{deliveries[0]['id']}"):
        with pytest.raises(NotFound):
            await office.ask("GET", address)
    with pytest.raises(NotFound):
        await office.ask("DELETE", path)
    rows = await office.rows(
        "SELECT event_id, state, next_attempt_at, ended_at FROM deliveries ORDER BY position"
    )
    assert [(row["event_id"], row["state"]) for row in rows] == [
        (due, "cancelled"),
        (done, "succeeded"),
    ]
    assert rows[0]["next_attempt_at"] is None
    assert rows[0]["ended_at"] is not None
    await office.happens()
    assert len(await office.rows("SELECT id FROM deliveries")) == 2
    assert (await audited(office))[-1] == ("webhook.deleted", made["id"], "[]")


async def test_deleting_a_paused_webhook_cancels_what_waits(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook(is_active=False)
    await office.happens()
    await office.ask("DELETE", f"/webhooks/{made['id']}")
    rows = await office.rows("SELECT state FROM deliveries")
    assert [row["state"] for row in rows] == ["cancelled"]


async def test_a_webhook_of_the_command_line_is_made_by_an_operator(database: Database) -> None:
    office = (await Office.on(database)).as_actor(Actor("operator"))
    assert (await office.webhook())["created_by"] == "operator"
