"""What a prescription is made of: what may be sent, and the record as it is shown. Data only."""

import datetime
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from jump.clinical.links import Reference
from jump.clinical.records.patient_fields import LongNotes, Reason
from jump.clinical.representation import Amount, Recorded
from jump.resources.about import about
from jump.resources.definition import Shape
from jump.resources.validation import NOT_BLANK

Status = Literal["active", "stopped", "completed"]


def _text(most: int, description: str) -> Any:
    """Text that says something."""
    wanted = Meta(min_length=1, max_length=most, pattern=NOT_BLANK, description=description)
    return Annotated[str, wanted]


# What was prescribed: it never changes.
PRESCRIBED: Final[Mapping[str, Any]] = {
    "patient_id": Reference,
    "prescriber_id": Reference,
    "consultation_id": Reference,
    "medication_name": _text(200, "Use the medication's name, of 1 to 200 characters."),
    "display_name": _text(300, "Use a name to show, of 1 to 300 characters."),
    "dosage": _text(100, 'Use text of 1 to 100 characters, such as "500" or "1-2".'),
    "dosage_unit": Annotated[str, Meta(max_length=50)],
    "frequency": _text(200, 'Use text of 1 to 200 characters, such as "three times a day".'),
    "route": Annotated[str, Meta(max_length=100)],
    "quantity": Annotated[float, Meta(ge=0.001, le=1_000_000)],
    "refills": Annotated[int, Meta(ge=0, le=100)],
    "start_date": datetime.date,
    "end_date": datetime.date,
    "instructions": Annotated[str, Meta(max_length=2_000)],
}
_REQUIRED: Final = frozenset(
    {"patient_id", "prescriber_id", "medication_name", "dosage", "frequency", "start_date"}
)

NEW = Shape(
    {**PRESCRIBED, "notes": LongNotes, "status": Literal["active", "completed"]},
    _REQUIRED,
)
# What was prescribed is here to be refused with words that say what to do instead.
CHANGES = Shape({**PRESCRIBED, "notes": LongNotes, "status": Status}, _REQUIRED | {"status"})
STOPPING = Shape({"reason": Reason, "end_date": datetime.date}, frozenset({"reason"}))


class Prescription(Struct, kw_only=True):
    """A prescription as the API returns it."""

    id: str
    patient_id: str
    prescriber_id: Annotated[str, about("The clinician who prescribed it.")]
    consultation_id: Annotated[
        str | None, about("The consultation it was prescribed in, of the same patient.")
    ]
    medication_name: Annotated[str, about("What was prescribed.", "Amoxicillin")]
    display_name: Annotated[
        str, about("What to show of it; the medication's name if none was sent.")
    ]
    dosage: Annotated[str, about("How much at a time, as text.", "500")]
    dosage_unit: Annotated[str | None, about("What the dosage counts.", "mg")]
    frequency: Annotated[str, about("How often.", "three times a day")]
    route: Annotated[str | None, about("By which way it is taken.", "oral")]
    quantity: Annotated[Amount | None, about("How much in all; it may have decimals.", 21)]
    refills: Annotated[int | None, about("How often it may be dispensed again.", 0)]
    start_date: Annotated[datetime.date, about("The first day.", "2026-01-12")]
    end_date: Annotated[
        datetime.date | None, about("The last day: as prescribed, or as it was stopped.")
    ]
    instructions: Annotated[str | None, about("What the patient is told.", "With water.")]
    notes: Annotated[str | None, about("Notes about it: all of it that changes.")]
    status: Annotated[
        Status, about("An `active` one is `stopped` or `completed`, and stays so.", "active")
    ]
    stopped_at: Annotated[Recorded | None, about("When it was stopped.")]
    stop_reason: Annotated[str | None, about("Why it was stopped.")]
    entered_in_error: bool
    created_at: Recorded
    updated_at: Recorded
    version: int
    created_by: str
