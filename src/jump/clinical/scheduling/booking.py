"""Books a time for an appointment or a hold: who and where, the clinicians' lock, and a seat.

Every way in goes through here, so that what availability offers can be booked and nothing else.
What is offered is left to offering and free_times, that nothing is taken twice to calendar_claims.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from jump.caller import Tenant
from jump.clinical.scheduling import calendar_claims, free_times, offering
from jump.clinical.scheduling.calendar_claims import Holder, Seat
from jump.clinical.scheduling.offering import Asked, Offering
from jump.clinical.scheduling.slots import Slot
from jump.errors import Conflict, FieldError, ValidationFailed
from jump.kit.clock import MINUTE
from jump.kit.ids import no_such
from jump.storage.database import Tx
from jump.storage.sql import sql

_WHOLE_MINUTE: Final = "Use a whole minute: appointments start when a minute does."
_PAST: Final = "This time is past: use one that is still to come."


@dataclass(frozen=True, slots=True)
class Wanted:
    """A time somebody wants, in microseconds, of a clinician who is named.

    `clinician_field` is what the request calls the clinician; `patient_id` is None for a hold.
    """

    asked: Asked
    clinician_id: str
    starts: int
    patient_id: str | None = None
    clinician_field: str = "clinician_profile_id"


@dataclass(frozen=True, slots=True)
class Booked:
    """What was booked."""

    slot: Slot
    seat: Seat


_PATIENT = sql("""
    SELECT status, is_deceased FROM patients
    WHERE organisation_id = :organisation AND mode = :mode AND id = :id FOR SHARE
""")


async def prepare(tx: Tx, tenant: Tenant, wanted: Wanted, beside: Iterable[str] = ()) -> Offering:
    """Check what is referred to and lock the clinician, then read what is offered from then on.

    `beside` are clinicians to be locked too. Raises ValidationFailed, with every wrong field, and
    Conflict for a patient nobody books for.
    """
    errors: list[FieldError] = []
    if wanted.patient_id is not None:
        errors += await check_patient(tx, tenant, wanted.patient_id)
    await calendar_claims.lock(tx, tenant, [wanted.clinician_id, *beside])
    offered = await offering.load(tx, tenant, wanted.asked)
    errors += [
        FieldError(wanted.clinician_field if field == "clinician_id" else field, words)
        for field, words in offered.unknown.items()
    ]
    if wanted.starts % MINUTE:
        errors.append(FieldError("start_time", _WHOLE_MINUTE))
    elif wanted.starts < offered.now:
        errors.append(FieldError("start_time", _PAST))
    if errors:
        raise ValidationFailed(errors)
    return offered


async def take(tx: Tx, tenant: Tenant, offered: Offering, starts: int, holder: Holder) -> Booked:
    """A seat for the holder at that time, as `prepare` found it; one that moves leaves its old one.

    Raises SlotUnavailable, with alternatives, when the time is not offered.
    """
    slot = await free_times.fit(tx, tenant, offered, starts)
    if not isinstance(slot, Slot):
        raise await free_times.unavailable(tx, tenant, offered, starts, slot)
    assert offered.kind is not None
    if offered.asked.ignore is not None:
        await calendar_claims.give_back(tx, tenant, holder)
    seat = await calendar_claims.take(tx, tenant, offered.kind, slot, holder, offered.now)
    return Booked(slot, seat)


async def check_patient(tx: Tx, tenant: Tenant, patient_id: str) -> list[FieldError]:
    """What is wrong with the id. Raises Conflict for a patient nobody books for.

    The patient stays as they are until the transaction ends.
    """
    row = await tx.one(_PATIENT, organisation=tenant.organisation, mode=tenant.mode, id=patient_id)
    if row is None:
        return [FieldError("patient_id", no_such("pat", patient_id))]
    if row["is_deceased"]:
        raise Conflict("This patient is deceased: nothing can be booked for them.")
    if row["status"] == "archived":
        raise Conflict(
            "This patient is archived: nothing can be booked for them. Unarchive them first."
        )
    return []


def seat_of(appointment_id: str) -> Holder:
    """An appointment as the holder of its seat."""
    return Holder("appointment", appointment_id)
