"""What people with bad intent try: markup in every name, forms forged, replayed or stolen, and what
is not theirs. Payloads, headers and bodies of deliveries are left to the tests of their pages.
"""

import functools
import os
from collections.abc import Iterator
from html.parser import HTMLParser

import httpx
import pytest

from jump.audit import trail
from jump.caller import OPERATOR, Caller, Mode, Tenant
from jump.console.page import Form, Page
from jump.console.places import PLACES
from jump.identity import organisations, ready_users
from jump.identity.roles import ROLE_NAMES
from jump.identity.users import NewUser
from jump.kit.clock import DAY, system_clock
from jump.storage.database import Database
from jump.webhooks import webhook
from jump.webhooks.transport.address_guard import Guard
from jump.webhooks.webhook import WebhookParts
from tests.console import practice
from tests.console.house import BASE
from tests.console.practice import HOOK, KEYRING, PASSWORD, Practice, email
from tests.console.test_every_role import Case, address, cases, may
from tests.console.visiting import ORIGIN, Site, Visitor, form_of

MARKUP = "'\"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}"
NO_SUCH_WAY = "https://evil.example"


class Marks(HTMLParser):
    """What of a page a browser would carry out, and what it would show as 49 of {{7*7}}."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        if tag == "script" and not (about.get("src") and about.get("nonce")):
            self.found.append("a script of its own")
        if tag in ("img", "iframe", "object", "embed", "base") and "qr" not in str(about):
            self.found.append(tag)
        self.found += [name for name in about if name.startswith("on") or name == "style"]
        if (about.get("href") or "").strip().lower().startswith("javascript:"):
            self.found.append("a link that is a script")


def marks(page: httpx.Response) -> list[str]:
    read = Marks()
    read.feed(page.text)
    return read.found + (["49"] if '">49' in page.text else [])


@pytest.fixture
async def made(database: Database) -> Practice:
    return await practice.make(database)


@pytest.fixture
async def site(database: Database, made: Practice) -> Site:
    return Site(database)


def sendable() -> Iterator[tuple[Case, Form]]:
    """Every form that takes somebody who is signed in."""
    for case in cases():
        if case.form is not None and case.place.needs != "nobody":
            yield case, case.form


async def trace(database: Database, made: Practice) -> list[str]:
    """What the audit of both modes holds, but for sign-ins and looks."""
    found = []
    modes: tuple[Mode, Mode] = ("test", "live")
    for mode in modes:
        tenant = Tenant(made.organisation, mode)
        entries = await database.read(lambda tx, of=tenant: trail.page(tx, of, limit=1_000))
        looks = ("user.signed", "delivery.viewed")
        found += [e.id for e in entries if not e.change.action.startswith(looks)]
    return found


async def fields_of(visitor: Visitor) -> dict[str, str]:
    """What every form of this sign-in holds, as somebody reads it who may."""
    held = dict(form_of(await visitor.get("/keys"), "sign_out").fields)
    return {"csrf": held["csrf"], "once": held["once"]}


async def post(
    visitor: Visitor, to: str, form: Form, fields: dict[str, str], origin: str = ORIGIN
) -> httpx.Response:
    return await visitor.client.post(
        to, data={**fields, "form": form.name}, headers={"Origin": origin}
    )


async def hostile(database: Database) -> tuple[str, dict[str, str]]:
    """A practice in which everything bears a name that is markup; and an id of each kind."""
    at = system_clock() - DAY
    made = await database.write(lambda tx: organisations.create(tx, OPERATOR, MARKUP, at))
    operator = Caller(Tenant(made.id, "live"), OPERATOR, frozenset())
    new = NewUser("hostile@example.org", "admin", MARKUP)
    user = await ready_users.create(database, operator, new, PASSWORD, at)
    other = Practice(made.id, dict.fromkeys(ROLE_NAMES, user))
    key = await practice.new_key(database, other, MARKUP, ago=DAY)
    parts = WebhookParts(KEYRING, Guard(), os.urandom)
    sent = {"url": HOOK, "name": MARKUP, "events": ["patient.created"], "is_active": False}
    row, _ = await database.write(
        functools.partial(webhook.create, caller=other.caller(), at=at, sent=sent, parts=parts)
    )
    return user.id, {"key_id": key.id, "user_id": user.id, "webhook_id": row["id"]}


async def test_markup_in_every_name_is_text_on_every_page(site: Site) -> None:
    _, ids = await hostile(site.database)
    visitor = site.visitor()
    visitor.client.headers["User-Agent"] = MARKUP
    page = await visitor.get("/sign-in")
    entered = await visitor.send(page, "sign_in", email="hostile@example.org", password=PASSWORD)
    assert entered.status_code == 303
    shown = 0
    for place in PLACES:
        wanted = [part[1:-1] for part in place.path.split("/") if part.startswith("{")]
        if not isinstance(place, Page) or not set(wanted) <= set(ids):
            continue
        page = await visitor.get(f"{BASE}{place.path.format(**ids)}?mode=test")
        assert page.status_code in (200, 303) or place.needs == "nobody", place.name
        assert marks(page) == [], place.name
        shown += "&lt;script&gt;alert(1)" in page.text
    assert shown > 12  # the practice's name alone stands at the top of every page


@pytest.mark.parametrize("role", [None, "viewer", "admin"])
async def test_markup_in_an_address_or_a_field_is_text(site: Site, role: str | None) -> None:
    visitor = site.visitor() if role is None else await site.signed_in(role)
    for place in PLACES:
        path = place.path.format(
            key_id=MARKUP, user_id=MARKUP, webhook_id=MARKUP, delivery_id=MARKUP, event_id=MARKUP
        )
        names = "mode status state type event route key code request since action actor after next"
        query = httpx.QueryParams([(name, MARKUP) for name in names.split()])
        assert marks(await visitor.get(f"{BASE}{path}?{query}")) == [], place.name
    if role is None:
        refused = await visitor.fill("/sign-in", "sign_in", email=MARKUP, password=MARKUP)
    else:
        refused = await visitor.fill("/keys", "find", key=MARKUP)
    assert refused.status_code == 422
    assert marks(refused) == []


@pytest.mark.parametrize("role", ["viewer", "developer"])
async def test_what_a_role_may_not_do_it_cannot_do_by_a_form_of_its_own(
    site: Site, made: Practice, database: Database, role: str
) -> None:
    visitor = await site.signed_in(role)
    fields, before = await fields_of(visitor), await trace(database, made)
    refused = 0
    for case, form in sendable():
        if may(role, case.place.needs) and may(role, form.needs):
            continue
        modes: tuple[Mode, Mode] = ("test", "live")
        for mode in modes:
            answer = await post(visitor, address(case.place, made, mode), form, fields)
            assert answer.status_code == 403, case
        refused += 1
    assert refused >= 3
    assert await trace(database, made) == before


async def test_no_form_is_taken_from_another_origin_or_with_an_old_token(
    site: Site, made: Practice, database: Database
) -> None:
    visitor = await site.signed_in()
    old = await fields_of(visitor)
    await visitor.fill("/keys", "sign_out")
    await visitor.sign_in()
    fresh, before = await fields_of(visitor), await trace(database, made)
    assert fresh["csrf"] != old["csrf"]
    for case, form in sendable():
        to = address(case.place, made)
        forged = await post(visitor, to, form, fresh, origin=NO_SUCH_WAY)
        assert (forged.status_code, "did not come from" in forged.text) == (403, True), case
        stale = await post(visitor, to, form, old)
        assert (stale.status_code, "earlier sign-in" in stale.text) == (403, True), case
    assert await trace(database, made) == before
    assert (await visitor.get("/keys")).status_code == 200


async def test_a_stolen_session_is_worth_nothing_after_the_sign_out(
    site: Site, made: Practice, database: Database
) -> None:
    visitor, thief = await site.signed_in(), site.visitor()
    thief.client.cookies.update(dict(visitor.client.cookies))
    stolen = await fields_of(thief)
    await visitor.fill("/keys", "sign_out")
    before = await trace(database, made)
    for place in PLACES:
        if place.needs == "nobody":
            continue
        answer = await thief.get(address(place, made))
        assert answer.status_code == 303, place.name
        assert answer.headers["location"].startswith(f"{BASE}/sign-in?"), place.name
    for case, form in sendable():
        answer = await post(thief, address(case.place, made), form, stolen)
        assert (answer.status_code, "<h1>Sign in</h1>" in answer.text) == (403, True), case
    assert await trace(database, made) == before


REPLAYED = (
    ("/keys/create", "create", {"name": "Front desk", "patients": "read"}),
    ("/keys/{key_id}/manage", "rotate", {"overlap": "24h"}),
    ("/keys/{key_id}/manage", "revoke", {}),
    (
        "/webhooks/create",
        "create",
        {"url": HOOK, "events": "patient.created", "payload": "thin"},
    ),
    ("/webhooks/{webhook_id}/manage", "rotate", {}),
    ("/webhooks/{webhook_id}", "test", {"event_type": "patient.updated"}),
    ("/webhooks/{webhook_id}/manage", "pause", {}),
    ("", "load_sample", {}),
)


@pytest.mark.parametrize(
    ("path", "form", "typed"), REPLAYED, ids=[f"{path}-{form}" for path, form, _ in REPLAYED]
)
async def test_a_form_that_is_replayed_does_nothing_more(
    site: Site, made: Practice, database: Database, path: str, form: str, typed: dict[str, str]
) -> None:
    visitor = await site.signed_in()
    ids = {"key_id": made.keys["Booking site"].id, "webhook_id": made.hooks["Reminders"]}
    page = await visitor.get(f"{path.format(**ids)}?mode=test")
    before = await trace(database, made)
    first = await visitor.send(page, form, **typed)
    assert first.status_code == 303
    after = await trace(database, made)
    assert len(after) > len(before)
    again = await visitor.send(page, form, **typed)
    assert again.status_code in (303, 409, 422)
    assert await trace(database, made) == after


async def test_an_invitation_that_is_replayed_invites_nobody_twice(
    site: Site, made: Practice, database: Database
) -> None:
    visitor = await site.signed_in()
    page = await visitor.get("/users/invite?mode=test")
    typed = {"email": "eve@example.org", "role": "viewer", "name": "Eve"}
    assert (await visitor.send(page, "invite", **typed)).status_code == 303
    after = await trace(database, made)
    again = await visitor.send(page, "invite", **typed)
    assert again.status_code in (303, 409, 422)
    assert await trace(database, made) == after
    assert email("viewer") in (await visitor.get("/users")).text
