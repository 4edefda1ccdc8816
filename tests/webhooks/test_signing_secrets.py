"""A rotated secret signs for a day beside the new one, at most three do, and none is kept open."""

from typing import Any

import pytest

from jump.kit.clock import HOUR, system_clock
from jump.sealing import CannotOpen, Keyring
from jump.storage.database import Database
from jump.webhooks import signing_secrets
from tests.office import Office


async def valid(office: Office, webhook_id: str, after: int = 0) -> list[str]:
    now, parts, tenant = system_clock() + after, office.parts, office.caller.tenant
    found = await office.database.read(
        lambda tx: signing_secrets.valid(tx, tenant, webhook_id, now, parts.keyring)
    )
    return list(found)


async def rotate(office: Office, webhook_id: str) -> dict[str, Any]:
    reply = await office.ask("POST", f"/webhooks/{webhook_id}/rotate-secret")
    assert b"whsec_" not in (reply.answer.kept or b"whsec_")
    rotated: dict[str, Any] = reply.data
    return rotated


async def test_a_rotation_answers_with_a_new_secret_and_a_new_version(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    rotated = await rotate(office, made["id"])
    assert rotated["secret"] != made["secret"]
    assert rotated["version"] == 2
    audit = await office.rows("SELECT * FROM audit WHERE action = 'webhook.secret_rotated'")
    assert [(row["record_id"], row["fields"]) for row in audit] == [(made["id"], '["secret"]')]


async def test_the_old_secret_signs_for_a_day_beside_the_new_one(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    new = (await rotate(office, made["id"]))["secret"]
    assert await valid(office, made["id"]) == [new, made["secret"]]
    assert await valid(office, made["id"], after=23 * HOUR) == [new, made["secret"]]
    assert await valid(office, made["id"], after=24 * HOUR) == [new]


async def test_a_third_rotation_in_a_day_ends_the_oldest_overlap(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    secrets = [made["secret"]] + [(await rotate(office, made["id"]))["secret"] for _ in range(3)]
    assert await valid(office, made["id"]) == secrets[:0:-1]


async def test_a_rotation_by_a_slower_clock_is_the_newest_all_the_same(
    database: Database,
) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    await office.change("UPDATE webhook_secrets SET created_at = created_at + :hour", hour=HOUR)
    new = (await rotate(office, made["id"]))["secret"]
    assert await valid(office, made["id"]) == [new, made["secret"]]


async def test_each_webhook_has_its_own_secrets(database: Database) -> None:
    office = await Office.on(database)
    one, other = await office.webhook(), await office.webhook()
    await rotate(office, one["id"])
    assert await valid(office, other["id"]) == [other["secret"]]


async def test_secrets_are_kept_sealed_for_their_webhook_alone(database: Database) -> None:
    office = await Office.on(database)
    made, other = await office.webhook(), await office.webhook()
    for row in await office.rows("SELECT * FROM webhook_secrets"):
        assert made["secret"].encode() not in bytes(row["sealed"])
    await office.change("DELETE FROM webhook_secrets WHERE webhook_id = :other", other=other["id"])
    await office.change("UPDATE webhook_secrets SET webhook_id = :other", other=other["id"])
    with pytest.raises(CannotOpen):
        await valid(office, other["id"])


async def test_another_secret_key_does_not_open_them(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    tenant, ring = office.caller.tenant, Keyring("y" * 32)
    with pytest.raises(CannotOpen):
        await database.read(
            lambda tx: signing_secrets.valid(tx, tenant, made["id"], system_clock(), ring)
        )
