"""What is offered and what is free of it, read from both databases in so many statements."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from jump.caller import Tenant
from jump.clinical.scheduling import free_times, offering
from jump.clinical.scheduling.offering import Asked, Offering
from jump.clinical.scheduling.slots import Refusal, Slot, Span
from jump.identity import organisations
from jump.kit.clock import DAY, HOUR, MINUTE
from jump.kit.instants import format_second, parse_instant
from jump.storage.database import Tx
from tests.clinical import calendar_rows as rows
from tests.databases import Store
from tests.surface.counting import CountingDatabase

SUNDAY = parse_instant("2026-03-01T12:00:00Z")
MONDAY_NINE = parse_instant("2026-03-02T09:00:00Z")
WEEK = Span(MONDAY_NINE - 9 * HOUR, MONDAY_NINE + 6 * DAY)


class Calendar:
    """A practice on a Sunday in March, and how many statements the last question took."""

    def __init__(self, database: CountingDatabase, tenant: Tenant) -> None:
        self.database, self.tenant = database, tenant

    async def write(self, *written: rows.Row) -> None:
        await rows.write(self.database, self.tenant, written)

    async def ask(self, work: Callable[[Tx], Awaitable[Any]]) -> Any:
        self.database.counted.clear()
        return await self.database.read(work)

    @property
    def statements(self) -> int:
        return self.database.counted["read"]

    async def offering(self, **asked: Any) -> Offering:
        wanted = Asked(**{"type_id": rows.CHECK, **asked})
        found: Offering = await self.ask(
            lambda tx: offering.load(tx, self.tenant, wanted, now=SUNDAY)
        )
        return found

    async def free(self, window: Span, **asked: Any) -> list[Slot]:
        offered = await self.offering(**asked)
        claims = await self.ask(lambda tx: free_times.taken(tx, self.tenant, offered, window))
        return free_times.listed(offered, claims, window)

    async def fit(self, starts: int, **asked: Any) -> Slot | Refusal:
        offered = await self.offering(**asked)
        found: Slot | Refusal = await self.ask(
            lambda tx: free_times.fit(tx, self.tenant, offered, starts)
        )
        return found

    async def first(self, window: Span, **asked: Any) -> Slot | None:
        offered = await self.offering(**asked)
        found: Slot | None = await self.ask(
            lambda tx: free_times.first(tx, self.tenant, offered, window)
        )
        return found

    async def alternatives(self, starts: int, **asked: Any) -> list[tuple[str, str]]:
        wanted = Asked(**{"type_id": rows.CHECK, **asked})
        found = await self.ask(
            lambda tx: free_times.alternatives(tx, self.tenant, wanted, starts, SUNDAY)
        )
        return [(each["clinician_id"], each["start_time"][5:16]) for each in found]


@pytest.fixture
async def calendar(store: Store):
    database = CountingDatabase(store.open())
    first = (await database.read(organisations.everyone))[0]
    tenant = Tenant(first.id, "test")
    await rows.of_practice(database, tenant)
    yield Calendar(database, tenant)
    await database.close()


def times(found: list[Slot]) -> list[str]:
    return [format_second(slot.starts)[5:16] for slot in found]


async def test_loading_takes_four_statements_and_each_look_at_what_is_taken_one(calendar: Calendar):
    await calendar.offering()
    assert calendar.statements == 4
    for window in (WEEK, Span(WEEK.starts, WEEK.ends + 300 * DAY)):
        assert await calendar.free(window)
        assert calendar.statements == 1
    await calendar.fit(MONDAY_NINE)
    assert calendar.statements == 1


async def test_the_first_free_slot_takes_one_look_when_it_is_near_and_five_when_there_is_none(
    calendar: Calendar,
):
    month = Span(MONDAY_NINE, MONDAY_NINE + 30 * DAY)
    found = await calendar.first(month)
    assert found == Slot(MONDAY_NINE, MONDAY_NINE + 30 * MINUTE, rows.ADA, rows.MAIN, False)
    assert calendar.statements == 1
    await calendar.write(rows.closure("clo_all", None, "2026-03-01T00:00", "2026-03-20T00:00"))
    later = await calendar.first(month)
    assert later is not None
    assert times([later]) == ["03-20T08:30"]
    assert calendar.statements == 5
    await calendar.write(rows.closure("clo_more", None, "2026-03-01T00:00", "2026-06-01T00:00"))
    assert await calendar.first(month) is None
    assert calendar.statements == 5


async def test_a_type_of_nobody_or_for_the_desk_only_has_no_free_time(calendar: Calendar):
    for asked in (
        {"type_id": rows.AT_THE_DESK},
        {"type_id": rows.BUFFERED, "clinician_id": rows.BEN},
        {"clinician_id": rows.CLEO},
        {"is_remote": True},
    ):
        assert await calendar.free(WEEK, **asked) == []
        assert await calendar.fit(MONDAY_NINE, **asked) is Refusal.NOT_OFFERED
        assert await calendar.first(WEEK, **asked) is None


async def test_what_is_unknown_or_inactive_is_named(calendar: Calendar):
    await calendar.write(rows.clinician("cli_gone", is_active=False))
    await calendar.write(rows.location("loc_gone", is_active=False))
    nothing = {"clinician_id": "cli_x", "location_id": "loc_x", "ignore": "apt_x"}
    unknown = await calendar.offering(type_id="type_x", **nothing)
    assert set(unknown.unknown) == {
        "appointment_type_id", "clinician_id", "location_id", "ignore_appointment"
    }  # fmt: skip
    gone = {"clinician_id": "cli_gone", "location_id": "loc_gone"}
    inactive = await calendar.offering(type_id=rows.INACTIVE, **gone)
    assert (set(inactive.unknown), set(inactive.inactive)) == (
        set(), {"appointment_type_id", "clinician_id", "location_id"}
    )  # fmt: skip


async def test_an_expired_holds_seat_is_free_and_a_live_ones_is_not(calendar: Calendar):
    for name, expires_at in (("live", SUNDAY + 1), ("over", SUNDAY)):
        start = MONDAY_NINE + (HOUR if name == "over" else 0)
        await calendar.write(
            rows.claim(f"clm_{name}", start), rows.hold_seat(f"clm_{name}", name, expires_at)
        )
    mornings = await calendar.free(Span(MONDAY_NINE, MONDAY_NINE + 2 * HOUR), clinician_id=rows.ADA)
    assert times(mornings)[:3] == ["03-02T09:30", "03-02T09:45", "03-02T10:00"]


async def test_the_seat_of_an_ignored_appointment_is_free_in_a_group_as_alone(calendar: Calendar):
    await calendar.write(*rows.booked("one", MONDAY_NINE))
    assert await calendar.fit(MONDAY_NINE, clinician_id=rows.ADA) is Refusal.TAKEN
    alone = await calendar.fit(MONDAY_NINE, clinician_id=rows.ADA, ignore="apt_one")
    assert isinstance(alone, Slot)
    group = rows.claim("clm_g", MONDAY_NINE + HOUR, 60, appointment_type_id=rows.CLASS, capacity=2)
    await calendar.write(
        group,
        *(rows.appointment_seat("clm_g", f"apt_g{seat}", seat, 2) for seat in (1, 2)),
        *(rows.appointment(f"apt_g{seat}", group, seat) for seat in (1, 2)),
    )
    at = MONDAY_NINE + HOUR
    assert await calendar.fit(at, type_id=rows.CLASS) is Refusal.TAKEN
    joined = await calendar.fit(at, type_id=rows.CLASS, ignore="apt_g1")
    assert isinstance(joined, Slot)
    assert joined.joins == "clm_g"


async def test_a_long_claim_of_the_day_before_and_a_wide_buffer_still_reach(calendar: Calendar):
    late = MONDAY_NINE + 30 * MINUTE - 2 * DAY
    await calendar.write(
        rows.claim("clm_long", late, 1440, buffer_after=DAY),
        rows.appointment_seat("clm_long", "apt_long"),
    )
    found = await calendar.free(Span(MONDAY_NINE, MONDAY_NINE + HOUR), clinician_id=rows.ADA)
    assert times(found)[0] == "03-02T09:30"


async def test_alternatives_are_the_clinicians_nearest_and_others_only_where_these_end(
    calendar: Calendar,
):
    near = MONDAY_NINE + HOUR
    assert await calendar.alternatives(near, clinician_id=rows.BEN) == [
        (rows.BEN, "03-02T10:00"), (rows.BEN, "03-02T09:45"), (rows.BEN, "03-02T10:15")
    ]  # fmt: skip
    await calendar.write(rows.leave("lea_ben", rows.BEN, "2026-03-02T08:45", "2026-03-09T00:00"))
    await calendar.write(rows.leave("lea_ben2", rows.BEN, "2026-02-20T00:00", "2026-03-02T08:30"))
    await calendar.write(*(rows.booked("ben", near - 90 * MINUTE, 10, clinician_id=rows.BEN)))
    assert await calendar.alternatives(near, clinician_id=rows.BEN) == [
        (rows.ADA, "03-02T10:00"), (rows.ADA, "03-02T09:45"), (rows.ADA, "03-02T10:15")
    ]  # fmt: skip


async def test_alternatives_of_a_time_far_out_of_reach_are_the_nearest_within_it(
    calendar: Calendar,
):
    assert (await calendar.alternatives(0))[0] == (rows.BEN, "03-02T08:30")
    beyond = await calendar.alternatives(SUNDAY + 5000 * DAY)
    assert len(beyond) == 3
    assert {when[:5] for _, when in beyond} == {"03-01"}


async def test_of_two_forms_or_locations_the_first_that_fits_is_taken(calendar: Calendar):
    await calendar.write(rows.offer(rows.CHECK, rows.ADA, rows.MAIN, is_remote=True))
    found = await calendar.fit(MONDAY_NINE, clinician_id=rows.ADA)
    assert isinstance(found, Slot)
    assert not found.is_remote
    remote = await calendar.fit(MONDAY_NINE, clinician_id=rows.ADA, is_remote=True)
    assert isinstance(remote, Slot)
    assert remote.is_remote
