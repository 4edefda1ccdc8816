"""Appointments: booked at a time that is offered, changed, moved, and brought to their end.

What may be sent stands in appointment_fields, which moves a state allows in appointment_states;
moving one to another time is left to rescheduling.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from jump.clinical import crud, in_error
from jump.clinical.definition import Registered
from jump.clinical.scheduling import (
    appointment_states,
    booking,
    calendar_claims,
    redeeming,
    rescheduling,
)
from jump.clinical.scheduling.appointment_fields import (
    CANCELLING,
    CHANGES,
    FREE,
    MOVE,
    NEW,
)
from jump.clinical.scheduling.appointment_record import APPOINTMENT, CANCELLED, COMPLETED, LIST
from jump.clinical.scheduling.appointment_states import Move
from jump.clinical.scheduling.booking import Booked, Wanted
from jump.clinical.scheduling.offering import Asked
from jump.errors import Conflict, FieldError, Gone, Problem, ValidationFailed
from jump.kit.ids import new_id, sample_id
from jump.resources.definition import NO_BODY, Answer, Call, Documentation, Operation, Run, Shape
from jump.storage.database import Tx
from jump.storage.sql import Row

ONE: Final = "/appointments/{id}"

_NO_SEAT: Final[Mapping[str, None]] = {"claim_id": None, "seat": None}
_END_FOLLOWS: Final = "The end follows from the start and the appointment type's duration."
_KEPT: Final[Mapping[str, str]] = {
    "patient_id": "An appointment keeps its patient: cancel it and book another.",
    "appointment_type_id": "An appointment keeps its type: cancel it and book another.",
    "hold_id": f"To move it to the time of a hold, use POST {ONE}/reschedule.",
}


async def page(tx: Tx, call: Call) -> Answer:
    """Appointments; those entered in error only when asked for."""
    return await crud.page(tx, APPOINTMENT, call)


async def fetch(tx: Tx, call: Call) -> Answer:
    """One appointment."""
    return await crud.fetch(tx, APPOINTMENT, call)


async def create(tx: Tx, call: Call) -> Answer:
    """A new appointment, at a time that is offered or that a hold has kept."""
    body = call.body
    appointment_id = new_id(APPOINTMENT.prefix, call.at)
    if body.get("hold_id") is not None:
        hold = await redeeming.named_hold(tx, call, body)
        if errors := await booking.check_patient(tx, call.caller.tenant, body["patient_id"]):
            raise ValidationFailed(errors)
        booked = await redeeming.redeem(tx, call, hold, appointment_id)
    else:
        booked = await _book(tx, call, appointment_id)
    if body.get("end_time") not in (None, booked.slot.ends):
        raise ValidationFailed([FieldError("end_time", f"{_END_FOLLOWS} Leave it out.")])
    return await create_booked(tx, call, appointment_id, booked, body)


async def create_booked(
    tx: Tx, call: Call, appointment_id: str, booked: Booked, about: Mapping[str, Any]
) -> Answer:
    """The appointment whose seat has been taken. `about` names patient and type, as a body does."""
    named = ("patient_id", "appointment_type_id", "hold_id", "status", *FREE)
    values = {name: about[name] for name in named if about.get(name) is not None}
    seat = {"claim_id": booked.seat.claim_id, "seat": booked.seat.number}
    return await crud.create(
        tx,
        APPOINTMENT,
        call,
        {"id": appointment_id, **values, **rescheduling.place(booked.slot), **seat},
    )


async def update(tx: Tx, call: Call) -> Answer:
    """Change what was sent; another time, clinician or location is a reschedule."""
    row = await crud.load_to_change(tx, APPOINTMENT, call)
    in_error.check_not_marked(APPOINTMENT, row)
    if errors := list(_unchangeable(call.body, row)):
        raise ValidationFailed(errors)
    free = {
        name: value
        for name, value in call.body.items()
        if name in FREE or name == "cancellation_reason"
    }
    return await rescheduling.change(tx, call, row, call.body, free)


async def confirm(tx: Tx, call: Call) -> Answer:
    """From pending to confirmed."""
    row = await _load_to_move(tx, call, appointment_states.CONFIRM)
    return await crud.update(tx, APPOINTMENT, call, row, {"status": "confirmed"}, "confirmed")


async def complete(tx: Tx, call: Call) -> Answer:
    """The patient was seen."""
    row = await _load_to_move(tx, call, appointment_states.COMPLETE)
    return await crud.update(tx, COMPLETED, call, row, {"status": "completed"}, "completed")


async def mark_no_show(tx: Tx, call: Call) -> Answer:
    """The patient did not come."""
    row = await _load_to_move(tx, call, appointment_states.NO_SHOW)
    values = {"status": "no_show"}
    return await crud.update(tx, APPOINTMENT, call, row, values, "no_show", "appointment.no_show")


async def cancel(tx: Tx, call: Call) -> Answer:
    """Cancel, and free the time at once; what is cancelled already stays as it is."""
    row = await crud.load_to_change(tx, APPOINTMENT, call)
    in_error.check_not_marked(APPOINTMENT, row)
    if row["status"] == "cancelled":
        return await crud.update(tx, CANCELLED, call, row, {})
    appointment_states.check_move(row["status"], appointment_states.CANCEL, 0, 0)
    await _leave_calendar(tx, call, row)
    values = {
        "status": "cancelled",
        "cancellation_reason": call.body.get("reason"),
        "cancelled_at": call.at,
        **_NO_SEAT,
    }
    return await crud.update(tx, CANCELLED, call, row, values, "cancelled")


async def mark_in_error(tx: Tx, call: Call) -> Answer:
    """It never should have been: it stays readable, leaves lists, and its time is free."""
    row = await crud.load_to_change(tx, APPOINTMENT, call)
    if not row["entered_in_error"]:
        await _leave_calendar(tx, call, row)
    return await in_error.mark(tx, APPOINTMENT, call, row, _NO_SEAT)


async def _book(tx: Tx, call: Call, appointment_id: str) -> Booked:
    body, tenant = call.body, call.caller.tenant
    clinician = body["clinician_profile_id"]
    asked = Asked(
        body["appointment_type_id"], clinician, body.get("location_id"), body.get("is_remote")
    )
    wanted = Wanted(asked, clinician, body["start_time"], body["patient_id"])
    offered = await booking.prepare(tx, tenant, wanted)
    return await booking.take(tx, tenant, offered, wanted.starts, booking.seat_of(appointment_id))


async def _load_to_move(tx: Tx, call: Call, move: Move) -> Row:
    """The locked appointment. Raises Conflict unless the move is allowed now."""
    row = await crud.load_to_change(tx, APPOINTMENT, call)
    in_error.check_not_marked(APPOINTMENT, row)
    now = await calendar_claims.read_now(tx)
    appointment_states.check_move(row["status"], move, row["start_time"], now)
    return row


async def _leave_calendar(tx: Tx, call: Call, row: Row) -> None:
    tenant = call.caller.tenant
    await calendar_claims.lock(tx, tenant, [row["clinician_id"]])
    await calendar_claims.give_back(tx, tenant, booking.seat_of(row["id"]))


def _unchangeable(sent: Mapping[str, Any], row: Row) -> Iterable[FieldError]:
    """What of a PATCH an appointment does not take, with what to do instead."""
    if "status" in sent:
        action = appointment_states.ACTIONS.get(sent["status"])
        every = ", ".join(f"/{each}" for each in appointment_states.ACTIONS.values())
        words = f"{ONE}/{action}" if action else f"one of {ONE} with {every}"
        yield FieldError("status", f"The status is changed by an action: use POST {words}.")
    if "end_time" in sent:
        yield FieldError("end_time", f"{_END_FOLLOWS} Change start_time instead.")
    for name, words in _KEPT.items():
        if name in sent and sent[name] != row[name]:
            yield FieldError(name, words)
    if sent.get("cancellation_reason") is not None and row["status"] != "cancelled":
        yield FieldError(
            "cancellation_reason",
            f"Only a cancelled appointment has one: use POST {ONE}/cancel with a reason.",
        )


_ELSEWHERE: Final = {"start_time": "2026-01-19T09:30:00Z"}


def _act(
    path: str,
    run: Run,
    summary: str,
    body: Shape,
    event: str,
    refuses: Mapping[type[Problem], str],
    name: str | None = None,
) -> Operation:
    return Operation(
        "POST",
        f"{ONE}/{path}",
        run,
        "write_appointments",
        summary,
        writes=True,
        body=body,
        event=event,
        documentation=Documentation(
            refuses=refuses, name=name, example=_ELSEWHERE if body is MOVE else None
        ),
    )


_NOT_OFFERED: Final = (
    "The time is not offered: taken, outside a session, in a buffer, too soon or too far ahead"
    " (`SLOT_UNAVAILABLE`, with up to three others). The patient is archived or deceased, or the"
    " hold is spent."
)
_SPENT_HOLD: Final = "The hold of `hold_id` has expired."
_WRONG_TIME: Final = (
    "`start_time` is past or no whole minute. What is referred to is not there, or is no longer"
    " active. A field is not what the hold was made for."
)
_MOVES: Final = "The status does not allow it: the message names it and the moves it allows."
_BOOKING: Final[Mapping[type[Problem], str]] = {
    Conflict: _NOT_OFFERED,
    Gone: _SPENT_HOLD,
    ValidationFailed: f"{_WRONG_TIME} `end_time` is not the start and the type's duration.",
}
_CHANGING: Final[Mapping[type[Problem], str]] = {
    Conflict: f"{_NOT_OFFERED} {_MOVES}",
    ValidationFailed: f"{_WRONG_TIME} `status` is changed by actions, and `end_time` follows from"
    " the start. `patient_id`, `appointment_type_id` and `hold_id` stay as they are."
    " Only a cancelled appointment has a `cancellation_reason`.",
}
_MOVING: Final[Mapping[type[Problem], str]] = {
    Conflict: f"{_NOT_OFFERED} {_MOVES}",
    Gone: _SPENT_HOLD,
    ValidationFailed: f"{_WRONG_TIME} Nothing says where it is to move.",
}
_ENDING: Final[Mapping[type[Problem], str]] = {Conflict: _MOVES}

APPOINTMENTS = Registered(
    APPOINTMENT,
    (
        Operation(
            "GET", "/appointments", page, "read_appointments", "List appointments", listing=LIST
        ),
        Operation(
            "POST",
            "/appointments",
            create,
            "write_appointments",
            "Book an appointment at a free time, or at the time of a hold",
            writes=True,
            body=NEW,
            event="appointment.created",
            documentation=Documentation(
                refuses=_BOOKING,
                example={
                    "patient_id": sample_id("pat"),
                    "clinician_profile_id": sample_id("cli"),
                    "appointment_type_id": sample_id("type"),
                    **_ELSEWHERE,
                    "notes": "Bring the letter.",
                },
            ),
        ),
        Operation("GET", ONE, fetch, "read_appointments", "Read an appointment"),
        Operation(
            "PATCH",
            ONE,
            update,
            "write_appointments",
            "Change an appointment; another time, clinician or location reschedules it",
            writes=True,
            body=CHANGES,
            event="appointment.updated",
            documentation=Documentation(
                refuses=_CHANGING, example={"notes": "Bring the letter.", "title": None}
            ),
        ),
        _act(
            "reschedule",
            rescheduling.reschedule,
            "Move an appointment to another time, clinician or location",
            MOVE,
            "appointment.rescheduled",
            _MOVING,
        ),
        _act(
            "cancel",
            cancel,
            "Cancel an appointment and free its time",
            CANCELLING,
            "appointment.cancelled",
            _ENDING,
        ),
        _act(
            "complete",
            complete,
            "Mark an appointment as completed, after its start",
            NO_BODY,
            "appointment.completed",
            _ENDING,
        ),
        _act(
            "no-show",
            mark_no_show,
            "Mark an appointment as not attended, after its start",
            NO_BODY,
            "appointment.updated",
            _ENDING,
            name="mark_appointment_no_show",
        ),
        _act(
            "confirm",
            confirm,
            "Confirm a pending appointment",
            NO_BODY,
            "appointment.updated",
            _ENDING,
        ),
        _act(
            "mark-in-error",
            mark_in_error,
            "Mark an appointment as entered in error and free its time",
            in_error.BODY,
            "appointment.updated",
            {},
        ),
    ),
)
