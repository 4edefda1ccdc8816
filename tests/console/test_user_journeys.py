"""Users come, change and go, in a real browser on a real server."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.console.house import BASE, House
from tests.console.practice import PASSWORD, Practice


def user_address(practice: Practice, role: str) -> str:
    """The page of one user."""
    return f"{BASE}/users/{practice.users[role].id}"


def press(page: Page, name: str) -> None:
    """Press a button of the page."""
    page.get_by_role("button", name=name).last.click()


def test_who_is_invited_joins_by_a_link_that_is_shown_once(house: House) -> None:
    page = house.window("admin").page
    page.goto(f"{BASE}/users")
    page.get_by_role("link", name="Invite a user").click()
    page.get_by_label("E-mail").fill("New@Example.org")
    page.get_by_role("radio", name="Developer").check()
    press(page, "Make the link")
    link = urlsplit(page.locator("#user-link").inner_text())
    page.reload()
    expect(page.locator("#user-link")).to_have_count(0)
    joining = house.window().page
    joining.goto(f"{link.path}?{link.query}")
    joining.get_by_label("Your name").fill("Newton Newman")
    joining.get_by_label("Password").fill("seven quiet lamps at noon")
    press(joining, "Join")
    expect(joining.get_by_role("status")).to_contain_text("Welcome, Newton Newman")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Newton Newman")


def test_what_is_wrong_with_an_invitation_stands_beside_its_fields(sqlite_house: House) -> None:
    page = sqlite_house.window("admin").page
    page.goto(f"{BASE}/users/invite")
    page.get_by_label("E-mail").fill("viewer@example.org")
    press(page, "Make the link")
    expect(page.get_by_role("alert")).to_contain_text("Choose what the person may do")
    page.get_by_role("radio", name="Viewer").check()
    press(page, "Make the link")
    expect(page.get_by_role("alert")).to_contain_text("with this e-mail address already")


def test_a_new_role_counts_from_the_next_request_on(sqlite_house: House) -> None:
    viewer = sqlite_house.window("viewer").page
    page = sqlite_house.window("admin").page
    page.goto(user_address(sqlite_house.practice, "viewer"))
    page.get_by_role("radio", name="Developer").check()
    press(page, "Change role")
    expect(page.get_by_role("status")).to_contain_text("is Developer")
    answer = viewer.goto(f"{BASE}/keys/create")
    assert answer is not None
    assert answer.status == 200


def test_the_last_admin_stays_one(sqlite_house: House) -> None:
    page = sqlite_house.window("admin").page
    page.goto(user_address(sqlite_house.practice, "admin"))
    page.get_by_role("radio", name="Viewer").check()
    press(page, "Change role")
    expect(page.get_by_role("alert")).to_contain_text("This is the last admin")


def test_a_sign_in_that_an_admin_ends_is_good_for_nothing(sqlite_house: House) -> None:
    developer = sqlite_house.window("developer").page
    page = sqlite_house.window("admin").page
    page.goto(user_address(sqlite_house.practice, "developer"))
    press(page, "End")
    expect(page.get_by_role("status")).to_contain_text("has ended")
    developer.goto(f"{BASE}/keys")
    expect(developer).to_have_url(re.compile("/sign-in"))


def test_a_reset_link_sets_a_new_password(sqlite_house: House) -> None:
    page = sqlite_house.window("admin").page
    page.goto(user_address(sqlite_house.practice, "developer"))
    press(page, "Make a reset link")
    link = urlsplit(page.locator("#user-link").inner_text())
    theirs = sqlite_house.window().page
    theirs.goto(f"{link.path}?{link.query}")
    theirs.get_by_label("Password").fill("another seven lamps")
    press(theirs, "Set password")
    expect(theirs.get_by_role("status")).to_contain_text("Welcome")


def test_a_user_is_removed_only_when_the_address_is_typed(sqlite_house: House) -> None:
    page = sqlite_house.window("admin").page
    page.goto(user_address(sqlite_house.practice, "viewer"))
    press(page, "Remove this user")
    expect(page.get_by_role("alert")).to_contain_text("Type the e-mail address")
    page.get_by_label("Type their e-mail address").fill("viewer@example.org")
    press(page, "Remove this user")
    expect(page.get_by_role("status")).to_contain_text("is removed")
    gone = sqlite_house.window().page
    gone.goto(f"{BASE}/sign-in")
    gone.get_by_label("E-mail").fill("viewer@example.org")
    gone.get_by_label("Password").fill(PASSWORD)
    press(gone, "Sign in")
    expect(gone.get_by_role("alert")).to_contain_text("wrong")


def test_nobody_but_an_admin_comes_to_the_users(sqlite_house: House) -> None:
    for role in ("developer", "viewer"):
        page = sqlite_house.window(role).page
        for path in (f"{BASE}/users", user_address(sqlite_house.practice, "admin")):
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 403
        expect(page.get_by_role("link", name="Users")).to_have_count(0)
