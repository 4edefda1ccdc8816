"""A booking widget on a practice's website, step by step, as the guide tells it."""

from typing import Any

import httpx

from tests.clinical import calendar_rows as rows
from tests.databases import Store
from tests.journeys.open_practice import at, monday, open_practice
from tests.journeys.scene import Scene, data, pages, wait_until
from tests.patience import PATIENCE

SCOPES = (
    "write_patients",
    "read_appointments",
    "write_appointments",
    "read_appointment_types",
    "read_clinicians",
    "read_locations",
    "read_availability",
    "write_holds",
)


ADA = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
PLACE = ("clinician_id", "location_id", "start_time")


def test_a_patient_finds_holds_books_moves_and_cancels(scene: Scene, store: Store) -> None:
    # The key has what the preset "Book appointments" gives: it cannot read patients.
    key = open_practice(store, *SCOPES)
    api = scene.client(scene.jump.start("serve"), key)
    day = monday()

    # What can be booked?
    kinds = data(api.get("/appointment-types", params={"is_active": "true"}))
    check = next(kind for kind in kinds if kind["name"] == "Check")
    assert check["duration_minutes"] == 30

    # When, with whom and where?
    week = {"date_from": day.isoformat(), "date_to": day.isoformat()}
    asked = {"appointment_type_id": check["id"], **week}
    slots = free(api, asked)
    slot = next(each for each in slots if each["clinician_id"] == rows.ADA)
    assert (slot["start_time"], slot["is_available"]) == (at("09:00", day), True)
    assert slot["location_name"] == "Main"

    # Keep it while the patient types, and book it for somebody the practice does not know yet.
    hold = held(api, asked, slot)
    booked = data(api.post(f"/holds/{hold['id']}/confirm", json=ADA), 201)
    assert (booked["start_time"], booked["status"]) == (slot["start_time"], "confirmed")
    one = f"/appointments/{booked['id']}"

    # The patient would rather come later.
    later = next(each for each in slots if each["start_time"] == at("10:30", day))
    moved = data(api.post(f"{one}/reschedule", json={name: later[name] for name in PLACE}))
    assert (moved["id"], moved["start_time"]) == (booked["id"], at("10:30", day))
    assert slot in free(api, asked)

    # And then not at all.
    cancelled = data(api.post(f"{one}/cancel", json={"reason": "Feeling better"}))
    assert cancelled["status"] == "cancelled"
    assert data(api.post(f"{one}/cancel", json={})) == cancelled
    assert free(api, asked) == slots
    wait_until(lambda: len(told(api)) == 3, PATIENCE, "three events of the appointment")
    assert [kind.removeprefix("appointment.") for kind in told(api)] == [
        *("created", "rescheduled", "cancelled"),
    ]


def free(api: httpx.Client, asked: dict[str, str]) -> list[dict[str, Any]]:
    """The free times."""
    found: list[dict[str, Any]] = data(api.get("/availability", params=asked))["slots"]
    return found


def held(api: httpx.Client, asked: dict[str, str], slot: dict[str, Any]) -> dict[str, Any]:
    """A hold of the slot, which nobody else can have meanwhile."""
    type_id = asked["appointment_type_id"]
    body = {"appointment_type_id": type_id, **{name: slot[name] for name in PLACE}}
    hold: dict[str, Any] = data(api.post("/holds", json=body), 201)
    assert hold["status"] == "active"
    assert slot not in free(api, asked)
    refused = api.post("/holds", json=body).json()["error"]
    assert refused["code"] == "SLOT_UNAVAILABLE"
    assert refused["alternatives"]
    return hold


def told(api: httpx.Client) -> list[str]:
    """The types of all events that this key may see, oldest first."""
    return [event["type"] for event in pages(api, "/events")]
