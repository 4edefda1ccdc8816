"""What was asked of the API and what was changed is found again, in a real browser."""

from playwright.sync_api import expect

from tests.console.house import BASE, House


def test_requests_are_narrowed_by_an_address_that_can_be_shared(house: House) -> None:
    page = house.window("viewer").page
    page.goto(f"{BASE}/logs?mode=test")
    expect(page.locator("tbody tr")).to_have_count(50)
    page.get_by_label("Route").fill("/holds")
    page.get_by_label("Status").select_option("4xx")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody tr td[data-l=Request] code").first).to_have_text("POST /holds")
    assert "/availability" not in page.locator("tbody").inner_text()
    shared = house.window("developer").page
    shared.goto(page.url)
    # Not the whole rows: how long ago each was is told anew with every look.
    requests = "tbody tr td[data-l=Request]"
    assert shared.locator(requests).all_inner_texts() == page.locator(requests).all_inner_texts()
    page.get_by_role("link", name="Clear filters").click()
    expect(page.get_by_label("Route")).to_have_value("")


def test_older_requests_follow_on_the_next_page(sqlite_house: House) -> None:
    page = sqlite_house.window("viewer").page
    page.goto(f"{BASE}/logs?mode=test&method=GET")
    first = page.locator("tbody tr td[data-l=Request] .soft").all_inner_texts()
    page.get_by_role("link", name="Older").click()
    second = page.locator("tbody tr td[data-l=Request] .soft").all_inner_texts()
    assert max(second) < min(first)
    page.get_by_role("link", name="Newest").click()
    assert page.locator("tbody tr td[data-l=Request] .soft").all_inner_texts() == first


def test_requests_of_one_key_are_found_in_its_mode_only(sqlite_house: House) -> None:
    page = sqlite_house.window("viewer").page
    key = sqlite_house.practice.keys["Booking site"]
    page.goto(f"{BASE}/logs?mode=test&key={key.id}&code=rate_limited")
    expect(page.locator("tbody tr td[data-l=Key]").first).to_have_text("Booking site")
    expect(page.locator("tbody tr td[data-l=Status]").first).to_contain_text("RATE_LIMITED")
    page.goto(f"{BASE}/logs?mode=live&key={key.id}")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
