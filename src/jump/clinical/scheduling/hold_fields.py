"""What a hold is made of: what may be sent, and the record as the API returns it. Data only."""

import datetime
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from jump.clinical.links import Reference
from jump.clinical.records.patient_fields import NEW as NEW_PATIENT
from jump.clinical.records.patient_fields import Patient
from jump.clinical.representation import Recorded, Scheduled
from jump.clinical.scheduling.appointment_fields import END_OF_A_SLOT, OF_A_SLOT, TYPE_ALIAS
from jump.resources.about import about
from jump.resources.definition import Shape

Start = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=40,
        description="Use HH:MM beside a date, or a time with an offset and no date.",
    ),
]
Status = Literal["active", "confirmed", "expired", "released"]

_ALIASES: Final[Mapping[str, str]] = {**TYPE_ALIAS, "clinician_profile_id": "clinician_id"}

NEW = Shape(
    {
        "appointment_type_id": Reference,
        "clinician_id": Reference,
        "date": datetime.date,
        "start_time": Start,
        "location_id": Reference,
        "is_remote": bool,
    },
    frozenset({"appointment_type_id", "clinician_id", "start_time"}),
    _ALIASES,
    about={"date": "The day, by the clock of the location.", "start_time": "When it is to start."},
    untaken={**OF_A_SLOT, **END_OF_A_SLOT},
)
# Either a known patient, or the fields of a new one: which is checked with the scopes they need.
PATIENT_FIELDS: Final[Mapping[str, Any]] = NEW_PATIENT.fields
CONFIRMING = Shape(
    {"patient_id": Reference, **PATIENT_FIELDS},
    aliases=NEW_PATIENT.aliases,
    values=NEW_PATIENT.values,
    record=Patient,
)


class Hold(Struct, kw_only=True):
    """A hold as the API returns it. `date` is the day of the start at the location."""

    id: str
    appointment_type_id: str
    clinician_id: str
    location_id: str
    is_remote: Annotated[bool, about("Whether the time is for a remote appointment.", False)]
    date: Annotated[str, about("The day of the start at the location.", "2026-01-19")]
    start_time: Annotated[
        Scheduled, about("When the time that is kept starts.", "2026-01-19T09:30:00Z")
    ]
    end_time: Annotated[Scheduled, about("When it ends.", "2026-01-19T10:00:00Z")]
    expires_at: Annotated[
        Scheduled,
        about("Until when it is kept: 15 minutes from its making.", "2026-01-12T14:45:00Z"),
    ]
    status: Annotated[Status, about("Only an `active` hold can be confirmed.", "active")]
    appointment_id: Annotated[str | None, about("The appointment it became.")]
    created_at: Recorded
    updated_at: Recorded
    version: int
    created_by: str
    clinician_profile_id: str
    appointment_template_id: str
