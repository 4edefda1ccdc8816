"""What was changed is found again, and taken away as a file, in a real browser."""

import csv
import io

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
    expect(page.locator("tbody tr td[data-l=What] b")).to_have_text(["key.rotated", "key.created"])
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


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1"])
def test_what_a_spreadsheet_takes_for_a_formula_becomes_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "key.created", "2026-11-25T00:00:00Z", "a=b"])
def test_everything_else_stays_as_it_is(cell: str) -> None:
    assert harmless(cell) == cell
