"""Moving an appointment: the id stays, and the old time stays too where the move fails."""

import json
from typing import Any

import pytest

from tests.clinical import calendar_rows as rows
from tests.clinical.scheduling.desk import Desk, data, fields, refusal


async def last_event(desk: Desk) -> tuple[str, dict[str, Any]]:
    """Its type, and what it says has changed."""
    event = (await desk.events())[-1]
    return event["type"], json.loads(event["body"])["data"]["previous"]


async def test_a_move_keeps_the_id_frees_the_old_time_and_takes_the_new(desk: Desk) -> None:
    made = await desk.book(desk.time("10:00"))
    moved = data(await desk.act(made, "reschedule", start_time=desk.time("11:15")))
    assert moved["id"] == made["id"]
    assert (moved["start_time"], moved["end_time"]) == (desk.time("11:15"), desk.time("11:45"))
    assert await desk.seats() == [(rows.ADA, desk.time("11:15"), made["id"])]
    await desk.book(desk.time("10:00"))


async def test_a_move_by_the_action_takes_another_clinician(desk: Desk) -> None:
    made = await desk.book(desk.time("10:00"))
    to = {"start_time": desk.time("11:15"), "location_id": rows.BRANCH}
    moved = data(await desk.act(made, "reschedule", clinician_profile_id=rows.BEN, **to))
    assert (moved["id"], moved["clinician_id"]) == (made["id"], rows.BEN)
    assert await desk.seats() == [(rows.BEN, desk.time("11:15"), made["id"])]
    assert (await last_event(desk))[0] == "appointment.rescheduled"
    to = {"start_time": desk.time("10:00"), "location_id": rows.MAIN}
    back = data(await desk.act(made, "reschedule", clinician_id=rows.ADA, **to))
    assert back["clinician_profile_id"] == rows.ADA


async def test_a_move_may_overlap_the_old_time_of_the_same_appointment(desk: Desk) -> None:
    made = await desk.book(desk.time("10:00"), appointment_type_id=rows.BUFFERED)
    for clock in ("10:20", "10:00", "10:01"):
        data(await desk.act(made, "reschedule", start_time=desk.time(clock)))
    assert await desk.seats() == [(rows.ADA, desk.time("10:01"), made["id"])]


@pytest.mark.parametrize("by", ["patch", "action"])
async def test_a_move_that_fails_leaves_everything_as_it_was(desk: Desk, by: str) -> None:
    made = await desk.book(desk.time("10:00"), notes="old")
    await desk.book(desk.time("11:00"))
    start = desk.time("11:15")
    if by == "patch":
        answer = await desk.change(made, start_time=start, notes="new")
    else:
        answer = await desk.act(made, "reschedule", start_time=start)
    error = refusal(answer, 409, "SLOT_UNAVAILABLE")
    assert error["alternatives"]
    assert await desk.read(made) == made
    assert len(await desk.events()) == 2


async def test_a_patch_of_time_clinician_and_location_is_one_reschedule_with_all_it_changed(
    desk: Desk,
) -> None:
    made = await desk.book(desk.time("10:00"), notes="old")
    sent = {
        "start_time": desk.time("09:00", day=1),
        "clinician_id": rows.BEN,
        "location_id": rows.BRANCH,
        "notes": "new",
    }
    moved = data(await desk.change(made, **sent))
    assert moved.items() >= sent.items()
    assert await last_event(desk) == (
        "appointment.rescheduled",
        {
            "start_time": made["start_time"],
            "end_time": made["end_time"],
            "clinician_id": rows.ADA,
            "clinician_profile_id": rows.ADA,
            "location_id": rows.MAIN,
            "notes": "old",
        },
    )
    assert len(await desk.events()) == 2


async def test_what_is_not_sent_stays_so_that_nobody_is_sent_elsewhere_unasked(
    desk: Desk,
) -> None:
    made = await desk.book(desk.time("10:00"))
    answer = await desk.change(made, clinician_profile_id=rows.BEN)
    refusal(answer, 409, "SLOT_UNAVAILABLE")


async def test_a_move_to_where_it_is_changes_nothing(desk: Desk) -> None:
    made = await desk.book(desk.time("10:00"))
    same = data(await desk.act(made, "reschedule", start_time=made["start_time"]))
    assert same == made
    assert len(await desk.events()) == 1


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({}, {"start_time"}),
        ({"start_time": None}, {"start_time"}),
        ({"start_time": "2026-01-05T10:00:00Z"}, {"start_time"}),
        ({"start_time": "2030-01-07T10:00:01Z"}, {"start_time"}),
        ({"clinician_id": "cli_nobody"}, {"clinician_profile_id"}),
        ({"location_id": "loc_nowhere"}, {"location_id"}),
        ({"hold_id": "hold_none"}, {"hold_id"}),
        ({"end_time": "2030-01-07T10:00:00Z"}, {"end_time"}),
        ({"status": "cancelled"}, {"status"}),
    ],
)
async def test_a_wrong_field_of_a_move_is_named(
    desk: Desk, sent: dict[str, Any], wrong: set[str]
) -> None:
    made = await desk.book(desk.time("10:00"))
    assert fields(await desk.act(made, "reschedule", **sent)) == wrong


async def test_a_move_to_a_held_time_spends_the_hold(desk: Desk) -> None:
    made = await desk.book(desk.time("10:00"))
    hold = await desk.hold(desk.time("11:00"))
    moved = data(await desk.act(made, "reschedule", hold_id=hold["id"]))
    assert (moved["start_time"], moved["hold_id"]) == (desk.time("11:00"), hold["id"])
    assert await desk.seats() == [(rows.ADA, desk.time("11:00"), made["id"])]
    spent = data(await desk.api.get(f"/holds/{hold['id']}"))
    assert (spent["status"], spent["appointment_id"]) == ("confirmed", made["id"])
    assert (await last_event(desk))[0] == "appointment.rescheduled"
    again = await desk.act(made, "reschedule", hold_id=hold["id"])
    refusal(again, 409, "CONFLICT")


async def test_a_hold_of_another_type_or_time_or_key_is_no_hold_to_move_to(desk: Desk) -> None:
    made = await desk.book(desk.time("10:00"))
    call = await desk.hold(desk.time("11:00"), appointment_type_id=rows.CALL)
    answer = await desk.act(made, "reschedule", hold_id=call["id"])
    assert fields(answer) == {"appointment_type_id"}
    hold = await desk.hold(desk.time("11:30"))
    sent = {"hold_id": hold["id"], "start_time": desk.time("11:00"), "clinician_id": rows.BEN}
    answer = await desk.act(made, "reschedule", **sent)
    assert fields(answer) == {"start_time", "clinician_profile_id"}
    other = await desk.api.make_key()
    theirs = await desk.hold(desk.time("15:00"), key=other)
    assert fields(await desk.act(made, "reschedule", hold_id=theirs["id"])) == {"hold_id"}


async def test_an_expired_hold_moves_nothing(desk: Desk) -> None:
    made = await desk.book(desk.time("10:00"))
    hold = await desk.hold(desk.time("11:00"))
    await desk.pass_minutes(15)
    refusal(await desk.act(made, "reschedule", hold_id=hold["id"]), 410, "GONE")
    assert await desk.read(made) == made


async def test_one_of_a_group_moves_alone_and_may_join_another(desk: Desk) -> None:
    about = {"appointment_type_id": rows.CLASS}
    first = await desk.book(desk.time("13:00"), **about)
    second = await desk.book(desk.time("13:00"), **about)
    await desk.book(desk.time("15:00"), **about)
    data(await desk.act(second, "reschedule", start_time=desk.time("15:00")))
    data(await desk.act(first, "reschedule", start_time=desk.time("13:30")))
    assert [start for _, start, _ in await desk.seats()] == [
        desk.time("13:30"),
        desk.time("15:00"),
        desk.time("15:00"),
    ]


async def test_only_the_form_may_change_and_that_is_no_move(desk: Desk) -> None:
    both = rows.offer(rows.CHECK, rows.ADA, rows.MAIN, is_remote=True)
    await rows.write(desk.database, desk.tenant, [both])
    made = await desk.book(desk.time("10:00"))
    changed = data(await desk.change(made, is_remote=True))
    assert changed["is_remote"] is True
    assert await last_event(desk) == ("appointment.updated", {"is_remote": False})


async def test_nobody_is_moved_who_has_left(desk: Desk) -> None:
    made = await desk.book(desk.time("10:00"))
    desk.store.execute(f"UPDATE patients SET status = 'archived' WHERE id = '{rows.PATIENT}'")
    answer = await desk.act(made, "reschedule", start_time=desk.time("11:00"))
    assert "archived" in refusal(answer, 409, "CONFLICT")["message"]
    data(await desk.act(made, "cancel"))
