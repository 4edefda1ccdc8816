"""Holds: a free time kept for fifteen minutes, while somebody types who it is for.

A hold is its key's alone. Expiry needs nobody's help; what a hold is and how it is spent is left to
hold_record and redeeming.
"""

import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from jump.clinical import crud
from jump.clinical.definition import Registered
from jump.clinical.records import patients
from jump.clinical.records.patient_fields import NEW as NEW_PATIENT
from jump.clinical.records.patients import PATIENT
from jump.clinical.scheduling import (
    appointments,
    booking,
    calendar_claims,
    hold_record,
    redeeming,
    rescheduling,
    zones,
)
from jump.clinical.scheduling.appointment_fields import Appointment
from jump.clinical.scheduling.appointment_record import APPOINTMENT
from jump.clinical.scheduling.booking import Wanted
from jump.clinical.scheduling.calendar_claims import Holder
from jump.clinical.scheduling.hold_fields import CONFIRMING, NEW, PATIENT_FIELDS
from jump.clinical.scheduling.hold_record import HOLD
from jump.clinical.scheduling.offering import Asked
from jump.errors import Conflict, FieldError, Gone, InsufficientScope, ValidationFailed
from jump.keys import record as keys
from jump.kit.clock import MINUTE
from jump.kit.ids import new_id, no_such, sample_id
from jump.kit.instants import parse_instant, parse_time
from jump.resources.definition import Answer, Call, Documentation, Operation
from jump.storage.database import Tx
from jump.storage.sql import sql

ONE: Final = "/holds/{id}"
SCOPE: Final = "write_holds"
LASTS: Final = 15 * MINUTE
MOST_ACTIVE: Final = 20

_ACTIVE = sql("""
    SELECT count(*) AS active FROM holds
    WHERE organisation_id = :organisation AND mode = :mode AND created_by = :key
      AND status = 'active' AND expires_at > :now
""")

_ZONE = sql("""
    SELECT timezone FROM locations
    WHERE organisation_id = :organisation AND mode = :mode
      AND (id = :location OR (CAST(:location AS TEXT) IS NULL AND is_primary))
""")


async def create(tx: Tx, call: Call) -> Answer:
    """Keep a free time for this key. Raises Conflict past the most a key may have."""
    body, tenant = call.body, call.caller.tenant
    maker = call.caller.actor.id or call.caller.actor.kind
    # Two requests of one key count one after the other.
    await keys.take_turn(tx, tenant.organisation, maker)
    clinician = body["clinician_id"]
    asked = Asked(
        body["appointment_type_id"], clinician, body.get("location_id"), body.get("is_remote")
    )
    starts = await _start(tx, call)
    wanted = Wanted(asked, clinician, starts, clinician_field="clinician_id")
    offered = await booking.prepare(tx, tenant, wanted)
    await _check_number(tx, call, maker, offered.now)
    holder = Holder("hold", new_id(HOLD.prefix, call.at), offered.now + LASTS)
    slot = (await booking.take(tx, tenant, offered, starts, holder)).slot
    values: dict[str, Any] = {
        "id": holder.id,
        "appointment_type_id": asked.type_id,
        **rescheduling.place(slot),
        "date": zones.local_date(offered.locations[slot.location_id].zone, slot.starts),
        "expires_at": holder.expires_at,
    }
    return await crud.create(tx, HOLD, call, values)


async def fetch(tx: Tx, call: Call) -> Answer:
    """One hold of this key."""
    row = await hold_record.load(tx, call)
    return hold_record.answer(call, row, await calendar_claims.read_now(tx))


async def release(tx: Tx, call: Call) -> Answer:
    """Free the time at once; what is released or has expired stays as it is."""
    row = await hold_record.load_to_change(tx, call)
    tenant = call.caller.tenant
    await calendar_claims.lock(tx, tenant, [row["clinician_id"]])
    now = await calendar_claims.read_now(tx)
    found = hold_record.status(row, now)
    if found == "confirmed":
        hold_record.check_active(row, now)
    if found != "active":
        return hold_record.answer(call, row, now)
    await calendar_claims.give_back(tx, tenant, Holder("hold", row["id"]))
    return await crud.update(tx, HOLD, call, row, {"status": "released"}, "released")


async def confirm(tx: Tx, call: Call) -> Answer:
    """Make it an appointment of a known patient, or of a new one with these fields."""
    _check_patient_fields(call)
    hold = await hold_record.load_to_change(tx, call)
    hold_record.check_active(hold, await calendar_claims.read_now(tx))
    patient_id = await _patient(tx, call)
    appointment_id = new_id(APPOINTMENT.prefix, call.at)
    booked = await redeeming.redeem(tx, call, hold, appointment_id)
    about = {
        "patient_id": patient_id,
        "appointment_type_id": hold["appointment_type_id"],
        "hold_id": hold["id"],
    }
    return await appointments.create_booked(tx, call, appointment_id, booked, about)


async def _check_number(tx: Tx, call: Call, maker: str, now: int) -> None:
    tenant = call.caller.tenant
    row = await tx.one(
        _ACTIVE, organisation=tenant.organisation, mode=tenant.mode, key=maker, now=now
    )
    assert row is not None
    if row["active"] >= MOST_ACTIVE:
        raise Conflict(
            f"This key has {MOST_ACTIVE} active holds, and may have no more at a time. Confirm or"
            " release one, or wait until one expires."
        )


async def _start(tx: Tx, call: Call) -> int:
    """The start that was sent, as an instant. Raises ValidationFailed."""
    day: datetime.date | None = call.body.get("date")
    text: str = call.body["start_time"]
    if day is None and ":" in text[:3]:
        raise ValidationFailed([FieldError("date", "Send the date beside a time of day.")])
    try:
        if day is None:
            return parse_instant(text)
        clock = datetime.datetime.combine(day, parse_time(text))
        return zones.exactly(clock.replace(tzinfo=await _zone(tx, call)))
    except ValueError as error:
        raise ValidationFailed([FieldError("start_time", str(error))]) from error


async def _zone(tx: Tx, call: Call) -> ZoneInfo:
    """The zone of the location that was sent, else of the primary one. Raises ValidationFailed."""
    location: str | None = call.body.get("location_id")
    tenant = call.caller.tenant
    row = await tx.one(_ZONE, organisation=tenant.organisation, mode=tenant.mode, location=location)
    if row is not None:
        return ZoneInfo(row["timezone"])
    words = "This practice has no primary location: say which one's clock is meant."
    if location is not None:
        words = no_such("loc", location)
    raise ValidationFailed([FieldError("location_id", words)])


def _check_patient_fields(call: Call) -> None:
    """Raises InsufficientScope, and ValidationFailed unless it is one of the two ways."""
    sent = {name for name, value in call.body.items() if value is not None}
    if "patient_id" in sent:
        if not call.caller.may("read_patients"):
            raise InsufficientScope("read_patients")
        both = sorted(sent & PATIENT_FIELDS.keys())
        words = "Send patient_id, or the fields of a new patient, not both."
        errors = [FieldError(name, words) for name in both]
    else:
        if not call.caller.may("write_patients"):
            raise InsufficientScope("write_patients")
        words = "This field is required of a new patient; for a known one send patient_id."
        missing = [name for name in PATIENT_FIELDS if name in NEW_PATIENT.required - sent]
        errors = [FieldError(name, words) for name in missing]
    if errors:
        raise ValidationFailed(errors)


async def _patient(tx: Tx, call: Call) -> str:
    """The patient, made if they are new. Raises ValidationFailed and Conflict."""
    patient_id: str | None = call.body.get("patient_id")
    if patient_id is None:
        fields = {name: value for name, value in call.body.items() if name in PATIENT_FIELDS}
        patient_id = (await patients.create(tx, replace(call, body=fields))).patients[0]
    if errors := await booking.check_patient(tx, call.caller.tenant, patient_id):
        raise ValidationFailed(errors)
    return patient_id


HOLDS = Registered(
    HOLD,
    (
        Operation(
            "POST",
            "/holds",
            create,
            SCOPE,
            "Keep a free time for 15 minutes",
            writes=True,
            body=NEW,
            documentation=Documentation(
                example={
                    "appointment_type_id": sample_id("type"),
                    "clinician_id": sample_id("cli"),
                    "date": "2026-01-19",
                    "start_time": "09:30",
                },
                details="Send `date` and `start_time` as HH:MM by the clock of the location, or of"
                " the primary one, or `start_time` as an instant and no `date`.",
                refuses={
                    Conflict: "The time is not offered (`SLOT_UNAVAILABLE`, with up to three"
                    f" others), or the key has {MOST_ACTIVE} active holds already.",
                    ValidationFailed: "The start is past, no whole minute, or skipped or doubled"
                    " by a change of the clocks. What is referred to is not there or not active.",
                },
            ),
        ),
        Operation("GET", ONE, fetch, SCOPE, "Read a hold that this key made"),
        Operation(
            "DELETE",
            ONE,
            release,
            SCOPE,
            "Release a hold and free its time",
            writes=True,
            documentation=Documentation(
                details="It may be repeated.",
                refuses={Conflict: "The hold is confirmed: its appointment is booked."},
                name="release_hold",
            ),
        ),
        Operation(
            "POST",
            f"{ONE}/confirm",
            confirm,
            SCOPE,
            "Make a hold an appointment, of a known patient or of a new one",
            writes=True,
            body=CONFIRMING,
            event="appointment.created",
            documentation=Documentation(
                details="Send `patient_id`, which takes `read_patients`, or the fields of a new"
                " patient, which takes `write_patients`.",
                example={"patient_id": sample_id("pat")},
                result=Appointment,
                status=201,
                refuses={
                    Conflict: "The hold is released or confirmed already. The patient is archived"
                    f" or deceased. {PATIENT.conflicts['patients_nhs_number']}",
                    Gone: "The hold has expired: its time may be taken.",
                    ValidationFailed: "Both ways are mixed, or the fields of neither are whole;"
                    " else what creating a patient refuses.",
                },
            ),
        ),
    ),
)
