"""Moves an appointment to another time, clinician, location or form: it keeps its id, and, where
the move fails, its old time.

What else changes with the move is in the same event.
"""

from collections.abc import Mapping
from typing import Any, Final

from jump.clinical import crud, in_error
from jump.clinical.scheduling import appointment_states, booking, redeeming
from jump.clinical.scheduling.appointment_record import APPOINTMENT, RESCHEDULED
from jump.clinical.scheduling.booking import Booked, Wanted
from jump.clinical.scheduling.offering import Asked
from jump.clinical.scheduling.slots import Slot
from jump.errors import FieldError, ValidationFailed
from jump.resources.definition import Answer, Call
from jump.storage.database import Tx
from jump.storage.sql import Row

_MOVES: Final = ("start_time", "clinician_id", "location_id")
_PLACE: Final[Mapping[str, str]] = {
    "clinician_profile_id": "clinician_id",
    "start_time": "start_time",
    "location_id": "location_id",
    "is_remote": "is_remote",
}
_WHERE_TO: Final = "Give start_time or hold_id, another clinician or another location."


async def reschedule(tx: Tx, call: Call) -> Answer:
    """Move the appointment that the address names to where the body says."""
    row = await crud.load_to_change(tx, APPOINTMENT, call)
    in_error.check_not_marked(APPOINTMENT, row)
    appointment_states.check_reschedule(row["status"])
    if all(value is None for value in call.body.values()):
        raise ValidationFailed([FieldError("start_time", _WHERE_TO)])
    if call.body.get("hold_id") is not None:
        return await _move_to_hold(tx, call, row)
    return await change(tx, call, row, call.body, {})


async def change(
    tx: Tx, call: Call, row: Row, sent: Mapping[str, Any], free: Mapping[str, Any]
) -> Answer:
    """Change a locked appointment: `free` fields, and its place where `sent` names another one."""
    wanted = _place_of({**row, **_sent_place(sent)})
    if wanted == _place_of(row):
        return await crud.update(tx, APPOINTMENT, call, row, free)
    appointment_states.check_reschedule(row["status"])
    tenant = call.caller.tenant
    offered = await booking.prepare(tx, tenant, wanted, [row["clinician_id"]])
    holder = booking.seat_of(row["id"])
    booked = await booking.take(tx, tenant, offered, wanted.starts, holder)
    return await _write(tx, call, row, booked, free)


def place(slot: Slot) -> dict[str, Any]:
    """The columns of an appointment that say when, with whom and where it is."""
    return {
        "clinician_id": slot.clinician_id,
        "location_id": slot.location_id,
        "start_time": slot.starts,
        "end_time": slot.ends,
        "is_remote": slot.is_remote,
    }


async def _move_to_hold(tx: Tx, call: Call, row: Row) -> Answer:
    sent = {**call.body, "appointment_type_id": row["appointment_type_id"]}
    hold = await redeeming.named_hold(tx, call, sent)
    if errors := await booking.check_patient(tx, call.caller.tenant, row["patient_id"]):
        raise ValidationFailed(errors)
    booked = await redeeming.redeem(tx, call, hold, row["id"], moved_from=row["clinician_id"])
    return await _write(tx, call, row, booked, {"hold_id": hold["id"]})


async def _write(tx: Tx, call: Call, row: Row, booked: Booked, free: Mapping[str, Any]) -> Answer:
    there = place(booked.slot)
    seat = {"claim_id": booked.seat.claim_id, "seat": booked.seat.number}
    # Only the form of it may differ: then it has not moved.
    moved = any(there[name] != row[name] for name in _MOVES)
    resource, action = (RESCHEDULED, "rescheduled") if moved else (APPOINTMENT, "updated")
    return await crud.update(tx, resource, call, row, {**free, **there, **seat}, action)


def _sent_place(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What of a body says where the appointment is to be, by column."""
    return {column: sent[field] for field, column in _PLACE.items() if sent.get(field) is not None}


def _place_of(row: Row) -> Wanted:
    """The appointment as a time that is wanted, its own seat not in its way."""
    asked = Asked(
        row["appointment_type_id"],
        row["clinician_id"],
        row["location_id"],
        bool(row["is_remote"]),
        ignore=row["id"],
    )
    return Wanted(asked, row["clinician_id"], row["start_time"], row["patient_id"])
