"""The file of a practice: its directory and its rota, as types. The documentation tells of it.

What each field takes stands here; what must agree between fields is in practice_rules.
"""

import datetime
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from jump.clinical.records.patient_fields import Email, Line, Name, Phone
from jump.resources.validation import NOT_BLANK

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: Final[Mapping[str, int]] = {
    "monday": 1,
    "tuesday": 2,
    "wednesday": 3,
    "thursday": 4,
    "friday": 5,
    "saturday": 6,
    "sunday": 7,
}

Reference = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$(?!\n)",
        description="Use a reference of 1 to 100 letters, digits, dots, dashes and underscores.",
    ),
]
Time = Annotated[
    str,
    Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)",
        description="Use a time of day as HH:MM, such as 09:30.",
    ),
]
EndTime = Annotated[
    str,
    Meta(
        pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$(?!\n)",
        description="Use a time of day as HH:MM, such as 17:30, or 24:00.",
    ),
]
Moment = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)",
        description="Use a local date and time, such as 2026-12-24T13:00.",
    ),
]
Price = Annotated[
    str,
    Meta(
        pattern=r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,4})?$(?!\n)",
        description='Use a decimal number in quotation marks, such as "45.00".',
    ),
]
Currency = Annotated[
    str,
    Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="Use a currency of ISO 4217, such as GBP."),
]
Color = Annotated[
    str,
    Meta(pattern=r"^#[0-9A-Fa-f]{6}$(?!\n)", description="Use a colour as #RRGGBB."),
]
Specialties = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=100, pattern=NOT_BLANK)]],
    Meta(max_length=20, description="Use a list of at most 20 texts of 1 to 100 characters."),
]
Minutes = Annotated[int, Meta(ge=0, le=1_440)]
Text = Annotated[str, Meta(max_length=5_000)]
Zone = Annotated[str, Meta(min_length=1, max_length=64)]


class Hours(Struct, kw_only=True):
    """A stretch of a day."""

    opens: Time
    closes: EndTime


class OpeningHours(Struct, kw_only=True, omit_defaults=True):
    """When a location is open, for people to read; a day that is left out is closed."""

    monday: list[Hours] = field(default_factory=list)
    tuesday: list[Hours] = field(default_factory=list)
    wednesday: list[Hours] = field(default_factory=list)
    thursday: list[Hours] = field(default_factory=list)
    friday: list[Hours] = field(default_factory=list)
    saturday: list[Hours] = field(default_factory=list)
    sunday: list[Hours] = field(default_factory=list)


class Location(Struct, kw_only=True):
    """A place; every local time of what happens there is by the clock of its zone."""

    reference: Reference
    name: Name
    timezone: Zone
    is_primary: bool = False
    is_active: bool = True
    address_line_1: Line | None = None
    address_line_2: Line | None = None
    city: Annotated[str, Meta(max_length=100)] | None = None
    postcode: Annotated[str, Meta(max_length=12)] | None = None
    country: Annotated[str, Meta(max_length=60)] | None = None
    phone: Phone | None = None
    email: Email | None = None
    opening_hours: OpeningHours | None = None


class AppointmentType(Struct, kw_only=True):
    """What can be booked."""

    reference: Reference
    name: Name
    duration_minutes: Annotated[int, Meta(ge=1, le=1_440)]
    description: Text | None = None
    buffer_before_minutes: Minutes = 0
    buffer_after_minutes: Minutes = 0
    price: Price | None = None
    currency: Currency | None = None
    color: Color | None = None
    is_active: bool = True
    allow_online_booking: bool = True
    booking_notice_hours: Annotated[int, Meta(ge=0, le=8_760)] = 0
    max_advance_days: Annotated[int, Meta(ge=1, le=1_000)] = 90
    cancellation_notice_hours: Annotated[int, Meta(ge=0, le=8_760)] = 0
    max_group_size: Annotated[int, Meta(ge=1, le=1_000)] = 1
    requires_payment: bool = False


class Offer(Struct, kw_only=True):
    """A type that the clinician offers at a location, in the room or remotely."""

    appointment_type: Reference
    location: Reference
    is_remote: bool = False


class Session(Struct, kw_only=True):
    """When the clinician is at a location: every week on `weekday`, or once on `date`."""

    location: Reference
    starts_at: Time
    ends_at: EndTime
    weekday: Weekday | None = None
    starts_on: datetime.date | None = None
    ends_on: datetime.date | None = None
    date: datetime.date | None = None


class Away(Struct, kw_only=True):
    """When the clinician is away."""

    starts: Moment
    ends: Moment
    reason: Line | None = None


class Clinician(Struct, kw_only=True):
    """Somebody who sees people, with what they offer and when they are there."""

    reference: Reference
    first_name: Name
    last_name: Name
    title: Annotated[str, Meta(max_length=30)] | None = None
    role: Annotated[str, Meta(max_length=100)] | None = None
    specialties: Specialties = field(default_factory=list)
    bio: Text | None = None
    email: Email | None = None
    phone: Phone | None = None
    registration_number: Annotated[str, Meta(max_length=50)] | None = None
    is_active: bool = True
    is_bookable_online: bool = True
    offers: list[Offer] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    leave: list[Away] = field(default_factory=list)


class Closure(Struct, kw_only=True):
    """When a location is closed; without a location, every one."""

    starts: Moment
    ends: Moment
    location: Reference | None = None
    reason: Line | None = None


class Practice(Struct, kw_only=True):
    """The whole file."""

    locations: list[Location]
    appointment_types: list[AppointmentType]
    clinicians: list[Clinician]
    closures: list[Closure] = field(default_factory=list)
