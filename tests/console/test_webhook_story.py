"""A webhook from its making to its recovery: real processes, a real receiver, a real browser.

Create webhook → send test → see it delivered → break the receiver → see the retries → recover.
"""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from jump.webhooks.signing import jump_signature
from tests.calling import call
from tests.console import chromium
from tests.console.chromium import ChromiumMissing
from tests.console.hands import HANDS, Hands
from tests.console.house import BASE, House, open_house, settings_to_send
from tests.databases import Store
from tests.processes import Jump
from tests.receiver import Answer, Received, Receiver

PATIENT = {"first_name": "Ada", "last_name": "Byron", "date_of_birth": "1980-02-29"}
MOST_LOOKS = 300
RUN = "window.hasRun = true"
HOSTILE_BODY = (
    f"<script>{RUN}</script><img src=x onerror='{RUN}'></code><h1>Ours</h1>{{{{ 7 * 7 }}}}"
    "\x1b[31m\x07\u202egnp.exe\u2066\u200f&lt;b&gt; end"
)
HOSTILE_HEADERS = (
    ("X-Hostile", f"<script>{RUN}</script>"),
    ("X-Image", f"\"><img src=x onerror='{RUN}'>"),
    ("Refresh", "0; url=https://elsewhere.invalid/"),
    ("Set-Cookie", "__Host-jump=stolen; Path=/"),
    ("Content-Type", "text/html"),
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as started:
        yield started


@pytest.fixture
def house(store: Store, jump_on: Callable[..., Jump], receiver: Receiver) -> Iterator[House]:
    """A practice whose server may call the receiver, and tries again after a second."""
    settings = settings_to_send(store, receiver, "1,1")
    try:
        with open_house(store, jump_on(**settings)) as opened:
            yield opened
    except ChromiumMissing as problem:
        pytest.fail(str(problem), pytrace=False)


def until(page: Page, shown: Locator) -> None:
    """Look at the page again until something is shown: somebody who presses Reload."""
    for _ in range(MOST_LOOKS):
        if shown.count():
            return
        page.reload()
    expect(shown).to_be_visible()


def something_happens(house: House) -> None:
    """A patient is added by the API."""
    key = house.practice.full["Booking site"]
    assert call(house.running.url, "POST", "/patients", key, PATIENT).status_code == 201


def is_ours(request: Received, secret: str) -> bool:
    sent = int(request.header("x-webhook-timestamp"))
    return request.header("x-webhook-signature") == jump_signature((secret,), sent, request.body)


@pytest.mark.parametrize("way", HANDS)
def test_a_webhook_is_made_tested_broken_watched_and_recovered(
    house: House, receiver: Receiver, way: str
) -> None:
    made = HANDS[way]
    page = house.window("developer", size=made.size, scripts=made.scripts).page
    hands = Hands(page, made.by_keyboard)
    page.goto(f"{BASE}/webhooks?mode=test")
    secret = create(hands, receiver.url)
    hands.press("Send test")
    see_it_delivered(page, receiver, secret, scripts=made.scripts)
    break_it_and_see_the_retries(house, hands, receiver)
    recover(hands, receiver)
    assert chromium.scrolls_sideways(page) == 0 if made.scripts else True


def create(hands: Hands, url: str) -> str:
    """From the list on; the secret as the page shows it."""
    page = hands.page
    hands.follow("Create webhook")
    hands.write("URL", url)
    hands.write("Name", "Waiting list")
    hands.tick("patient.created")
    hands.press("Create webhook")
    page.wait_for_url("**/made**")
    secret = page.locator("#full-secret").inner_text()
    assert secret.startswith("whsec_")
    if hands.copies:
        hands.press("Copy", of="Copy")
        expect(page.get_by_role("status")).to_have_text("The secret is copied.")
    return secret


def see_it_delivered(page: Page, receiver: Receiver, secret: str, *, scripts: bool) -> None:
    (test,) = receiver.wait_for(1)
    assert test.header("x-webhook-test") == "true"
    assert is_ours(test, secret)
    result = page.locator("#test-result")
    if scripts:
        expect(page.get_by_role("status")).to_contain_text("Delivered: 200 in ")
    else:
        until(page, result.get_by_text("Delivered", exact=True))
    expect(result).to_contain_text(re.compile(r"It was answered 200 in \d+ ms"))


def break_it_and_see_the_retries(house: House, hands: Hands, receiver: Receiver) -> None:
    page = hands.page
    receiver.answer_with(Answer(503, body=b"Down for maintenance"))
    something_happens(house)
    attempts = receiver.wait_for(4)[1:]
    assert [each.header("x-webhook-attempt") for each in attempts] == ["1", "2", "3"]
    assert len({each.header("x-webhook-id") for each in attempts}) == 1
    hands.follow("Failed")
    until(page, page.get_by_role("cell").get_by_text("Failed", exact=True))
    row = page.get_by_role("row").filter(has_text="The server answered 503.")
    expect(row).to_have_count(1)
    hands.follow("patient.created")
    for number in (1, 2, 3):
        expect(page.get_by_role("heading", name=f"Attempt {number} 503")).to_be_visible()
    expect(page.get_by_text("overloaded, starting or down").first).to_be_visible()
    expect(page.get_by_text("Down for maintenance").first).to_be_visible()
    expect(page.locator("#curl-line")).to_contain_text("X-Webhook-Attempt: 3")


def recover(hands: Hands, receiver: Receiver) -> None:
    page = hands.page
    receiver.answer_with(Answer(200))
    hands.follow("Waiting list")
    hands.follow("Recover or replay")
    hands.press("Count them")
    expect(page.get_by_role("alert")).to_contain_text("1 delivery fits")
    assert len(receiver.requests) == 4
    hands.press("Send them again")
    expect(page.get_by_role("status")).to_contain_text("1 delivery queued again.")
    again = receiver.wait_for(5)[-1]
    assert again.header("x-webhook-id") == receiver.requests[1].header("x-webhook-id")
    hands.follow("Succeeded")
    until(page, page.get_by_role("row").filter(has_text=again.header("x-webhook-id")))
    figures = page.get_by_role("figure").get_by_role("listitem")
    expect(figures).to_have_text(["1 delivered", "3 answered with an error", "0 not answered"])


def test_what_a_receiver_answers_is_shown_as_text_and_runs_nothing(
    house: House, receiver: Receiver
) -> None:
    receiver.answer_with(
        Answer(500, HOSTILE_HEADERS, HOSTILE_BODY.encode()),
    )
    page = house.window("developer").page
    page.goto(f"{BASE}/webhooks?mode=test")
    create(Hands(page), receiver.url)
    page.get_by_role("button", name="Send test").click()
    result = page.locator("#test-result")
    expect(result).to_contain_text("The receiver broke while it worked")
    page.get_by_role("link", name="See all that was sent and answered").click()
    shown = page.locator(".wire").nth(2)
    expect(shown).to_contain_text(f"<script>{RUN}</script><img src=x")
    expect(shown).to_contain_text("{{ 7 * 7 }}")
    expect(shown).to_contain_text("&lt;b&gt; end")
    headers = page.locator(".wire").nth(1)
    expect(headers).to_contain_text(f"X-Hostile: <script>{RUN}</script>")
    text = page.locator("main").inner_text()
    assert not {"\x1b", "\x07", "\u202e", "\u2066", "\u200f"} & set(text)
    assert page.evaluate("window.hasRun") is None
    assert page.locator("main img, main script, main h1").count() == 1
    assert page.get_by_role("heading", level=1).inner_text() == "patient.created"
    assert page.url.startswith(house.running.url)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("patient.created")
    assert chromium.violations(page) == []


def test_one_delivery_is_resent_from_its_page(house: House, receiver: Receiver) -> None:
    receiver.answer_with(Answer(404))
    page = house.window("developer").page
    page.goto(f"{BASE}/webhooks?mode=test")
    create(Hands(page), receiver.url)
    page.get_by_role("link", name="I have copied it").click()
    something_happens(house)
    receiver.wait_for(3)
    until(page, page.get_by_role("cell").get_by_text("Failed", exact=True))
    page.get_by_role("link", name="patient.created").click()
    expect(page.get_by_text("nothing takes POST at this path").first).to_be_visible()
    receiver.answer_with(Answer(200))
    page.get_by_role("button", name="Resend").click()
    expect(page.get_by_role("status")).to_contain_text("It is sent once more")
    assert receiver.wait_for(4)[-1].header("x-webhook-attempt") == "4"
    until(page, page.get_by_role("heading", name="Attempt 4 200"))
    expect(page.get_by_text("resent by a person")).to_be_visible()
    expect(page.get_by_role("button", name="Resend")).to_be_visible()
