"""Problems: what a patient has, or had. Their status moves freely, as the patient's health does.

A problem that has ended is not active; codes are checked for their form, not looked up.
"""

import datetime
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, get_args

from msgspec import Meta, Struct

from jump.clinical import crud, in_error, links
from jump.clinical.definition import Link, Registered, Resource
from jump.clinical.links import Reference
from jump.clinical.records.consultations import CONSULTATION
from jump.clinical.records.dates import as_date, check_past
from jump.clinical.records.patient_fields import LongNotes
from jump.clinical.records.patients import PATIENT
from jump.clinical.representation import Recorded
from jump.clinical.sub_lists import sub_list
from jump.errors import FieldError, ValidationFailed
from jump.errors import Problem as Refused
from jump.kit import sctid
from jump.resources.about import about
from jump.resources.definition import Answer, Call, Documentation, Operation, Shape
from jump.resources.listing import Filter, Listing
from jump.resources.validation import NOT_BLANK
from jump.storage.database import Tx

ONE: Final = "/problems/{id}"

Status = Literal["active", "resolved", "inactive"]
Severity = Literal["mild", "moderate", "severe"]
Icd10 = Annotated[
    str,
    Meta(
        max_length=8,
        # A letter and two characters, then up to four more, with or without the point.
        pattern=r"^[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?$(?!\n)",
        description="Use an ICD-10 code in capitals, such as E11.9 or E119.",
    ),
]

FIELDS: Final[Mapping[str, Any]] = {
    "patient_id": Reference,
    "problem_name": Annotated[
        str,
        Meta(
            min_length=1,
            max_length=200,
            pattern=NOT_BLANK,
            description="Use a name of 1 to 200 characters.",
        ),
    ],
    "snomed_code": Annotated[str, Meta(max_length=18)],
    "icd10_code": Icd10,
    "status": Status,
    "severity": Severity,
    "onset_date": datetime.date,
    "end_date": datetime.date,
    "notes": LongNotes,
    "consultation_id": Reference,
}
_REQUIRED: Final = frozenset({"patient_id", "problem_name"})

NEW: Final = Shape(FIELDS, _REQUIRED)
CHANGES: Final = Shape(FIELDS, _REQUIRED | {"status"})


class Problem(Struct, kw_only=True):
    """A problem as the API returns it."""

    id: str
    patient_id: str
    consultation_id: Annotated[
        str | None, about("The consultation it was found in, of the same patient.")
    ]
    problem_name: Annotated[str, about("What it is.", "Type 2 diabetes")]
    snomed_code: Annotated[str | None, about("Its SNOMED CT identifier.", "44054006")]
    icd10_code: Annotated[str | None, about("Its ICD-10 code.", "E11.9")]
    status: Annotated[Status, about("An `active` one has not ended.", "active")]
    severity: Annotated[Severity | None, about("How bad it is.", "moderate")]
    onset_date: Annotated[datetime.date | None, about("When it began.", "2025-11-03")]
    end_date: Annotated[
        datetime.date | None, about("When it ended; an active problem is then resolved.")
    ]
    notes: Annotated[str | None, about("Notes about it.")]
    entered_in_error: bool
    created_at: Recorded
    updated_at: Recorded
    version: int
    created_by: str


LIST: Final = Listing(
    source="problems",
    columns=Problem.__struct_fields__,
    filters=(
        Filter("id", "text"),
        Filter("patient_id", "text"),
        Filter("consultation_id", "text"),
        Filter("status", "text", choices=get_args(Status)),
        Filter("entered_in_error", "bool"),
        Filter("onset_date", "date"),
        Filter("end_date", "date"),
        Filter("created_at", "instant"),
        Filter("updated_at", "instant"),
    ),
    extras=(in_error.INCLUDED,),
)

PROBLEM: Final = Resource(
    name="problem",
    path="/problems",
    prefix="prb",
    table="problems",
    record=Problem,
    body=NEW,
    listing=LIST,
    read_scope="read_problems",
    write_scope="write_problems",
    patient="patient_id",
    defaults={"status": "active", "entered_in_error": False},
    hidden=("error_reason",),
    links=(
        Link("patient_id", "patients", "patient", "problems_patient"),
        Link(
            "consultation_id", "consultations", "consultation", "problems_consultation",
            of_patient=True,
        ),
    ),
    about="What a patient has, or had.",
)  # fmt: skip


async def page(tx: Tx, call: Call) -> Answer:
    """Problems; those entered in error only when asked for."""
    return await crud.page(tx, PROBLEM, call)


async def fetch(tx: Tx, call: Call) -> Answer:
    """One problem."""
    return await crud.fetch(tx, PROBLEM, call)


async def create(tx: Tx, call: Call) -> Answer:
    """A new problem, active unless it is said to have ended."""
    sent = {name: value for name, value in call.body.items() if value is not None}
    values = _settled(sent, {"status": PROBLEM.defaults["status"]})
    errors = await _check(tx, call, values, values)
    if errors:
        raise ValidationFailed(errors)
    return await crud.create(tx, PROBLEM, call, values)


async def update(tx: Tx, call: Call) -> Answer:
    """Change what was sent."""
    row = await crud.load_to_change(tx, PROBLEM, call)
    in_error.check_not_marked(PROBLEM, row)
    values = _settled(call.body, row)
    errors = await _check(tx, call, values, {**row, **values})
    errors = links.check_patient(PROBLEM, row, values, errors)
    if errors:
        raise ValidationFailed(errors)
    return await crud.update(tx, PROBLEM, call, row, values)


async def mark_in_error(tx: Tx, call: Call) -> Answer:
    """It never should have been: it stays readable and leaves lists."""
    row = await crud.load_to_change(tx, PROBLEM, call)
    return await in_error.mark(tx, PROBLEM, call, row)


def _settled(sent: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with what follows from them: an active problem that gets an end is resolved."""
    ends = sent.get("end_date") is not None
    if ends and "status" not in sent and kept["status"] == "active":
        return {**sent, "status": "resolved"}
    return dict(sent)


async def _check(
    tx: Tx, call: Call, sent: Mapping[str, Any], record: Mapping[str, Any]
) -> list[FieldError]:
    """What is wrong with the fields that were sent, as parts of the whole record."""
    errors = list(check_past(sent, ("onset_date", "end_date"), call.at))
    errors += _check_code(sent)
    errors += _check_end(sent, record)
    if any(link.field in sent for link in PROBLEM.links):
        errors += await links.check(tx, call.caller.tenant, PROBLEM, record)
    return errors


def _check_code(sent: Mapping[str, Any]) -> Iterator[FieldError]:
    code = sent.get("snomed_code")
    if code is not None and not sctid.is_valid(code):
        yield FieldError(
            "snomed_code",
            "Use the 6 to 18 digits of a SNOMED CT identifier; the last one checks the others.",
        )


def _check_end(sent: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[FieldError]:
    onset, end = as_date(record.get("onset_date")), as_date(record.get("end_date"))
    if end is None:
        return
    if onset is not None and end < onset:
        field = "end_date" if "end_date" in sent else "onset_date"
        yield FieldError(field, "A problem ends on its onset_date or later.")
    if record.get("status") == "active":
        yield FieldError("status", "A problem with an end_date is not active. Clear end_date too.")


_REFUSES: Final[Mapping[type[Refused], str]] = {
    ValidationFailed: "`snomed_code` has a wrong check digit. A date lies in the future, or the end"
    " before the onset. An active problem has no `end_date`."
}

PROBLEMS = Registered(
    PROBLEM,
    (
        Operation("GET", "/problems", page, "read_problems", "List problems", listing=LIST),
        sub_list(PATIENT, PROBLEM, "patient_id"),
        sub_list(CONSULTATION, PROBLEM, "consultation_id"),
        Operation(
            "POST",
            "/problems",
            create,
            "write_problems",
            "Record a problem",
            writes=True,
            body=NEW,
            documentation=Documentation(refuses=_REFUSES),
        ),
        Operation("GET", ONE, fetch, "read_problems", "Read a problem"),
        Operation(
            "PATCH",
            ONE,
            update,
            "write_problems",
            "Change a problem",
            writes=True,
            body=CHANGES,
            documentation=Documentation(
                refuses={
                    ValidationFailed: f"{_REFUSES[ValidationFailed]} `patient_id` stays as it is."
                }
            ),
        ),
        Operation(
            "POST",
            f"{ONE}/mark-in-error",
            mark_in_error,
            "write_problems",
            "Mark a problem as entered in error",
            writes=True,
            body=in_error.BODY,
        ),
    ),
)
