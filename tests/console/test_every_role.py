"""All pages and forms by all roles, from the pages' own data: who may, and whose it is.

A page whose address has a new kind of id needs a line in `ids_of`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx
import pytest

from jump.audit import trail
from jump.caller import Mode, Tenant
from jump.console.page import Form, Page, Place
from jump.console.places import PLACES
from jump.identity import roles
from jump.identity.roles import ROLE_NAMES
from jump.storage.database import Database
from tests.console import practice
from tests.console.house import BASE
from tests.console.practice import HOSTILE, PASSWORD, Practice, email
from tests.console.visiting import ORIGIN, Site, Visitor, form_of

NOBODY = "nobody"
WHO = (NOBODY, *ROLE_NAMES)
NOT_ALLOWED = "Your role does not allow this."


@dataclass(frozen=True)
class Case:
    """A place, or one of its forms."""

    place: Place
    form: Form | None = None

    def __str__(self) -> str:
        return self.place.name + (f"-{self.form.name}" if self.form else "")


def cases() -> Iterator[Case]:
    for place in PLACES:
        yield Case(place)
        for form in place.forms if isinstance(place, Page) else ():
            yield Case(place, form)


def ids_of(made: Practice) -> Mapping[str, str]:
    """An id of each kind that addresses have, in the test mode of the practice."""
    return {
        "key_id": made.keys["Booking site"].id,
        "user_id": made.invited,
        "webhook_id": made.hooks["Reminders"],
        "delivery_id": made.delivery,
        "event_id": made.events[0],
    }


def may(who: str, needs: str) -> bool:
    if needs == "nobody" or (needs == "anybody" and who != NOBODY):
        return True
    return who != NOBODY and roles.may(who, needs)  # type: ignore[arg-type]


@pytest.fixture
async def made(database: Database) -> Practice:
    return await practice.make(database)


@pytest.fixture
async def site(database: Database, made: Practice) -> Site:
    return Site(database)


async def arrived(site: Site, who: str) -> Visitor:
    return site.visitor() if who == NOBODY else await site.signed_in(who)


def address(place: Place, made: Practice, mode: Mode = "test") -> str:
    return f"{BASE}{place.path.format(**ids_of(made))}?mode={mode}"


async def sent(visitor: Visitor, to: str, form: Form, who: str) -> httpx.Response:
    """A form as somebody sends it who knows how, whether the page shows it or not."""
    shown = await visitor.get("/sign-in" if who == NOBODY else "/keys")
    token = dict(form_of(shown, "sign_in" if who == NOBODY else "sign_out").fields)
    fields = {"csrf": token["csrf"], "once": token["once"], "form": form.name}
    return await visitor.client.post(to, data=fields, headers={"Origin": ORIGIN})


@pytest.mark.parametrize("who", WHO)
async def test_each_role_sees_and_sends_what_the_table_allows(
    site: Site, made: Practice, who: str
) -> None:
    wrong: list[str] = []
    for case in cases():
        visitor = await arrived(site, who)
        to, form = address(case.place, made), case.form
        if form is None:
            answer = await visitor.get(to)
        else:
            answer = await sent(visitor, to, form, who)
        allowed = may(who, case.place.needs) and (form is None or may(who, form.needs))
        if who == NOBODY and not allowed:
            led = answer.headers.get("location", "").startswith(f"{BASE}/sign-in?")
            refused = led or (answer.status_code == 403 and "<h1>Sign in</h1>" in answer.text)
        else:
            refused = answer.status_code == 403 and NOT_ALLOWED in answer.text
        if refused == allowed or answer.status_code >= 500:
            wrong.append(f"{case}: {answer.status_code}")
    assert wrong == []


async def test_what_a_viewer_sends_changes_nothing(
    site: Site, made: Practice, database: Database
) -> None:
    before = await changes(database, made)
    visitor = await site.signed_in("viewer")
    for case in cases():
        if case.form is not None and not may("viewer", case.place.needs):
            await sent(visitor, address(case.place, made), case.form, "viewer")
    assert await changes(database, made) == before


async def changes(database: Database, made: Practice) -> list[str]:
    """What the audit holds of keys and webhooks, in both modes."""
    found = []
    for mode in ("test", "live"):
        tenant = Tenant(made.organisation, mode)
        entries = await database.read(lambda tx, of=tenant: trail.page(tx, of, limit=1_000))
        found += [e.id for e in entries if e.change.record_type in ("api_key", "key", "webhook")]
    return found


@pytest.mark.parametrize("mode", ["test", "live"])
async def test_nobody_reaches_another_practice_or_another_mode(
    site: Site, made: Practice, mode: Mode
) -> None:
    stranger = site.visitor()
    await stranger.fill("/sign-in", "sign_in", email=email("second-admin"), password=PASSWORD)
    own = await site.signed_in()
    for case in cases():
        if "{" not in case.place.path or case.form is not None:
            continue
        seen = [await stranger.get(address(case.place, made, mode))]
        if mode == "live" and getattr(case.place, "has_modes", True):
            seen.append(await own.get(address(case.place, made, mode)))
        for answer in seen:
            assert answer.status_code == 404, case
            assert "Booking site" not in answer.text
    of_others = ["Riverside", "Old pilot", *(key.id[4:] for key in made.keys.values())]
    for place in PLACES:
        if "{" not in place.path and isinstance(place, Page):
            text = (await stranger.get(address(place, made, mode))).text
            assert not [mark for mark in of_others if mark in text], place.name


async def test_what_strangers_name_things_is_text(site: Site, made: Practice) -> None:
    visitor = await site.signed_in()
    key = made.keys[HOSTILE]
    for place in PLACES:
        if isinstance(place, Page) and place.path.startswith("/keys"):
            page = await visitor.get(f"{place.path.format(key_id=key.id)}?mode=test")
            assert page.status_code == 200, place.name
            assert "<script>alert" not in page.text
    for path in ("/keys?status=<script>alert(1)</script>", "/<script>alert(1)</script>"):
        page = await visitor.get(path)
        assert page.status_code in (400, 404)
        assert "<script>alert" not in page.text


async def test_every_method_is_answered_in_words(site: Site, made: Practice) -> None:
    visitor = await site.signed_in()
    for place in PLACES:
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
            answer = await visitor.client.request(method, address(place, made))
            assert answer.status_code == 405, place.name
            assert "GET" in answer.headers["allow"]
        head = await visitor.client.head(address(place, made))
        assert head.text == ""
