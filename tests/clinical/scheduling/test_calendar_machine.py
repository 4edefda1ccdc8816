"""Several callers hold, confirm, book, move, cancel and wait in any order, on both databases.

What availability offers can be booked; what it does not offer is refused; and what was booked is
what the calendar holds.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from jump.kit.clock import MINUTE, system_clock
from tests.clinical import calendar_rows as rows
from tests.clinical.scheduling.desk import Desk, data, desk_on
from tests.databases import Store

CALLERS = range(3)
TYPES = (rows.CHECK, rows.BUFFERED, rows.CLASS)
PLACES = ((rows.ADA, rows.MAIN), (rows.BEN, rows.BRANCH))
# Few, so that callers meet: within a session, over its end, on the grid and off it.
CLOCKS = ("09:00", "09:15", "10:07", "11:45")
EMPTY = """
    DELETE FROM appointments;
    DELETE FROM holds;
    DELETE FROM claim_seats;
    DELETE FROM calendar_claims;
"""

places = st.sampled_from(PLACES)
types = st.sampled_from(TYPES)
clocks = st.sampled_from(CLOCKS)
callers = st.sampled_from(CALLERS)


@dataclass
class Held:
    """A hold as the test believes it to be; `expires_at` is by the test's own clock."""

    id: str
    caller: int
    wanted: tuple[str, tuple[str, str], str]
    expires_at: int
    status: str = "active"

    def at(self, now: int) -> str:
        over = self.status == "active" and self.expires_at <= now
        return "expired" if over else self.status


@dataclass
class Booked:
    """An appointment as the test believes it to be."""

    id: str
    type_id: str
    place: tuple[str, str]
    start: str
    cancelled: bool = False


class Calendar(RuleBasedStateMachine):
    """One practice on one morning."""

    holds = Bundle("holds")
    booked = Bundle("booked")

    def __init__(self, runner: asyncio.Runner, desk: Desk, keys: list[str]) -> None:
        super().__init__()
        self.runner, self.desk, self.keys = runner, desk, keys
        self.passed = 0
        self.live: dict[str, Booked] = {}
        self.held: dict[str, Held] = {}
        desk.store.execute(EMPTY)
        self.run(desk.pass_minutes(0))

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    @property
    def now(self) -> int:
        return system_clock() + self.passed * MINUTE

    def offered(self, type_id: str, place: tuple[str, str], start: str, **more: str) -> bool:
        """Whether the list of free times has it, or else verify, which knows every minute."""
        day = {"date_from": start[:10], "date_to": start[:10]}
        query = {"appointment_type_id": type_id, "clinician_id": place[0], **day, **more}
        listed = data(self.run(self.desk.api.get("/availability", params=query)))
        if any(slot["start_time"] == start for slot in listed["slots"]):
            return True
        if more:
            return False
        about = {"appointment_type_id": type_id, "clinician_id": place[0]}
        sent = {**about, "location_id": place[1], "start_time": start}
        return bool(
            data(self.run(self.desk.api.post("/availability/verify", sent)))["is_available"]
        )

    def judge(self, answer: Any, offered: bool, status: int) -> Any:
        """The answer is a success exactly when the time was offered."""
        if offered:
            return data(answer, status)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "SLOT_UNAVAILABLE")
        return None

    @rule(target=holds, caller=callers, type_id=types, place=places, clock=clocks)
    def hold(self, caller: int, type_id: str, place: tuple[str, str], clock: str) -> Any:
        start = self.desk.time(clock)
        offered = self.offered(type_id, place, start)
        about = {"appointment_type_id": type_id, "clinician_id": place[0], "location_id": place[1]}
        answer = self.run(self.desk.try_to_hold(start, self.keys[caller], **about))
        if (made := self.judge(answer, offered, 201)) is None:
            return multiple()
        wanted = (type_id, place, clock)
        held = Held(made["id"], caller, wanted, self.now + 15 * MINUTE)
        self.held[held.id] = held
        return held

    @rule(target=booked, caller=callers, type_id=types, place=places, clock=clocks)
    def book(self, caller: int, type_id: str, place: tuple[str, str], clock: str) -> Any:
        start = self.desk.time(clock)
        offered = self.offered(type_id, place, start)
        body = self.desk.body(
            start, appointment_type_id=type_id, clinician_id=place[0], location_id=place[1]
        )
        del body["clinician_profile_id"]
        answer = self.run(self.desk.api.post("/appointments", body, key=self.keys[caller]))
        made = self.judge(answer, offered, 201)
        return multiple() if made is None else self.believe(made)

    @rule(target=booked, held=holds, caller=callers)
    def book_what_somebody_has_held(self, held: Held, caller: int) -> Any:
        return self.book(caller, *held.wanted)

    @rule(target=booked, held=holds)
    def confirm(self, held: Held) -> Any:
        path, body = f"/holds/{held.id}/confirm", {"patient_id": rows.PATIENT}
        answer = self.run(self.desk.api.post(path, body, key=self.keys[held.caller]))
        status = held.at(self.now)
        if status != "active":
            expected = (410, "GONE") if status == "expired" else (409, "CONFLICT")
            assert (answer.status_code, answer.json()["error"]["code"]) == expected
            return multiple()
        held.status = "confirmed"
        return self.believe(data(answer, 201))

    @rule(held=holds)
    def release(self, held: Held) -> None:
        key = self.keys[held.caller]
        answer = self.run(self.desk.api.call("DELETE", f"/holds/{held.id}", key=key))
        if held.status == "confirmed":
            assert answer.status_code == 409
            return
        if held.at(self.now) == "active":
            held.status = "released"
        assert data(answer)["status"] == held.at(self.now)

    @rule(held=holds, caller=callers)
    def look(self, held: Held, caller: int) -> None:
        answer = self.run(self.desk.api.get(f"/holds/{held.id}", key=self.keys[caller]))
        if caller != held.caller:
            assert answer.status_code == 404
        else:
            assert data(answer)["status"] == held.at(self.now)

    @rule(made=booked, place=places, clock=clocks)
    def move(self, made: Booked, place: tuple[str, str], clock: str) -> None:
        start = self.desk.time(clock)
        stays = (place, start) == (made.place, made.start)
        offered = self.offered(made.type_id, place, start, ignore_appointment=made.id)
        to = {"start_time": start, "clinician_id": place[0], "location_id": place[1]}
        answer = self.run(self.desk.act({"id": made.id}, "reschedule", **to))
        if made.cancelled:
            assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")
        elif offered or stays:
            moved = data(answer)
            made.place, made.start = (moved["clinician_id"], moved["location_id"]), start
            assert moved["start_time"] == start
        elif answer.status_code == 200:
            # Off the list's grid, but a whole minute that fits: the calendar says so below.
            made.place, made.start = place, start
        else:
            assert answer.json()["error"]["code"] == "SLOT_UNAVAILABLE"

    @rule(made=booked)
    def cancel(self, made: Booked) -> None:
        assert data(self.run(self.desk.act({"id": made.id}, "cancel")))["status"] == "cancelled"
        made.cancelled = True

    @rule(minutes=st.sampled_from((1, 15)))
    def wait(self, minutes: int) -> None:
        self.passed += minutes
        self.run(self.desk.pass_minutes(self.passed))

    @invariant()
    def the_calendar_holds_what_was_booked_and_held(self) -> None:
        seats = self.run(self.desk.seats())
        appointments = sorted(seat for seat in seats if seat[2].startswith("apt"))
        believed = [made for made in self.live.values() if not made.cancelled]
        assert appointments == sorted((made.place[0], made.start, made.id) for made in believed)
        held = {holder for *_, holder in seats if holder.startswith("hold")}
        active = {each.id for each in self.held.values() if each.at(self.now) == "active"}
        expired = {each.id for each in self.held.values() if each.at(self.now) == "expired"}
        assert active <= held <= active | expired

    def believe(self, made: dict[str, Any]) -> Booked:
        place = (made["clinician_id"], made["location_id"])
        known = Booked(made["id"], made["appointment_type_id"], place, made["start_time"])
        self.live[known.id] = known
        return known


def test_what_is_offered_can_be_booked_and_what_is_not_is_refused(store: Store) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        desk = runner.run(stack.enter_async_context(desk_on(store)))
        keys = [runner.run(desk.api.make_key(limit=1_000_000)) for _ in CALLERS]
        desk.api.key = runner.run(desk.api.make_key(limit=1_000_000))
        run_state_machine_as_test(
            lambda: Calendar(runner, desk, keys),
            settings=settings(
                max_examples=50,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        runner.run(stack.aclose())
