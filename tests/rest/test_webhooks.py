"""Webhooks, as an integrator meets them over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from jump.kit.clock import HOUR, system_clock
from jump.kit.instants import format_instant
from jump.storage.database import Database, Tx
from jump.storage.sql import Row, sql
from tests.rest.api import Api, open_api

HOOK = {"url": "https://hooks.example.com/jump", "events": ["patient.created", "patient.updated"]}


@pytest.fixture
async def api(database: Database) -> Api:
    return await open_api(database)


async def made(api: Api, **about: Any) -> dict[str, Any]:
    answer = await api.post("/webhooks", {**HOOK, **about})
    assert answer.status_code == 201, answer.text
    webhook: dict[str, Any] = answer.json()["data"]
    return webhook


async def test_a_new_webhook_is_answered_with_its_secret_and_read_without(api: Api) -> None:
    answer = await api.post("/webhooks", HOOK)
    webhook = answer.json()["data"]
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == f"/api/v1/webhooks/{webhook['id']}"
    assert webhook.pop("secret").startswith("whsec_")
    assert (await api.get(f"/webhooks/{webhook['id']}")).json()["data"] == webhook
    assert (await api.get("/webhooks")).json()["data"] == [webhook]


@pytest.mark.parametrize("path", ["/webhooks", "/webhooks/{id}/rotate-secret"])
async def test_a_repeat_shows_the_webhook_without_its_secret(api: Api, path: str) -> None:
    first = await made(api)
    address, body = path.format(id=first["id"]), HOOK if path == "/webhooks" else None
    headers = {"Idempotency-Key": "once"}
    original = (await api.post(address, body, headers=headers)).json()["data"]
    again = await api.post(address, body, headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert original.pop("secret")
    assert again.json()["data"] == original


async def test_a_dry_run_has_nothing_to_repeat(api: Api) -> None:
    webhook = await made(api)
    body = {"since": format_instant(system_clock() - HOUR), "dry_run": True}
    path, headers = f"/webhooks/{webhook['id']}/replay", {"Idempotency-Key": "once"}
    for _ in range(2):
        answer = await api.post(path, body, headers=headers)
        assert answer.json()["data"] == {"matched": 0, "queued": 0}
        assert "idempotent-replayed" not in answer.headers
    # The header is free still: nothing was kept under it.
    real = await api.post(path, {**body, "dry_run": False}, headers=headers)
    assert real.status_code == 200


async def test_a_missing_read_scope_is_named(api: Api) -> None:
    key = await api.make_key("read_webhooks", "write_webhooks")
    answer = await api.post("/webhooks", HOOK, key=key)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "INSUFFICIENT_SCOPE"
    assert "read_patients" in answer.json()["error"]["message"]
    assert 'scope="read_patients"' in answer.headers["www-authenticate"]


async def test_a_url_that_may_not_be_called_is_refused_without_repeating_it(api: Api) -> None:
    answer = await api.post("/webhooks", {**HOOK, "url": "https://user:pass@192.168.7.9:1/"})
    assert answer.status_code == 422
    assert {each["field"] for each in answer.json()["error"]["details"]} == {"url"}
    assert "192.168.7.9" not in answer.text


async def test_a_stale_version_is_refused(api: Api) -> None:
    webhook = await made(api)
    path = f"/webhooks/{webhook['id']}"
    changed = await api.patch(path, {"name": "A"}, headers={"If-Match": '"1"'})
    assert changed.headers["etag"] == '"2"'
    stale = await api.patch(path, {"name": "B"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412


async def test_a_test_is_found_in_the_log_of_its_webhook(api: Api) -> None:
    webhook = await made(api)
    sent = await api.post(f"/webhooks/{webhook['id']}/test")
    assert sent.status_code == 201
    path = sent.headers["location"].removeprefix("/api/v1")
    shown = (await api.get(path)).json()["data"]
    assert shown["payload"]["test"] is True
    assert shown["attempts"] == []
    log = (await api.get(f"/webhooks/{webhook['id']}/deliveries")).json()
    assert [row["id"] for row in log["data"]] == [sent.json()["data"]["id"]]
    assert "payload" not in log["data"][0]


async def test_the_log_goes_on_with_its_cursor_and_with_no_other_webhooks(api: Api) -> None:
    webhook, other = await made(api), await made(api)
    path = f"/webhooks/{webhook['id']}"
    ids = [(await api.post(f"{path}/test")).json()["data"]["id"] for _ in range(3)]
    first = (await api.get(f"{path}/deliveries?limit=2")).json()
    cursor = first["meta"]["next_cursor"]
    rest = (await api.get(f"{path}/deliveries?limit=2&cursor={cursor}")).json()
    assert [row["id"] for row in first["data"] + rest["data"]] == ids[::-1]
    stolen = await api.get(f"/webhooks/{other['id']}/deliveries?limit=2&cursor={cursor}")
    assert stolen.status_code == 400


async def test_a_deleted_webhook_is_not_found(api: Api) -> None:
    webhook = await made(api)
    path = f"/webhooks/{webhook['id']}"
    assert (await api.call("DELETE", path)).json()["data"]["deleted"] is True
    assert (await api.call("DELETE", path)).status_code == 404
    assert (await api.get(path)).status_code == 404


def all_of(table: str) -> Callable[[Tx], Awaitable[list[Row]]]:
    select = sql(f"SELECT * FROM {table}")
    return lambda tx: tx.all(select)


async def test_secrets_are_in_no_row_that_anyone_can_read(api: Api) -> None:
    webhook = await made(api)
    headers = {"Idempotency-Key": "once"}
    rotated = await api.post(f"/webhooks/{webhook['id']}/rotate-secret", headers=headers)
    secrets = [webhook["secret"], rotated.json()["data"]["secret"]]
    for table in ("webhooks", "webhook_secrets", "audit", "replays", "deliveries"):
        rows = await api.database.read(all_of(table))
        for secret in secrets:
            assert not any(secret in str(dict(row)) for row in rows)
