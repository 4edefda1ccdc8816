"""What a consultation and its amendments are made of, in requests and in answers. Data only."""

import datetime
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from jump.clinical.links import Reference
from jump.clinical.records.patient_fields import Line, LongNotes, Reason
from jump.clinical.representation import Recorded
from jump.resources.about import about
from jump.resources.definition import Shape
from jump.resources.validation import NOT_BLANK

TimeOfDay = Annotated[
    str,
    Meta(
        max_length=5,
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)",
        description="Use a time of day as HH:MM, such as 09:30.",
    ),
]
Status = Literal["draft", "completed"]
LongText = Annotated[str, Meta(max_length=100_000)]

FIELDS: Final[Mapping[str, Any]] = {
    "patient_id": Reference,
    "clinician_id": Reference,
    "appointment_id": Reference,
    "location_id": Reference,
    "consultation_date": datetime.date,
    "consultation_time": TimeOfDay,
    "consultation_type_code": Annotated[str, Meta(max_length=50)],
    "consultation_type_display": Line,
    "chief_complaint": Annotated[str, Meta(max_length=2_000)],
    "summary": LongNotes,
    "notes": LongText,
    "status": Status,
}
_REQUIRED: Final = frozenset({"patient_id", "consultation_date"})
_ALIASES: Final[Mapping[str, str]] = {"clinician_profile_id": "clinician_id"}

NEW: Final = Shape(FIELDS, _REQUIRED, _ALIASES)
# A consultation has a clinician and a status, so that neither can be cleared.
CHANGES: Final = Shape(FIELDS, _REQUIRED | {"clinician_id", "status"}, _ALIASES)
AMENDING: Final = Shape(
    {
        "reason": Reason,
        "text": Annotated[
            str,
            Meta(
                min_length=1,
                max_length=100_000,
                pattern=NOT_BLANK,
                description="Use text of 1 to 100,000 characters.",
            ),
        ],
    },
    frozenset({"reason", "text"}),
)


class Consultation(Struct, kw_only=True):
    """A consultation as the API returns it. The last of its fields is for clients of Jump."""

    id: str
    patient_id: str
    clinician_id: str
    appointment_id: Annotated[
        str | None, about("The appointment it took place in, of the same patient.")
    ]
    location_id: str | None
    consultation_date: Annotated[datetime.date, about("The day it took place.", "2026-01-12")]
    consultation_time: Annotated[str | None, about("The time of day it began, HH:MM.", "09:30")]
    consultation_type_code: Annotated[str | None, about("What kind it was, as a code.")]
    consultation_type_display: Annotated[str | None, about("The same in words.", "Face to face")]
    chief_complaint: Annotated[str | None, about("Why the patient came.", "Cough")]
    summary: Annotated[str | None, about("What came of it.")]
    notes: Annotated[str | None, about("The clinician's notes.")]
    status: Annotated[
        Status, about("A `draft` changes; `completed` never does, and may be amended.", "completed")
    ]
    entered_in_error: bool
    created_at: Recorded
    updated_at: Recorded
    version: int
    created_by: str
    clinician_profile_id: str


class Amendment(Struct, kw_only=True):
    """What was added to a completed consultation, as the API returns it. It never changes."""

    id: str
    consultation_id: str
    patient_id: str
    reason: Annotated[str, about("Why it was added.", "Spelling of the drug")]
    text: Annotated[str, about("What was added.", "Amoxicillin, not ampicillin.")]
    created_at: Recorded
    updated_at: Recorded
    version: int
    created_by: str
