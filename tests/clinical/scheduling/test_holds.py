"""Holds: a time kept for fifteen minutes for one key, and every answer in every state."""

from typing import Any

import pytest

from jump.kit.clock import MINUTE
from jump.kit.instants import parse_instant
from tests.clinical import calendar_rows as rows
from tests.clinical.scheduling.desk import PATIENT, Desk, data, fields, refusal


async def read(desk: Desk, hold: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = data(await desk.api.get(f"/holds/{hold['id']}"))
    return found


async def release(desk: Desk, hold: dict[str, Any], key: str | None = None) -> Any:
    return await desk.api.call("DELETE", f"/holds/{hold['id']}", key=key or desk.api.key)


async def confirm(desk: Desk, hold: dict[str, Any], key: str | None = None, **body: Any) -> Any:
    sent = body or {"patient_id": rows.PATIENT}
    return await desk.api.post(f"/holds/{hold['id']}/confirm", sent, key=key or desk.api.key)


async def test_a_hold_shows_what_it_was_made_from_and_when_it_ends(desk: Desk) -> None:
    start = desk.time("10:00")
    answer = await desk.try_to_hold(start)
    hold = data(answer, 201)
    assert hold["appointment_type_id"] == hold["appointment_template_id"] == rows.CHECK
    assert hold["clinician_id"] == hold["clinician_profile_id"] == rows.ADA
    assert (hold["start_time"], hold["end_time"]) == (start, desk.time("10:30"))
    assert (hold["location_id"], hold["date"], hold["is_remote"]) == (rows.MAIN, start[:10], False)
    assert (hold["status"], hold["appointment_id"]) == ("active", None)
    lasts = parse_instant(hold["expires_at"]) - parse_instant(hold["created_at"])
    assert abs(lasts - 15 * MINUTE) < MINUTE
    assert answer.headers["location"] == f"/api/v1/holds/{hold['id']}"
    assert answer.headers["etag"] == '"1"'
    assert await read(desk, hold) == hold
    assert await desk.events() == []
    assert [row["action"] for row in await desk.audit()] == ["hold.created"]


async def test_a_held_time_is_nobody_else_s_until_it_is_released(desk: Desk) -> None:
    start = desk.time("10:00")
    hold = await desk.hold(start)
    refusal(await desk.try_to_hold(start), 409, "SLOT_UNAVAILABLE")
    refusal(await desk.try_to_book(desk.time("10:15")), 409, "SLOT_UNAVAILABLE")
    released = data(await release(desk, hold))
    assert released["status"] == "released"
    assert data(await release(desk, hold)) == released
    await desk.book(start)


async def test_an_expired_hold_is_free_for_anybody_without_anything_having_run(
    desk: Desk,
) -> None:
    start = desk.time("10:00")
    hold = await desk.hold(start)
    await desk.pass_minutes(15)
    assert await read(desk, hold) == {**hold, "status": "expired"}
    await desk.book(start)
    assert (await read(desk, hold))["status"] == "expired"
    refusal(await confirm(desk, hold), 410, "GONE")
    assert data(await release(desk, hold))["status"] == "expired"
    refusal(await confirm(desk, hold), 410, "GONE")


async def test_an_expired_hold_is_gone_even_where_nobody_has_taken_its_time(desk: Desk) -> None:
    hold = await desk.hold(desk.time("10:00"))
    await desk.pass_minutes(15)
    refusal(await confirm(desk, hold), 410, "GONE")
    assert await desk.events() == []


async def test_a_confirmed_hold_is_an_appointment_in_its_own_seat(desk: Desk) -> None:
    hold = await desk.hold(desk.time("10:00"))
    answer = await confirm(desk, hold)
    made = data(answer, 201)
    assert answer.headers["location"] == f"/api/v1/appointments/{made['id']}"
    same = ("appointment_type_id", "clinician_id", "location_id", "start_time", "end_time")
    assert [made[name] for name in same] == [hold[name] for name in same]
    assert (made["patient_id"], made["status"]) == (rows.PATIENT, "confirmed")
    assert made["hold_id"] == hold["id"]
    assert await desk.seats() == [(rows.ADA, desk.time("10:00"), made["id"])]
    spent = await read(desk, hold)
    assert (spent["status"], spent["appointment_id"]) == ("confirmed", made["id"])
    refusal(await confirm(desk, hold), 409, "CONFLICT")
    refusal(await release(desk, hold), 409, "CONFLICT")
    assert [each["type"] for each in await desk.events()] == ["appointment.created"]
    assert {row["action"] for row in await desk.audit()} == {
        "hold.created",
        "hold.confirmed",
        "appointment.created",
    }
    assert len(await desk.audit()) == 3


async def test_a_released_hold_is_not_confirmed(desk: Desk) -> None:
    hold = await desk.hold(desk.time("10:00"))
    data(await release(desk, hold))
    assert "released" in refusal(await confirm(desk, hold), 409, "CONFLICT")["message"]


async def test_a_new_patient_is_made_with_the_appointment_and_told_of_first(desk: Desk) -> None:
    hold = await desk.hold(desk.time("10:00"))
    made = data(await confirm(desk, hold, **PATIENT, town_city="Ely"), 201)
    patient = data(await desk.api.get(f"/patients/{made['patient_id']}"))
    assert patient.items() >= {**PATIENT, "city": "Ely"}.items()
    assert [each["type"] for each in await desk.events()] == [
        "patient.created",
        "appointment.created",
    ]


async def test_a_patient_who_is_refused_leaves_the_hold_as_it_was(desk: Desk) -> None:
    hold = await desk.hold(desk.time("10:00"))
    wanted: dict[str, tuple[dict[str, Any], set[str]]] = {
        "neither": ({"email": "a@example.org"}, {"first_name", "last_name", "date_of_birth"}),
        "both": ({"patient_id": rows.PATIENT, "first_name": "Ada"}, {"first_name"}),
        "a wrong number": ({**PATIENT, "nhs_number": "1"}, {"nhs_number"}),
        "nobody": ({"patient_id": "pat_nobody"}, {"patient_id"}),
        "unknown": ({**PATIENT, "zz": 1}, {"zz"}),
    }
    for name, (body, wrong) in wanted.items():
        assert fields(await confirm(desk, hold, **body)) == wrong, name
    desk.store.execute(f"UPDATE patients SET status = 'archived' WHERE id = '{rows.PATIENT}'")
    refusal(await confirm(desk, hold), 409, "CONFLICT")
    assert await read(desk, hold) == hold
    assert await desk.events() == []
    data(await confirm(desk, hold, **PATIENT), 201)


async def test_nothing_is_booked_for_a_new_patient_who_is_dead(desk: Desk) -> None:
    hold = await desk.hold(desk.time("10:00"))
    answer = await confirm(desk, hold, **PATIENT, date_of_death="2020-01-01")
    assert "deceased" in refusal(answer, 409, "CONFLICT")["message"]
    assert await desk.events() == []


async def test_confirming_takes_the_scope_of_what_is_said_of_the_patient(desk: Desk) -> None:
    alone = await desk.api.make_key("write_holds")
    reader = await desk.api.make_key("write_holds", "read_patients")
    writer = await desk.api.make_key("write_holds", "write_patients")
    for key, body, missing in (
        (alone, {"patient_id": rows.PATIENT}, "read_patients"),
        (alone, PATIENT, "write_patients"),
        (writer, {"patient_id": rows.PATIENT}, "read_patients"),
        (reader, PATIENT, "write_patients"),
    ):
        hold = await desk.hold(desk.time("10:00"), key=key)
        error = refusal(await confirm(desk, hold, key, **body), 403, "INSUFFICIENT_SCOPE")
        assert missing in error["message"]
        data(await release(desk, hold, key))
    for key, body in ((reader, {"patient_id": rows.PATIENT}), (writer, PATIENT)):
        hold = await desk.hold(desk.time("10:00"), key=key)
        made = data(await confirm(desk, hold, key, **body), 201)
        assert set(made) == {"id", "version", "status"}
        data(await desk.act(made, "cancel"))


async def test_only_the_key_that_made_a_hold_sees_it(desk: Desk) -> None:
    hold = await desk.hold(desk.time("10:00"))
    other = await desk.api.make_key()
    stale = {"If-Match": '"7"'}
    path = f"/holds/{hold['id']}"
    for method, address in (("GET", path), ("DELETE", path), ("POST", f"{path}/confirm")):
        body = {"patient_id": rows.PATIENT} if method == "POST" else None
        for headers in ({}, stale):
            answer = await desk.api.call(method, address, json=body, key=other, headers=headers)
            refusal(answer, 404, "NOT_FOUND")
    booked = desk.body(desk.time("10:00"), hold_id=hold["id"])
    assert fields(await desk.api.post("/appointments", booked, key=other)) == {"hold_id"}


async def test_an_appointment_with_a_hold_s_id_confirms_that_hold(desk: Desk) -> None:
    start = desk.time("10:00")
    hold = await desk.hold(start)
    other = await desk.try_to_book(desk.time("10:30"), hold_id=hold["id"])
    assert fields(other) == {"start_time"}
    made = await desk.book(start, hold_id=hold["id"], notes="by phone", status="pending")
    assert (made["hold_id"], made["notes"], made["status"]) == (hold["id"], "by phone", "pending")
    assert (await read(desk, hold))["status"] == "confirmed"
    refusal(await desk.try_to_book(start, hold_id=hold["id"]), 409, "CONFLICT")


async def test_an_appointment_with_an_expired_hold_s_id_is_gone(desk: Desk) -> None:
    start = desk.time("10:00")
    hold = await desk.hold(start)
    await desk.pass_minutes(15)
    refusal(await desk.try_to_book(start, hold_id=hold["id"]), 410, "GONE")


async def test_date_and_time_are_those_of_the_location_else_of_the_primary_one(
    desk: Desk,
) -> None:
    monday = desk.time("12:00")[:10]
    hold = await desk.hold("10:00", date=monday)
    assert (hold["start_time"], hold["date"]) == (desk.time("10:00"), monday)
    far = [
        rows.location("loc_far", "Pacific/Auckland"),
        rows.offer(rows.CHECK, rows.CLEO, "loc_far"),
        *(
            rows.weekly(f"ses_far_{day}", rows.CLEO, "loc_far", day, "18:00", "20:00")
            for day in (1, 2)
        ),
    ]
    await rows.write(desk.database, desk.tenant, far)
    desk.store.execute("UPDATE clinicians SET is_bookable_online = TRUE WHERE id = 'cli_cleo'")
    there = await desk.hold("19:00", date=monday, clinician_id=rows.CLEO, location_id="loc_far")
    assert there["date"] == monday
    assert there["start_time"][:10] == monday
    assert there["start_time"][11:13] in ("06", "07")


@pytest.mark.parametrize(
    ("about", "wrong"),
    [
        ({"start_time": "10:00"}, {"date"}),
        ({"start_time": "25:00", "date": "2030-01-07"}, {"start_time"}),
        ({"start_time": "2030-01-07T10:00:00Z", "date": "2030-01-07"}, {"start_time"}),
        ({"start_time": "2030-01-07T10:00:00"}, {"start_time"}),
        ({"start_time": "2030-01-07T10:00:30Z"}, {"start_time"}),
        ({"start_time": "2026-01-05T10:00:00Z"}, {"start_time"}),
        ({"start_time": "10:00", "date": "2026-01-05"}, {"start_time"}),
        ({"start_time": "01:30", "date": "2027-03-28"}, {"start_time"}),
        ({"start_time": "01:30", "date": "2027-10-31"}, {"start_time"}),
        ({"start_time": "10:00", "date": "2027-02-30"}, {"date"}),
        ({"start_time": "10:00", "date": "2030-01-07", "location_id": "loc_x"}, {"location_id"}),
        ({"clinician_id": "cli_nobody"}, {"clinician_id"}),
        ({"appointment_type_id": "type_none"}, {"appointment_type_id"}),
        ({"patient_id": rows.PATIENT}, {"patient_id"}),
    ],
)
async def test_a_wrong_field_of_a_hold_is_named(
    desk: Desk, about: dict[str, Any], wrong: set[str]
) -> None:
    start = about.get("start_time", desk.time("10:00"))
    rest = {name: value for name, value in about.items() if name != "start_time"}
    assert fields(await desk.try_to_hold(start, **rest)) == wrong


async def test_a_group_s_seats_are_held_one_by_one(desk: Desk) -> None:
    start = desk.time("13:00")
    about = {"appointment_type_id": rows.CLASS}
    holds = [await desk.hold(start, **about) for _ in range(3)]
    refusal(await desk.try_to_hold(start, **about), 409, "SLOT_UNAVAILABLE")
    data(await confirm(desk, holds[1]), 201)
    await desk.pass_minutes(15)
    for _ in range(2):
        await desk.book(start, **about)
    refusal(await desk.try_to_book(start, **about), 409, "SLOT_UNAVAILABLE")


async def test_a_key_has_twenty_active_holds_and_no_more(desk: Desk) -> None:
    times = [desk.time(f"{hour:02}:{minute:02}", day=day)
             for day in range(2) for hour in (9, 10, 11, 13, 14) for minute in (0, 30)]  # fmt: skip
    holds = [await desk.hold(start) for start in times]
    assert len(holds) == 20
    late = desk.time("15:00")
    assert "20" in refusal(await desk.try_to_hold(late), 409, "CONFLICT")["message"]
    other = await desk.api.make_key()
    data(await release(desk, await desk.hold(late, key=other), other))
    data(await release(desk, holds[0]))
    await desk.hold(late)
    refusal(await desk.try_to_hold(times[0]), 409, "CONFLICT")
    data(await confirm(desk, holds[1]), 201)
    await desk.hold(times[0])
    await desk.pass_minutes(15)
    await desk.hold(late)


async def test_a_held_time_may_be_confirmed_after_its_start(desk: Desk) -> None:
    """Who was promised fifteen minutes has them, also for a time that begins within them."""
    hold = await desk.hold(desk.time("10:00"))
    soon = parse_instant(hold["start_time"])
    desk.store.execute(f"UPDATE holds SET expires_at = {soon + 5 * MINUTE}")
    desk.store.execute(f"UPDATE claim_seats SET expires_at = {soon + 5 * MINUTE}")
    await desk.set_clock(desk.time("10:02"))
    data(await confirm(desk, hold), 201)
