"""Appointment types: what can be booked, how long it takes, and the rules of booking it.

The API only reads them; loading writes them. The real Jump calls them appointment templates. That
the rules are kept is scheduling's promise.
"""

from typing import Annotated

import msgspec

from jump.clinical import crud
from jump.clinical.definition import Registered, Resource
from jump.clinical.representation import Amount, Recorded
from jump.resources.about import about
from jump.resources.definition import (
    NO_BODY,
    PLAIN,
    Answer,
    Call,
    Documentation,
    Operation,
)
from jump.resources.listing import Filter, Listing
from jump.storage.database import Tx


class AppointmentType(msgspec.Struct, kw_only=True):
    """An appointment type as the API returns it."""

    id: str
    name: Annotated[str, about("What it is called.", "New patient consultation")]
    description: Annotated[
        str | None, about("What it is, for patients.", "A first meeting with a clinician.")
    ]
    duration_minutes: Annotated[int, about("How long it takes.", 30)]
    buffer_before_minutes: Annotated[int, about("Minutes that stay free before it.", 0)]
    buffer_after_minutes: Annotated[int, about("Minutes that stay free after it.", 10)]
    price: Annotated[Amount | None, about("What it costs.", 85.5)]
    currency: Annotated[str | None, about("The currency of the price, ISO 4217.", "GBP")]
    color: Annotated[str | None, about("Its colour in calendars.", "#2f6f9f")]
    is_active: Annotated[bool, about("Whether it is still offered.", True)]
    allow_online_booking: Annotated[
        bool, about("Whether it has free times in `/availability`.", True)
    ]
    booking_notice_hours: Annotated[
        int, about("It cannot be booked sooner than so many hours from now.", 2)
    ]
    max_advance_days: Annotated[int, about("Nor later than so many days from now.", 90)]
    cancellation_notice_hours: Annotated[
        int, about("How long before the start patients are asked to cancel.", 24)
    ]
    max_group_size: Annotated[
        int, about("How many patients share one time; 1 for an individual appointment.", 1)
    ]
    requires_payment: Annotated[bool, about("Whether it is paid for in advance.", False)]
    created_at: Recorded
    updated_at: Recorded
    version: int
    created_by: str


LIST = Listing(
    source="appointment_types",
    columns=AppointmentType.__struct_fields__,
    filters=(
        Filter("id", "text"),
        Filter("is_active", "bool"),
        Filter("allow_online_booking", "bool"),
        Filter("requires_payment", "bool"),
        Filter("created_at", "instant"),
        Filter("updated_at", "instant"),
    ),
    default_limit=100,
)

APPOINTMENT_TYPE = Resource(
    name="appointment_type",
    path="/appointment-types",
    prefix="type",
    table="appointment_types",
    record=AppointmentType,
    body=NO_BODY,
    listing=LIST,
    read_scope="read_appointment_types",
    write_scope=None,
    patient=None,
    defaults={
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 0,
        "is_active": True,
        "allow_online_booking": True,
        "booking_notice_hours": 0,
        "max_advance_days": 90,
        "cancellation_notice_hours": 0,
        "max_group_size": 1,
        "requires_payment": False,
    },
    hidden=("reference",),
    about="What can be booked, how long it takes, and the rules of booking it.",
)


async def page(tx: Tx, call: Call) -> Answer:
    """Types, those not offered any more too; `is_active=true` leaves those out."""
    return await crud.page(tx, APPOINTMENT_TYPE, call)


async def fetch(tx: Tx, call: Call) -> Answer:
    """One type."""
    return await crud.fetch(tx, APPOINTMENT_TYPE, call)


def _operations(path: str, words: str, told: Documentation = PLAIN) -> tuple[Operation, ...]:
    scope = APPOINTMENT_TYPE.read_scope
    return (
        Operation(
            "GET",
            path,
            page,
            scope,
            f"List appointment types{words}",
            listing=LIST,
            documentation=told,
        ),
        Operation(
            "GET",
            f"{path}/{{id}}",
            fetch,
            scope,
            f"Read an appointment type{words}",
            documentation=told,
        ),
    )


APPOINTMENT_TYPES = Registered(
    APPOINTMENT_TYPE,
    (
        *_operations("/appointment-types", ""),
        *_operations(
            "/appointment-templates", ", by Jump's older name", Documentation(deprecated=True)
        ),
    ),
)
