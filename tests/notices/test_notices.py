"""What an organisation must be told is what its keys and webhooks show, and no more."""

import os
from collections.abc import Sequence

import pytest

from jump.caller import Actor, Tenant
from jump.keys import admit, issue, last_used, revoke
from jump.keys.issue import NewKey
from jump.keys.record import KeyRecord
from jump.kit.clock import DAY, HOUR, MINUTE, system_clock
from jump.notices import notices
from jump.notices.notices import Notice
from jump.storage.database import Database
from jump.storage.sql import sql
from jump.webhooks import pausing
from jump.webhooks.engine import suspension
from tests.office import Office

NOW = system_clock()
FAILING = sql("UPDATE lanes SET failing_since = :at WHERE organisation_id = :organisation")
PAUSED = sql("""
UPDATE webhooks SET is_active = FALSE, paused_reason = :reason, paused_at = :at
WHERE organisation_id = :organisation
""")


async def told(database: Database, tenant: Tenant, at: int = NOW) -> list[Notice]:
    return await database.read(lambda tx: notices.current(tx, tenant, at))


async def key(
    office: Office, expires_at: int | None = None, at: int = NOW
) -> tuple[KeyRecord, str]:
    caller, new = office.caller, NewKey("Front desk", "test", ["read_patients"])
    if expires_at is not None:
        new = NewKey("Front desk", "test", ["read_patients"], expires_at=expires_at)
    return await office.database.write(
        lambda tx: issue.create(tx, office.parts.keyring, caller, new, at, os.urandom)
    )


async def used(office: Office, full: str, at: int) -> None:
    """A request with the key, noted as the access log's recorder does."""
    admission = await admit.admit(
        office.database, office.parts.keyring, f"Bearer {full}",
        address="203.0.113.7", secure=True, request_id="req_1", counted=True,
    )  # fmt: skip
    uses = last_used.LastUsed()
    uses.note(admission, at)
    await office.database.write(uses.flush)


async def test_where_all_is_well_nothing_is_told(database: Database) -> None:
    office = await Office.on(database)
    await key(office)
    await key(office, NOW + 90 * DAY)
    await office.webhook()
    assert await told(database, office.caller.tenant) == []


async def test_a_key_is_told_of_in_the_fourteen_days_before_it_expires(database: Database) -> None:
    office = await Office.on(database)
    made, _ = await key(office, NOW + 90 * DAY)
    end = NOW + 90 * DAY
    for at, shown in ((end - 14 * DAY - 1, 0), (end - 14 * DAY, 1), (end - 1, 1), (end, 0)):
        found = await told(database, office.caller.tenant, at)
        assert found == [Notice("key_expiring", made.id, "Front desk", end)] * shown


async def test_a_key_without_an_end_is_told_of_after_ninety_days_unused(
    database: Database,
) -> None:
    office = await Office.on(database)
    made, full = await key(office)
    assert await told(database, office.caller.tenant, NOW + 90 * DAY - 1) == []
    [notice] = await told(database, office.caller.tenant, NOW + 90 * DAY)
    assert notice == Notice("key_idle", made.id, "Front desk", NOW)
    await used(office, full, NOW + 10 * DAY)
    assert await told(database, office.caller.tenant, NOW + 90 * DAY) == []
    [notice] = await told(database, office.caller.tenant, NOW + 100 * DAY)
    assert notice.at == NOW + 10 * DAY


async def test_an_old_secret_is_told_of_while_it_works_and_is_used(database: Database) -> None:
    office = await Office.on(database)
    made, old = await key(office)
    await database.write(
        lambda tx: issue.rotate(
            tx, office.parts.keyring, office.caller, made.id, "24h", NOW, os.urandom
        )
    )
    assert await told(database, office.caller.tenant) == []
    await used(office, old, NOW + MINUTE)
    notice = Notice("key_old_secret_used", made.id, "Front desk", NOW + 24 * HOUR)
    assert await told(database, office.caller.tenant, NOW + HOUR) == [notice]
    assert await told(database, office.caller.tenant, NOW + 24 * HOUR) == []


async def test_a_revoked_key_is_told_of_no_more(database: Database) -> None:
    office = await Office.on(database)
    made, _ = await key(office, NOW + DAY)
    assert len(await told(database, office.caller.tenant)) == 1
    await database.write(lambda tx: revoke.revoke(tx, office.caller, made.id, NOW))
    assert await told(database, office.caller.tenant) == []


async def test_a_webhook_that_fails_is_told_of_with_since_when(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook(name="Booking site")
    organisation = office.caller.tenant.organisation
    await database.write(lambda tx: tx.run(FAILING, organisation=organisation, at=NOW - HOUR))
    assert await told(database, office.caller.tenant) == [
        Notice("webhook_failing", made["id"], "Booking site", NOW - HOUR)
    ]
    await office.ask("DELETE", f"/webhooks/{made['id']}")
    assert await told(database, office.caller.tenant) == []


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (suspension.GONE, "webhook_paused_by_us"),
        (suspension.FAILED_FOR_DAYS, "webhook_paused_by_us"),
        (pausing.KEY_REVOKED, "webhook_paused_by_us"),
        (pausing.DIRECTOR_REVOKED, "webhook_paused_by_us"),
        (pausing.reason_by(Actor("system")), "webhook_paused_by_us"),
        (pausing.reason_by(Actor("user", "usr_1")), "webhook_paused"),
        (pausing.reason_by(Actor("key", "key_1")), "webhook_paused"),
        (pausing.reason_by(Actor("operator")), "webhook_paused"),
    ],
)
async def test_a_paused_webhook_is_told_of_with_whose_doing_it_was(
    database: Database, reason: str, kind: str
) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    organisation = office.caller.tenant.organisation
    await database.write(
        lambda tx: tx.run(PAUSED, organisation=organisation, reason=reason, at=NOW - HOUR)
    )
    [notice] = await told(database, office.caller.tenant)
    assert (notice.kind, notice.record_id, notice.reason) == (kind, made["id"], reason)
    assert (notice.name, notice.at) == (made["url"], NOW - HOUR)


async def test_the_most_pressing_comes_first_and_another_mode_shows_nothing(
    database: Database,
) -> None:
    office = await Office.on(database)
    tenant = office.caller.tenant
    await key(office)
    for days in (120, 119):
        await key(office, NOW + days * DAY)
    await office.webhook()
    await database.write(
        lambda tx: tx.run(PAUSED, organisation=tenant.organisation, reason=suspension.GONE, at=NOW)
    )
    found = await told(database, tenant, NOW + 110 * DAY)
    assert kinds(found) == ["webhook_paused_by_us", "key_expiring", "key_expiring", "key_idle"]
    assert found[1].at < found[2].at
    assert await told(database, Tenant(tenant.organisation, "live"), NOW + 110 * DAY) == []
    assert await told(database, Tenant("org_2", "test"), NOW + 110 * DAY) == []


def kinds(found: Sequence[Notice]) -> list[str]:
    return [each.kind for each in found]
