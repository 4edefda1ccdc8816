"""Every page in every state that it can be seen in: what the pictures show and axe looks at.

Whoever adds a page adds its lines here; `missing` says which ones are not there.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

import jump.console
from jump.console.page import Page as ConsolePage
from jump.console.places import PLACES
from jump.kit.ids import sample_id
from tests.console.chromium import Watched
from tests.console.house import BASE, House
from tests.console.practice import HOSTILE, Practice
from tests.console.sent import DAY_OF_ONE

MOST_LOOKS = 200
TEMPLATES = Path(jump.console.__file__).parent / "templates"
# What a template uses, and the state that its page must then be shown in.
SHOWN_BY = (
    (re.compile(r"parts\.table\("), "empty"),
    (re.compile(r"parts\.filters\("), "filtered"),
    (re.compile(r"parts\.(text|radios|select)\("), "wrong"),
)


# States that cannot be, each with its reason.
NEVER = {
    "key_history-empty": "a key's history begins when it is made",
    "webhook-wrong": "only events of the webhook are there to choose",
    "users-empty": "whoever looks is one",
    "account-empty": "whoever looks is signed in",
}


@dataclass(frozen=True)
class Shot:
    """A page in a state: its address below the console's, and what is done there before looking.

    `role` is who looks: nobody, a user of the practice, or `second-admin` of an empty one.
    """

    page: str
    state: str
    path: Callable[[Practice], str]
    role: str | None = "admin"
    then: Callable[[Page], None] | None = None

    @property
    def name(self) -> str:
        """For its file, and for its test."""
        return f"{self.page}-{self.state}"


def take(shot: Shot, house: House, **how: object) -> Page:
    """The page of a shot, in a new window, as it is to be looked at."""
    return _taken(shot, house.window(shot.role, **how), house)  # type: ignore[arg-type]


def tour(shots: Iterable[Shot], house: House, **how: object) -> Iterator[tuple[Shot, Page]]:
    """Each shot with its page, which is good until the next one is asked for.

    Who looks keeps one window for all, and where something is done has a tab of its own there:
    a new window costs the browser more than all that is seen in it.
    """
    windows: dict[str | None, Watched] = {}
    for shot in shots:
        if shot.role not in windows:
            windows[shot.role] = house.window(shot.role, **how)  # type: ignore[arg-type]
        if shot.then is None:
            yield shot, _taken(shot, windows[shot.role], house)
            continue
        tab = house.tab(windows[shot.role])
        yield shot, _taken(shot, tab, house)
        tab.page.close()


def _taken(shot: Shot, window: Watched, house: House) -> Page:
    page = window.page
    answer = page.goto(f"{BASE}{shot.path(house.practice)}")
    expected = shot.page == "problem" or shot.state == "gone"
    assert answer is not None
    assert answer.ok or expected, f"{shot.name}: {answer.status}"
    if shot.then is not None:
        shot.then(page)
    return page


def missing() -> list[str]:
    """The pages and states that no shot shows."""
    wanted = {f"{page.name}-{state}" for page in PLACES for state in _states(page)}
    return sorted(wanted - {shot.name for shot in SHOTS} - set(NEVER))


def _states(page: object) -> set[str]:
    if not isinstance(page, ConsolePage):
        return set()
    text = (TEMPLATES / f"{page.name}.html").read_text()
    return {"content"} | {state for pattern, state in SHOWN_BY if pattern.search(text)}


def at(path: str, mode: str = "test") -> Callable[[Practice], str]:
    """An address that is the same in every practice."""
    return lambda practice: f"{path}{'&' if '?' in path else '?'}mode={mode}"


def of_key(name: str, path: str = "") -> Callable[[Practice], str]:
    """An address of a key, in its mode."""

    def address(practice: Practice) -> str:
        key = practice.keys[name]
        return f"/keys/{key.id}{path}{'&' if '?' in path else '?'}mode={key.mode}"

    return address


def seen_patient(practice: Practice) -> str:
    """Who saw a patient whom somebody saw."""
    return f"/audit/patient?patient={practice.patient}&mode=test"


def of_user(role: str) -> Callable[[Practice], str]:
    """The address of the page of a user of the practice."""
    return lambda practice: f"/users/{practice.users[role].id}"


def invite(page: Page) -> None:
    """Invite somebody, to see the link once."""
    page.get_by_label("E-mail").fill(f"{page.evaluate('crypto.randomUUID()')}@example.org")
    page.get_by_role("radio", name="Viewer").check()
    page.get_by_role("button", name="Make the link").click()
    page.wait_for_url("**/users/usr_**")


def begin_app(page: Page) -> None:
    """Begin to set up an app, to see its secret; it may have been begun before."""
    page.get_by_role("button", name=re.compile("Set up an app|Begin again")).click()
    page.get_by_role("textbox", name="Code").wait_for()


def wrong_code(page: Page) -> None:
    """Give a code that is none."""
    begin_app(page)
    page.get_by_role("textbox", name="Code").fill("12")
    page.get_by_role("button", name="Turn codes on").click()


def of_hook(name: str, path: str = "") -> Callable[[Practice], str]:
    """An address of a webhook."""
    return lambda practice: at(f"/webhooks/{practice.hooks[name]}{path}")(practice)


def of_event(number: int) -> Callable[[Practice], str]:
    """The address of an event, counted from the newest."""
    return lambda practice: at(f"/events/{practice.events[number]}")(practice)


def open_samples(page: Page) -> None:
    """Unfold the samples and schemas of the types of one record."""
    for name in ("Sample of patient.updated", "JSON Schema of patient.updated"):
        page.get_by_text(name, exact=True).click()
    page.get_by_text("JSON Schema of document.created", exact=True).click()


def of_delivery(state: str) -> Callable[[Practice], str]:
    """The address of a delivery of the webhook Booking diary that is in a state."""
    number = next(n for n, each in enumerate(DAY_OF_ONE) if each.state == state)
    return lambda practice: of_hook("Booking diary", f"/deliveries/{practice.sent[number]}")(
        practice
    )


def send_test(page: Page) -> None:
    """Send a test, and wait for its answer; without scripts somebody looks again."""
    page.get_by_role("button", name="Send test").click()
    result = page.locator("#test-result")
    for _ in range(MOST_LOOKS):
        if "Waiting" not in result.inner_text():
            return
        page.reload()


def make_hook(page: Page) -> None:
    """Create a webhook, to see its secret once."""
    page.get_by_label("URL").fill("https://receiver.invalid/shown")
    page.get_by_role("checkbox", name="patient.created").check()
    page.get_by_role("button", name="Create webhook").last.click()
    page.wait_for_url("**/made**")


def press(name: str) -> Callable[[Page], None]:
    """Press a button; the last of that name, since the first may be for the Enter key."""
    return lambda page: page.get_by_role("button", name=name).last.click()


def make_key(page: Page) -> None:
    """Create a key, to see it once."""
    page.get_by_label("Name").fill("Shown once")
    page.get_by_role("button", name="Book appointments").click()
    page.get_by_role("button", name="Create key").last.click()
    page.wait_for_url("**/made**")


SHOTS: tuple[Shot, ...] = (
    Shot("sign_in", "content", at("/sign-in"), None),
    Shot("sign_in", "wrong", at("/sign-in"), None, press("Sign in")),
    Shot("sign_out", "content", at("/sign-out")),
    Shot("confirm", "content", at("/confirm")),
    Shot("confirm", "wrong", at("/confirm"), "admin", press("Confirm")),
    Shot("join", "content", lambda practice: f"/join?token={practice.invitation}", None),
    Shot(
        "join", "wrong", lambda practice: f"/join?token={practice.invitation}", None, press("Join")
    ),
    Shot("join", "gone", at("/join?token=unknown"), None),
    Shot("overview", "content", at("")),
    Shot("overview", "live", at("", "live")),
    Shot("overview", "viewer", at(""), "viewer"),
    Shot("overview", "empty", at(""), "second-admin"),
    Shot("keys", "content", at("/keys")),
    Shot("keys", "live", at("/keys", "live")),
    Shot("keys", "viewer", at("/keys"), "viewer"),
    Shot("keys", "empty", at("/keys"), "second-admin"),
    Shot("keys", "filtered", at("/keys?status=expired", "live")),
    Shot("keys", "wrong", at("/keys"), "admin", press("Find")),
    Shot("key_create", "content", at("/keys/create")),
    Shot("key_create", "live", at("/keys/create", "live")),
    Shot("key_create", "wrong", at("/keys/create"), "admin", press("Create key")),
    Shot("key_made", "content", at("/keys/create"), "admin", make_key),
    Shot("key_made", "gone", of_key("Booking site", "/made")),
    Shot("key", "content", of_key("Booking site")),
    Shot("key", "unused", of_key("Old pilot")),
    Shot("key_requests", "content", of_key("Booking site", "/requests")),
    Shot("key_requests", "empty", of_key("Old pilot", "/requests")),
    Shot("key_requests", "filtered", of_key("Old pilot", "/requests?outcome=failed")),
    Shot("key_permissions", "content", of_key("Booking site", "/permissions")),
    Shot("key_history", "content", of_key("Reporting", "/history")),
    Shot("key_manage", "content", of_key("Booking site", "/manage")),
    Shot("key_manage", "rotating", of_key("Reporting", "/manage")),
    Shot("key_manage", "revoked", of_key("Old pilot", "/manage")),
    Shot("key_manage", "wrong", of_key("Website", "/manage"), "admin", press("Revoke this key")),
    Shot("key_manage", "developer", of_key("Website", "/manage"), "developer"),
    Shot("users", "content", at("/users")),
    Shot("user_invite", "content", at("/users/invite")),
    Shot("user_invite", "wrong", at("/users/invite"), "admin", press("Make the link")),
    Shot("user", "content", of_user("admin")),
    Shot("user", "empty", lambda practice: f"/users/{practice.invited}"),
    Shot("user", "wrong", of_user("developer"), "admin", press("Remove this user")),
    Shot("user", "link", at("/users/invite"), "admin", invite),
    Shot("account", "content", at("/account"), "viewer"),
    Shot("account", "wrong", at("/account"), "viewer", press("Change password")),
    Shot("account_app", "content", at("/account/app"), "developer"),
    Shot("account_app", "begun", at("/account/app"), "viewer", begin_app),
    Shot("account_app", "wrong", at("/account/app"), "viewer", wrong_code),
    Shot("webhooks", "content", at("/webhooks")),
    Shot("webhooks", "viewer", at("/webhooks"), "viewer"),
    Shot("webhooks", "empty", at("/webhooks"), "second-admin"),
    Shot("webhooks", "filtered", at("/webhooks?state=off", "live")),
    Shot("webhook_create", "content", at("/webhooks/create")),
    Shot("webhook_create", "wrong", at("/webhooks/create"), "admin", press("Create webhook")),
    Shot("webhook_made", "content", at("/webhooks/create"), "admin", make_hook),
    Shot("webhook_made", "gone", of_hook("Reminders", "/made")),
    Shot("webhook", "content", of_hook("Booking diary")),
    Shot("webhook", "tested", of_hook("Booking diary"), then=send_test),
    Shot("webhook", "failed", of_hook("Booking diary", "?state=failed")),
    Shot("webhook", "viewer", of_hook("Reminders"), "viewer"),
    Shot("webhook", "empty", of_hook(HOSTILE)),
    Shot("webhook", "filtered", of_hook("Reminders", "?state=cancelled")),
    Shot("webhook_manage", "content", of_hook("Reminders", "/manage")),
    Shot("webhook_manage", "paused", of_hook(HOSTILE, "/manage")),
    Shot(
        "webhook_manage", "counted", of_hook("Booking diary", "/manage"), then=press("Count them")
    ),
    Shot("webhook_manage", "wrong", of_hook("Reminders", "/manage"), then=press("Delete webhook")),
    Shot("delivery", "content", of_delivery("failed")),
    Shot("delivery", "pending", of_delivery("pending")),
    Shot("delivery", "never", of_delivery("cancelled")),
    Shot("delivery", "succeeded", of_delivery("succeeded")),
    Shot("events", "content", at("/events")),
    Shot("events", "viewer", at("/events"), "viewer"),
    Shot("events", "empty", at("/events"), "second-admin"),
    Shot("events", "filtered", at("/events?type=document.updated&record=doc_none")),
    Shot("event", "content", of_event(0)),
    Shot("event", "viewer", of_event(0), "viewer"),
    Shot("event", "empty", of_event(1)),
    Shot("event_catalogue", "content", at("/events/catalogue")),
    Shot("event_catalogue", "opened", at("/events/catalogue"), then=open_samples),
    Shot("event_catalogue", "viewer", at("/events/catalogue", "live"), "viewer"),
    Shot("logs", "content", at("/logs")),
    Shot("logs", "viewer", at("/logs"), "viewer"),
    Shot("logs", "empty", at("/logs"), "second-admin"),
    Shot("logs", "filtered", at("/logs?route=/nothing&status=4xx")),
    Shot("audit", "content", at("/audit")),
    Shot("audit", "live", at("/audit", "live"), "viewer"),
    Shot("audit", "empty", at("/audit"), "second-admin"),
    Shot("audit", "filtered", at("/audit?action=none&since=2026-01-01")),
    Shot("audit_patient", "content", seen_patient),
    Shot("audit_patient", "empty", at("/audit/patient")),
    Shot("audit_patient", "unseen", at(f"/audit/patient?patient={sample_id('pat')}")),
    Shot("problem", "nothing", at("/nowhere")),
    Shot("problem", "role", at("/keys/create"), "viewer"),
    Shot("problem", "filter", at("/keys?status=odd")),
    Shot("part_gallery", "content", at("/_parts")),
    Shot("part_gallery", "wrong", at("/_parts"), "admin", press("Send, and see it refused")),
)
