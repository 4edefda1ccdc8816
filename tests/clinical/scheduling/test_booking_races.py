"""Two at once on PostgreSQL: whoever comes second waits, looks again, and takes nothing twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from jump.clinical.records import patients
from jump.clinical.scheduling import appointments, calendar_claims, rescheduling
from jump.clinical.scheduling.appointment_fields import MOVE, NEW
from jump.clinical.scheduling.calendar_claims import Holder
from jump.clinical.scheduling.slots import Kind, Slot
from jump.kit.clock import MINUTE, system_clock
from jump.kit.instants import parse_instant
from jump.resources import validation
from jump.resources.definition import Call, Shape
from jump.storage.database import Tx
from jump.storage.sql import sql
from tests.blocking import blocked, held
from tests.clinical import calendar_rows as rows
from tests.clinical.scheduling.desk import Desk, data, desk_on, refusal
from tests.databases import Store

# On SQLite one writer follows the other by itself.
pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)

_LOCK_ADA = sql("SELECT id FROM clinicians WHERE id = 'cli_ada' FOR NO KEY UPDATE")
_EXPIRE = sql("UPDATE claim_seats SET expires_at = jump_now() - 1 WHERE hold_id IS NOT NULL")


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[Desk]:
    async with desk_on(store, connections=24) as made:
        yield made


def asked(desk: Desk, shape: Shape, body: dict[str, Any], **path: str) -> Call:
    """A call as the operator's, checked like a request."""
    sent = validation.check(shape, validation.msgspec.json.encode(body), partial=False)
    return Call(desk.api.operator(), system_clock(), path, body=sent)


def booking(desk: Desk, start: str, **about: Any) -> Callable[[Tx], Awaitable[Any]]:
    return lambda tx: appointments.create(tx, asked(desk, NEW, desk.body(start, **about)))


def confirming(desk: Desk, hold: dict[str, Any]) -> "asyncio.Task[Any]":
    body = {"patient_id": rows.PATIENT}
    return asyncio.create_task(desk.api.post(f"/holds/{hold['id']}/confirm", body))


def moving(desk: Desk, made: dict[str, Any], **to: Any) -> "asyncio.Task[Any]":
    return asyncio.create_task(desk.act(made, "reschedule", **to))


async def test_a_booker_waits_for_another_and_is_then_refused(desk: Desk) -> None:
    start = desk.time("10:00")
    async with held(desk.database, booking(desk, start)):
        second = asyncio.create_task(desk.try_to_book(start))
        await blocked(desk.database)
    error = refusal(await second, 409, "SLOT_UNAVAILABLE")
    assert len(error["alternatives"]) == 3
    assert len(await desk.seats()) == 1


async def test_what_only_the_database_refuses_is_answered_like_what_is_found_by_looking(
    desk: Desk,
) -> None:
    """Somebody takes the time without the clinician's lock, which nobody here ever does."""
    start = desk.time("10:00")
    found = refusal(await desk.try_to_book(desk.time("03:00")), 409, "SLOT_UNAVAILABLE")
    at = parse_instant(start)
    slot = Slot(at, at + 30 * MINUTE, rows.ADA, rows.MAIN, False)
    kind, holder = Kind(rows.CHECK, 30 * MINUTE, 0, 0, 1, 0, at), Holder("appointment", "apt_1")

    async def take(tx: Tx) -> None:
        await calendar_claims.take(tx, desk.tenant, kind, slot, holder, at)

    async with held(desk.database, take):
        second = asyncio.create_task(desk.try_to_book(start))
        await blocked(desk.database)
    error = refusal(await second, 409, "SLOT_UNAVAILABLE")
    assert error.keys() == found.keys()
    assert len(error["alternatives"]) == 3
    assert len(await desk.seats()) == 1


async def test_who_confirms_waits_for_a_booker_who_found_the_hold_expired(desk: Desk) -> None:
    start = desk.time("10:00")
    hold = await desk.hold(start)
    desk.store.execute("UPDATE claim_seats SET expires_at = 1 WHERE hold_id IS NOT NULL")
    async with held(desk.database, booking(desk, start)):
        confirmation = confirming(desk, hold)
        await blocked(desk.database)
    refusal(await confirmation, 410, "GONE")
    assert len(await desk.seats()) == 1


async def test_a_hold_that_expires_while_its_confirmation_waits_is_gone(desk: Desk) -> None:
    hold = await desk.hold(desk.time("10:00"))

    async def expire(tx: Tx) -> None:
        await tx.one(_LOCK_ADA)
        await tx.run(_EXPIRE)

    async with held(desk.database, expire):
        confirmation = confirming(desk, hold)
        await blocked(desk.database)
    refusal(await confirmation, 410, "GONE")
    await desk.book(desk.time("10:00"))


async def test_a_held_time_is_not_free_for_a_moment_while_it_is_confirmed(desk: Desk) -> None:
    start = desk.time("10:00")
    hold = await desk.hold(start)
    async with held(desk.database, lambda tx: tx.one(_LOCK_ADA)):
        confirmation = confirming(desk, hold)
        bookers = [asyncio.create_task(desk.try_to_book(start)) for _ in range(8)]
        await blocked(desk.database)
    data(await confirmation, 201)
    for booker in bookers:
        refusal(await booker, 409, "SLOT_UNAVAILABLE")
    assert len(await desk.seats()) == 1


async def test_a_hold_is_confirmed_once_by_however_many(desk: Desk) -> None:
    hold = await desk.hold(desk.time("10:00"))
    answers = await asyncio.gather(*(confirming(desk, hold) for _ in range(8)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
    assert len(await desk.seats()) == 1


async def test_a_move_waits_for_a_booker_and_then_keeps_its_old_time(desk: Desk) -> None:
    made = await desk.book(desk.time("10:00"))
    async with held(desk.database, booking(desk, desk.time("11:00"))):
        move = moving(desk, made, start_time=desk.time("11:15"))
        await blocked(desk.database)
    refusal(await move, 409, "SLOT_UNAVAILABLE")
    assert await desk.read(made) == made


async def test_a_booker_waits_for_a_move_and_gets_what_it_has_left(desk: Desk) -> None:
    made = await desk.book(desk.time("10:00"))
    call = asked(desk, MOVE, {"start_time": desk.time("11:00")}, id=made["id"])
    async with held(desk.database, lambda tx: rescheduling.reschedule(tx, call)):
        there = asyncio.create_task(desk.try_to_book(desk.time("11:00")))
        left = asyncio.create_task(desk.try_to_book(desk.time("10:00")))
        await blocked(desk.database)
    refusal(await there, 409, "SLOT_UNAVAILABLE")
    data(await left, 201)


async def test_moves_between_two_clinicians_in_both_directions_do_not_hold_each_other_up(
    desk: Desk,
) -> None:
    ben = {"clinician_profile_id": rows.BEN, "location_id": rows.BRANCH}
    ada = {"clinician_profile_id": rows.ADA, "location_id": rows.MAIN}
    hers = [await desk.book(desk.time(clock)) for clock in ("09:00", "09:30", "10:00")]
    his = [await desk.book(desk.time(clock), **ben) for clock in ("10:30", "11:00", "11:30")]
    moves = [moving(desk, made, **ben) for made in hers] + [
        moving(desk, made, **ada) for made in his
    ]
    for answer in await asyncio.gather(*moves):
        data(answer)


async def test_who_joins_a_group_waits_for_the_last_to_leave_it(desk: Desk) -> None:
    start, about = desk.time("13:00"), {"appointment_type_id": rows.CLASS}
    made = await desk.book(start, **about)
    call = Call(desk.api.operator(), system_clock(), {"id": made["id"]})
    async with held(desk.database, lambda tx: appointments.cancel(tx, call)):
        join = asyncio.create_task(desk.try_to_book(start, **about))
        await blocked(desk.database)
    data(await join, 201)
    assert len(await desk.seats()) == 1


async def test_a_group_of_three_takes_three_of_many_at_once(desk: Desk) -> None:
    start, about = desk.time("13:00"), {"appointment_type_id": rows.CLASS}
    answers = await asyncio.gather(*(desk.try_to_book(start, **about) for _ in range(12)))
    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 9}


async def test_a_key_s_holds_are_counted_exactly_when_many_are_made_at_once(desk: Desk) -> None:
    times = [
        desk.time(f"{hour:02}:{minute:02}", day=day)
        for day in range(3)
        for hour in (9, 10, 11, 13)
        for minute in (0, 30)
    ]
    answers = await asyncio.gather(*(desk.try_to_hold(start) for start in times))
    assert Counter(answer.status_code for answer in answers) == {201: 20, 409: 4}
    assert {answer.json()["error"]["code"] for answer in answers if answer.status_code == 409} == {
        "CONFLICT"
    }


async def test_a_booker_waits_for_whoever_archives_the_patient(desk: Desk) -> None:
    call = Call(desk.api.operator(), system_clock(), {"id": rows.PATIENT})
    async with held(desk.database, lambda tx: patients.archive(tx, call)):
        booker = asyncio.create_task(desk.try_to_book(desk.time("10:00")))
        await blocked(desk.database)
    refusal(await booker, 409, "CONFLICT")
    assert await desk.seats() == []
