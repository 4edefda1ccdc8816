"""What a patient is made of: what may be sent, and the record as the API returns it. Data only."""

import datetime
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from jump.clinical.representation import Free, Recorded
from jump.resources.about import about
from jump.resources.definition import Shape
from jump.resources.listing import MOST
from jump.resources.validation import NOT_BLANK

Name = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        pattern=NOT_BLANK,
        description="Use a name of 1 to 100 characters.",
    ),
]
Line = Annotated[str, Meta(max_length=200)]
# `$` alone would let a line break pass at the end; `\Z` is no word of JSON Schema's patterns.
Phone = Annotated[
    str,
    Meta(
        max_length=30,
        pattern=r"^[0-9+()\-. x]*$(?!\n)",
        description="Use a phone number of at most 30 digits, spaces and + ( ) - . x.",
    ),
]
Email = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$(?!\n)",
        description="Use an e-mail address, such as name@example.org.",
    ),
]
LongNotes = Annotated[str, Meta(max_length=20_000)]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]
Gender = Literal["male", "female", "other", "unknown"]
Status = Literal["active", "archived"]

FIELDS: Mapping[str, Any] = {
    "first_name": Name,
    "last_name": Name,
    "date_of_birth": datetime.date,
    "middle_name": Line,
    "preferred_name": Line,
    "title": Annotated[str, Meta(max_length=30)],
    "nhs_number": Annotated[str, Meta(max_length=20)],
    "email": Email,
    "phone": Phone,
    "mobile_phone": Phone,
    "home_phone": Phone,
    "address_line_1": Line,
    "address_line_2": Line,
    "address_line_3": Line,
    "city": Annotated[str, Meta(max_length=100)],
    "postcode": Annotated[str, Meta(max_length=12)],
    "country": Annotated[str, Meta(max_length=60)],
    "gender": Gender,
    "biological_sex": Annotated[str, Meta(max_length=30)],
    "ethnicity": Annotated[str, Meta(max_length=100)],
    "occupation": Annotated[str, Meta(max_length=100)],
    "patient_notes": LongNotes,
    "preferred_contact_method": Annotated[str, Meta(max_length=30)],
    "consent_sms": bool,
    "consent_email": bool,
    "consent_marketing": bool,
    "is_deceased": bool,
    "date_of_death": datetime.date,
    "custom_fields": dict[str, Any],
}
_REQUIRED = frozenset({"first_name", "last_name", "date_of_birth"})
_ALIASES = {"town_city": "city"}
_OLDER_VALUES = {"gender": {"woman": "female", "man": "male"}}

_ARCHIVED = "POST /patients/{id}/archive sets this, with its reason: leave it out."
_UNTAKEN = {
    "archived_at": _ARCHIVED,
    "archive_reason": _ARCHIVED,
    "display_name": "This follows from first_name and last_name: leave it out.",
    "avatar_url": "This is not kept here: leave it out.",
    "dob": "Use date_of_birth.",
}

NEW = Shape(FIELDS, _REQUIRED, _ALIASES, _OLDER_VALUES, untaken=_UNTAKEN)
CHANGES = Shape(
    {**FIELDS, "status": Status},
    _REQUIRED | {"status"},
    _ALIASES,
    _OLDER_VALUES,
    untaken=_UNTAKEN,
)
ARCHIVING = Shape({"reason": Reason}, about={"reason": "Why; shown as `archive_reason`."})
SEARCH = Shape(
    {
        "search": Annotated[str, Meta(min_length=1, max_length=200)],
        "limit": Annotated[int, Meta(ge=1, le=MOST)],
        "cursor": Annotated[str, Meta(max_length=500)],
    },
    required=frozenset({"search"}),
    about={
        "search": "Words that each begin a name, or are an NHS number or a date of birth.",
        "limit": "How many to list at most.",
        "cursor": "Where to go on: `meta.next_cursor` of the answer before.",
    },
)


class Patient(msgspec.Struct, kw_only=True):
    """A patient as the API returns it. The last of its fields exist for clients of Jump."""

    id: str
    first_name: Annotated[str, about("The given name.", "Sample")]
    last_name: Annotated[str, about("The family name.", "Patient")]
    date_of_birth: Annotated[
        datetime.date, about("The date of birth, from 1870 until today.", "1984-03-09")
    ]
    middle_name: Annotated[str | None, about("Further given names.")]
    preferred_name: Annotated[str | None, about("What they like to be called.", "Sam")]
    title: Annotated[str | None, about("What stands before the name.", "Ms")]
    nhs_number: Annotated[
        str | None,
        about(
            "The NHS number, checked and without spaces. In test mode it starts with 9.",
            "9990000018",
        ),
    ]
    email: Annotated[str | None, about("The e-mail address.", "sample.patient@example.com")]
    phone: Annotated[str | None, about("A telephone number.", "01632 960001")]
    mobile_phone: Annotated[str | None, about("The mobile telephone's number.", "07700 900002")]
    home_phone: Annotated[str | None, about("The telephone number at home.")]
    address_line_1: Annotated[
        str | None, about("The address: house and street.", "1 Sample Street")
    ]
    address_line_2: Annotated[str | None, about("The address, continued.")]
    address_line_3: Annotated[str | None, about("The address, continued.")]
    city: Annotated[str | None, about("The town or city.", "Sampleton")]
    postcode: Annotated[str | None, about("The postcode.", "ZZ99 9ZZ")]
    country: Annotated[str | None, about("The country, as the practice writes it.", "GB")]
    gender: Annotated[
        Gender | None,
        about("The gender. `woman` and `man` are taken for `female` and `male`.", "female"),
    ]
    biological_sex: Annotated[
        str | None, about("The sex at birth, in the practice's words.", "female")
    ]
    ethnicity: Annotated[str | None, about("The ethnicity, in the practice's words.")]
    occupation: Annotated[str | None, about("What they do.", "Teacher")]
    patient_notes: Annotated[str | None, about("Notes of the practice about the patient.")]
    preferred_contact_method: Annotated[str | None, about("How they like to be reached.", "email")]
    consent_sms: Annotated[bool, about("Whether they may be sent text messages.", False)]
    consent_email: Annotated[bool, about("Whether they may be sent e-mail.", True)]
    consent_marketing: Annotated[bool, about("Whether they may be sent marketing.", False)]
    is_deceased: Annotated[bool, about("Whether they have died.", False)]
    date_of_death: Annotated[
        datetime.date | None, about("The date of death; it makes `is_deceased` true.")
    ]
    custom_fields: Annotated[
        Free,
        about("Fields of the practice's own; a PATCH merges them. At most 16 KiB of JSON.", {}),
    ]
    status: Annotated[
        Status, about("`archived` patients stay in lists and take no new appointments.", "active")
    ]
    archived_at: Annotated[Recorded | None, about("When they were archived.")]
    archive_reason: Annotated[str | None, about("Why they were archived.")]
    created_at: Recorded
    updated_at: Recorded
    version: int
    created_by: str
    town_city: str | None
    display_name: Annotated[str, about("First and last name.", "Sample Patient")]
    avatar_url: Annotated[str | None, about("Always null: no picture is kept.")]


class PatientAccess(msgspec.Struct, kw_only=True):
    """A request that returned or touched a patient's record."""

    request_id: Annotated[str, about("The id of the request.")]
    at: Annotated[Recorded, about("When it came.")]
    key_id: Annotated[str, about("The key it was made with.", "key_0000000000000000")]
    key_name: Annotated[str | None, about("What the key is called.", "Booking page")]
    address: Annotated[str, about("The address it came from.", "203.0.113.7")]
    method: Annotated[str, about("Its method.", "GET")]
    route: Annotated[str, about("Its address, without ids.", "/patients/{id}")]
    status: Annotated[int, about("The status it was answered with.", 200)]
