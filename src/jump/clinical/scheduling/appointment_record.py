"""The appointment as a resource: its table, its list, and which change makes which event."""

from dataclasses import replace
from typing import Final, get_args

from jump.clinical import in_error
from jump.clinical.definition import Resource
from jump.clinical.scheduling.appointment_fields import NEW, Appointment, Status
from jump.kit.clock import MINUTE
from jump.resources.listing import Filter, Listing, renamed

LIST = Listing(
    source="appointments",
    columns=(
        *("id", "patient_id", "clinician_id", "appointment_type_id", "location_id", "hold_id"),
        *("start_time", "end_time", "is_remote", "title", "description", "notes"),
        *("attendee_name", "attendee_email", "attendee_phone", "status", "booking_source"),
        *("cancellation_reason", "entered_in_error"),
        *("created_at", "updated_at", "version", "created_by"),
    ),
    filters=(
        Filter("id", "text"),
        Filter("patient_id", "text"),
        Filter("clinician_id", "text", shared=True),
        Filter("appointment_type_id", "text", shared=True),
        Filter("location_id", "text", shared=True),
        Filter("hold_id", "text"),
        # Jump's `scheduled` and `pending_approval` are taken like the others; nothing has them.
        Filter("status", "text", choices=(*get_args(Status), "scheduled", "pending_approval")),
        Filter("is_remote", "bool"),
        Filter("entered_in_error", "bool"),
        Filter("created_at", "instant"),
        Filter("updated_at", "instant"),
        Filter("start_time", "instant"),
        Filter("end_time", "instant"),
    ),
    sorts=(
        ("created_at", "created_at"),
        ("updated_at", "updated_at"),
        ("start_time", "start_time"),
    ),
    extras=(in_error.INCLUDED,),
    aliases=(
        *renamed("clinician_profile_id", "clinician_id"),
        *renamed("appointment_template_id", "appointment_type_id"),
        ("date_gte", "start_time_gte"),
        ("date_lte", "start_time_lte"),
    ),
)

APPOINTMENT: Final = Resource(
    name="appointment",
    path="/appointments",
    prefix="apt",
    table="appointments",
    record=Appointment,
    body=NEW,
    listing=LIST,
    read_scope="read_appointments",
    write_scope="write_appointments",
    patient="patient_id",
    defaults={"status": "confirmed", "booking_source": "api", "entered_in_error": False},
    derived={
        "clinician_profile_id": lambda row: row["clinician_id"],
        "appointment_template_id": lambda row: row["appointment_type_id"],
        "duration_minutes": lambda row: (row["end_time"] - row["start_time"]) // MINUTE,
        "video_link": lambda _: None,
        "attendance_status": lambda _: None,
        "episode_id": lambda _: None,
    },
    hidden=("claim_id", "seat", "cancelled_at", "error_reason"),
    created_event="appointment.created",
    updated_event="appointment.updated",
    about="Booked at a time that is offered, moved, and brought to their end.",
)
# The same resource where its change is more than an update: one change makes one event.
CANCELLED: Final = replace(APPOINTMENT, updated_event="appointment.cancelled")
RESCHEDULED: Final = replace(APPOINTMENT, updated_event="appointment.rescheduled")
COMPLETED: Final = replace(APPOINTMENT, updated_event="appointment.completed")
