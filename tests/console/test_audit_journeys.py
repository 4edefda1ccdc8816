"""What was changed is found again, and taken away as a file, in a real browser."""

import csv
import io
import re

import pytest
from playwright.sync_api import expect

from jump.console.pages.audit import harmless
from tests.console.house import BASE, House


def test_changes_are_narrowed_by_what_and_by_record(house: House) -> None:
    page = house.window("viewer").page
    key = house.practice.keys["Reporting"]
    page.goto(f"{BASE}/audit?mode=test&action=key.rotated")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("Ana Reyes")
    page.get_by_role("link", name=key.id).click()
    told = page.locator("tbody tr td[data-l=What] b")
    expect(told).to_have_text(["API key rotated", "API key created"])
    expect(page.locator("td[data-l=When] .exact").first).to_have_text(re.compile(r":\d\d UTC$"))
    expect(page.locator("tbody tr").first.locator("td[data-l=Record]")).to_contain_text("Reporting")
    page.get_by_role("link", name="key.created").click()
    expect(page.get_by_label("Action")).to_have_value("key.created")
    expect(told.first).to_have_text("API key created")
    page.get_by_label("To day").fill("2020-01-01")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()


def test_the_file_holds_the_same_and_no_formula(sqlite_house: House) -> None:
    page = sqlite_house.window("admin").page
    page.goto(f"{BASE}/account")
    page.get_by_label("Your name").fill("=1+1")
    page.get_by_role("button", name="Change name").click()
    page.goto(f"{BASE}/audit?mode=live&action=user.name_changed")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download as CSV").click()
    text = downloading.value.path().read_text()
    [row] = csv.DictReader(io.StringIO(text))
    assert row["action"] == "user.name_changed"
    assert row["fields"] == "name"
    assert row["actor_name"] == "'=1+1"


def test_who_saw_a_patient_is_found_out_programs_and_people(house: House) -> None:
    page = house.window("viewer").page
    page.goto(f"{BASE}/audit?mode=test")
    page.get_by_role("link", name="Who saw a patient").click()
    page.get_by_label("Patient id").fill(house.practice.patient)
    page.get_by_role("button", name="Show").click()
    programs = page.get_by_role("region", name="Programs")
    expect(programs.locator("tbody tr")).to_have_count(2)
    expect(programs).to_contain_text("GET /patients/{id}")
    people = page.get_by_role("region", name="Changes, and looks at it here")
    expect(people).to_contain_text("Ana Reyes")
    expect(people).to_contain_text("Delivery viewed")
    programs.get_by_role("link", name="Booking site").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Booking site")


def test_of_a_patient_whom_nobody_saw_it_says_so(sqlite_house: House) -> None:
    page = sqlite_house.window("viewer").page
    page.goto(f"{BASE}/audit/patient?mode=live&patient={sqlite_house.practice.patient}")
    expect(page.get_by_role("heading", name="No program saw this patient")).to_be_visible()
    page.goto(f"{BASE}/audit/patient?mode=test&patient=Ada")
    expect(page.locator("main")).to_contain_text("A patient's id is pat_ and 26")


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1"])
def test_what_a_spreadsheet_takes_for_a_formula_becomes_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "key.created", "2026-11-25T00:00:00Z", "a=b"])
def test_everything_else_stays_as_it_is(cell: str) -> None:
    assert harmless(cell) == cell
