"""Prescriptions: what was prescribed to whom, by whom, and how that ended.

What was prescribed never changes: the database refuses it too. A prescription is stopped, and
another one is written.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

from jump.clinical import crud, in_error, links
from jump.clinical.definition import Link, Registered, Resource
from jump.clinical.records.consultations import CONSULTATION
from jump.clinical.records.dates import EARLIEST
from jump.clinical.records.patients import PATIENT
from jump.clinical.records.prescription_fields import CHANGES, NEW, STOPPING, Prescription, Status
from jump.clinical.sub_lists import sub_list
from jump.errors import Conflict, FieldError, Problem, ValidationFailed
from jump.resources.definition import (
    NO_BODY,
    Answer,
    Call,
    Documentation,
    Method,
    Operation,
    Run,
    Shape,
)
from jump.resources.listing import Filter, Listing
from jump.storage.database import Tx
from jump.storage.sql import Row, Value

ONE: Final = "/prescriptions/{id}"

_CHANGEABLE: Final = frozenset({"notes", "status"})
_STOP_IT: Final = (
    "What was prescribed never changes: stop this prescription"
    f" (POST {ONE}/stop) and write a new one."
)

LIST = Listing(
    source="prescriptions",
    columns=Prescription.__struct_fields__,
    filters=(
        Filter("id", "text"),
        Filter("patient_id", "text"),
        Filter("prescriber_id", "text", shared=True),
        Filter("consultation_id", "text"),
        Filter("status", "text", choices=get_args(Status)),
        Filter("entered_in_error", "bool"),
        Filter("start_date", "date"),
        Filter("end_date", "date"),
        Filter("stopped_at", "instant"),
        Filter("created_at", "instant"),
        Filter("updated_at", "instant"),
    ),
    extras=(in_error.INCLUDED,),
)

PRESCRIPTION: Final = Resource(
    name="prescription",
    path="/prescriptions",
    prefix="rx",
    table="prescriptions",
    record=Prescription,
    body=NEW,
    listing=LIST,
    read_scope="read_prescriptions",
    write_scope="write_prescriptions",
    patient="patient_id",
    defaults={"status": "active", "entered_in_error": False},
    hidden=("error_reason",),
    links=(
        Link("patient_id", "patients", "patient", "prescriptions_patient"),
        Link("prescriber_id", "clinicians", "clinician", "prescriptions_prescriber"),
        Link(
            "consultation_id", "consultations", "consultation", "prescriptions_consultation",
            of_patient=True,
        ),
    ),
    about="What was prescribed to a patient. It never changes: it is stopped, and another written.",
)  # fmt: skip


async def page(tx: Tx, call: Call) -> Answer:
    """Prescriptions; those entered in error only when asked for."""
    return await crud.page(tx, PRESCRIPTION, call)


async def fetch(tx: Tx, call: Call) -> Answer:
    """One prescription."""
    return await crud.fetch(tx, PRESCRIPTION, call)


async def create(tx: Tx, call: Call) -> Answer:
    """A new prescription; without a name to show it is shown by its medication's."""
    values = {name: value for name, value in _kept(call.body).items() if value is not None}
    values.setdefault("display_name", values["medication_name"])
    errors = [
        *_wrong_dates(values),
        *await links.check(tx, call.caller.tenant, PRESCRIPTION, values),
    ]
    if errors:
        raise ValidationFailed(errors)
    return await crud.create(tx, PRESCRIPTION, call, values)


async def update(tx: Tx, call: Call) -> Answer:
    """Change the notes; `status` runs the action that leads to it, as Jump does it."""
    row = await _load_to_change(tx, call)
    sent = _kept(call.body)
    status = sent.get("status")
    free = _CHANGEABLE | ({"end_date"} if status == "stopped" else set())
    wrong = [name for name, value in sent.items() if name not in free and value != row[name]]
    if wrong:
        raise ValidationFailed([FieldError(name, _STOP_IT) for name in wrong])
    values: dict[str, Value] = {"notes": sent["notes"]} if "notes" in sent else {}
    if status == "stopped":
        values |= _stopping(row, call.at, None, sent.get("end_date"))
    elif status == "completed":
        values |= _completing(row)
    elif status == "active":
        _check_active(row)
    return await _change(tx, call, row, values)


async def stop(tx: Tx, call: Call) -> Answer:
    """The patient is to take it no longer; stopping twice changes nothing."""
    row = await _load_to_change(tx, call)
    sent = _kept(call.body)
    values = _stopping(row, call.at, sent["reason"], sent.get("end_date"))
    return await _change(tx, call, row, values)


async def complete(tx: Tx, call: Call) -> Answer:
    """The course was taken to its end; completing twice changes nothing."""
    row = await _load_to_change(tx, call)
    return await _change(tx, call, row, _completing(row))


async def mark_in_error(tx: Tx, call: Call) -> Answer:
    """It never should have been written: it stays readable and leaves lists."""
    row = await crud.load_to_change(tx, PRESCRIPTION, call)
    return await in_error.mark(tx, PRESCRIPTION, call, row)


async def _load_to_change(tx: Tx, call: Call) -> Row:
    row = await crud.load_to_change(tx, PRESCRIPTION, call)
    in_error.check_not_marked(PRESCRIPTION, row)
    return row


async def _change(tx: Tx, call: Call, row: Row, values: Mapping[str, Value]) -> Answer:
    action = str(values.get("status", "updated"))
    return await crud.update(tx, PRESCRIPTION, call, row, values, action)


def _stopping(row: Row, at: int, reason: str | None, end_date: str | None) -> dict[str, Value]:
    """What stopping changes: nothing of what is stopped just so. None stands for what was not sent.

    Raises Conflict, naming the state, and ValidationFailed for an end before the start.
    """
    unchanged = reason in (None, row["stop_reason"]) and end_date in (None, row["end_date"])
    if row["status"] == "stopped" and unchanged:
        return {}
    _check_active(row)
    if end_date is None:
        end_date = row["end_date"]
    elif errors := list(_wrong_dates({"start_date": row["start_date"], "end_date": end_date})):
        raise ValidationFailed(errors)
    return {"status": "stopped", "stopped_at": at, "stop_reason": reason, "end_date": end_date}


def _completing(row: Row) -> dict[str, Value]:
    if row["status"] == "completed":
        return {}
    _check_active(row)
    return {"status": "completed"}


def _check_active(row: Row) -> None:
    if row["status"] != "active":
        raise Conflict(
            f"This prescription is {row['status']}: no move is allowed from there, only an active"
            " one can be stopped or completed. Write a new one."
        )


def _kept(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that were sent, as they are kept."""
    values = crud.stored(body)
    if body.get("quantity") is not None:
        values["quantity"] = _decimal(body["quantity"])
    return values


def _decimal(number: float) -> str:
    """A number of the quantity's bounds as decimal text: `28`, `0.5`."""
    return repr(number).removesuffix(".0")


def _wrong_dates(values: Mapping[str, Any]) -> Iterable[FieldError]:
    if values["start_date"] < EARLIEST.isoformat():
        yield FieldError("start_date", f"Use a date from {EARLIEST.year} on.")
    end = values.get("end_date")
    if end is not None and end < values["start_date"]:
        yield FieldError("end_date", "Use a date that is not before start_date.")


_DATES: Final = "A date is before 1870, or the end before the start."
_ENDED: Final = "The prescription is stopped or completed already."
_STOPPED_OTHERWISE: Final = f"{_ENDED} Stopping it just so again is none."


def _writing(
    path: str, run: Run, summary: str, body: Shape, refuses: Mapping[type[Problem], str]
) -> Operation:
    method: Method = "PATCH" if path == ONE else "POST"
    return Operation(
        method,
        path,
        run,
        PRESCRIPTION.write_scope,
        summary,
        writes=True,
        body=body,
        documentation=Documentation(refuses=refuses),
    )


PRESCRIPTIONS = Registered(
    PRESCRIPTION,
    (
        Operation(
            "GET", "/prescriptions", page, "read_prescriptions", "List prescriptions", listing=LIST
        ),
        sub_list(PATIENT, PRESCRIPTION, "patient_id"),
        sub_list(CONSULTATION, PRESCRIPTION, "consultation_id"),
        _writing("/prescriptions", create, "Write a prescription", NEW, {ValidationFailed: _DATES}),
        Operation("GET", ONE, fetch, "read_prescriptions", "Read a prescription"),
        _writing(
            ONE,
            update,
            "Change the notes of a prescription; what was prescribed stays",
            CHANGES,
            {
                Conflict: _ENDED,
                ValidationFailed: "Another field than `notes` and `status` changes.",
            },
        ),
        _writing(
            f"{ONE}/stop",
            stop,
            "Stop a prescription",
            STOPPING,
            {Conflict: _STOPPED_OTHERWISE, ValidationFailed: "The end is before the start."},
        ),
        _writing(
            f"{ONE}/complete",
            complete,
            "Mark a prescription as taken to its end",
            NO_BODY,
            {Conflict: "The prescription is stopped."},
        ),
        _writing(
            f"{ONE}/mark-in-error",
            mark_in_error,
            "Mark a prescription as entered in error",
            in_error.BODY,
            {},
        ),
    ),
)
