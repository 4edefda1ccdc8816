"""Keys as people see them: status, what is spent, when and from where they were last used."""

import contextlib
import os
from dataclasses import replace
from typing import get_args

from jump.keys import issue, listing, record, revoke
from jump.keys.admit import Admission
from jump.keys.last_used import LastUsed
from jump.keys.listing import Use
from jump.keys.record import Status
from jump.kit.clock import HOUR, MINUTE, SECOND, system_clock
from jump.storage.database import Database, Tx
from tests.databases import Store
from tests.keys.holders import KEYRING, new_key, operator, send

MORNING = 30_000_000 * MINUTE


def from_address(admission: Admission, address: str) -> Admission:
    return replace(admission, caller=replace(admission.caller, address=address))


async def flush(database: Database, uses: LastUsed) -> None:
    await database.write(uses.flush)
    uses.settle()


async def test_a_key_is_listed_with_its_status_and_what_it_spent(database: Database) -> None:
    caller = await operator(database)
    first, full = await new_key(database, at=MORNING)
    second, _ = await new_key(database, at=MORNING + 1)
    third, _ = await new_key(database, at=MORNING + 2, expires_at=MORNING + 3)
    now = system_clock()
    await send(database, full)
    await send(database, full)
    await database.write(lambda tx: revoke.revoke(tx, caller, second.id, now))
    await database.write(
        lambda tx: issue.rotate(tx, KEYRING, caller, first.id, "1h", now, os.urandom)
    )
    listed = await listing.page(database, caller.tenant.organisation)
    assert [each.key.id for each in listed] == [third.id, second.id, first.id]
    found = await listing.find(database, caller.tenant.organisation, first.id)
    assert listed[2] == replace(found, quota=listed[2].quota)
    assert listed[2].status == "rotating"
    assert listed[1].status == "revoked"
    assert (listed[2].quota.used, listed[1].quota.used) == (2, 0)
    assert listed[2].last_use is None


async def test_an_expired_key_is_listed_as_expired(store: Store) -> None:
    database = store.open(connections=1)
    key, _ = await new_key(database, at=MORNING, expires_at=MORNING + HOUR)
    await store.set_clock(database, MORNING + HOUR - SECOND)
    before = await listing.find(database, key.organisation, key.id)
    await store.set_clock(database, MORNING + HOUR)
    after = await listing.find(database, key.organisation, key.id)
    await database.close()
    assert (before.status, after.status) == ("active", "expired")


async def test_pages_follow_each_other_and_modes_can_be_chosen(database: Database) -> None:
    keys = [
        (await new_key(database, mode=mode, at=MORNING + n // 2))[0]
        for n, mode in enumerate(("test", "live", "test", "live", "test"))
    ]
    organisation = keys[0].organisation
    whole = [each.key for each in await listing.page(database, organisation)]
    first = await listing.page(database, organisation, limit=2)
    second = await listing.page(database, organisation, limit=9, before=first[-1].key)
    assert [each.key for each in first + second] == whole
    assert len(whole) == 5
    live = await listing.page(database, organisation, ("live",))
    assert {each.key.mode for each in live} == {"live"}
    assert len(live) == 2


async def test_the_last_use_is_the_newest_of_all_processes(database: Database) -> None:
    key, full = await new_key(database)
    admission = await send(database, full)
    early, late = LastUsed(), LastUsed()
    early.note(from_address(admission, "198.51.100.1"), MORNING)
    late.note(from_address(admission, "198.51.100.2"), MORNING + SECOND)
    await flush(database, late)
    await flush(database, early)
    seen = await listing.find(database, key.organisation, key.id)
    assert seen.last_use == Use(MORNING + SECOND, "198.51.100.2")
    assert seen.previous_use is None


async def test_the_use_of_a_previous_secret_is_told_from_the_rotation_on(
    database: Database,
) -> None:
    caller = await operator(database)
    key, old = await new_key(database)
    uses = LastUsed()
    uses.note(await send(database, old), MORNING)
    await flush(database, uses)
    new = ""
    for number, overlap in enumerate(("none", "1h")):
        at = system_clock() + number
        _, new = await database.write(
            lambda tx, at=at, overlap=overlap: issue.rotate(
                tx, KEYRING, caller, key.id, overlap, at, os.urandom
            )
        )
        old, newest = (new, "") if overlap == "none" else (old, new)
    uses.note(from_address(await send(database, newest), "198.51.100.1"), MORNING + HOUR)
    await flush(database, uses)
    unused = await listing.find(database, key.organisation, key.id)
    uses.note(from_address(await send(database, old), "198.51.100.2"), MORNING + 2 * HOUR)
    await flush(database, uses)
    used = await listing.find(database, key.organisation, key.id)
    assert unused.previous_use is None
    assert unused.last_use == Use(MORNING + HOUR, "198.51.100.1")
    assert used.previous_use == Use(MORNING + 2 * HOUR, "198.51.100.2")
    assert used.last_use == used.previous_use
    now = system_clock() + HOUR + SECOND
    await database.write(
        lambda tx: issue.rotate(tx, KEYRING, caller, key.id, "1h", now, os.urandom)
    )
    assert (await listing.find(database, key.organisation, key.id)).previous_use is None


async def test_a_use_is_written_once_a_minute_for_each_address(database: Database) -> None:
    _, full = await new_key(database)
    admission = await send(database, full)
    uses = LastUsed()
    uses.note(admission, MORNING)
    await flush(database, uses)
    uses.note(admission, MORNING + 59 * SECOND)
    assert not uses.waits()
    uses.note(from_address(admission, "198.51.100.9"), MORNING + 59 * SECOND)
    assert uses.waits()
    await flush(database, uses)
    uses.note(admission, MORNING + MINUTE)
    assert uses.waits()


async def test_what_was_not_committed_is_written_the_next_time(database: Database) -> None:
    key, full = await new_key(database)
    uses = LastUsed()
    uses.note(await send(database, full), MORNING)

    async def fail(tx: Tx) -> None:
        await uses.flush(tx)
        raise LookupError

    with contextlib.suppress(LookupError):
        await database.write(fail)
    assert uses.waits()
    await flush(database, uses)
    assert not uses.waits()
    assert (await listing.find(database, key.organisation, key.id)).last_use is not None


async def test_a_use_noted_while_another_is_written_waits_its_turn(database: Database) -> None:
    key, full = await new_key(database)
    admission = await send(database, full)
    uses = LastUsed()
    uses.note(admission, MORNING)
    await database.write(uses.flush)
    uses.note(from_address(admission, "198.51.100.1"), MORNING + SECOND)
    uses.settle()
    assert uses.waits()
    await flush(database, uses)
    seen = await listing.find(database, key.organisation, key.id)
    assert seen.last_use == Use(MORNING + SECOND, "198.51.100.1")


async def test_keys_of_one_status_are_those_that_have_it(store: Store) -> None:
    database = store.open(connections=1)
    caller = await operator(database)
    active, _ = await new_key(database, at=MORNING)
    expired, _ = await new_key(database, at=MORNING, expires_at=MORNING + HOUR)
    revoked, _ = await new_key(database, at=MORNING, expires_at=MORNING + HOUR)
    rotating, _ = await new_key(database, at=MORNING)
    rotated, _ = await new_key(database, at=MORNING)
    for key, overlap in ((rotating, "24h"), (rotated, "none")):
        await database.write(
            lambda tx, key=key, overlap=overlap: issue.rotate(  # type: ignore[misc]
                tx, KEYRING, caller, key.id, overlap, MORNING + 2 * HOUR, os.urandom
            )
        )
    await database.write(lambda tx: revoke.revoke(tx, caller, revoked.id, MORNING + 2 * HOUR))
    await store.set_clock(database, MORNING + 3 * HOUR)
    everything = await listing.page(database, caller.tenant.organisation)
    for status in get_args(Status):
        found = await listing.page(database, caller.tenant.organisation, status=status)
        assert [each.key.id for each in found] == [
            each.key.id for each in everything if each.status == status
        ]
        assert found
    await database.close()
    assert {active.id, expired.id, rotated.id} <= {each.key.id for each in everything}


async def test_keys_are_named_within_their_practice_only(database: Database) -> None:
    key, _ = await new_key(database)
    ids = [key.id, "key_0000000000000000"]
    assert await database.read(lambda tx: record.names(tx, key.organisation, ids)) == {
        key.id: key.name
    }
    assert await database.read(lambda tx: record.names(tx, "org_other", ids)) == {}
