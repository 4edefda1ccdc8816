"""Pages that follow deliveries by themselves: what happens is seen without a reload."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.calling import call
from tests.console import chromium
from tests.console.chromium import ChromiumMissing
from tests.console.house import BASE, House, open_house, settings_to_send
from tests.databases import SqliteStore
from tests.processes import Jump
from tests.receiver import Answer, Receiver

MINUTE = 60_000  # milliseconds
PATIENT = {"first_name": "Ada", "last_name": "Byron", "date_of_birth": "1980-02-29"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as started:
        yield started


@pytest.fixture
def house(
    sqlite_store: SqliteStore, jump_on: Callable[..., Jump], receiver: Receiver
) -> Iterator[House]:
    """A practice whose server tries again after hours only."""
    settings = settings_to_send(sqlite_store, receiver, "7200")
    try:
        with open_house(sqlite_store, jump_on(**settings)) as opened:
            yield opened
    except ChromiumMissing as problem:
        pytest.fail(str(problem), pytrace=False)


@pytest.fixture
def page(house: House, receiver: Receiver) -> Page:
    """The page of a new webhook that leads to the receiver."""
    page = house.window("developer").page
    page.goto(f"{BASE}/webhooks/create?mode=test")
    page.get_by_label("URL").fill(receiver.url)
    page.locator("input[value='patient.created']").check()
    page.get_by_role("button", name="Create webhook").last.click()
    page.get_by_role("link", name="I have copied it").click()
    return page


def something_happens(house: House) -> None:
    key = house.practice.full["Booking site"]
    assert call(house.running.url, "POST", "/patients", key, PATIENT).status_code == 201


def test_the_log_shows_what_comes_and_how_it_ends_by_itself(
    house: House, receiver: Receiver, page: Page
) -> None:
    receiver.answer_with(Answer(503))
    log = page.locator("#log tbody tr")
    expect(page.get_by_text("Nothing was sent yet")).to_be_visible()
    something_happens(house)
    expect(log).to_contain_text("503")
    expect(page.locator("#facts")).to_contain_text("0% of 1 attempt")
    expect(log).to_contain_text("in 2 hours")
    expect(page.locator("#trouble")).to_contain_text("Nothing arrives since")


def test_the_result_of_a_test_is_in_the_log_below_it_too(page: Page) -> None:
    page.get_by_role("button", name="Send test").click()
    expect(page.locator("#test-result")).to_contain_text("Delivered")
    expect(page.locator("#log tbody tr")).to_contain_text("Succeeded")


def test_after_a_repair_what_waits_is_sent_without_waiting_and_seen_to_arrive(
    house: House, receiver: Receiver, page: Page
) -> None:
    receiver.answer_with(Answer(503))
    something_happens(house)
    something_happens(house)
    expect(page.locator("#log").get_by_text("503", exact=True)).to_have_count(2)
    receiver.answer_with(Answer(200))
    page.get_by_role("link", name="patient.created").first.click()
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_role("heading", name="Attempt 2 200")).to_be_visible()
    expect(page.get_by_role("button", name="Resend")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("Succeeded after 2 attempts")
    assert chromium.violations(page) == []
    page.get_by_role("link", name=receiver.url).click()
    expect(page.locator("#log").get_by_text("Succeeded", exact=True)).to_have_count(2)


def test_what_somebody_is_at_is_not_taken_from_them(
    house: House, receiver: Receiver, page: Page
) -> None:
    something_happens(house)
    receiver.wait_for(1)
    page.clock.install()
    page.reload()
    link = page.locator("#log").get_by_role("link")
    link.focus()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    something_happens(house)
    receiver.wait_for(2)
    page.clock.run_for(MINUTE)
    assert asked == []
    expect(link).to_be_focused()
    link.blur()
    page.clock.run_for(MINUTE)
    expect(page.locator("#log tbody tr")).to_have_count(2)


def test_a_paused_webhook_says_at_once_that_nothing_is_sent_and_leads_to_its_end(
    page: Page,
) -> None:
    page.get_by_role("link", name="Manage").click()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("link", name="Deliveries").click()
    trouble = page.locator("#trouble")
    expect(trouble).to_contain_text("Nothing is sent. Paused by the user Dev Patel")
    page.get_by_role("link", name="Activate it").click()
    page.get_by_role("button", name="Activate").click()
    page.get_by_role("link", name="Deliveries").click()
    expect(trouble).to_have_text("")


def test_a_delivery_leads_to_its_event(house: House, page: Page) -> None:
    something_happens(house)
    page.get_by_role("link", name="patient.created").click()
    page.locator("#facts").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Where it was sent")).to_be_visible()
