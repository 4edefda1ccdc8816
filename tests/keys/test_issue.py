"""Issuing, rotating, limiting and revoking keys, and what the audit says of it."""

import os
from dataclasses import replace
from typing import Any

import pytest

from jump.audit import trail
from jump.caller import Actor, Tenant
from jump.errors import Conflict, NotFound, ValidationFailed
from jump.identity import organisations
from jump.keys import issue, listing, record, revoke
from jump.keys.format import parse_key
from jump.keys.issue import NewKey
from jump.kit.clock import HOUR, SECOND, system_clock
from jump.sealing import Keyring
from jump.storage.database import Database
from jump.storage.sql import sql
from tests.keys.holders import KEYRING, in_an_hour, new_key, operator

NOW = 1_800_000_000 * SECOND
GOOD = NewKey("Front desk", "test", ["read_patients"])


async def entries(database: Database, key: record.KeyRecord) -> list[tuple[str, tuple[str, ...]]]:
    """The audit of a key, oldest first."""
    tenant = Tenant(key.organisation, key.mode)
    wanted = trail.Wanted(record_id=key.id)
    found = await database.read(lambda tx: trail.page(tx, tenant, wanted))
    return [(entry.change.action, tuple(entry.change.fields)) for entry in reversed(found)]


async def rotated(
    database: Database, key: record.KeyRecord, overlap: str, at: int = NOW
) -> record.KeyRecord:
    caller = await operator(database)
    made, _ = await database.write(
        lambda tx: issue.rotate(tx, KEYRING, caller, key.id, overlap, at, os.urandom)
    )
    return made


async def test_a_new_key_carries_its_mode_and_id_and_only_a_hash_is_kept(
    database: Database,
) -> None:
    key, full = await new_key(database, mode="live", scopes=["write_patients", "read_patients"])
    parsed = parse_key(full)
    assert parsed is not None
    assert (parsed.mode, f"key_{parsed.id}") == ("live", key.id)
    assert key.scopes == ("read_patients", "write_patients")
    assert (key.hourly_limit, key.version, key.created_by) == (1_000, 1, "operator")
    row = await database.read(lambda tx: tx.one(sql("SELECT * FROM api_keys")))
    assert row is not None
    assert parsed.secret not in repr(dict(row))
    assert row["secret_hash"] == KEYRING.keyed_hash("key hashes", full.encode())


async def test_what_is_read_back_is_what_was_made(database: Database) -> None:
    key, _ = await new_key(database, expires_at=in_an_hour())
    assert await database.read(lambda tx: record.fetch(tx, key.organisation, key.id)) == key


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "nul\x00"}, "name"),
        ({"mode": "prod"}, "mode"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["read_everything"]}, "scopes"),
        ({"hourly_limit": 0}, "limit"),
        ({"hourly_limit": 1_000_001}, "limit"),
        ({"hourly_limit": True}, "limit"),
        ({"expires_at": NOW}, "expires_at"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_made(
    database: Database, wrong: dict[str, Any], field: str
) -> None:
    caller = await operator(database)
    new = replace(GOOD, **wrong)
    with pytest.raises(ValidationFailed) as caught:
        await database.write(lambda tx: issue.create(tx, KEYRING, caller, new, NOW, os.urandom))
    assert [detail.field for detail in caught.value.details] == [field]
    assert await listing.page(database, caller.tenant.organisation) == []


@pytest.mark.parametrize(
    "right",
    [
        {"name": "x" * 100},
        {"name": "  Ärztin 1  "},
        {"hourly_limit": 1},
        {"hourly_limit": 1_000_000},
        {"expires_at": NOW + 1},
    ],
)
async def test_the_edges_of_what_is_allowed_are_allowed(
    database: Database, right: dict[str, Any]
) -> None:
    caller = await operator(database)
    new = replace(GOOD, **right)
    made, _ = await database.write(
        lambda tx: issue.create(tx, KEYRING, caller, new, NOW, os.urandom)
    )
    assert made.name == new.name.strip()


async def test_every_wrong_field_is_told_at_once(database: Database) -> None:
    caller = await operator(database)
    new = NewKey("", "test", [], 0, NOW - 1)
    with pytest.raises(ValidationFailed) as caught:
        await database.write(lambda tx: issue.create(tx, KEYRING, caller, new, NOW, os.urandom))
    named = {detail.field for detail in caught.value.details}
    assert named == {"name", "scopes", "limit", "expires_at"}


async def test_each_change_is_in_the_audit_of_the_keys_mode_with_the_names_of_its_fields(
    database: Database,
) -> None:
    caller = replace(await operator(database, "test"), actor=Actor("user", "usr_1"))
    key, _ = await new_key(database, mode="live")
    now = system_clock()
    await rotated(database, key, "24h", now)
    await database.write(lambda tx: issue.end_overlap(tx, caller, key.id, now + 1))
    await database.write(lambda tx: issue.change_limit(tx, caller, key.id, 5, now + 2))
    await database.write(lambda tx: revoke.revoke(tx, caller, key.id, now + 3000))
    told = await entries(database, key)
    assert sorted(told) == [
        ("key.created", ("name", "mode", "scopes", "limit")),
        ("key.limit_changed", ("limit",)),
        ("key.overlap_ended", ("secret",)),
        ("key.revoked", ("status",)),
        ("key.rotated", ("secret",)),
    ]
    assert await entries(database, replace(key, mode="test")) == []


async def test_changing_nothing_changes_nothing(database: Database) -> None:
    caller = await operator(database)
    key, _ = await new_key(database)
    same = await database.write(lambda tx: issue.change_limit(tx, caller, key.id, 1_000, NOW))
    assert same == key
    assert await database.write(lambda tx: issue.end_overlap(tx, caller, key.id, NOW)) == key
    revoked = await database.write(lambda tx: revoke.revoke(tx, caller, key.id, NOW))
    again = await database.write(lambda tx: revoke.revoke(tx, caller, key.id, NOW + HOUR))
    assert again == revoked
    assert (revoked.revoked_at, revoked.revoked_by) == (NOW, "operator")
    assert [action for action, _ in await entries(database, key)] == ["key.created", "key.revoked"]


async def test_a_revoked_key_is_beyond_every_change(database: Database) -> None:
    caller = await operator(database)
    key, _ = await new_key(database)
    await database.write(lambda tx: revoke.revoke(tx, caller, key.id, NOW))
    with pytest.raises(Conflict, match="revoked"):
        await rotated(database, key, "none")
    with pytest.raises(Conflict, match="revoked"):
        await database.write(lambda tx: issue.change_limit(tx, caller, key.id, 5, NOW))


async def test_an_expired_key_is_not_rotated(database: Database) -> None:
    key, _ = await new_key(database, expires_at=NOW, at=NOW - 1)
    with pytest.raises(Conflict, match="expired"):
        await rotated(database, key, "1h")


async def test_a_second_rotation_waits_for_the_first_or_ends_it_on_purpose(
    database: Database,
) -> None:
    key, _ = await new_key(database)
    await rotated(database, key, "1h")
    with pytest.raises(Conflict, match="overlaps"):
        await rotated(database, key, "1h", NOW + HOUR - 1)
    await rotated(database, key, "none", NOW + HOUR - 1)
    assert (await rotated(database, key, "7d", NOW + HOUR - 1)).status(NOW + HOUR) == "rotating"


async def test_an_unknown_overlap_is_refused(database: Database) -> None:
    key, _ = await new_key(database)
    with pytest.raises(ValidationFailed, match="overlap"):
        await rotated(database, key, "2h")


async def test_another_organisations_key_is_not_there(database: Database) -> None:
    key, _ = await new_key(database)
    ours = await operator(database)
    other = await database.write(
        lambda tx: organisations.create(tx, Actor("operator"), "Elsewhere", NOW)
    )
    caller = replace(ours, tenant=Tenant(other.id, "test"))
    for attempt in (
        lambda tx: issue.rotate(tx, KEYRING, caller, key.id, "none", NOW, os.urandom),
        lambda tx: issue.end_overlap(tx, caller, key.id, NOW),
        lambda tx: issue.change_limit(tx, caller, key.id, 5, NOW),
        lambda tx: revoke.revoke(tx, caller, key.id, NOW),
        lambda tx: record.fetch(tx, other.id, key.id),
    ):
        with pytest.raises(NotFound):
            await database.write(attempt)
    with pytest.raises(NotFound):
        await listing.find(database, other.id, key.id)


async def test_a_rotation_hashes_with_the_newest_secret_key(database: Database) -> None:
    caller = await operator(database)
    key, _ = await new_key(database)
    successor = Keyring("the secret key that came after the first one")
    _, full = await database.write(
        lambda tx: issue.rotate(tx, successor, caller, key.id, "none", NOW, os.urandom)
    )
    row = await database.read(lambda tx: tx.one(sql("SELECT secret_hash FROM api_keys")))
    assert row is not None
    assert row["secret_hash"] == successor.keyed_hash("key hashes", full.encode())
