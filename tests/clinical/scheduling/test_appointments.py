"""Appointments, as an integrator meets them: booking, reading, listing and changing them."""

import json
from typing import Any

import pytest

from jump.events import catalog
from tests.clinical import calendar_rows as rows
from tests.clinical.scheduling.desk import Desk, data, fields, refusal

FREE = {
    "title": "Knee",
    "description": "Left one",
    "notes": "Bring the letter.",
    "attendee_name": "Ada L.",
    "attendee_email": "ada@example.org",
    "attendee_phone": "07700 900461",
    "booking_source": "website",
}


async def test_a_new_appointment_is_answered_whole_and_can_be_read_again(desk: Desk) -> None:
    start = desk.time("10:00")
    answer = await desk.try_to_book(start, **FREE)
    made = data(answer, 201)
    assert made.items() >= FREE.items()
    assert made["status"] == "confirmed"
    assert made["clinician_id"] == made["clinician_profile_id"] == rows.ADA
    assert made["appointment_type_id"] == made["appointment_template_id"] == rows.CHECK
    assert (made["start_time"], made["end_time"]) == (start, desk.time("10:30"))
    assert (made["location_id"], made["is_remote"]) == (rows.MAIN, False)
    assert made["duration_minutes"] == 30
    assert made["entered_in_error"] is False
    assert (made["hold_id"], made["cancellation_reason"], made["video_link"]) == (None, None, None)
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == f"/api/v1/appointments/{made['id']}"
    assert await desk.read(made) == made


async def test_the_samples_of_events_have_the_shape_of_a_real_appointment(desk: Desk) -> None:
    made = await desk.book(desk.time("10:00"))
    for name, kind in catalog.EVENT_TYPES.items():
        if kind.resource == "appointment":
            sample = json.loads(catalog.sample(name).object)
            assert set(sample) == set(made), name
            for field, value in sample.items():
                assert None in (value, made[field]) or type(value) is type(made[field]), field


async def test_either_name_of_clinician_and_type_may_be_sent_but_not_two_that_differ(
    desk: Desk,
) -> None:
    body = {
        "patient_id": rows.PATIENT,
        "clinician_id": rows.ADA,
        "appointment_template_id": rows.CHECK,
        "start_time": desk.time("10:00"),
    }
    made = data(await desk.api.post("/appointments", body), 201)
    assert made["clinician_profile_id"] == rows.ADA
    both = {**body, "clinician_profile_id": rows.BEN}
    assert fields(await desk.api.post("/appointments", both)) & {
        "clinician_id",
        "clinician_profile_id",
    }


async def test_a_pending_one_takes_its_time_too(desk: Desk) -> None:
    start = desk.time("10:00")
    assert (await desk.book(start, status="pending"))["status"] == "pending"
    refusal(await desk.try_to_book(start), 409, "SLOT_UNAVAILABLE")
    assert fields(await desk.try_to_book(desk.time("11:00"), status="completed")) == {"status"}


async def test_every_id_that_names_nothing_is_listed(desk: Desk) -> None:
    answer = await desk.try_to_book(
        desk.time("10:00"),
        patient_id="pat_nobody",
        clinician_profile_id="cli_nobody",
        appointment_type_id="type_none",
        location_id="loc_nowhere",
    )
    assert fields(answer) == {
        "patient_id",
        "clinician_profile_id",
        "appointment_type_id",
        "location_id",
    }
    assert "cli_nobody" not in answer.text


@pytest.mark.parametrize(
    ("about", "wrong"),
    [
        ({"start_time": "2026-01-05T10:00:00Z"}, "start_time"),
        ({"start_time": "2030-01-07T10:00:30Z"}, "start_time"),
        ({"start_time": "2030-01-07T10:00:00"}, "start_time"),
        ({"start_time": None}, "start_time"),
        ({"patient_id": None}, "patient_id"),
        ({"attendee_email": "nobody"}, "attendee_email"),
        ({"cancellation_reason": "no"}, "cancellation_reason"),
        ({"hold_id": "hold_none"}, "hold_id"),
        ({"is_remote": 1}, "is_remote"),
    ],
)
async def test_a_wrong_field_is_named(desk: Desk, about: dict[str, Any], wrong: str) -> None:
    assert fields(await desk.try_to_book(desk.time("10:00"), **about)) == {wrong}


async def test_the_end_follows_from_the_type(desk: Desk) -> None:
    start = desk.time("10:00")
    wrong = await desk.try_to_book(start, end_time=desk.time("11:00"))
    assert fields(wrong) == {"end_time"}
    assert await desk.seats() == []
    await desk.book(start, end_time=desk.time("10:30"))


@pytest.mark.parametrize(
    ("clock", "about"),
    [
        ("08:30", {}),
        ("11:45", {}),
        ("10:00", {"clinician_profile_id": rows.CLEO}),
        ("10:00", {"appointment_type_id": rows.INACTIVE}),
        ("10:00", {"appointment_type_id": rows.AT_THE_DESK}),
        ("10:00", {"location_id": rows.BRANCH}),
        ("10:00", {"is_remote": True}),
    ],
)
async def test_what_is_not_offered_is_refused(
    desk: Desk, clock: str, about: dict[str, Any]
) -> None:
    answer = await desk.try_to_book(desk.time(clock), **about)
    error = refusal(answer, 409, "SLOT_UNAVAILABLE")
    assert len(error["alternatives"]) <= 3
    assert await desk.seats() == []


async def test_nothing_is_booked_at_shorter_notice_or_further_ahead_than_its_type_allows(
    desk: Desk,
) -> None:
    about = {"booking_notice_hours": 24, "max_advance_days": 2}
    slow = rows.appointment_type("type_slow", 30, **about)
    await rows.write(
        desk.database, desk.tenant, [slow, rows.offer("type_slow", rows.ADA, rows.MAIN)]
    )
    await desk.set_clock(desk.time("10:00"))
    made = await desk.book(desk.time("10:15", day=1), appointment_type_id="type_slow")
    for clock, day, why in (
        ("09:00", 1, "notice"),
        ("10:30", 0, "notice"),
        ("10:30", 2, "further ahead"),
        ("10:00", 3, "further ahead"),
    ):
        start = desk.time(clock, day=day)
        for answer in (
            await desk.try_to_book(start, appointment_type_id="type_slow"),
            await desk.act(made, "reschedule", start_time=start),
            await desk.try_to_hold(start, appointment_type_id="type_slow"),
        ):
            assert why in refusal(answer, 409, "SLOT_UNAVAILABLE")["message"], (clock, day)
    await desk.book(desk.time("10:00", day=2), appointment_type_id="type_slow")


async def test_any_whole_minute_that_fits_may_be_booked_and_alternatives_are_free(
    desk: Desk,
) -> None:
    await desk.book(desk.time("10:07"))
    error = refusal(await desk.try_to_book(desk.time("10:30")), 409, "SLOT_UNAVAILABLE")
    assert len(error["alternatives"]) == 3
    for slot in error["alternatives"]:
        place = {name: slot[name] for name in ("clinician_profile_id", "location_id")}
        made = await desk.book(slot["start_time"], **place)
        data(await desk.act(made, "cancel"))


async def test_a_remote_type_is_booked_remotely_without_being_told(desk: Desk) -> None:
    made = await desk.book(desk.time("10:00"), appointment_type_id=rows.CALL)
    assert made["is_remote"] is True


async def test_the_larger_buffer_keeps_neighbours_apart(desk: Desk) -> None:
    await desk.book(desk.time("10:00"), appointment_type_id=rows.BUFFERED)
    for clock, status in (("10:44", 409), ("10:45", 201), ("09:21", 409), ("09:20", 201)):
        answer = await desk.try_to_book(desk.time(clock))
        assert answer.status_code == status, clock


async def test_a_group_fills_up_to_its_size_and_takes_a_new_one_after_a_cancellation(
    desk: Desk,
) -> None:
    start = desk.time("13:00")
    about = {"appointment_type_id": rows.CLASS}
    made = [await desk.book(start, **about) for _ in range(3)]
    refusal(await desk.try_to_book(start, **about), 409, "SLOT_UNAVAILABLE")
    refusal(await desk.try_to_book(desk.time("13:30")), 409, "SLOT_UNAVAILABLE")
    data(await desk.act(made[1], "cancel"))
    await desk.book(start, **about)
    assert len(await desk.seats()) == 3


@pytest.mark.parametrize(
    ("about", "words"), [({"status": "archived"}, "archived"), ({"is_deceased": True}, "deceased")]
)
async def test_nobody_books_for_a_patient_who_has_left(
    desk: Desk, about: dict[str, Any], words: str
) -> None:
    await rows.write(desk.database, desk.tenant, [rows.patient("pat_left", **about)])
    answer = await desk.try_to_book(desk.time("10:00"), patient_id="pat_left")
    assert words in refusal(answer, 409, "CONFLICT")["message"]


async def test_a_list_is_narrowed_by_every_filter_and_by_jump_s_own_names(desk: Desk) -> None:
    one = await desk.book(desk.time("10:00"))
    two = await desk.book(desk.time("09:00", day=1), patient_id=rows.OTHER_PATIENT)
    ben = {"clinician_profile_id": rows.BEN, "location_id": rows.BRANCH}
    three = await desk.book(desk.time("09:00"), status="pending", **ben)
    tuesday = desk.time("00:00", day=1)
    wanted = {
        f"clinician_id={rows.BEN}": [three],
        f"clinician_profile_id_in={rows.BEN},x": [three],
        f"appointment_template_id={rows.CHECK}&patient_id={rows.PATIENT}": [three, one],
        f"location_id={rows.BRANCH}": [three],
        "status=pending": [three],
        "status_in=confirmed,scheduled,pending,pending_approval,completed,no_show,cancelled": [
            three,
            two,
            one,
        ],
        "status_in=scheduled,pending_approval": [],
        "is_remote=true": [],
        f"start_time_gte={tuesday}": [two],
        f"date_gte={tuesday[:10]}": [two],
        f"date_lte={tuesday}": [three, one],
        f"end_time_lte={desk.time('09:30')}": [three],
        f"created_at_gte={two['created_at']}": [three, two],
        f"id={one['id']}": [one],
        "sort=start_time&order=asc": [three, one, two],
        "sort=start_time": [two, one, three],
    }
    for query, found in wanted.items():
        listed = data(await desk.api.get(f"/appointments?{query}"))
        assert [each["id"] for each in listed] == [each["id"] for each in found], query
    assert data(await desk.api.get(f"/appointments?id={one['id']}")) == [one]


async def test_a_list_by_start_goes_on_behind_its_cursor(desk: Desk) -> None:
    for clock in ("09:00", "10:00", "11:00"):
        await desk.book(desk.time(clock))
    first = await desk.api.get("/appointments?sort=start_time&order=asc&limit=2")
    cursor = first.json()["meta"]["next_cursor"]
    rest = await desk.api.get(f"/appointments?sort=start_time&order=asc&limit=2&cursor={cursor}")
    starts = [each["start_time"] for page in (first, rest) for each in data(page)]
    assert starts == [desk.time(clock) for clock in ("09:00", "10:00", "11:00")]


async def test_free_fields_change_without_moving_it_and_null_clears(desk: Desk) -> None:
    made = await desk.book(desk.time("10:00"), title="Knee")
    changed = data(await desk.change(made, **{**FREE, "title": None}))
    assert changed["version"] == 2
    assert changed.items() >= {**FREE, "title": None}.items()
    assert data(await desk.change(made, **{**FREE, "title": None}))["version"] == 2
    assert [each["type"] for each in await desk.events()] == [
        "appointment.created",
        "appointment.updated",
    ]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"status": "cancelled"}, "/cancel"),
        ({"status": "completed"}, "/complete"),
        ({"status": "no_show"}, "/no-show"),
        ({"status": "confirmed"}, "/confirm"),
        ({"status": "scheduled"}, "/cancel"),
        ({"end_time": "2030-01-07T10:00:00Z"}, "start_time"),
        ({"patient_id": rows.OTHER_PATIENT}, "patient"),
        ({"appointment_type_id": rows.CALL}, "type"),
        ({"hold_id": "hold_1"}, "/reschedule"),
        ({"cancellation_reason": "ill"}, "/cancel"),
    ],
)
async def test_what_a_patch_does_not_take_is_refused_with_what_to_do(
    desk: Desk, sent: dict[str, Any], words: str
) -> None:
    made = await desk.book(desk.time("10:00"))
    answer = await desk.change(made, notes="kept out", **sent)
    assert fields(answer) == set(sent)
    assert words in answer.json()["error"]["details"][0]["message"]
    assert await desk.read(made) == made


async def test_a_patch_may_repeat_what_an_appointment_keeps(desk: Desk) -> None:
    made = await desk.book(desk.time("10:00"))
    kept = {name: made[name] for name in ("patient_id", "appointment_type_id", "hold_id")}
    place = {name: made[name] for name in ("clinician_id", "start_time", "location_id")}
    same = data(await desk.change(made, **kept, **place, is_remote=False))
    assert same == made


async def test_a_key_that_may_only_write_sees_no_more_than_id_version_and_status(
    desk: Desk,
) -> None:
    writer = await desk.api.make_key("write_appointments")
    answer = await desk.api.post("/appointments", desk.body(desk.time("10:00")), key=writer)
    made = data(answer, 201)
    assert set(made) == {"id", "version", "status"}
    cancelled = await desk.api.post(f"/appointments/{made['id']}/cancel", {}, key=writer)
    assert data(cancelled) == {"id": made["id"], "version": 2, "status": "cancelled"}
    refusal(await desk.api.get("/appointments", key=writer), 403, "INSUFFICIENT_SCOPE")


async def test_another_mode_sees_and_takes_nothing_of_it(desk: Desk) -> None:
    made = await desk.book(desk.time("10:00"))
    live = await desk.api.make_key(mode="live")
    answer = await desk.api.get(f"/appointments/{made['id']}", key=live)
    refusal(answer, 404, "NOT_FOUND")
    body = desk.body(desk.time("10:00"))
    assert fields(await desk.api.post("/appointments", body, key=live)) == {
        "patient_id",
        "clinician_profile_id",
        "appointment_type_id",
    }


async def test_a_repeat_with_the_same_idempotency_key_books_once(desk: Desk) -> None:
    body = desk.body(desk.time("10:00"))
    headers = {"Idempotency-Key": "once"}
    first = await desk.api.post("/appointments", body, headers=headers)
    again = await desk.api.post("/appointments", body, headers=headers)
    assert data(first, 201) == data(again, 201)
    assert again.headers["idempotent-replayed"] == "true"
    assert len(await desk.seats()) == 1
