"""`/availability` through the API, on both databases: a small practice, asked from the outside."""

import datetime
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from jump.kit.instants import parse_instant
from tests.clinical import calendar_rows as rows
from tests.databases import Store
from tests.rest.api import Api, open_api, refused
from tests.surface.contract_rows import SLOT, SLOT_BESIDE_THE_CONTRACT

CHECK = {"appointment_type_id": rows.CHECK}
# A Sunday noon in winter, a week before which the clocks go forward.
NOW = "2026-03-22T12:00:00Z"
MONDAY = {"date_from": "2026-03-23", "date_to": "2026-03-23"}


class Practice:
    """The API of a practice whose clock stands at `NOW` when it opens."""

    def __init__(self, api: Api, store: Store) -> None:
        self.api, self.store = api, store
        self.tenant = api.operator().tenant

    async def write(self, *written: rows.Row) -> None:
        await rows.write(self.api.database, self.tenant, written)

    async def set_clock(self, text: str) -> None:
        await self.store.set_clock(self.api.database, parse_instant(text))

    async def get(self, path: str = "/availability", **query: str) -> httpx.Response:
        return await self.api.get(path, params=query)

    async def slots(self, **query: str) -> list[dict[str, Any]]:
        answer = await self.get(**{**CHECK, **MONDAY, **query})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]["slots"]
        return found

    async def starts(self, **query: str) -> list[str]:
        return [slot["start_time"][5:16] for slot in await self.slots(**query)]

    async def following(self, **query: str) -> Any:
        answer = await self.get("/availability/next", **{**CHECK, **query})
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def verify(self, start_time: str, **body: Any) -> Any:
        about = {**CHECK, "clinician_id": rows.ADA, "location_id": rows.MAIN}
        answer = await self.api.post(
            "/availability/verify", {**about, "start_time": start_time, **body}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@pytest.fixture
async def practice(store: Store) -> AsyncIterator[Practice]:
    database = store.open(connections=1)
    api = await open_api(database)
    await rows.of_practice(database, api.operator().tenant)
    opened = Practice(api, store)
    await opened.set_clock(NOW)
    yield opened
    await api.client.aclose()
    await database.close()


def names(answer: httpx.Response) -> list[str]:
    """The fields that a refusal of the query names."""
    return [each["field"] for each in refused(answer, 400, "INVALID_REQUEST")["details"]]


async def test_free_slots_are_listed_with_who_and_where(practice: Practice):
    answer = await practice.get(**CHECK, **MONDAY)
    data = answer.json()["data"]
    assert data["date_range"] == {"from": "2026-03-23", "to": "2026-03-23"}
    assert data["slots"][0] == {
        "start_time": "2026-03-23T08:30:00Z",
        "end_time": "2026-03-23T09:00:00Z",
        "clinician_id": rows.BEN,
        "clinician_profile_id": rows.BEN,
        "clinician_name": "Ben Byron",
        "location_id": rows.BRANCH,
        "location_name": "Branch",
        "is_remote": False,
        "is_available": True,
    }
    assert set(data["slots"][0]) == SLOT | SLOT_BESIDE_THE_CONTRACT
    assert {slot["clinician_name"] for slot in data["slots"]} == {"Ben Byron", "Dr Ada Byron"}
    # Ben 08:30-12:30, Ada 09-12 and 13-17: a start each quarter, the last half an hour before.
    assert len(data["slots"]) == 15 + 11 + 15
    starts = [slot["start_time"] for slot in data["slots"]]
    assert starts == sorted(starts)
    assert answer.json()["meta"].keys() == {"request_id"}


async def test_with_jumps_older_dates_the_answer_is_the_bare_array(practice: Practice):
    older = await practice.get(**CHECK, start_date="2026-03-23", end_date="2026-03-23")
    assert older.json()["data"] == await practice.slots()


async def test_days_are_local_through_the_clock_change_and_both_included(practice: Practice):
    week = {"date_from": "2026-03-27", "date_to": "2026-03-30", "clinician_id": rows.ADA}
    found = await practice.starts(**week)
    assert (found[0], found[-1]) == ("03-27T09:00", "03-30T15:30")
    assert "03-30T08:00" in found


async def test_each_location_has_days_of_its_own(practice: Practice):
    away = rows.location("loc_ny", "America/New_York")
    sessions = [
        rows.one_off(f"ses_ny_{day}", rows.ADA, "loc_ny", f"2026-03-2{day}", "20:00", "24:00")
        for day in (3, 4)
    ]
    await practice.write(away, rows.offer(rows.CHECK, rows.ADA, "loc_ny"), *sessions)
    found = await practice.starts(location_id="loc_ny")
    assert (found[0], found[-1], len(found)) == ("03-24T00:00", "03-24T03:30", 15)


@pytest.mark.parametrize(
    ("query", "clinicians"),
    [
        ({"clinician_id": rows.ADA}, {rows.ADA}),
        ({"clinician_profile_id": rows.ADA}, {rows.ADA}),
        ({"location_id": rows.BRANCH}, {rows.BEN}),
        ({"clinician_id": rows.ADA, "location_id": rows.BRANCH}, set()),
        ({"is_remote": "false"}, {rows.ADA, rows.BEN}),
        ({"is_remote": "true"}, set()),
        ({"clinician_id": rows.CLEO}, set()),
    ],
)
async def test_the_list_is_narrowed_by_who_and_where(practice: Practice, query, clinicians):
    assert {slot["clinician_id"] for slot in await practice.slots(**query)} == clinicians


async def test_a_type_may_be_named_as_jump_names_it_and_be_remote(practice: Practice):
    answer = await practice.get(appointment_template_id=rows.CALL, **MONDAY)
    found = answer.json()["data"]["slots"]
    assert found
    assert all(slot["is_remote"] for slot in found)


async def test_what_is_booked_or_held_is_not_listed_and_what_has_expired_is(practice: Practice):
    nine, ten = map(parse_instant, ("2026-03-23T09:00:00Z", "2026-03-23T10:00:00Z"))
    expiry = parse_instant("2026-03-22T12:15:00Z")
    held = rows.claim("clm_held", ten), rows.hold_seat("clm_held", "hold_1", expiry)
    await practice.write(*rows.booked("one", nine), *held)
    assert (await practice.starts(clinician_id=rows.ADA))[:2] == ["03-23T09:30", "03-23T10:30"]
    await practice.set_clock("2026-03-22T12:15:01Z")
    assert "03-23T10:00" in await practice.starts(clinician_id=rows.ADA)


async def test_an_ignored_appointments_own_time_is_free(practice: Practice):
    await practice.write(*rows.booked("one", parse_instant("2026-03-23T09:00:00Z")))
    assert "03-23T09:00" not in await practice.starts(clinician_id=rows.ADA)
    own = await practice.starts(clinician_id=rows.ADA, ignore_appointment="apt_one")
    assert "03-23T09:00" in own


async def test_a_group_is_listed_until_its_last_seat_is_taken(practice: Practice):
    odd = parse_instant("2026-03-23T09:40:00Z")
    group = rows.claim("clm_g", odd, 60, appointment_type_id=rows.CLASS, capacity=3)
    await practice.write(group)
    for seat in (1, 2, 3):
        await practice.write(
            rows.appointment_seat("clm_g", f"apt_{seat}", seat, 3),
            rows.appointment(f"apt_{seat}", group, seat),
        )
        found = await practice.starts(appointment_type_id=rows.CLASS)
        assert ("03-23T09:40" in found) == (seat < 3)
        assert "03-23T09:45" not in found


async def test_what_is_past_or_too_soon_or_too_far_is_not_listed(practice: Practice):
    await practice.set_clock("2026-03-23T09:20:00Z")
    assert (await practice.starts(clinician_id=rows.ADA))[0] == "03-23T09:30"
    about = {"booking_notice_hours": 24, "max_advance_days": 2}
    await practice.write(
        rows.appointment_type("type_slow", 30, **about),
        rows.offer("type_slow", rows.ADA, rows.MAIN),
    )
    days = {"date_from": "2026-03-23", "date_to": "2026-03-31"}
    found = await practice.starts(appointment_type_id="type_slow", **days)
    assert (found[0], found[-1]) == ("03-24T09:30", "03-25T09:15")
    first, last = "0001-01-01", "0001-01-31"
    assert await practice.starts(date_from=first, date_to=last) == []
    assert await practice.starts(date_from="9999-12-01", date_to="9999-12-31") == []


async def test_other_practices_and_the_other_mode_are_not_there(practice: Practice):
    api = practice.api
    live = await api.make_key(mode="live")
    other = await api.make_key(organisation=await api.new_organisation("Other"))
    for key in (live, other):
        answer = await api.get("/availability", params={**CHECK, **MONDAY}, key=key)
        assert names(answer) == ["appointment_type_id"]


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({}, ["appointment_type_id", "date_from", "date_to"]),
        ({**CHECK, "date_from": "2026-03-23"}, ["date_to"]),
        ({**CHECK, "start_date": "2026-03-23"}, ["end_date"]),
        ({**CHECK, "date_from": "2026-03-23", "end_date": "2026-03-23"}, ["end_date", "date_to"]),
        ({**CHECK, **MONDAY, "start_date": "2026-03-23"}, ["start_date"]),
        ({**CHECK, "date_from": "23/03/2026", "date_to": "2026-02-30"}, ["date_from", "date_to"]),
        ({**CHECK, "date_from": "2026-03-24", "date_to": "2026-03-23"}, ["date_to"]),
        ({**CHECK, "date_from": "2026-03-01", "date_to": "2026-04-01"}, ["date_to"]),
        ({**CHECK, **MONDAY, "is_remote": "yes"}, ["is_remote"]),
        ({**CHECK, **MONDAY, "limit": "5"}, ["limit"]),
        ({**CHECK, **MONDAY, "appointment_template_id": rows.CHECK}, ["appointment_template_id"]),
        ({**CHECK, **MONDAY, "clinician_id": "cli_x"}, ["clinician_id"]),
        ({**CHECK, **MONDAY, "clinician_profile_id": "cli_x"}, ["clinician_profile_id"]),
        ({**CHECK, **MONDAY, "location_id": "loc_x"}, ["location_id"]),
        ({**CHECK, **MONDAY, "ignore_appointment": "apt_x"}, ["ignore_appointment"]),
        ({**MONDAY, "appointment_type_id": "type_x"}, ["appointment_type_id"]),
        ({**MONDAY, "appointment_type_id": rows.INACTIVE}, ["appointment_type_id"]),
    ],
)
async def test_a_wrong_query_is_refused_naming_what_is_wrong(practice: Practice, query, wrong):
    assert names(await practice.get(**query)) == wrong


async def test_thirty_one_days_may_be_asked_for(practice: Practice):
    assert await practice.starts(date_from="2026-03-01", date_to="2026-03-31")


async def test_the_next_free_slot_is_the_first_of_the_list(practice: Practice):
    assert await practice.following() == (await practice.slots())[0]
    ada = await practice.following(clinician_id=rows.ADA)
    assert ada == (await practice.slots(clinician_id=rows.ADA))[0]


async def test_next_looks_thirty_days_ahead_and_then_says_null(practice: Practice):
    until = "2026-04-21T00:00"
    await practice.write(rows.closure("clo_1", None, "2026-03-01T00:00", until))
    assert (await practice.following())["start_time"] == "2026-04-21T07:30:00Z"
    await practice.write(rows.closure("clo_2", None, until, "2026-04-22T00:00"))
    assert await practice.following() is None
    wrong = await practice.get("/availability/next", date_from="2026-03-23")
    assert names(wrong) == ["date_from"]


async def test_verify_tells_of_any_minute_whether_it_can_be_booked(practice: Practice):
    for start in ("2026-03-23T09:00:00Z", "2026-03-23T09:07:00Z", "2026-03-23T11:30:00+00:00"):
        assert await practice.verify(start) == {"is_available": True, "alternatives": []}
    for start in ("2026-03-23T08:59:00Z", "2026-03-23T11:31:00Z", NOW, "2030-01-01T09:00:00Z"):
        assert (await practice.verify(start))["is_available"] is False


async def test_verify_offers_three_others_that_are_free_near_a_time_that_is_not(
    practice: Practice,
):
    await practice.write(*rows.booked("one", parse_instant("2026-03-23T10:00:00Z")))
    answer = await practice.verify("2026-03-23T10:00:00Z")
    assert answer["is_available"] is False
    others = answer["alternatives"]
    listed = await practice.slots(clinician_id=rows.ADA)
    assert [each["start_time"][11:16] for each in others] == ["09:30", "10:30", "09:15"]
    assert all(each in listed for each in others)
    for each in others:
        assert (await practice.verify(each["start_time"]))["is_available"]


async def test_a_refused_booking_offers_what_verify_does_and_says_why(practice: Practice):
    await practice.write(*rows.booked("one", parse_instant("2026-03-23T10:00:00Z")))
    for start, why in (
        ("2026-03-23T10:00:00Z", "taken"),
        ("2026-03-23T12:30:00Z", "session"),
        ("2028-03-23T12:00:00Z", "further ahead"),
    ):
        body = {**CHECK, "clinician_id": rows.ADA, "location_id": rows.MAIN, "start_time": start}
        error = refused(await practice.api.post("/holds", body), 409, "SLOT_UNAVAILABLE")
        assert error["alternatives"] == (await practice.verify(start))["alternatives"]
        assert len(error["alternatives"]) == 3
        assert why in error["message"]


async def test_verify_may_ignore_an_appointment_and_leave_the_location_open(practice: Practice):
    await practice.write(*rows.booked("one", parse_instant("2026-03-23T10:00:00Z")))
    moved = await practice.verify("2026-03-23T10:15:00Z", ignore_appointment="apt_one")
    assert moved["is_available"]
    body = {**CHECK, "clinician_profile_id": rows.BEN, "start_time": "2026-03-23T10:00:00Z"}
    answer = await practice.api.post("/availability/verify", body)
    assert answer.json()["data"]["is_available"]


async def test_verify_refuses_what_it_cannot_tell_of(practice: Practice):
    body = {
        "appointment_type_id": "type_x",
        "clinician_id": "cli_x",
        "location_id": "loc_x",
        "start_time": "2026-03-23T10:00:30Z",
    }
    error = refused(await practice.api.post("/availability/verify", body), 422, "VALIDATION_FAILED")
    assert {each["field"] for each in error["details"]} == set(body)
    inactive = await practice.verify("2026-03-23T10:00:00Z", appointment_type_id=rows.INACTIVE)
    assert inactive == {"is_available": False, "alternatives": []}


async def test_availability_takes_its_own_scope_only(practice: Practice):
    key = await practice.api.make_key("read_availability")
    answer = await practice.api.get("/availability", params={**CHECK, **MONDAY}, key=key)
    assert answer.status_code == 200


async def test_no_refusal_repeats_what_was_sent(practice: Practice):
    sent = f"cli_{datetime.date(1913, 4, 7)}"
    answer = await practice.get(**CHECK, **MONDAY, clinician_id=sent)
    assert sent not in answer.text
