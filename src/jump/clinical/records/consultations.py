"""Consultations: what was found and said when a clinician met a patient.

A draft may change; a completed one never does. What is added to it later is left to
consultation_amendments, and that the database refuses every other change to its migration.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

from jump.clinical import crud, in_error, links
from jump.clinical.definition import Link, Registered, Resource
from jump.clinical.records.consultation_fields import CHANGES, NEW, Consultation, Status
from jump.clinical.records.dates import check_past
from jump.clinical.records.patients import PATIENT
from jump.clinical.sub_lists import sub_list
from jump.errors import Conflict, FieldError, InvalidRequest, ValidationFailed
from jump.resources.definition import NO_BODY, Answer, Call, Documentation, Operation
from jump.resources.listing import Filter, Listing, renamed
from jump.storage.database import Tx
from jump.storage.sql import Row, sql

ONE: Final = "/consultations/{id}"

_SHOWN_OTHERWISE: Final = {"clinician_profile_id": lambda row: row["clinician_id"]}
_MOVES: Final[Mapping[str, str]] = {
    "draft": "is a draft: it can be changed, completed or marked as entered in error.",
    "completed": "is completed: it can be amended or marked as entered in error.",
}
_NO_CLINICIAN: Final = "Name the clinician, or the appointment whose clinician it was."
_INCLUDED: Final = "core"

LIST: Final = Listing(
    source="consultations",
    columns=tuple(name for name in Consultation.__struct_fields__ if name not in _SHOWN_OTHERWISE),
    filters=(
        Filter("id", "text"),
        Filter("patient_id", "text"),
        Filter("clinician_id", "text", shared=True),
        Filter("appointment_id", "text"),
        Filter("location_id", "text", shared=True),
        Filter("status", "text", constants=("draft",), choices=get_args(Status)),
        Filter("entered_in_error", "bool"),
        Filter("consultation_date", "date"),
        Filter("created_at", "instant"),
        Filter("updated_at", "instant"),
    ),
    extras=(in_error.INCLUDED,),
    aliases=renamed("clinician_profile_id", "clinician_id"),
)

CONSULTATION: Final = Resource(
    name="consultation",
    path="/consultations",
    prefix="con",
    table="consultations",
    record=Consultation,
    body=NEW,
    listing=LIST,
    read_scope="read_consultations",
    write_scope="write_consultations",
    patient="patient_id",
    defaults={"status": "completed", "entered_in_error": False},
    derived=_SHOWN_OTHERWISE,
    hidden=("error_reason",),
    links=(
        Link("patient_id", "patients", "patient", "consultations_patient"),
        Link("clinician_id", "clinicians", "clinician", "consultations_clinician"),
        Link("location_id", "locations", "location", "consultations_location"),
        Link(
            "appointment_id", "appointments", "appointment", "consultations_appointment",
            of_patient=True,
        ),
    ),
    about="What was said and done when a patient was seen. A completed one never changes.",
)  # fmt: skip

_CLINICIAN_OF = sql("""
    SELECT clinician_id FROM appointments
    WHERE organisation_id = :organisation AND mode = :mode AND id = :id
""")


async def page(tx: Tx, call: Call) -> Answer:
    """Consultations; those entered in error only when asked for."""
    return await crud.page(tx, CONSULTATION, call)


async def fetch(tx: Tx, call: Call) -> Answer:
    """One consultation. `include=core`, as clients of Jump ask, is the record itself."""
    if call.flags.get("include") not in (None, _INCLUDED):
        wrong = FieldError("include", f"Use {_INCLUDED}, or leave it out.")
        raise InvalidRequest("Check these query parameters: include.", details=[wrong])
    return await crud.fetch(tx, CONSULTATION, call)


async def create(tx: Tx, call: Call) -> Answer:
    """A new consultation, of the appointment's clinician if none is named."""
    values = {name: value for name, value in call.body.items() if value is not None}
    errors: list[FieldError] = []
    if "clinician_id" not in values and "appointment_id" not in values:
        errors.append(FieldError("clinician_id", _NO_CLINICIAN))
    elif "clinician_id" not in values:
        values["clinician_id"] = await _clinician_of(tx, call, values["appointment_id"])
    errors += await _check(tx, call, values, values)
    if errors:
        raise ValidationFailed(errors)
    return await crud.create(tx, CONSULTATION, call, values)


async def update(tx: Tx, call: Call) -> Answer:
    """Change what was sent of a draft; the status `completed` completes it."""
    row = await load_in(tx, call, "draft")
    sent = call.body
    errors = await _check(tx, call, sent, {**row, **sent})
    errors = links.check_patient(CONSULTATION, row, sent, errors)
    if errors:
        raise ValidationFailed(errors)
    action = "completed" if sent.get("status") == "completed" else "updated"
    return await crud.update(tx, CONSULTATION, call, row, sent, action)


async def complete(tx: Tx, call: Call) -> Answer:
    """From draft to completed; from then on it never changes."""
    row = await load_in(tx, call, "draft")
    return await crud.update(tx, CONSULTATION, call, row, {"status": "completed"}, "completed")


async def mark_in_error(tx: Tx, call: Call) -> Answer:
    """It never should have been: it stays readable and leaves lists."""
    row = await crud.load_to_change(tx, CONSULTATION, call)
    return await in_error.mark(tx, CONSULTATION, call, row)


async def load_in(tx: Tx, call: Call, status: str) -> Row:
    """The locked consultation. Raises Conflict, with the moves allowed, in any other state."""
    row = await crud.load_to_change(tx, CONSULTATION, call)
    in_error.check_not_marked(CONSULTATION, row)
    if row["status"] != status:
        raise Conflict(f"This consultation {_MOVES[row['status']]}")
    return row


async def _check(
    tx: Tx, call: Call, sent: Mapping[str, Any], record: Mapping[str, Any]
) -> list[FieldError]:
    """What is wrong with the fields that were sent, as parts of the whole record."""
    errors = list(check_past(sent, ["consultation_date"], call.at))
    if any(link.field in sent for link in CONSULTATION.links):
        errors += await links.check(tx, call.caller.tenant, CONSULTATION, record)
    return errors


async def _clinician_of(tx: Tx, call: Call, appointment_id: str) -> str | None:
    """The appointment's clinician; None if there is no such appointment, which is wrong anyway."""
    tenant = call.caller.tenant
    row = await tx.one(
        _CLINICIAN_OF, organisation=tenant.organisation, mode=tenant.mode, id=appointment_id
    )
    return None if row is None else str(row["clinician_id"])


CONSULTATIONS = Registered(
    CONSULTATION,
    (
        Operation(
            "GET", "/consultations", page, "read_consultations", "List consultations", listing=LIST
        ),
        sub_list(PATIENT, CONSULTATION, "patient_id"),
        Operation(
            "POST",
            "/consultations",
            create,
            "write_consultations",
            "Record a consultation",
            writes=True,
            body=NEW,
            documentation=Documentation(
                details="Without `clinician_id`, the clinician is that of the appointment.",
                refuses={
                    ValidationFailed: "It names neither a clinician nor an appointment."
                    " `consultation_date` lies in the future."
                },
            ),
        ),
        Operation(
            "GET",
            ONE,
            fetch,
            "read_consultations",
            "Read a consultation",
            flags={"include": f"{_INCLUDED}: the record itself, as without it."},
            documentation=Documentation(values={"include": Literal["core"]}),
        ),
        Operation(
            "PATCH",
            ONE,
            update,
            "write_consultations",
            "Change a draft of a consultation",
            writes=True,
            body=CHANGES,
            documentation=Documentation(
                details="The status `completed` completes it.",
                refuses={
                    Conflict: "It is completed.",
                    ValidationFailed: "`patient_id` stays as it is. `consultation_date` lies in the"
                    " future.",
                },
            ),
        ),
        Operation(
            "POST",
            f"{ONE}/complete",
            complete,
            "write_consultations",
            "Complete a draft: from then on it never changes",
            writes=True,
            body=NO_BODY,
            documentation=Documentation(refuses={Conflict: "It is completed already."}),
        ),
        Operation(
            "POST",
            f"{ONE}/mark-in-error",
            mark_in_error,
            "write_consultations",
            "Mark a consultation as entered in error",
            writes=True,
            body=in_error.BODY,
        ),
    ),
)
