"""Spends a hold on an appointment: a new one, or one that moves to the time the hold has kept."""

from collections.abc import Mapping
from typing import Any, Final

from jump.clinical.scheduling import booking, calendar_claims, hold_record
from jump.clinical.scheduling.booking import Booked
from jump.clinical.scheduling.slots import Slot
from jump.errors import FieldError, NotFound, ValidationFailed
from jump.resources.definition import Call
from jump.storage.database import Tx
from jump.storage.sql import Row

# What a request may say beside the hold's id, and where the hold keeps it.
_SAME: Final[Mapping[str, str]] = {
    "appointment_type_id": "appointment_type_id",
    "clinician_profile_id": "clinician_id",
    "start_time": "start_time",
    "location_id": "location_id",
    "is_remote": "is_remote",
}


async def named_hold(tx: Tx, call: Call, sent: Mapping[str, Any]) -> Row:
    """The hold that `sent` names, locked. Raises ValidationFailed unless the rest agrees."""
    try:
        hold = await hold_record.load_named(tx, call, sent["hold_id"])
    except NotFound as missing:
        raise ValidationFailed([FieldError("hold_id", missing.message)]) from missing
    errors = [
        FieldError(field, "This is not what the hold was made for.")
        for field, column in _SAME.items()
        if sent.get(field) is not None and sent[field] != hold[column]
    ]
    if errors:
        raise ValidationFailed(errors)
    return hold


async def redeem(
    tx: Tx, call: Call, hold: Row, appointment_id: str, moved_from: str | None = None
) -> Booked:
    """Make the hold's time the appointment's; `moved_from` is the clinician whose time it leaves.

    Raises Gone and Conflict where the hold is not active any more.
    """
    tenant = call.caller.tenant
    beside = [] if moved_from is None else [moved_from]
    await calendar_claims.lock(tx, tenant, [hold["clinician_id"], *beside])
    now = await calendar_claims.read_now(tx)
    if moved_from is not None:
        await calendar_claims.give_back(tx, tenant, booking.seat_of(appointment_id))
    seat = await hold_record.redeem(tx, call, hold, appointment_id, now)
    place = (hold["clinician_id"], hold["location_id"], bool(hold["is_remote"]))
    return Booked(Slot(hold["start_time"], hold["end_time"], *place), seat)
