"""The log while it is written, in a real browser: rows at the top, pausing, and how it ends."""

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.console.house import BASE, House, sign_in
from tests.console.practice import HOSTILE
from tests.journeys.scene import wait_until

LOGS = f"{BASE}/logs?mode=test"
FIRST = "tbody tr:first-child"


def ask(house: House, key: str, path: str = "/me") -> str:
    """A request with a key of the practice; its id."""
    answer = httpx.get(
        f"{house.running.url}/api/v1{path}",
        headers={"Authorization": f"Bearer {house.practice.full[key]}"},
        trust_env=False,
    )
    return answer.headers["x-request-id"]


def watched(page: Page, address: str = LOGS) -> Page:
    """The page of the log, once it is live."""
    page.goto(address)
    expect(page.locator("#tail .state")).to_have_text("Live")
    return page


def test_requests_come_to_the_top_as_text(house: House) -> None:
    page = watched(house.window("viewer").page)
    request = ask(house, HOSTILE)
    expect(page.locator(f"{FIRST} td[data-l=Request] .soft")).to_have_text(request)
    expect(page.locator(f"{FIRST} td[data-l=Request] code")).to_have_text("GET /me")
    expect(page.locator(f"{FIRST} td[data-l=Key] a")).to_have_text(HOSTILE)
    expect(page.locator(f"{FIRST} td[data-l=Status] .tag")).to_have_class("tag ok")
    expect(page.locator(f"{FIRST} td[data-l=Time] time")).to_have_text(
        re.compile("just now|seconds? ago")
    )
    expect(page.locator("tbody tr")).to_have_count(51)
    page.locator(f"{FIRST} td[data-l=Key] a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)


def test_what_comes_while_paused_waits_and_is_counted(sqlite_house: House) -> None:
    page = watched(sqlite_house.window("viewer").page)
    told, pause = page.locator("#tail [role=status]"), page.get_by_role("button", name="Pause")
    expect(pause).to_have_attribute("aria-pressed", "false")
    pause.focus()
    page.keyboard.press("Space")
    expect(pause).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#tail .state")).to_have_text("Paused")
    earlier = ask(sqlite_house, "Booking site")
    expect(told).to_have_text("1 new request")
    later = ask(sqlite_house, "Booking site")
    expect(told).to_have_text("2 new requests")
    expect(page.locator("tbody tr")).to_have_count(50)
    page.keyboard.press("Space")
    expect(pause).to_have_attribute("aria-pressed", "false")
    ids = page.locator("tbody td[data-l=Request] .soft")
    expect(ids.nth(0)).to_have_text(later)
    expect(ids.nth(1)).to_have_text(earlier)
    expect(told).to_have_text("")


def test_only_what_fits_the_filters_comes(sqlite_house: House) -> None:
    page = watched(sqlite_house.window("developer").page, f"{LOGS}&status=4xx&route=/patients")
    rows = page.locator("tbody tr").count()
    ask(sqlite_house, "Booking site", "/patients")
    done = ask(sqlite_house, "Reporting", "/patients")
    refused = ask(sqlite_house, "Booking site", "/patients")
    expect(page.locator(f"{FIRST} td[data-l=Request] .soft")).to_have_text(refused)
    expect(page.locator(f"{FIRST} td[data-l=Status] .soft")).to_have_text(
        "INSUFFICIENT_SCOPE: read_patients"
    )
    expect(page.locator("tbody tr")).to_have_count(rows + 2)
    assert done not in page.locator("tbody").inner_text()


def test_the_first_request_takes_the_place_of_the_words(sqlite_house: House) -> None:
    page = watched(sqlite_house.window("viewer").page, f"{BASE}/logs?mode=live")
    expect(page.get_by_role("heading", name="No requests in Live yet")).to_be_visible()
    request = ask(sqlite_house, "Website")
    expect(page.locator(f"{FIRST} td[data-l=Request] .soft")).to_have_text(request)
    expect(page.get_by_role("heading", name="No requests in Live yet")).to_have_count(0)
    expect(page.locator("thead th")).to_have_count(6)


def test_it_ends_with_the_sign_in(sqlite_house: House) -> None:
    page = watched(sqlite_house.window("viewer").page)
    other = sqlite_house.window().page
    sign_in(other, "viewer")
    other.goto(f"{BASE}/account")
    other.get_by_role("button", name="End all the others").click()
    expect(page.locator("#tail [role=status]")).to_have_text(
        "You are signed out. Reload this page to sign in again."
    )
    expect(page.locator("#tail .state")).to_have_text("Ended")
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    sqlite_house.signed_in.clear()


def test_one_too_many_is_told_so(sqlite_house: House) -> None:
    pages = [watched(sqlite_house.window("viewer").page) for _ in range(4)]
    fifth = sqlite_house.window("viewer").page
    fifth.goto(LOGS)
    expect(fifth.locator("#tail [role=status]")).to_contain_text("Too many live views are open")
    pages[0].goto(f"{BASE}/keys")
    watched(fifth)


def test_a_server_that_comes_again_is_found_again(sqlite_house: House) -> None:
    watcher = sqlite_house.window("viewer")
    page = watched(watcher.page)
    port = int(sqlite_house.running.url.rpartition(":")[2])
    sqlite_house.running.terminate()
    expect(page.locator("#tail .state")).to_have_text("Connecting")
    sqlite_house.running = sqlite_house.jump.start("serve", port=port)
    request = ask(sqlite_house, "Booking site")
    expect(page.locator(f"{FIRST} td[data-l=Request] .soft")).to_have_text(request)
    # The browser's own note that nobody answered meanwhile is no error of the page.
    watcher.errors[:] = [each for each in watcher.errors if "ERR_" not in each]


@pytest.mark.parametrize("path", ["", "&after=x"])
def test_without_scripts_and_on_older_pages_there_is_a_link_instead(
    sqlite_house: House, path: str
) -> None:
    page = sqlite_house.window("viewer", scripts=bool(path)).page
    page.goto(f"{LOGS}&method=GET")
    if path:
        page.get_by_role("link", name="Older").click()
        expect(page.locator("#tail")).to_have_count(0)
    else:
        expect(page.locator("#tail")).to_be_hidden()
    request = ask(sqlite_house, "Booking site")

    def shows_it() -> bool:
        page.get_by_role("link", name="Refresh").click()
        return page.locator(f"{FIRST} td[data-l=Request] .soft").inner_text() == request

    # A request is in the log within a second of its answer.
    wait_until(shows_it, 10, "the request is in the log")
    assert "method=GET" in page.url
