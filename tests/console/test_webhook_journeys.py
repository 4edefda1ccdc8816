"""A webhook's life as people go through it, in a real browser on a real server."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.console.house import BASE, House

MOST_LOOKS = 200
# Name servers differ in how quickly they know that there is no such name.
ADVICE = re.compile("Look for a typing mistake in the URL|The name server .* was too slow")


def create(page: Page, url: str = "https://receiver.invalid/new") -> str:
    """Make a webhook, from the list on; its secret as the page shows it."""
    page.goto(f"{BASE}/webhooks?mode=test")
    page.get_by_role("link", name="Create webhook").first.click()
    page.get_by_label("URL").fill(url)
    page.get_by_label("Name").fill("Waiting list")
    page.get_by_role("checkbox", name="patient.created").check()
    page.get_by_role("radio", name="Thin").check()
    page.get_by_role("button", name="Create webhook").last.click()
    page.wait_for_url("**/made**")
    return page.locator("#full-secret").inner_text()


def answered(page: Page) -> Locator:
    """What a test came to; without scripts somebody has to look again."""
    result = page.locator("#test-result")
    for _ in range(MOST_LOOKS):
        if "Waiting" not in result.inner_text():
            break
        page.reload()
    expect(result).not_to_contain_text("Waiting")
    return result


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_webhook_is_made_tested_paused_and_deleted(house: House, scripts: bool) -> None:
    page = house.window("developer", scripts=scripts).page
    assert create(page).startswith("whsec_")
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("button", name="Send test").click()
    result = answered(page)
    expect(result).to_contain_text("The name could not be resolved")
    expect(result).to_contain_text(ADVICE)
    page.get_by_role("link", name="See all that was sent and answered").click()
    expect(page.get_by_role("heading", name="Attempt 1")).to_be_visible()
    expect(page.locator("#payload")).to_contain_text('"test": true')
    page.get_by_role("link", name="Waiting list").click()
    page.get_by_role("link", name="Manage").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status")).to_contain_text("Paused")
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_role("status")).to_contain_text("Active")
    page.get_by_role("checkbox", name="Delete this webhook").check()
    page.get_by_role("button", name="Delete webhook").click()
    expect(page.get_by_role("status")).to_contain_text("Deleted")
    assert page.get_by_role("link", name="Waiting list").count() == 0


def test_a_result_that_was_there_before_the_page_is_said_like_a_later_one(
    sqlite_house: House,
) -> None:
    page = sqlite_house.window("developer").page
    create(page)
    page.get_by_role("link", name="I have copied it").click()

    def when_it_is_answered(route: Route) -> None:
        answer = route.fetch()
        for _ in range(MOST_LOOKS):
            if "Not delivered" in answer.text():
                break
            answer = route.fetch()
        route.fulfill(response=answer)

    page.route(re.compile(r"[?&]test=dlv_"), when_it_is_answered)
    page.get_by_role("button", name="Send test").click()
    expect(page.get_by_role("status")).to_contain_text(
        re.compile("Not delivered.*The name could not be resolved")
    )
    # In sight it stands with its result, not with the tick of what was done.
    assert "Not delivered" not in page.locator("#said p:not(.unseen)").inner_text()


def test_an_address_that_is_not_public_is_refused_and_nothing_typed_is_lost(
    sqlite_house: House,
) -> None:
    page = sqlite_house.window("developer").page
    page.goto(f"{BASE}/webhooks/create?mode=test")
    page.get_by_label("URL").fill("https://169.254.169.254/latest")
    page.get_by_role("checkbox", name="patient.created").check()
    page.get_by_role("button", name="Create webhook").click()
    expect(page.get_by_role("alert")).to_contain_text("URL")
    expect(page.get_by_label("URL")).to_have_value("https://169.254.169.254/latest")
    expect(page.get_by_role("checkbox", name="patient.created")).to_be_checked()


def test_a_rotated_secret_is_shown_once(sqlite_house: House) -> None:
    page = sqlite_house.window("developer").page
    page.goto(f"{BASE}/webhooks/{sqlite_house.practice.hooks['Reminders']}/manage?mode=test")
    page.get_by_role("button", name="Rotate secret").click()
    page.wait_for_url("**/made**")
    secret = page.locator("#full-secret").inner_text()
    page.get_by_role("button", name="Copy").first.click()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Shown once, and not again")
    assert secret not in page.content()


def test_a_change_of_the_address_is_kept(sqlite_house: House) -> None:
    page = sqlite_house.window("developer").page
    page.goto(f"{BASE}/webhooks/{sqlite_house.practice.hooks['Reminders']}/manage?mode=test")
    page.get_by_label("URL").fill("https://elsewhere.invalid/jump")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("status")).to_contain_text("Changed")
    expect(page.get_by_label("URL")).to_have_value("https://elsewhere.invalid/jump")


def test_a_viewer_sees_the_log_but_nothing_that_was_sent(sqlite_house: House) -> None:
    page, practice = sqlite_house.window("viewer").page, sqlite_house.practice
    path = f"{BASE}/webhooks/{practice.hooks['Reminders']}"
    page.goto(f"{path}?mode=test")
    log = page.get_by_role("table", name="Deliveries")
    expect(log.get_by_text("appointment.created").first).to_be_visible()
    assert log.get_by_role("link").count() == 0
    assert page.get_by_role("button", name=re.compile("Send test")).count() == 0
    refused = [f"{path}/deliveries/{practice.delivery}", f"{path}/manage", f"{path}/made"]
    for address in (*refused, f"{BASE}/webhooks/create"):
        answer = page.goto(f"{address}?mode=test")
        assert answer is not None
        assert answer.status == 403
