"""One's own account, in a real browser on a real server: the password, and codes of an app."""

import re

from playwright.sync_api import Page, expect
from pyotp import TOTP

from tests.console.house import BASE, HOME, House
from tests.console.practice import PASSWORD, email

NEW_PASSWORD = "seven quiet lamps at noon"
ROLE = "viewer"


def press(page: Page, name: str) -> None:
    """Press a button of the page."""
    page.get_by_role("button", name=name).last.click()


def sign_in(page: Page, password: str) -> None:
    """The first step of signing in."""
    page.goto(f"{BASE}/sign-in")
    page.get_by_label("E-mail").fill(email(ROLE))
    page.get_by_label("Password").fill(password)
    press(page, "Sign in")


def change_password(page: Page, old: str, new: str) -> None:
    """From the page of the account on."""
    page.goto(f"{BASE}/account")
    page.get_by_label("Current password").fill(old)
    page.get_by_label("New password").fill(new)
    press(page, "Change password")


def turn_on(page: Page) -> tuple[TOTP, list[str]]:
    """Set up an app; what it holds, and the recovery codes."""
    page.goto(f"{BASE}/account/app")
    press(page, "Set up an app")
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    app = TOTP(page.locator("#totp-secret").inner_text().replace(" ", ""))
    page.get_by_role("textbox", name="Code").fill(app.now())
    press(page, "Turn codes on")
    return app, page.locator("#recovery-codes").inner_text().split()


def test_a_new_password_signs_in_and_ends_the_other_sign_ins(house: House) -> None:
    other = house.window().page
    sign_in(other, PASSWORD)
    other.wait_for_url(HOME)
    page = house.window(ROLE).page
    change_password(page, PASSWORD, NEW_PASSWORD)
    expect(page.get_by_role("status")).to_contain_text("1 other sign-in ended")
    other.goto(f"{BASE}/account")
    expect(other).to_have_url(re.compile("/sign-in"))
    sign_in(other, PASSWORD)
    expect(other.get_by_role("alert")).to_contain_text("wrong")
    sign_in(other, NEW_PASSWORD)
    other.wait_for_url(HOME)


def test_a_wrong_old_password_and_a_short_new_one_are_told_beside_their_fields(
    sqlite_house: House,
) -> None:
    page = sqlite_house.window(ROLE).page
    change_password(page, "not the one of now", NEW_PASSWORD)
    expect(page.locator("#password-old_password-wrong")).to_contain_text("not your password")
    change_password(page, PASSWORD, "short")
    expect(page.locator("#password-new_password-wrong")).not_to_be_empty()


def test_signing_in_takes_a_code_once_an_app_is_set_up(house: House) -> None:
    page = house.window(ROLE).page
    _, codes = turn_on(page)
    assert len(set(codes)) == 10
    page.reload()
    expect(page.locator("#recovery-codes")).to_have_count(0)
    other = house.window().page
    sign_in(other, PASSWORD)
    other.get_by_label("Code").fill(codes[0])
    press(other, "Sign in")
    other.wait_for_url(HOME)
    page.goto(f"{BASE}/account")
    expect(page.locator("main")).to_contain_text("9 recovery codes are left")


def test_an_app_that_shows_another_code_is_not_turned_on(sqlite_house: House) -> None:
    page = sqlite_house.window(ROLE).page
    page.goto(f"{BASE}/account/app")
    press(page, "Set up an app")
    secret = page.locator("#totp-secret").inner_text()
    page.get_by_role("textbox", name="Code").fill("12")
    press(page, "Turn codes on")
    expect(page.get_by_role("alert")).to_contain_text("not the code that the app shows")
    assert page.locator("#totp-secret").inner_text() == secret


def test_codes_are_renewed_and_turned_off_by_their_owner(sqlite_house: House) -> None:
    page = sqlite_house.window(ROLE).page
    _, before = turn_on(page)
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("link", name="Recovery codes").click()
    press(page, "Make new codes")
    after = page.locator("#recovery-codes").inner_text().split()
    assert not set(before) & set(after)
    page.goto(f"{BASE}/account/app")
    press(page, "Turn codes off")
    expect(page.get_by_role("status")).to_contain_text("your password only")
    other = sqlite_house.window().page
    sign_in(other, PASSWORD)
    other.wait_for_url(HOME)


def test_a_new_name_stands_at_the_top_of_every_page(sqlite_house: House) -> None:
    page = sqlite_house.window(ROLE).page
    page.goto(f"{BASE}/account")
    page.get_by_label("Your name").fill("Vera Lindqvist")
    press(page, "Change name")
    expect(page.get_by_role("link", name="Vera Lindqvist")).to_be_visible()
