"""What a request leaves behind: a row in the access log, and for a change one in the audit."""

from typing import Any

import pytest

from jump.audit import trail
from jump.caller import Tenant
from jump.keys import revoke
from jump.kit.clock import HOUR
from jump.storage.database import Database
from jump.storage.sql import sql
from tests.rest.api import Api, client_of, open_api
from tests.surface.world import unknown_key

PATIENT = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
ROWS = sql("""
    SELECT a.*, (SELECT count(*) FROM access_log_patients l
      WHERE l.organisation_id = a.organisation_id AND l.mode = a.mode AND l.request_id = a.id)
      AS patients
    FROM access_log a ORDER BY at, id
""")


@pytest.fixture
async def api(database: Database) -> Api:
    return await open_api(database)


async def access_log(api: Api) -> list[dict[str, Any]]:
    """Every row, oldest first."""
    await api.settle()
    return [dict(row) for row in await api.database.read(lambda tx: tx.all(ROWS))]


async def audit(api: Api) -> list[trail.Entry]:
    """Every entry of the test mode but the making of keys, oldest first."""
    tenant = Tenant(api.organisation, "test")
    entries = await api.database.read(lambda tx: trail.page(tx, tenant))
    return [each for each in reversed(entries) if each.change.record_type != "key"]


async def test_every_request_of_a_known_key_leaves_one_row_refused_ones_too(api: Api) -> None:
    made = await api.post("/patients", PATIENT)
    one = f"/patients/{made.json()['data']['id']}"
    spent_record, spent = await api.new_key("read_patients", limit=1)
    reader_record, reader = await api.new_key("read_patients")
    requests: list[tuple[str, str, Any, str, tuple[Any, ...]]] = [
        ("GET", one, None, api.key, (200, None, None, 1)),
        ("HEAD", one, None, api.key, (200, None, None, 1)),
        ("GET", "/patients", None, api.key, (200, None, None, 1)),
        ("POST", "/patients/search", {"search": "ada"}, api.key, (200, None, None, 1)),
        ("POST", "/patients/search", {"search": "eve"}, api.key, (200, None, None, 0)),
        ("PATCH", one, {"city": "Ely"}, api.key, (200, None, None, 1)),
        ("POST", "/patients", {}, api.key, (422, "VALIDATION_FAILED", None, 0)),
        ("GET", "/patients/pat_1", None, api.key, (404, "NOT_FOUND", None, 0)),
        ("GET", "/nothing/here", None, api.key, (404, "NOT_FOUND", None, 0)),
        ("DELETE", one, None, api.key, (405, "METHOD_NOT_ALLOWED", None, 0)),
        ("GET", "/patients?zz=1", None, api.key, (400, "INVALID_REQUEST", None, 0)),
        ("PATCH", one, {}, reader, (403, "INSUFFICIENT_SCOPE", "write_patients", 0)),
        ("GET", "/webhooks", None, reader, (403, "INSUFFICIENT_SCOPE", "read_webhooks", 0)),
        ("GET", "/me", None, spent, (200, None, None, 0)),
        ("GET", "/patients", None, spent, (200, None, None, 1)),
        ("GET", "/patients", None, spent, (429, "RATE_LIMITED", None, 0)),
    ]
    mine = (await api.get("/me")).json()["data"]["id"]
    ids = []
    for method, path, body, key, expected in requests:
        answer = await api.call(method, path, json=body, key=key)
        assert answer.status_code == expected[0], (method, path, answer.text)
        ids.append(answer.headers["x-request-id"])
    rows = (await access_log(api))[2:]
    by_id = {row["id"]: row for row in rows}
    assert set(by_id) == set(ids)
    for request_id, (method, _, _, key, expected) in zip(ids, requests, strict=True):
        row = by_id[request_id]
        holders = {api.key: mine, spent: spent_record.id, reader: reader_record.id}
        assert row["method"] == method
        assert row["key_id"] == holders[key]
        found = (row["status"], row["error_code"], row["missing_scope"], row["patients"])
        assert found == expected
        assert row["address"] == "127.0.0.1"
        assert row["milliseconds"] >= 0
    assert {row["route"] for row in rows} == {
        "/patients", "/patients/{id}", "/patients/search", "/me", "/webhooks", "(unknown)",
    }  # fmt: skip


async def test_a_key_that_was_good_once_is_known_and_one_that_never_was_is_not(api: Api) -> None:
    now = api.parts.clock()
    expired_record, expired = await api.new_key(at=now - 2 * HOUR, expires_at=now - HOUR)
    revoked_record, revoked = await api.new_key()
    await api.database.write(lambda tx: revoke.revoke(tx, api.operator(), revoked_record.id, now))
    for key in (expired, revoked, unknown_key(), "x", None):
        assert (await api.get("/patients", key=key)).status_code == 401
    assert (await api.get(f"/patients?key={api.key}")).status_code == 400
    rows = await access_log(api)
    assert [(row["key_id"], row["status"], row["error_code"]) for row in rows] == [
        (expired_record.id, 401, "UNAUTHORIZED"),
        (revoked_record.id, 401, "UNAUTHORIZED"),
    ]
    refused = await api.database.count(
        lambda tx: tx.one(sql("SELECT sum(refused) AS n FROM address_failures"))
    )
    assert refused is not None
    assert int(refused["n"]) == 5


async def test_a_row_is_of_the_keys_practice_and_mode(api: Api) -> None:
    live = await api.make_key(mode="live")
    next_door = await api.new_organisation("Next door")
    elsewhere = await api.make_key(organisation=next_door)
    for key in (api.key, live, elsewhere):
        await api.get("/patients", key=key)
    rows = await access_log(api)
    assert [(row["organisation_id"], row["mode"]) for row in rows] == [
        (api.organisation, "test"),
        (api.organisation, "live"),
        (next_door, "test"),
    ]


async def test_a_changes_row_commits_with_the_change_and_a_reads_within_a_second(
    database: Database,
) -> None:
    api = await open_api(database)
    await api.post("/patients", PATIENT)
    rows = await database.read(lambda tx: tx.all(ROWS))
    assert [row["method"] for row in rows] == ["POST"]
    await api.get("/patients")
    assert len(await database.read(lambda tx: tx.all(ROWS))) == 1
    assert [row["method"] for row in await access_log(api)] == ["POST", "GET"]


CHANGES: list[tuple[str, str, Any, str, set[str]]] = [
    ("PATCH", "", {"city": "Ely", "nhs_number": "9990000018"}, "updated", {"city", "nhs_number"}),
    ("PATCH", "", {"town_city": "Rye"}, "updated", {"city"}),
    ("PATCH", "", {"custom_fields": {"a": 1}}, "updated", {"custom_fields"}),
    ("PATCH", "", {"date_of_death": "2020-01-01"}, "updated", {"date_of_death", "is_deceased"}),
    ("POST", "/archive", {"reason": "x"}, "archived", {"status", "archived_at", "archive_reason"}),
    ("POST", "/unarchive", {}, "unarchived", {"status", "archived_at", "archive_reason"}),
    ("PATCH", "", {"status": "archived"}, "archived", {"status", "archived_at"}),
    ("PATCH", "", {"status": "active", "city": "Ely"}, "unarchived",
     {"status", "archived_at", "city"}),
]  # fmt: skip


async def test_each_change_writes_who_did_it_to_what_and_the_names_of_the_fields(
    api: Api,
) -> None:
    made = await api.post("/patients", PATIENT)
    patient = made.json()["data"]["id"]
    me = (await api.get("/me")).json()["data"]["id"]
    answers = [made]
    for method, action, body, _, _ in CHANGES:
        answers.append(await api.call(method, f"/patients/{patient}{action}", json=body))
        assert answers[-1].status_code == 200, answers[-1].text
    entries = await audit(api)
    expected = [("patient.created", set(PATIENT))]
    expected += [(f"patient.{name}", fields) for *_, name, fields in CHANGES]
    assert [(each.change.action, set(each.change.fields)) for each in entries] == expected
    for entry, answer in zip(entries, answers, strict=True):
        assert (entry.actor.kind, entry.actor.id) == ("key", me)
        assert entry.request_id == answer.headers["x-request-id"]
        assert entry.address == "127.0.0.1"
        change = entry.change
        assert (change.record_type, change.record_id, change.patient_id) == (
            "patient", patient, patient,
        )  # fmt: skip


async def test_what_changes_nothing_or_is_refused_or_repeated_writes_no_audit_row(
    api: Api,
) -> None:
    headers = {"Idempotency-Key": "once"}
    one = f"/patients/{(await api.post('/patients', PATIENT)).json()['data']['id']}"
    before = len(await audit(api))
    await api.patch(one, {"first_name": "Ada"})
    await api.post(f"{one}/unarchive")
    await api.patch(one, {"gender": "x"})
    await api.patch(one, {"city": "Ely"}, headers={"If-Match": '"9"'})
    await api.patch("/patients/pat_1", {"city": "Ely"})
    assert len(await audit(api)) == before
    for _ in range(3):
        await api.patch(one, {"city": "Ely"}, headers=headers)
    assert len(await audit(api)) == before + 1


async def test_who_saw_a_patient_is_told_with_the_keys_name_also_after_it_was_archived(
    api: Api,
) -> None:
    one = f"/patients/{(await api.post('/patients', PATIENT)).json()['data']['id']}"
    other = (await api.post("/patients", PATIENT)).json()["data"]["id"]
    await api.post(f"{one}/archive")
    async with client_of(api.app, "203.0.113.7") as client:
        await client.get(f"/api/v1{one}", headers={"Authorization": f"Bearer {api.key}"})
    await api.get(f"/patients/{other}")
    await api.settle()
    seen = (await api.get(f"{one}/access-log")).json()["data"]
    assert [(row["method"], row["route"], row["address"]) for row in seen] == [
        ("GET", "/patients/{id}", "203.0.113.7"),
        ("POST", "/patients/{id}/archive", "127.0.0.1"),
        ("POST", "/patients", "127.0.0.1"),
    ]
    assert {row["key_name"] for row in seen} == {"a key"}
    await api.settle()
    again = (await api.get(f"{one}/access-log?limit=1")).json()["data"]
    assert again[0]["route"] == "/patients/{id}/access-log"
