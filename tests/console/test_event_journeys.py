"""What happened is found, read by those who may, and followed to where it was sent."""

import json

import httpx
import pytest
from playwright.sync_api import expect

from jump.events.catalog import EVENT_TYPES
from tests.console.house import BASE, House
from tests.console.practice import HOSTILE
from tests.journeys.scene import wait_until

EVENTS = f"{BASE}/events?mode=test"


def test_events_are_narrowed_by_an_address_that_can_be_shared(house: House) -> None:
    page = house.window("viewer").page
    page.goto(EVENTS)
    expect(page.locator("tbody tr")).to_have_count(len(house.practice.events))
    ids = page.locator("tbody td[data-l=Event] .soft")
    assert ids.all_inner_texts() == house.practice.events
    page.get_by_label("Type").select_option("patient.updated")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator("tbody td[data-l=Record] a").first.click()
    expect(page.locator("tbody td[data-l=Event] a")).to_have_text(
        ["patient.created", "patient.updated", "patient.updated"]
    )
    shared = house.window("developer").page
    shared.goto(page.url)
    assert shared.locator("tbody td[data-l=Event] .soft").all_inner_texts() == ids.all_inner_texts()
    page.get_by_role("link", name="Clear filters").click()
    expect(page.locator("tbody tr")).to_have_count(len(house.practice.events))


def test_what_happens_by_the_api_is_there_soon_and_leads_to_its_payload(house: House) -> None:
    page = house.window("developer").page
    answer = httpx.post(
        f"{house.running.url}/api/v1/patients",
        json={"first_name": HOSTILE, "last_name": "Lind", "date_of_birth": "1980-02-29"},
        headers={"Authorization": f"Bearer {house.practice.full['Booking site']}"},
        trust_env=False,
    )
    assert answer.status_code == 201
    patient = answer.json()["data"]["id"]

    def is_there() -> bool:
        page.goto(f"{EVENTS}&record={patient}")
        return page.locator("tbody td[data-l=Event] a").count() == 1

    # An event is shown once it has its place in the feed, which it gets after its commit.
    wait_until(is_there, 10, "the event is in the feed")
    expect(page.locator("tbody td[data-l=Event] a")).to_have_text("patient.created")
    page.locator("tbody td[data-l=Event] a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("patient.created")
    body = json.loads(page.locator("#payload").inner_text())
    assert body["data"]["object"]["first_name"] == HOSTILE
    assert body["data"]["object"]["id"] == patient
    page.get_by_role("button", name="Copy: The payload").click()
    assert json.loads(page.evaluate("navigator.clipboard.readText()")) == body
    # That it was looked at stands in the audit.
    page.goto(f"{BASE}/audit?mode=test&action=event.viewed&patient={patient}")
    expect(page.locator("tbody td[data-l=Who]")).to_contain_text("Dev Patel")


def test_an_event_leads_to_its_deliveries_and_their_attempts(sqlite_house: House) -> None:
    page = sqlite_house.window("admin").page
    page.goto(f"{BASE}/events/{sqlite_house.practice.events[0]}?mode=test")
    expect(page.locator("tbody td[data-l=Webhook]")).to_have_text("Reminders")
    expect(page.locator("tbody td[data-l=State]")).to_have_text("Succeeded")
    page.get_by_role("link", name="See the attempts").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("appointment.created")
    page.goto(f"{BASE}/events/{sqlite_house.practice.events[1]}?mode=test")
    expect(page.get_by_role("heading", name="Sent nowhere")).to_be_visible()


def test_a_viewer_sees_that_it_happened_and_not_what_it_holds(sqlite_house: House) -> None:
    page = sqlite_house.window("viewer").page
    page.goto(f"{BASE}/events/{sqlite_house.practice.events[5]}?mode=test")
    expect(page.get_by_role("heading", level=1)).to_have_text("patient.created")
    expect(page.get_by_text("Your role does not show what is in events.")).to_be_visible()
    expect(page.locator("#payload")).to_have_count(0)
    for value in ("1984-03-09", "9990000018", "alert(1)"):
        assert value not in page.content()
    page.goto(f"{BASE}/events/{sqlite_house.practice.events[0]}?mode=test")
    expect(page.get_by_role("link", name="Reminders")).to_be_visible()
    expect(page.get_by_role("link", name="See the attempts")).to_have_count(0)
    page.goto(f"{BASE}/audit?mode=test&action=event.viewed")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()


def test_the_catalogue_tells_every_type_and_who_takes_it(sqlite_house: House) -> None:
    page = sqlite_house.window("viewer").page
    page.goto(f"{BASE}/events/catalogue?mode=test")
    expect(page.locator("section.kind h3")).to_have_text(list(EVENT_TYPES))
    updated = page.locator("section[id='patient.updated']")
    expect(updated.get_by_role("link", name="Reminders")).to_be_visible()
    expect(updated.get_by_text(HOSTILE)).to_be_visible()
    expect(updated.get_by_text("patient.archived")).to_be_visible()
    updated.get_by_text("Sample of patient.updated", exact=True).click()
    sample = json.loads(updated.locator("[id='patient.updated-full']").inner_text())
    assert (sample["type"], sample["test"]) == ("patient.updated", True)
    updated.get_by_text("JSON Schema of patient.updated", exact=True).click()
    schema = json.loads(updated.locator("[id='patient.updated-schema']").inner_text())
    assert "nhs_number" in schema["$defs"]["Patient"]["properties"]
    updated.get_by_role("link", name="See those that happened").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("link", name="Live", exact=True).click()
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()


@pytest.mark.parametrize("query", ["type=patient.deleted", "type=<script>", "after=x"])
def test_an_address_that_does_not_read_right_is_told_so(sqlite_house: House, query: str) -> None:
    page = sqlite_house.window("viewer").page
    answer = page.goto(f"{EVENTS}&{query}")
    assert answer is not None
    assert answer.status == 400
    expect(page.get_by_role("heading", level=1)).to_have_text("This address does not read right")
