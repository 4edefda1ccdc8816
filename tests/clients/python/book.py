"""Books an appointment with nothing but the generated client: python book.py URL KEY."""

import datetime
import json
import sys

from jump_api_client import AuthenticatedClient
from jump_api_client.api.appointment_types import list_appointment_types
from jump_api_client.api.availability import list_availability
from jump_api_client.api.holds import confirm_hold, create_hold
from jump_api_client.api.patients import create_patient
from jump_api_client.models import (
    Appointment,
    AppointmentTypeListResponse,
    AppointmentWriteResponse,
    FreeSlot,
    FreeSlots,
    HoldConfirm,
    HoldCreate,
    HoldResponse,
    ListAvailabilityResponse,
    Patient,
    PatientCreate,
    PatientWriteResponse,
)


def first_free(client: AuthenticatedClient) -> tuple[str, FreeSlot]:
    """A type that can be booked, and a time for it."""
    types = list_appointment_types.sync(client=client, is_active=True, allow_online_booking=True)
    assert isinstance(types, AppointmentTypeListResponse)
    today = datetime.datetime.now(datetime.UTC).date()
    for kind in types.data:
        free = list_availability.sync(
            client=client,
            appointment_type_id=kind.id,
            date_from=today,
            date_to=today + datetime.timedelta(days=14),
        )
        assert isinstance(free, ListAvailabilityResponse)
        assert isinstance(free.data, FreeSlots)
        if free.data.slots:
            return kind.id, free.data.slots[0]
    raise SystemExit("Nothing is free.")


def book(client: AuthenticatedClient) -> Appointment:
    """Hold the first free time, register a patient, and confirm."""
    kind, slot = first_free(client)
    wanted = HoldCreate(
        appointment_type_id=kind,
        clinician_id=slot.clinician_id,
        start_time=slot.start_time.isoformat(),
        location_id=slot.location_id,
        is_remote=slot.is_remote,
    )
    hold = create_hold.sync(client=client, body=wanted)
    assert isinstance(hold, HoldResponse)
    person = PatientCreate(
        first_name="Ada", last_name="Lovelace", date_of_birth=datetime.date(1980, 2, 29)
    )
    patient = create_patient.sync(client=client, body=person)
    assert isinstance(patient, PatientWriteResponse)
    assert isinstance(patient.data, Patient)
    booked = confirm_hold.sync(
        hold.data.id,
        client=client,
        body=HoldConfirm(patient_id=patient.data.id),
        idempotency_key=hold.data.id,
    )
    assert isinstance(booked, AppointmentWriteResponse)
    assert isinstance(booked.data, Appointment)
    return booked.data


if __name__ == "__main__":
    url, key = sys.argv[1:]
    appointment = book(AuthenticatedClient(base_url=f"{url}/api/v1", token=key))
    sys.stdout.write(json.dumps(appointment.to_dict()))
