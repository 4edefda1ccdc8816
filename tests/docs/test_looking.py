"""The documentation in a real browser: for everyone, in itself, and within its width."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.console import chromium
from tests.console.chromium import ChromiumMissing, Watched
from tests.docs.house import House

# One of each kind of page, and those with the widest code and tables.
KINDS = (
    "/docs",
    "/docs/permissions",
    "/docs/webhooks/verification",
    "/docs/guides/booking",
    "/docs/reference/appointments",
    "/docs/search?q=signature",
    "/docs/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    "/docs/nothing",
)
LOOKS = {
    "wide-light": {"size": chromium.WIDE, "dark": False},
    "narrow-dark": {"size": chromium.NARROW, "dark": True},
}


@pytest.fixture
def browser() -> Iterator[Browser]:
    try:
        with chromium.chromium() as opened:
            yield opened
    except ChromiumMissing as problem:
        pytest.fail(str(problem), pytrace=False)


def faults(watched: Watched) -> list[str]:
    return [*watched.errors, *watched.strangers]


@pytest.mark.parametrize("look", LOOKS)
def test_no_page_has_an_error_a_stranger_or_a_barrier(
    house: House, browser: Browser, look: str
) -> None:
    wrong: list[str] = []
    watched = chromium.window(browser, house.url, **LOOKS[look])
    for path in KINDS:
        watched.page.goto(path)
        wrong += [f"{path}: {line}" for line in chromium.violations(watched.page)]
        if beyond := chromium.scrolls_sideways(watched.page):
            wrong.append(f"{path}: stands out by {beyond} px")
    assert wrong + faults(watched) == []


def test_a_reader_without_scripts_finds_the_way(house: House, browser: Browser) -> None:
    watched = chromium.window(browser, house.url, size=chromium.NARROW, scripts=False)
    page = watched.page
    page.goto("/docs")
    page.locator("summary", has_text="All pages").click()
    page.get_by_role("link", name="Errors", exact=True).first.click()
    assert title_of(page) == "Errors"
    page.locator("summary", has_text="On this page").click()
    page.get_by_role("link", name="RATE_LIMITED").first.click()
    assert page.url.endswith("/docs/errors#rate_limited")
    assert page.locator("button[data-copy]:visible").count() == 0
    page.get_by_role("searchbox").fill("constant time")
    page.get_by_role("searchbox").press("Enter")
    page.locator(".found a").first.click()
    assert "/docs/webhooks/verification" in page.url
    page.get_by_role("link", name="Next").click()
    assert title_of(page) == "A receiver to build on"
    page.goto("/docs/reference/holds")
    assert page.get_by_text("With scripts on, each operation can be tried here").is_visible()
    assert page.locator("form.trial:visible, #key:visible").count() == 0
    assert page.get_by_text("/api/v1/holds").first.is_visible()
    assert watched.strangers == []


def test_code_is_copied_as_it_is_shown(house: House, browser: Browser) -> None:
    watched = chromium.window(browser, house.url)
    page = watched.page
    page.goto("/docs/authentication")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.locator("button[data-copy]").first.focus()
    page.keyboard.press("Enter")
    page.get_by_text("Shell copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f'curl -H "Authorization: Bearer $PK_KEY" {house.url}/api/v1/me\n'
    assert faults(watched) == []


def title_of(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def test_an_operation_is_tried_with_a_test_key_that_stays_in_the_page(
    house: House, browser: Browser
) -> None:
    watched = chromium.window(browser, house.url)
    page = watched.page
    asked: list[tuple[str, str]] = []
    page.on("request", lambda each: asked.append((each.url, each.headers.get("authorization", ""))))
    page.goto("/docs/reference/patients")
    page.get_by_label("Test key").fill(house.key)
    trial = page.locator('form.trial[data-path="/patients/search"]')
    trial.get_by_label("Body").fill('{"search": "ada", "limit": 1}')
    trial.get_by_role("button").click()
    trial.get_by_text("200 OK", exact=True).wait_for()
    assert '"first_name": "Ada"' in trial.locator("pre").inner_text()
    assert [url for url, key in asked if key] == [f"{house.url}/api/v1/patients/search"]
    assert not any(house.key in url for url, _ in asked)
    kept = "[localStorage.length, sessionStorage.length, document.cookie, location.search]"
    assert page.evaluate(kept) == [0, 0, "", ""]
    assert chromium.violations(page) == []
    page.goto("/docs")
    page.go_back()
    assert page.get_by_label("Test key").input_value() == ""
    assert faults(watched) == []


def test_a_live_key_is_refused_and_no_key_leaves_in_an_address(
    house: House, browser: Browser
) -> None:
    watched = chromium.window(browser, house.url)
    page = watched.page
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.url))
    page.goto("/docs/reference/patients")
    field = page.get_by_label("Test key")
    trial = page.locator('form.trial[data-method="GET"][data-path="/patients"]')
    field.fill(house.key.replace("pk_test_", "pk_live_"))
    page.get_by_text("That is a live key").wait_for()
    assert field.input_value() == ""
    trial.get_by_role("button").click()
    page.get_by_text("Put in a test key first").wait_for()
    field.fill(house.key)
    trial.get_by_label("Query").fill(f"api_key={house.key}")
    trial.get_by_role("button").click()
    trial.get_by_text("A key does not belong in an address").wait_for()
    assert [url for url in asked if "/api/" in url] == []
    assert faults(watched) == []
