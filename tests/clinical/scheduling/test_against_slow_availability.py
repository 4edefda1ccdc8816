"""Random practices around clock changes: what the program says is free is what minutes say.

Each example is an organisation of its own in one database of the test, read as the API reads it.
"""

import asyncio
import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jump.caller import Tenant
from jump.clinical.scheduling import free_times, offering
from jump.clinical.scheduling.offering import Asked
from jump.clinical.scheduling.slots import Slot, Span
from jump.kit.clock import HOUR, MINUTE
from jump.kit.ids import new_id
from jump.storage.database import Database, Tx
from jump.storage.sql import sql
from tests.clinical import calendar_rows as rows
from tests.clinical import slow_availability as slow
from tests.clinical.slow_availability import Rows
from tests.databases import Store

# Two clock changes of each zone, and an ordinary day.
CHANGES = {
    "Europe/London": ("2026-03-29", "2026-10-25", "2026-06-10"),
    "America/New_York": ("2026-03-08", "2026-11-01", "2026-06-10"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04", "2026-06-10"),
}
# Minutes of a day at which clocks change somewhere, and around them.
NIGHT = (0, 0, 30, 55, 60, 70, 90, 100, 105, 120, 125, 150, 165, 180, 200, 240, 1380, 1435)
TYPE = "type_random"
Place = tuple[str, str, bool]
CLINICIANS = (rows.ADA, rows.BEN)
LOCATIONS = (rows.MAIN, rows.BRANCH)
ORGANISATION = sql("INSERT INTO organisations (id, name, created_at) VALUES (:id, :id, 0)")


@dataclass(frozen=True)
class Example:
    """A practice's rows, and a day of it that is asked about."""

    written: tuple[rows.Row, ...]
    kind: dict[str, Any]
    now: int
    first: datetime.date
    last: datetime.date
    minutes: tuple[int, ...]

    @property
    def as_rows(self) -> Rows:
        return slow.as_rows(self.written, self.kind)


@st.composite
def clocks(draw: st.DrawFn) -> tuple[str, str]:
    """A session's hours, mostly in the night in which the clocks change."""
    start = draw(st.one_of(st.sampled_from(NIGHT), st.integers(0, 287).map(lambda at: at * 5)))
    length = draw(st.sampled_from((30, 60, 95, 180, 300, 600, 1440)))
    ends = min(start + length, 1440)
    return f"{start // 60:02}:{start % 60:02}", f"{ends // 60:02}:{ends % 60:02}"


@st.composite
def sessions(
    draw: st.DrawFn, number: int, around: datetime.date, places: list[tuple[str, str]]
) -> rows.Row:
    """One at a place where something is offered, mostly on the very day."""
    place = draw(st.sampled_from(places))
    starts_at, ends_at = draw(clocks())
    days = [around + datetime.timedelta(days=each) for each in (0, 0, 0, -1, 1)]
    day = draw(st.sampled_from(days))
    if draw(st.booleans()):
        return rows.one_off(f"ses_{number}", *place, day.isoformat(), starts_at, ends_at)
    starts_on = draw(st.sampled_from((around - datetime.timedelta(days=100), *days))).isoformat()
    ends_on = draw(st.sampled_from((None, None, *(each.isoformat() for each in days))))
    if ends_on is not None and ends_on < starts_on:
        ends_on = starts_on
    return rows.weekly(
        f"ses_{number}", *place, day.isoweekday(), starts_at, ends_at, starts_on, ends_on
    )


@st.composite
def absences(draw: st.DrawFn, number: int, around: datetime.date) -> rows.Row:
    midnight = datetime.datetime.combine(around, datetime.time())
    minutes = st.one_of(st.sampled_from(NIGHT), st.integers(-300, 1440))
    start = midnight + datetime.timedelta(minutes=draw(minutes))
    length = draw(st.sampled_from((1, 20, 60, 90, 600, 1440)))
    ends = start + datetime.timedelta(minutes=length)
    when = start.isoformat(timespec="minutes"), ends.isoformat(timespec="minutes")
    if draw(st.booleans()):
        return rows.leave(f"lea_{number}", draw(st.sampled_from(CLINICIANS)), *when)
    return rows.closure(f"clo_{number}", draw(st.sampled_from((None, *LOCATIONS))), *when)


@st.composite
def claims(
    draw: st.DrawFn, start: int, kind: dict[str, Any], now: int, offers: list[Place]
) -> list[rows.Row]:
    """One clinician's claims, one after the other, from this minute on; each with its seats."""
    found: list[rows.Row] = []
    for number in range(draw(st.integers(1, 5))):
        start += draw(st.sampled_from((0, 5, 10, 30, 60, 200)))
        group = kind["max_group_size"] > 1 and draw(st.booleans())
        length = kind["duration_minutes"] if group else draw(st.sampled_from((10, 30, 45, 300)))
        capacity = draw(st.integers(2, 3)) if group else 1
        clinician, location, is_remote = draw(st.sampled_from(offers))
        is_theirs = group and draw(st.sampled_from((True, True, False)))
        claim = f"clm_{clinician}_{number}"
        found.append(
            rows.claim(
                claim,
                start * MINUTE,
                length,
                clinician_id=clinician,
                location_id=location if is_theirs else draw(st.sampled_from(LOCATIONS)),
                is_remote=is_remote if is_theirs else draw(st.booleans()),
                appointment_type_id=TYPE if group else draw(st.sampled_from((TYPE, rows.CHECK))),
                buffer_before=draw(st.sampled_from((0, 5, 20))) * MINUTE,
                buffer_after=draw(st.sampled_from((0, 5, 20, 100))) * MINUTE,
                capacity=capacity,
            )
        )
        for seat in range(1, draw(st.integers(1, capacity)) + 1):
            holder = f"{claim}_{seat}"
            expiry = draw(st.sampled_from((None, None, now - 1, now, now + 1)))
            if expiry is None:
                found.append(rows.appointment_seat(claim, holder, seat, capacity))
            else:
                found.append(rows.hold_seat(claim, holder, expiry, seat, capacity))
        start += length
    return found


@st.composite
def examples(draw: st.DrawFn) -> Example:
    zone = draw(st.sampled_from(sorted(CHANGES)))
    around = datetime.date.fromisoformat(draw(st.sampled_from(CHANGES[zone])))
    other = draw(st.sampled_from(sorted(CHANGES)))
    middle = slow.minutes_of_days(ZoneInfo(zone), around, around)[0]
    before = draw(st.one_of(st.just(2000), st.integers(-300, 4000)))
    now = (middle - before) * MINUTE + draw(st.sampled_from((0, 1)))
    kind = rows.appointment_type(
        TYPE,
        draw(st.sampled_from((15, 5, 10, 20, 30, 45, 7, 60, 240))),
        buffer_before_minutes=draw(st.sampled_from((0, 0, 5, 15, 90))),
        buffer_after_minutes=draw(st.sampled_from((0, 0, 5, 15, 90))),
        max_group_size=draw(st.sampled_from((3, 1))),
        booking_notice_hours=draw(st.sampled_from((0, 0, 0, 1, 35))),
        max_advance_days=draw(st.sampled_from((30, 30, 2, 1))),
    )
    place = st.tuples(st.sampled_from(CLINICIANS), st.sampled_from(LOCATIONS), st.booleans())
    offers = sorted(draw(st.sets(place, min_size=1, max_size=3)))
    written = [rows.location(rows.MAIN, zone), rows.location(rows.BRANCH, other), kind]
    written += [*(rows.clinician(each) for each in CLINICIANS), rows.appointment_type(rows.CHECK)]
    written += [rows.offer(TYPE, *each) for each in offers]
    where = [each[:2] for each in offers]
    starts_at = draw(st.sampled_from(("00:00", "00:30", "01:10", "02:15")))
    ends_at = draw(st.sampled_from(("04:00", "09:30", "24:00")))
    written.append(rows.one_off("ses", *where[0], around.isoformat(), starts_at, ends_at))
    written += [draw(sessions(number, around, where)) for number in range(draw(st.integers(0, 5)))]
    written += [draw(absences(number, around)) for number in range(draw(st.integers(0, 2)))]
    for clinician in sorted({place[0] for place in where}):
        first = middle + draw(st.one_of(st.integers(-60, 240), st.integers(-1500, 900)))
        own = [each for each in offers if each[0] == clinician]
        written += draw(claims(first, kind[1], now, own))
    last = around + datetime.timedelta(days=draw(st.sampled_from((0, 0, 1))))
    minutes = draw(st.lists(st.integers(middle - 30, middle + 400), min_size=3, max_size=8))
    return Example(tuple(written), kind[1], now, around, last, tuple(minutes))


async def found_by_program(database: Database, example: Example) -> tuple[Any, Any]:
    """What the program lists, and which of the minutes it would book, place by place."""
    tenant = Tenant(new_id("org", example.now), "test")
    await database.write(lambda tx: tx.run(ORGANISATION, id=tenant.organisation))
    await rows.write(database, tenant, example.written)

    async def ask(tx: Tx) -> tuple[Any, Any]:
        offered = await offering.load(tx, tenant, Asked(TYPE), example.now)
        listed = await free_times.on_days(tx, tenant, offered, example.first, example.last)
        booked = {}
        for offer in offered.offers:
            place = (offer.clinician_id, offer.location_id, offer.is_remote)
            narrowed = await offering.load(tx, tenant, Asked(TYPE, *place), example.now)
            for minute in example.minutes:
                fitted = await free_times.fit(tx, tenant, narrowed, minute * MINUTE)
                booked[place, minute] = isinstance(fitted, Slot)
        return [as_found(slot, example) for slot in listed], booked

    return await database.read(ask)


def as_found(slot: Slot, example: Example) -> slow.Found:
    assert slot.ends - slot.starts == example.kind["duration_minutes"] * MINUTE
    place = (slot.clinician_id, slot.location_id, slot.is_remote)
    return (slot.starts // MINUTE, *place, slot.joins)


def check(find: Callable[[Example], tuple[Any, Any]], example: Example) -> None:
    listed, booked = find(example)
    reference = example.as_rows
    expected = slow.listed(reference, example.now, example.first, example.last)
    # The first that differ say enough; there may be hundreds.
    differ = sorted(set(listed) ^ set(expected), key=str)[:3]
    assert (differ, listed == expected) == ([], True)
    for (place, minute), fits in booked.items():
        assert fits == slow.can_be_booked(reference, example.now, place, minute)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_what_is_listed_and_what_fits_is_what_the_minutes_say(store: Store):
    with asyncio.Runner() as runner:
        database = store.open()

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(examples())
        def compare(example: Example) -> None:
            check(lambda each: runner.run(found_by_program(database, each)), example)

        try:
            compare()
        finally:
            runner.run(database.close())


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_on_postgresql_it_is_the_same(store: Store):
    with asyncio.Runner() as runner:
        database = store.open()

        @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
        @given(examples())
        def compare(example: Example) -> None:
            check(lambda each: runner.run(found_by_program(database, each)), example)

        try:
            compare()
        finally:
            runner.run(database.close())


def test_a_list_of_a_month_is_the_lists_of_its_days_put_together(sqlite_store):
    """No grid and no opening depends on the window that is asked for."""
    with asyncio.Runner() as runner:
        database = sqlite_store.open()

        @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
        @given(examples())
        def compare(example: Example) -> None:
            whole, parts = runner.run(in_parts(database, example))
            assert whole == parts

        try:
            compare()
        finally:
            runner.run(database.close())


async def in_parts(database: Database, example: Example) -> tuple[list[Slot], list[Slot]]:
    """The slots of thirty days at once, and of one stretch of them after the other."""
    tenant = Tenant(new_id("org", example.now), "test")
    await database.write(lambda tx: tx.run(ORGANISATION, id=tenant.organisation))
    await rows.write(database, tenant, example.written)

    async def ask(tx: Tx) -> tuple[list[Slot], list[Slot]]:
        offered = await offering.load(tx, tenant, Asked(TYPE), example.now)
        window = Span(example.now, example.now + 30 * 24 * HOUR)
        claims = await free_times.taken(tx, tenant, offered, window)
        whole = free_times.listed(offered, claims, window)
        parts: list[Slot] = []
        for start in range(window.starts, window.ends, 7 * HOUR + MINUTE):
            part = Span(start, min(start + 7 * HOUR + MINUTE, window.ends))
            claims = await free_times.taken(tx, tenant, offered, part)
            parts += free_times.listed(offered, claims, part)
        return whole, parts

    return await database.read(ask)
