"""What an appointment is made of: what may be sent, and the record as it is shown. Data only.

The field names are the contract's; `COLUMNS` says where the database calls a field otherwise.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from jump.clinical.links import Reference
from jump.clinical.records.patient_fields import Email, Line, LongNotes, Phone, Reason
from jump.clinical.representation import Recorded, Scheduled
from jump.resources.about import about
from jump.resources.definition import Shape
from jump.resources.validation import Instant

Status = Literal["pending", "confirmed", "completed", "no_show", "cancelled"]
Source = Annotated[str, Meta(min_length=1, max_length=50)]

# What only tells of an appointment: it may change at any time, and nothing depends on it.
FREE: Final[Mapping[str, Any]] = {
    "title": Line,
    "description": Annotated[str, Meta(max_length=2_000)],
    "notes": LongNotes,
    "attendee_name": Line,
    "attendee_email": Email,
    "attendee_phone": Phone,
    "booking_source": Source,
}
_PLACE: Final[Mapping[str, Any]] = {
    "clinician_profile_id": Reference,
    "start_time": Instant,
    "location_id": Reference,
    "is_remote": bool,
}
_BOOKED: Final[Mapping[str, Any]] = {
    "patient_id": Reference,
    "appointment_type_id": Reference,
    "end_time": Instant,
    "hold_id": Reference,
}
_REQUIRED: Final = frozenset(
    {"patient_id", "clinician_profile_id", "appointment_type_id", "start_time"}
)
CLINICIAN_ALIAS: Final[Mapping[str, str]] = {"clinician_id": "clinician_profile_id"}
TYPE_ALIAS: Final[Mapping[str, str]] = {"appointment_template_id": "appointment_type_id"}
COLUMNS: Final[Mapping[str, str]] = {"clinician_profile_id": "clinician_id"}

_CLINICIAN: Final[Mapping[str, str]] = {"clinician_profile_id": "The clinician."}
# What a slot of /availability shows and nothing takes: most send it back as it came.
OF_A_SLOT: Final[Mapping[str, str]] = dict.fromkeys(
    ("clinician_name", "location_name", "is_available"),
    "A slot shows this, and nothing takes it: leave it out.",
)
END_OF_A_SLOT: Final[Mapping[str, str]] = {
    "end_time": "This follows from the start and the appointment type's duration: leave it out.",
}
_STAYS: Final = "Stays as it is: another one is refused."

NEW = Shape(
    {**_BOOKED, **_PLACE, **FREE, "status": Literal["confirmed", "pending"]},
    _REQUIRED,
    {**CLINICIAN_ALIAS, **TYPE_ALIAS},
    about={
        **_CLINICIAN,
        "end_time": "When it ends; it follows from the start and may be left out.",
        "hold_id": "A hold of this key, whose time the appointment takes.",
        "status": "`pending` if it is still to be confirmed.",
    },
    untaken=OF_A_SLOT,
)
# `status` and `end_time` are here to be refused with words that say what to do instead.
CHANGES = Shape(
    {
        **_BOOKED,
        **_PLACE,
        **FREE,
        "status": Annotated[str, Meta(max_length=40)],
        "cancellation_reason": Reason,
    },
    _REQUIRED | {"location_id", "is_remote", "end_time", "status"},
    {**CLINICIAN_ALIAS, **TYPE_ALIAS},
    about={
        **_CLINICIAN,
        **dict.fromkeys(("patient_id", "appointment_type_id", "hold_id"), _STAYS),
        "end_time": "Refused: it follows from the start.",
        "status": "Refused: actions change it.",
    },
)
MOVE = Shape(
    {**_PLACE, "hold_id": Reference},
    aliases=CLINICIAN_ALIAS,
    about={**_CLINICIAN, "hold_id": "A hold of this key, to whose time the appointment moves."},
    untaken={**OF_A_SLOT, **END_OF_A_SLOT},
)
CANCELLING = Shape({"reason": Reason})


class Appointment(Struct, kw_only=True):
    """An appointment as the API returns it. The last of its fields exist for clients of Jump."""

    id: str
    patient_id: str
    clinician_id: str
    appointment_type_id: str
    location_id: str
    hold_id: Annotated[str | None, about("The hold whose time it took.")]
    start_time: Annotated[Scheduled, about("When it starts.", "2026-01-19T09:30:00Z")]
    end_time: Annotated[
        Scheduled, about("When it ends: the start and the type's duration.", "2026-01-19T10:00:00Z")
    ]
    is_remote: Annotated[bool, about("Whether it is by telephone or video.", False)]
    title: Annotated[str | None, about("A title for calendars.", "Follow-up")]
    description: Annotated[str | None, about("What it is about.")]
    notes: Annotated[str | None, about("Notes for the clinician.", "Bring the letter.")]
    attendee_name: Annotated[
        str | None, about("Who comes, if not the patient under their own name.")
    ]
    attendee_email: Annotated[str | None, about("Their e-mail address.")]
    attendee_phone: Annotated[str | None, about("Their telephone number.")]
    status: Annotated[Status, about("Where it stands; actions change it.", "confirmed")]
    booking_source: Annotated[str | None, about("Where it was booked, in your words.", "website")]
    cancellation_reason: Annotated[str | None, about("Why it was cancelled.")]
    entered_in_error: bool
    created_at: Recorded
    updated_at: Recorded
    version: int
    created_by: str
    clinician_profile_id: str
    appointment_template_id: str
    duration_minutes: Annotated[int, about("Minutes from start to end.", 30)]
    video_link: Annotated[str | None, about("Always null: it is not kept here.")]
    attendance_status: Annotated[str | None, about("Always null: it is not kept here.")]
    episode_id: Annotated[str | None, about("Always null: it is not kept here.")]
