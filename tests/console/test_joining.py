"""Links that are used once, and the second step of signing in."""

import pytest

from jump.identity import invitations, totp, users
from jump.identity.invitations import Link
from jump.kit.clock import DAY, MINUTE, SECOND, system_clock
from jump.storage.database import Database
from tests.console import practice
from tests.console.house import BASE
from tests.console.practice import KEYRING, PASSWORD, Practice, email
from tests.console.visiting import Site


@pytest.fixture
async def site(database: Database) -> Site:
    return Site(database)


async def first_admin(database: Database) -> Link:
    made = await database.write(lambda tx: invitations.first_admin(tx, KEYRING, system_clock()))
    assert made is not None
    return made


def below_base(link: Link) -> str:
    return link.address("").removeprefix(BASE)


async def test_the_first_admin_is_made_by_a_link_and_is_signed_in(
    site: Site, database: Database
) -> None:
    link = below_base(await first_admin(database))
    visitor = site.visitor()
    page = await visitor.get(link)
    assert "Make the first admin" in page.text
    refused = await visitor.send(page, "join", name="", email="ana", password="short")
    assert refused.status_code == 422
    for words in ("Name: ", "E-mail: ", "Password: Use at least"):
        assert words in refused.text
    joined = await visitor.send(
        refused, "join", name="Ana Reyes", email="ana@example.org", password=PASSWORD
    )
    home = await visitor.follow(joined)
    assert "Welcome, Ana Reyes." in home.text
    again = await site.visitor().get(link)
    assert again.status_code == 410
    assert "was used already" in again.text


async def test_who_is_invited_joins_as_what_they_are_invited_for(
    site: Site, database: Database
) -> None:
    made = await practice.bare(database)
    token = await practice.invite(database, made)
    visitor = site.visitor()
    page = await visitor.get(f"/join?token={token}")
    assert f"Join {practice.NAME}" in page.text
    assert "nadia@example.org" in page.text
    joined = await visitor.send(page, "join", password=PASSWORD)
    home = await visitor.follow(joined)
    assert "Welcome, Nadia Owens." in home.text
    assert "Create API key" in home.text


@pytest.mark.parametrize("token", ["", "unknown", "x" * 5_000])
async def test_any_other_link_leads_nowhere(site: Site, token: str) -> None:
    page = await site.visitor().get(f"/join?token={token}")
    assert page.status_code == 404
    assert "<form" not in page.text


async def test_an_old_link_says_so(site: Site, database: Database) -> None:
    link = below_base(await first_admin(database))
    site.offset = 2 * DAY
    page = await site.visitor().get(link)
    assert (page.status_code, "has expired" in page.text) == (410, True)


async def codes_for(database: Database, made: Practice, role: str) -> str:
    """Turn codes on for a user; the secret of the app."""
    user = made.users[role]
    caller, at = users.caller_of(user, "live"), system_clock() - MINUTE
    set_up = await database.write(lambda tx: totp.begin_setup(tx, KEYRING, caller, user.id))
    code = code_at(set_up.secret, at)
    await database.write(lambda tx: totp.confirm_setup(tx, KEYRING, caller, user.id, code, at))
    return set_up.secret


def code_at(secret: str, at: int) -> str:
    return totp.TOTP(secret).at(at // SECOND)


async def test_a_second_factor_is_asked_for_in_a_second_step(
    site: Site, database: Database
) -> None:
    made = await practice.bare(database)
    secret = await codes_for(database, made, "admin")
    visitor = site.visitor()
    sent = await visitor.get("/keys?mode=live")
    page = await visitor.follow(sent)
    asked = await visitor.send(page, "sign_in", email=email("admin"), password=PASSWORD)
    assert "Enter your code" in asked.text
    assert PASSWORD not in asked.text
    assert (await visitor.get("/keys")).status_code == 303
    wrong = await visitor.send(asked, "code", code="000000")
    assert wrong.status_code == 422
    entered = await visitor.send(wrong, "code", code=code_at(secret, site.clock()))
    assert entered.headers["location"] == f"{BASE}/keys?mode=live"
    assert (await visitor.follow(entered)).status_code == 200


async def test_a_second_factor_is_asked_for_when_the_password_is_confirmed(
    site: Site, database: Database
) -> None:
    made = await practice.bare(database)
    visitor = await site.signed_in()
    secret = await codes_for(database, made, "admin")
    page = await visitor.get("/confirm")
    refused = await visitor.send(page, "confirm", password=PASSWORD)
    assert (refused.status_code, "Enter the code" in refused.text) == (422, True)
    confirmed = await visitor.send(
        refused, "confirm", password=PASSWORD, code=code_at(secret, site.clock())
    )
    assert "Your password is confirmed." in (await visitor.follow(confirmed)).text
