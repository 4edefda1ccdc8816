"""One slot, thirty-two bookers, two processes: one of them gets it."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.clinical import calendar_rows as rows
from tests.databases import Store
from tests.journeys.open_practice import at, monday, open_practice
from tests.journeys.scene import Scene, data

BOOKERS = 32


def booking(start: str) -> tuple[str, dict[str, Any]]:
    return "/appointments", {
        "patient_id": rows.PATIENT,
        "clinician_profile_id": rows.ADA,
        "appointment_type_id": rows.CHECK,
        "start_time": start,
    }


def holding(start: str) -> tuple[str, dict[str, Any]]:
    return "/holds", {
        "clinician_id": rows.ADA,
        "appointment_type_id": rows.CHECK,
        "start_time": start,
    }


@pytest.mark.parametrize("way", [booking, holding], ids=["booking", "holding"])
def test_one_gets_it_and_the_others_are_told_what_is_free(
    scene: Scene, store: Store, way: Any
) -> None:
    keys = open_practice(store)
    running = [scene.jump.start("api") for _ in range(2)]
    clients = [scene.client(running[booker % 2], keys) for booker in range(BOOKERS)]
    together = threading.Barrier(BOOKERS)
    path, body = way(at("10:00", monday()))

    def book(client: httpx.Client) -> httpx.Response:
        client.get("/me")
        together.wait()
        return client.post(path, json=body)

    with ThreadPoolExecutor(BOOKERS) as pool:
        answers = list(pool.map(book, clients))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: BOOKERS - 1}
    refused = [answer.json()["error"] for answer in answers if answer.status_code == 409]
    assert {error["code"] for error in refused} == {"SLOT_UNAVAILABLE"}
    assert {len(error["alternatives"]) for error in refused} == {3}
    offered = {
        (slot["start_time"], slot["clinician_id"], slot["location_id"])
        for error in refused
        for slot in error["alternatives"]
    }
    for start, clinician, location in offered:
        assert start != body["start_time"] or clinician != rows.ADA
        about = {"start_time": start, "clinician_id": clinician, "location_id": location}
        sent = {"patient_id": rows.PATIENT, "appointment_type_id": rows.CHECK, **about}
        made = data(clients[0].post("/appointments", json=sent), 201)
        data(clients[0].post(f"/appointments/{made['id']}/cancel", json={}))
