"""What happens to an appointment: which moves each state allows, and which event each makes."""

import json
from typing import Any

import pytest

from jump.clinical.scheduling.appointment_states import MOVES
from tests.clinical import calendar_rows as rows
from tests.clinical.scheduling.desk import Desk, data, fields, refusal

ACTIONS = {
    "confirm": "confirmed",
    "complete": "completed",
    "no-show": "no_show",
    "cancel": "cancelled",
}
# The contract, written out: state -> the actions that succeed, once the appointment has started.
ALLOWED = {
    "pending": {"confirm", "cancel"},
    "confirmed": {"complete", "no-show", "cancel"},
    "completed": set(),
    "no_show": set(),
    "cancelled": {"cancel"},
}
WAYS = {
    "pending": (),
    "confirmed": ("confirm",),
    "completed": ("confirm", "complete"),
    "no_show": ("confirm", "no-show"),
    "cancelled": ("cancel",),
}


async def brought_to(desk: Desk, status: str) -> dict[str, Any]:
    """An appointment that has started and has this status."""
    made = await desk.book(desk.time("10:00"), status="pending")
    await desk.set_clock(desk.time("10:01"))
    for action in WAYS[status]:
        data(await desk.act(made, action))
    return await desk.read(made)


@pytest.mark.parametrize("status", ALLOWED)
async def test_each_state_allows_the_moves_of_the_contract_and_names_them(
    desk: Desk, status: str
) -> None:
    refused = [action for action in ACTIONS if action not in ALLOWED[status]]
    made = await brought_to(desk, status)
    for action in refused:
        message = refusal(await desk.act(made, action), 409, "CONFLICT")["message"]
        assert status in message
        for move in MOVES[status]:
            assert move.done in message
    if not ALLOWED[status] - {"cancel"}:
        answer = await desk.act(made, "reschedule", start_time=desk.time("15:00"))
        assert (answer.status_code == 409) == (status != "pending")
    assert await desk.read(made) == made


@pytest.mark.parametrize(
    ("status", "action"), [(s, a) for s, allowed in ALLOWED.items() for a in sorted(allowed)]
)
async def test_an_allowed_move_leads_to_its_state(desk: Desk, status: str, action: str) -> None:
    made = await brought_to(desk, status)
    assert data(await desk.act(made, action))["status"] == ACTIONS[action]


@pytest.mark.parametrize("action", ["complete", "no-show"])
async def test_nobody_was_seen_or_missed_before_the_start(desk: Desk, action: str) -> None:
    made = await desk.book(desk.time("10:00"))
    message = refusal(await desk.act(made, action), 409, "CONFLICT")["message"]
    assert "after its start" in message
    assert message.endswith("It can be cancelled or rescheduled.")
    await desk.set_clock(desk.time("10:00"))
    data(await desk.act(made, action))


async def test_cancelling_frees_the_time_at_once_and_twice_is_no_second_change(
    desk: Desk,
) -> None:
    start = desk.time("10:00")
    made = await desk.book(start)
    cancelled = data(await desk.act(made, "cancel", reason="ill"))
    assert (cancelled["status"], cancelled["cancellation_reason"]) == ("cancelled", "ill")
    again = data(await desk.act(made, "cancel", reason="something else"))
    assert again == cancelled
    assert await desk.seats() == []
    await desk.book(start)
    assert [each["type"] for each in await desk.events()].count("appointment.cancelled") == 1


async def test_the_reason_of_a_cancellation_may_be_mended(desk: Desk) -> None:
    made = await desk.book(desk.time("10:00"))
    data(await desk.act(made, "cancel"))
    changed = data(await desk.change(made, cancellation_reason="moved away"))
    assert changed["cancellation_reason"] == "moved away"


async def test_what_was_entered_in_error_stays_readable_leaves_lists_and_frees_its_time(
    desk: Desk,
) -> None:
    start = desk.time("10:00")
    made = await desk.book(start)
    assert fields(await desk.act(made, "mark-in-error")) == {"reason"}
    marked = data(await desk.act(made, "mark-in-error", reason="wrong patient"))
    assert marked == {
        **made,
        "entered_in_error": True,
        "version": 2,
        "updated_at": marked["updated_at"],
    }
    assert await desk.read(made) == marked
    assert data(await desk.api.get("/appointments")) == []
    assert data(await desk.api.get("/appointments?include_in_error=false")) == []
    assert data(await desk.api.get("/appointments?include_in_error=true")) == [marked]
    assert (await desk.api.get("/appointments?include_in_error=1")).status_code == 400
    assert await desk.seats() == []
    await desk.book(start)


async def test_nothing_changes_of_what_was_entered_in_error(desk: Desk) -> None:
    made = await desk.book(desk.time("10:00"))
    marked = data(await desk.act(made, "mark-in-error", reason="wrong patient"))
    for action in ("cancel", "confirm", "complete", "no-show"):
        message = refusal(await desk.act(made, action), 409, "CONFLICT")["message"]
        assert "entered in error" in message
    moved = await desk.act(made, "reschedule", start_time=desk.time("11:00"))
    refusal(moved, 409, "CONFLICT")
    refusal(await desk.change(made, notes="x"), 409, "CONFLICT")
    assert data(await desk.act(made, "mark-in-error", reason="again")) == marked


async def test_one_change_makes_one_event_and_one_row_of_the_audit(desk: Desk) -> None:
    first = await desk.book(desk.time("10:00"), status="pending")
    data(await desk.act(first, "confirm"))
    data(await desk.act(first, "reschedule", start_time=desk.time("11:00")))
    data(await desk.act(first, "cancel", reason="ill"))
    second = await desk.book(desk.time("10:00"))
    third = await desk.book(desk.time("10:30"))
    await desk.set_clock(desk.time("10:31"))
    data(await desk.act(second, "complete"))
    data(await desk.act(third, "no-show"))
    fourth = await desk.book(desk.time("15:00"))
    data(await desk.act(fourth, "mark-in-error", reason="wrong patient"))
    events = await desk.events()
    assert [(each["type"], each["alias"]) for each in events] == [
        ("appointment.created", None),
        ("appointment.updated", None),
        ("appointment.rescheduled", None),
        ("appointment.cancelled", None),
        ("appointment.created", None),
        ("appointment.created", None),
        ("appointment.completed", None),
        ("appointment.updated", "appointment.no_show"),
        ("appointment.created", None),
        ("appointment.updated", None),
    ]
    bodies = [json.loads(each["body"])["data"] for each in events]
    assert [body["previous"] and set(body["previous"]) for body in bodies] == [
        None,
        {"status"},
        {"start_time", "end_time"},
        {"status", "cancellation_reason"},
        None,
        None,
        {"status"},
        {"status"},
        None,
        {"entered_in_error"},
    ]
    assert bodies[3]["object"]["cancellation_reason"] == "ill"
    actions = [row["action"] for row in await desk.audit()]
    assert [action.removeprefix("appointment.") for action in actions] == [
        *("created", "confirmed", "rescheduled", "cancelled", "created", "created"),
        *("completed", "no_show", "created", "entered_in_error"),
    ]
    assert {row["patient_id"] for row in await desk.audit()} == {rows.PATIENT}
    created = (await desk.audit())[0]
    assert "claim_id" not in created["fields"]
    assert "start_time" in created["fields"]


async def test_a_stale_if_match_is_refused_by_every_action(desk: Desk) -> None:
    made = await desk.book(desk.time("10:00"))
    data(await desk.change(made, notes="newer"))
    stale = {"If-Match": '"1"'}
    for action, body in (
        ("cancel", {}),
        ("confirm", {}),
        ("complete", {}),
        ("no-show", {}),
        ("reschedule", {"start_time": desk.time("11:00")}),
        ("mark-in-error", {"reason": "x"}),
    ):
        path = f"/appointments/{made['id']}/{action}"
        answer = await desk.api.post(path, body, headers=stale)
        refusal(answer, 412, "PRECONDITION_FAILED")
    assert (await desk.read(made))["version"] == 2
