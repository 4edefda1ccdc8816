"""Seats of a clinician's time: taken once, given back, forgotten when expired, handed over."""

from dataclasses import replace
from typing import Any

import pytest

from jump.caller import Tenant
from jump.clinical.scheduling import calendar_claims
from jump.clinical.scheduling.calendar_claims import Holder, Seat
from jump.clinical.scheduling.slots import Kind, Slot
from jump.errors import SlotUnavailable
from jump.identity import organisations
from jump.kit.clock import DAY, HOUR, MINUTE
from jump.storage.database import Database, Tx
from jump.storage.sql import sql
from tests.clinical import calendar_rows as rows

NOW = 1_000 * HOUR
NINE = 1_009 * HOUR
CHECK = Kind(rows.CHECK, 30 * MINUTE, 0, 10 * MINUTE, 1, 0, 9_000 * HOUR)
CLASS = Kind(rows.CLASS, 60 * MINUTE, 0, 0, 3, 0, 9_000 * HOUR)
SLOT = Slot(NINE, NINE + 30 * MINUTE, rows.ADA, rows.MAIN, False)
GROUP = Slot(NINE, NINE + HOUR, rows.ADA, rows.MAIN, False)
THERE = sql("""
    SELECT c.id, c.starts, c.capacity, c.buffer_after, s.seat, s.appointment_id, s.hold_id
    FROM calendar_claims c LEFT JOIN claim_seats s ON s.organisation_id = c.organisation_id
      AND s.mode = c.mode AND s.claim_id = c.id
    WHERE c.organisation_id = :organisation AND c.mode = :mode ORDER BY c.starts, s.seat
""")


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    organisation = (await database.read(organisations.everyone))[0]
    tenant = Tenant(organisation.id, "test")
    await rows.of_practice(database, tenant)
    return tenant


def appointment(number: int) -> Holder:
    return Holder("appointment", f"apt_{number}")


def hold(number: int, expires_at: int = NOW + 15 * MINUTE) -> Holder:
    return Holder("hold", f"hold_{number}", expires_at)


async def take(
    database: Database, tenant: Tenant, holder: Holder, slot: Slot = SLOT, **about: Any
) -> Seat:
    kind, now = about.get("kind", CHECK), about.get("now", NOW)

    async def work(tx: Tx) -> Seat:
        await calendar_claims.lock(tx, tenant, [slot.clinician_id])
        return await calendar_claims.take(tx, tenant, kind, slot, holder, now)

    return await database.write(work)


async def give_back(database: Database, tenant: Tenant, holder: Holder) -> None:
    await database.write(lambda tx: calendar_claims.give_back(tx, tenant, holder))


async def seats(database: Database, tenant: Tenant) -> list[tuple[int | None, str | None]]:
    """Seat and holder of each, (None, None) for a claim with nobody in it."""
    found = await database.read(
        lambda tx: tx.all(THERE, organisation=tenant.organisation, mode=tenant.mode)
    )
    return [(row["seat"], row["appointment_id"] or row["hold_id"]) for row in found]


async def joined(database: Database, tenant: Tenant) -> tuple[Seat, Slot]:
    """A group with its first seat taken, and the slot as it is offered to the next."""
    first = await take(database, tenant, appointment(1), GROUP, kind=CLASS)
    return first, replace(GROUP, joins=first.claim_id)


async def test_a_taken_seat_is_kept_with_the_type_s_buffers(
    database: Database, tenant: Tenant
) -> None:
    seat = await take(database, tenant, appointment(1))
    found = await database.read(
        lambda tx: tx.one(THERE, organisation=tenant.organisation, mode=tenant.mode)
    )
    assert found is not None
    assert (found["id"], found["seat"]) == (seat.claim_id, 1)
    assert (found["starts"], found["capacity"]) == (NINE, 1)
    assert found["buffer_after"] == 10 * MINUTE


async def test_what_overlaps_is_refused_even_without_a_look(
    database: Database, tenant: Tenant
) -> None:
    await take(database, tenant, appointment(1))
    later = replace(SLOT, starts=NINE + 29 * MINUTE, ends=NINE + 59 * MINUTE)
    with pytest.raises(SlotUnavailable):
        await take(database, tenant, appointment(2), later)
    assert await seats(database, tenant) == [(1, "apt_1")]


async def test_what_touches_and_another_clinician_are_no_obstacle(
    database: Database, tenant: Tenant
) -> None:
    await take(database, tenant, appointment(1))
    next_one = replace(SLOT, starts=SLOT.ends, ends=SLOT.ends + 30 * MINUTE)
    await take(database, tenant, appointment(2), next_one)
    await take(database, tenant, appointment(3), replace(SLOT, clinician_id=rows.BEN))
    assert len(await seats(database, tenant)) == 3


async def test_a_group_takes_as_many_as_its_size_and_no_more(
    database: Database, tenant: Tenant
) -> None:
    _, slot = await joined(database, tenant)
    numbers = [
        (await take(database, tenant, appointment(number), slot, kind=CLASS)).number
        for number in (2, 3)
    ]
    assert numbers == [2, 3]
    with pytest.raises(SlotUnavailable):
        await take(database, tenant, appointment(4), slot, kind=CLASS)


async def test_a_seat_given_back_is_the_next_one_s_and_the_last_one_leaves_no_claim(
    database: Database, tenant: Tenant
) -> None:
    _, slot = await joined(database, tenant)
    await take(database, tenant, hold(2), slot, kind=CLASS)
    await give_back(database, tenant, appointment(1))
    assert await seats(database, tenant) == [(2, "hold_2")]
    assert (await take(database, tenant, appointment(3), slot, kind=CLASS)).number == 1
    await give_back(database, tenant, hold(2))
    await give_back(database, tenant, appointment(3))
    await give_back(database, tenant, appointment(3))
    assert await seats(database, tenant) == []


async def test_a_group_that_is_gone_cannot_be_joined(database: Database, tenant: Tenant) -> None:
    _, slot = await joined(database, tenant)
    await give_back(database, tenant, appointment(1))
    with pytest.raises(SlotUnavailable):
        await take(database, tenant, appointment(2), slot, kind=CLASS)


async def test_an_expired_hold_is_forgotten_by_whoever_takes_its_time(
    database: Database, tenant: Tenant
) -> None:
    await take(database, tenant, hold(1, expires_at=NOW))
    later = replace(SLOT, starts=NINE + MINUTE, ends=NINE + 31 * MINUTE)
    await take(database, tenant, appointment(2), later)
    assert await seats(database, tenant) == [(1, "apt_2")]


async def test_a_hold_that_has_not_expired_is_in_the_way(
    database: Database, tenant: Tenant
) -> None:
    await take(database, tenant, hold(1, expires_at=NOW + 1))
    with pytest.raises(SlotUnavailable):
        await take(database, tenant, appointment(2))
    assert await seats(database, tenant) == [(1, "hold_1")]


async def test_an_expired_hold_of_a_group_leaves_its_seat_and_not_the_others(
    database: Database, tenant: Tenant
) -> None:
    _, slot = await joined(database, tenant)
    await take(database, tenant, hold(2, expires_at=NOW + 1), slot, kind=CLASS)
    await take(database, tenant, hold(3, expires_at=NOW + 9), slot, kind=CLASS)
    seat = await take(database, tenant, appointment(4), slot, kind=CLASS, now=NOW + 1)
    assert seat.number == 2
    assert await seats(database, tenant) == [(1, "apt_1"), (2, "apt_4"), (3, "hold_3")]


async def test_upkeep_forgets_what_expired_a_day_ago_and_nothing_that_is_somebody_s(
    database: Database, tenant: Tenant
) -> None:
    later = replace(SLOT, starts=NINE + HOUR, ends=NINE + HOUR + 30 * MINUTE)
    in_group = replace(GROUP, clinician_id=rows.BEN)
    await take(database, tenant, hold(1))
    await take(database, tenant, hold(2, NOW + DAY), later)
    group = await take(database, tenant, hold(3), in_group, kind=CLASS)
    await take(
        database, tenant, appointment(4), replace(in_group, joins=group.claim_id), kind=CLASS
    )
    await database.write(lambda tx: calendar_claims.purge(tx, NOW + 15 * MINUTE))
    assert len(await seats(database, tenant)) == 4
    await database.write(lambda tx: calendar_claims.purge(tx, NOW + 15 * MINUTE + DAY))
    assert await seats(database, tenant) == [(2, "apt_4"), (1, "hold_2")]


@pytest.mark.parametrize(("now", "handed"), [(NOW, True), (NOW + 15 * MINUTE, False)])
async def test_a_hold_hands_its_own_seat_to_the_appointment_until_it_expires(
    database: Database, tenant: Tenant, now: int, handed: bool
) -> None:
    seat = await take(database, tenant, hold(1))
    given = await database.write(
        lambda tx: calendar_claims.hand_over(tx, tenant, "hold_1", "apt_1", now)
    )
    assert given == (seat if handed else None)
    assert await seats(database, tenant) == [(1, "apt_1" if handed else "hold_1")]


async def test_nothing_of_another_mode_is_touched(database: Database, tenant: Tenant) -> None:
    live = replace(tenant, mode="live")
    await take(database, tenant, hold(1))
    handed = await database.write(
        lambda tx: calendar_claims.hand_over(tx, live, "hold_1", "apt_1", NOW)
    )
    await give_back(database, live, hold(1))
    locked = await database.write(lambda tx: calendar_claims.lock(tx, live, [rows.ADA]))
    assert handed is None
    assert locked == frozenset()
    assert await seats(database, tenant) == [(1, "hold_1")]


async def test_the_lock_tells_which_clinicians_there_are(
    database: Database, tenant: Tenant
) -> None:
    asked = [rows.BEN, rows.ADA, "cli_nobody", rows.ADA]
    there = await database.write(lambda tx: calendar_claims.lock(tx, tenant, asked))
    assert there == {rows.ADA, rows.BEN}
