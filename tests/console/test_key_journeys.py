"""A key's life as people go through it, in a real browser on a real server."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.calling import call
from tests.console import chromium
from tests.console.house import BASE, House

FOCUS = """() => {
  const focused = document.activeElement;
  const seen = focused.closest(".pick, .seg label") || focused;
  return [(focused.labels?.[0] || focused).innerText.trim(), getComputedStyle(seen).outlineStyle];
}"""
SIZES = {"Front desk": chromium.WIDE, "Front desk, by telephone": chromium.NARROW}
MADE = re.compile(r"pk_(test|live)_[0-9A-Za-z]{16}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}")


def create(page: Page, name: str, preset: str = "Sync patients", mode: str = "Test") -> str:
    """Make a key, from the list on; the full key as the page shows it."""
    page.goto(f"{BASE}/keys")
    page.get_by_role("link", name="Create API key").first.click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("radio", name=mode).check()
    page.get_by_role("button", name=preset).click()
    page.get_by_role("button", name="Create key").last.click()
    page.wait_for_url("**/made**")
    return page.locator("#full-key").inner_text()


def revoke(page: Page, name: str) -> None:
    """From the page of the key on."""
    page.get_by_role("link", name="Manage").click()
    page.get_by_role("button", name="Revoke this key").click()
    expect(page.get_by_role("status")).to_contain_text("Revoked")


def status(house: House, key: str, path: str = "/patients") -> int:
    """What a request with the key is answered."""
    return call(house.running.url, "GET", path, key).status_code


def test_a_key_is_made_copied_used_and_revoked(house: House) -> None:
    for name, size in SIZES.items():
        page = house.window("developer", size=size).page
        full = create(page, name)
        page.get_by_role("button", name="Copy").first.click()
        expect(page.get_by_role("status")).to_have_text("The key is copied.")
        assert page.evaluate("navigator.clipboard.readText()") == full
        expect(page.locator("#first-use")).to_contain_text("Waiting")
        assert status(house, full) == 200
        expect(page.locator("#first-use")).to_contain_text("GET /patients was answered 200")
        expect(page.locator("#first-use")).to_have_class(re.compile("done"))
        assert chromium.scrolls_sideways(page) == 0
        page.get_by_role("link", name="I have copied it").click()
        revoke(page, name)
        assert status(house, full) == 401


def test_the_page_of_a_new_key_asks_no_more_once_signed_out(sqlite_house: House) -> None:
    page = sqlite_house.window("developer").page
    page.clock.install()
    create(page, "Left on the screen")
    expect(page.locator("#first-use form")).to_be_hidden()  # the script has begun
    page.context.clear_cookies()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_response(lambda answer: "/sign-in" in answer.url):
        page.clock.run_for(2_000)
    asked.clear()
    for _ in range(5):
        page.clock.run_for(2_000)
    assert asked == []


def test_the_same_works_with_scripts_off(house: House) -> None:
    for name, size in SIZES.items():
        page = house.window("developer", size=size, scripts=False).page
        full = create(page, name)
        assert MADE.fullmatch(full)
        expect(page.locator("#first-use")).to_contain_text("Waiting")
        assert status(house, full) == 200
        assert any(has_arrived(page, full) for _ in range(50))
        expect(page.locator("#first-use")).to_have_class(re.compile("done"))
        assert chromium.scrolls_sideways(page) == 0
        page.get_by_role("link", name="I have copied it").click()
        revoke(page, name)
        assert status(house, full) == 401


def has_arrived(page: Page, full: str) -> bool:
    """Whether the page, asked once more, says that the first request has come."""
    page.get_by_role("button", name="Check now").click()
    assert page.locator("#full-key").inner_text() == full
    return "was answered 200" in page.locator("#first-use").inner_text()


def test_the_same_works_by_keyboard_alone(house: House) -> None:
    for name, size in SIZES.items():
        page = house.window("developer", size=size).page
        page.goto(f"{BASE}/keys")
        go_on(page, "Create API key", "**/create**")
        tab_to(page, "Name")
        page.keyboard.type(name)
        tab_to(page, "Sync patients")
        page.keyboard.press("Space")
        go_on(page, "Create key", "**/made**")
        full = page.locator("#full-key").inner_text()
        tab_to(page, "Copy")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("The key is copied.")
        assert page.evaluate("navigator.clipboard.readText()") == full
        assert status(house, full) == 200
        expect(page.locator("#first-use")).to_have_class(re.compile("done"))
        go_on(page, "I have copied it", re.compile(r"/keys/key_\w+\?"))
        go_on(page, "Manage", "**/manage**")
        tab_to(page, "Revoke this key")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Revoked")
        assert status(house, full) == 401


def go_on(page: Page, words: str, to: str | re.Pattern[str]) -> None:
    """Press Enter on what bears these words, and come to another page."""
    tab_to(page, words)
    page.keyboard.press("Enter")
    page.wait_for_url(to)


def tab_to(page: Page, words: str) -> None:
    """Press Tab until what has the focus bears these words, and is seen to have it."""
    for _ in range(80):
        page.keyboard.press("Tab")
        label, outline = page.evaluate(FOCUS)
        if label == words:
            assert outline != "none", f"nobody sees that {words} has the focus"
            return
    raise AssertionError(f"no Tab leads to {words}")


def test_a_live_key_is_revoked_only_by_who_types_its_name(sqlite_house: House) -> None:
    page = sqlite_house.window("admin").page
    full = create(page, "Website 2", preset="Book appointments", mode="Live")
    assert full.startswith("pk_live_")
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("link", name="Manage").click()
    page.get_by_role("button", name="Revoke this key").click()
    expect(page.get_by_role("alert")).to_contain_text("Type the name of the key")
    assert status(sqlite_house, full, "/me") == 200
    page.get_by_label("Type its name: Website 2").fill("Website 2")
    page.get_by_role("button", name="Revoke this key").click()
    expect(page.get_by_role("status")).to_contain_text("Revoked")
    assert status(sqlite_house, full, "/me") == 401


def test_a_rotated_key_shows_its_new_secret_once_and_the_old_one_can_be_ended(
    sqlite_house: House,
) -> None:
    page = sqlite_house.window("developer").page
    old = create(page, "Front desk")
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("link", name="Manage").click()
    page.get_by_role("button", name="Rotate").click()
    page.wait_for_url("**/made**")
    new = page.locator("#full-key").inner_text()
    assert new != old
    assert [status(sqlite_house, key) for key in (old, new)] == [200, 200]
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("link", name="Manage").click()
    page.get_by_role("button", name="End now").click()
    expect(page.get_by_role("status")).to_contain_text("Only the newest secret works")
    assert [status(sqlite_house, key) for key in (old, new)] == [401, 200]


def test_a_new_key_is_shown_once_and_never_again(sqlite_house: House) -> None:
    page = sqlite_house.window("developer").page
    full = create(page, "Front desk")
    page.get_by_role("button", name="Copy").first.click()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Shown once, and not again")
    page.go_back()
    page.go_forward()
    assert full not in page.content()


def test_leaving_a_new_key_uncopied_asks_once(sqlite_house: House) -> None:
    page = sqlite_house.window("developer").page
    create(page, "Front desk")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("heading", level=1).click()
    page.goto(f"{BASE}/keys")
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("what", ["The key", "The line", "The request"])
def test_whoever_copied_the_key_in_whatever_form_is_not_asked(
    sqlite_house: House, what: str
) -> None:
    page = sqlite_house.window("developer").page
    create(page, "Front desk")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.locator(f"button[data-said^='{what}']").click()
    page.goto(f"{BASE}/keys")
    assert asked == []


def test_a_copy_button_says_that_it_copied_and_nothing_on_the_page_moves(
    sqlite_house: House,
) -> None:
    page = sqlite_house.window("developer").page
    create(page, "Front desk")
    button = page.locator("button[data-copy=full-key]")
    before = button.bounding_box()
    button.click()
    expect(button).to_have_text("Copied")
    assert button.bounding_box() == before
    expect(page.get_by_role("status")).to_have_text("The key is copied.")
    expect(button).to_have_text("Copy")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "none"])
def test_of_a_key_that_is_pasted_only_its_id_leaves_the_page(
    sqlite_house: House, scripts: bool
) -> None:
    page, sent = sqlite_house.window("viewer", scripts=scripts).page, []
    page.on("request", lambda request: sent.append((request.url, request.post_data or "")))
    full = sqlite_house.practice.full["Website"]
    page.goto(f"{BASE}/keys")
    paste = sqlite_house.window().page
    paste.set_content("<textarea></textarea>")
    paste.locator("textarea").fill(full)
    paste.locator("textarea").press("Control+A")
    paste.locator("textarea").press("Control+C")
    page.bring_to_front()
    page.get_by_label("Find a key by pasting it").press("Control+V")
    page.get_by_role("button", name="Find").click()
    page.wait_for_url("**mode=live")
    expect(page.get_by_role("heading", level=1)).to_have_text("Website")
    secret = full.split("_")[3]
    assert not [one for one in sent if secret in "".join(one)]
    assert urlsplit(page.url).path.endswith(sqlite_house.practice.keys["Website"].id)
