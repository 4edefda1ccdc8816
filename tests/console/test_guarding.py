"""Who gets in, by which way, and which forms are taken: signing in, cookies, origins, tokens."""

import re
from ipaddress import ip_network

import pytest

from jump.identity.sign_in_record import ABSOLUTE_LIMIT, CONFIRMED_FOR, IDLE_LIMIT
from jump.kit.clock import MINUTE
from jump.storage.database import Database
from tests.console import practice
from tests.console.house import BASE
from tests.console.practice import PASSWORD, Practice, email
from tests.console.visiting import ORIGIN, Site, form_of

NAME = "Front desk"


@pytest.fixture
async def made(database: Database) -> Practice:
    return await practice.bare(database)


@pytest.fixture
async def site(database: Database, made: Practice) -> Site:
    return Site(database)


async def test_who_is_not_signed_in_is_led_to_sign_in_and_back(site: Site) -> None:
    visitor = site.visitor()
    sent = await visitor.get("/keys?status=active&mode=live")
    assert sent.status_code == 303
    page = await visitor.follow(sent)
    entered = await visitor.send(page, "sign_in", email=email("viewer"), password=PASSWORD)
    assert entered.headers["location"] == f"{BASE}/keys?status=active&mode=live"
    assert (await visitor.follow(entered)).status_code == 200


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example", "//evil.example", "/settings/developersx", f"{BASE}\\..", "/api/v1"],
)
async def test_nobody_is_led_elsewhere_after_signing_in(site: Site, elsewhere: str) -> None:
    visitor = site.visitor()
    page = await visitor.get("/sign-in")
    entered = await visitor.send(
        page, "sign_in", email=email("admin"), password=PASSWORD, next=elsewhere
    )
    assert entered.headers["location"].startswith(f"{BASE}?mode=")


@pytest.mark.parametrize(
    ("address", "password"),
    [("admin@example.org", "not this one"), ("nobody@example.org", PASSWORD)],
)
async def test_a_wrong_sign_in_says_the_same_whatever_was_wrong(
    site: Site, address: str, password: str
) -> None:
    refused = await site.visitor().fill("/sign-in", "sign_in", email=address, password=password)
    assert refused.status_code == 422
    assert "The e-mail address, the password or the code is wrong." in refused.text
    assert address in refused.text
    assert password not in refused.text


async def test_over_https_the_cookies_are_bound_to_the_host(site: Site) -> None:
    visitor = site.visitor(origin="https://jump.example", address="203.0.113.9")
    page = await visitor.get("/sign-in")
    entered = await visitor.send(
        page,
        "sign_in",
        origin="https://jump.example",
        email=email("admin"),
        password=PASSWORD,
    )
    cookies = [*page.headers.get_list("set-cookie"), *entered.headers.get_list("set-cookie")]
    assert len(cookies) == 2
    for cookie in cookies:
        assert cookie.startswith("__Host-jump")
        assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
    assert "Strict-Transport-Security" in page.headers


async def test_over_plain_http_on_this_machine_they_cannot_be(site: Site) -> None:
    entered = await site.visitor().sign_in()
    [cookie] = entered.headers.get_list("set-cookie")
    assert cookie.startswith("jump=")
    assert {"HttpOnly", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


@pytest.mark.parametrize(
    ("origin", "address"),
    [("http://jump.example", "127.0.0.1"), ("http://localhost", "192.0.2.4")],
)
async def test_over_plain_http_from_elsewhere_nothing_is_shown(
    site: Site, origin: str, address: str
) -> None:
    visitor = site.visitor(origin=origin, address=address)
    for path in ("/sign-in", "/keys", "/join?token=x"):
        refused = await visitor.get(path)
        assert refused.status_code == 403
        assert "Not over plain HTTP" in refused.text
        assert "<form" not in refused.text
        assert "set-cookie" not in refused.headers or "jump=" not in refused.headers["set-cookie"]


async def test_a_trusted_proxy_says_that_the_way_was_safe(site: Site) -> None:
    trusted = (ip_network("127.0.0.0/8"),)
    told = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    believed = site.visitor(origin="http://jump.example", trusted_proxies=trusted)
    assert (await believed.get("/sign-in", headers=told)).status_code == 200
    stranger = site.visitor(origin="http://jump.example")
    assert (await stranger.get("/sign-in", headers=told)).status_code == 403


async def test_a_sign_in_ends_when_it_is_signed_out_idle_or_old(site: Site) -> None:
    visitor = await site.signed_in()
    stolen = dict(visitor.client.cookies)
    out = await visitor.fill("/keys", "sign_out")
    assert "You are signed out." in (await visitor.follow(out)).text
    thief = site.visitor()
    thief.client.cookies.update(stolen)
    assert (await thief.get("/keys")).status_code == 303
    visitor = await site.signed_in()
    site.offset = IDLE_LIMIT + MINUTE
    assert (await visitor.get("/keys")).status_code == 303
    visitor = await site.signed_in()
    for _ in range(ABSOLUTE_LIMIT // (30 * MINUTE) - 1):
        site.offset += 30 * MINUTE
        assert (await visitor.get("/keys")).status_code == 200
    site.offset += 30 * MINUTE
    assert (await visitor.get("/keys")).status_code == 303


async def test_what_scripts_ask_by_themselves_keeps_no_sign_in_alive(site: Site) -> None:
    visitor = await site.signed_in()
    asked = "/keys/create/words"
    for _ in range(IDLE_LIMIT // (20 * MINUTE)):
        assert (await visitor.get(asked)).status_code == 200
        site.offset += 20 * MINUTE
    assert (await visitor.get(asked)).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"},
        {"Origin": "https://localhost"},
        {"Origin": "http://localhost:9999"},
        {},
    ],
)
async def test_a_form_from_elsewhere_is_not_carried_out(
    site: Site, headers: dict[str, str]
) -> None:
    visitor = await site.signed_in()
    page = await visitor.get("/keys/create")
    sent = await visitor.send(
        page, "create", origin=None, headers=headers, name=NAME, patients="read"
    )
    assert sent.status_code == 403
    assert NAME not in sent.text
    assert NAME not in (await visitor.get("/keys")).text


@pytest.mark.parametrize("token", [None, "", "0" * 64])
async def test_a_form_without_its_token_is_given_back_and_not_carried_out(
    site: Site, token: str | None
) -> None:
    visitor = await site.signed_in()
    page = await visitor.get("/keys/create")
    refused = await visitor.send(page, "create", csrf=token, name=NAME, patients="read")
    assert refused.status_code == 403
    assert "earlier sign-in" in refused.text
    assert NAME not in (await visitor.get("/keys")).text
    again = await visitor.send(refused, "create")
    assert again.status_code == 303
    assert NAME in (await visitor.get("/keys")).text


async def test_a_token_is_of_one_sign_in_only(site: Site) -> None:
    visitor = await site.signed_in()
    page = await visitor.get("/keys/create")
    await visitor.fill("/keys", "sign_out")
    await visitor.sign_in()
    old = await visitor.send(page, "create", name=NAME, patients="read")
    assert old.status_code == 403
    assert NAME not in (await visitor.get("/keys")).text


async def test_signing_in_takes_a_form_of_this_browser(site: Site) -> None:
    page = await site.visitor().get("/sign-in")
    other = site.visitor()
    sent = await other.send(page, "sign_in", email=email("admin"), password=PASSWORD)
    assert sent.status_code == 403
    assert "jump=" not in str(sent.headers.get_list("set-cookie"))


async def test_a_form_sent_twice_makes_one_key(site: Site) -> None:
    visitor = await site.signed_in()
    page = await visitor.get("/keys/create")
    first = await visitor.send(page, "create", name=NAME, patients="read")
    second = await visitor.send(page, "create", name=NAME, patients="read")
    assert "/made" in first.headers["location"]
    assert "/made" not in second.headers["location"]
    assert "made already" in (await visitor.follow(second)).text
    assert (await visitor.get("/keys")).text.count(f">{NAME}<") == 1


async def test_a_live_key_asks_for_the_password_again_and_gives_the_form_back(
    site: Site,
) -> None:
    visitor = await site.signed_in()
    page = await visitor.get("/keys/create")
    site.offset = CONFIRMED_FOR
    typed = {"name": NAME, "patients": "both", "mode": "live", "expires_at": "1y"}
    asked = await visitor.send(page, "create", **typed)
    assert (asked.status_code, "Confirm your password" in asked.text) == (403, True)
    wrong = await visitor.send(asked, "confirm", password="not the password")
    assert wrong.status_code == 422
    back = await visitor.send(wrong, "confirm", password=PASSWORD)
    assert back.status_code == 200
    fields = dict(form_of(back, "create").fields)
    assert {name: fields[name] for name in typed} == typed
    assert NAME not in (await visitor.get("/keys?mode=live")).text
    made = await visitor.send(back, "create")
    assert "pk_live_" in (await visitor.follow(made)).text


async def test_a_test_key_and_revoking_never_ask_again(site: Site) -> None:
    visitor = await site.signed_in()
    await visitor.fill("/keys/create", "create", name=NAME, patients="read", mode="live")
    [key_id] = re.findall(r"/keys/(key_\w+)", (await visitor.get("/keys?mode=live")).text)
    site.offset = CONFIRMED_FOR
    test_key = await visitor.fill("/keys/create", "create", name="Other", patients="read")
    assert "/made" in test_key.headers["location"]
    manage = f"/keys/{key_id}/manage?mode=live"
    assert (await visitor.fill(manage, "rotate")).status_code == 403
    revoked = await visitor.fill(manage, "revoke", name=NAME)
    assert "Revoked" in (await visitor.follow(revoked)).text


async def test_a_form_sent_after_the_sign_in_ended_is_given_back_after_the_next(
    site: Site,
) -> None:
    visitor = await site.signed_in()
    page = await visitor.get("/keys/create")
    site.offset = IDLE_LIMIT + MINUTE
    asked = await visitor.send(page, "create", name=NAME, patients="both")
    assert asked.status_code == 403
    assert "kept" in asked.text
    back = await visitor.send(asked, "sign_in", email=email("admin"), password=PASSWORD)
    assert dict(form_of(back, "create").fields)["name"] == NAME
    assert "/made" in (await visitor.send(back, "create")).headers["location"]


async def test_a_form_from_elsewhere_is_not_kept_for_the_next_sign_in(site: Site) -> None:
    visitor = await site.signed_in()
    page = await visitor.get("/keys/create")
    site.offset = IDLE_LIMIT + MINUTE
    sent = await visitor.send(page, "create", origin="https://evil.example", name=NAME)
    assert sent.status_code == 303
    assert "/sign-in" in sent.headers["location"]
    assert "held" not in (await visitor.follow(sent)).text


async def test_what_is_held_is_given_back_to_nobody_without_the_ability(site: Site) -> None:
    visitor = await site.signed_in("developer")
    page = await visitor.get("/keys/create")
    site.offset = IDLE_LIMIT + MINUTE
    asked = await visitor.send(page, "create", name=NAME, patients="both")
    back = await visitor.send(asked, "sign_in", email=email("viewer"), password=PASSWORD)
    assert (back.status_code, NAME in back.text) == (403, False)


async def test_what_another_browser_was_given_opens_nothing(site: Site) -> None:
    visitor, other = await site.signed_in(), await site.signed_in()
    made = await visitor.fill("/keys/create", "create", name=NAME, patients="read")
    other.client.cookies.set("jump-once", visitor.client.cookies["jump-once"])
    assert "not again" in (await other.follow(made)).text
    assert "Copy this key now" in (await visitor.follow(made)).text
    assert "not again" in (await visitor.follow(made)).text


async def test_every_answer_keeps_strangers_out(site: Site) -> None:
    visitor = await site.signed_in()
    nonces = set()
    for path in ("/keys", "/keys", "/nowhere", "/sign-in", "/keys/create/words", "/static/x.js"):
        headers = (await visitor.get(path)).headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        nonces.add(policy["script-src"])
        assert policy["default-src"] == "'none'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["form-action"] == policy["style-src"] == "'self'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
    assert len(nonces) == 6


async def test_static_files_are_kept_for_ever_and_change_their_name(site: Site) -> None:
    visitor = site.visitor()
    page = (await visitor.get("/sign-in")).text
    [address] = re.findall(r'href="(\S+console\S+css)"', page)
    style = await visitor.get(address)
    assert style.headers["content-type"].startswith("text/css")
    assert "immutable" in style.headers["cache-control"]
    other = re.sub(r"[0-9a-f]{12}", "0" * 12, address)
    assert (await visitor.get(other)).status_code == 404


async def test_a_thousand_tries_get_nowhere_and_lock_nobody_out(site: Site) -> None:
    stranger = site.visitor(address="127.0.0.66")
    page = await stranger.get("/sign-in")
    statuses = [
        (
            await stranger.send(page, "sign_in", email=email("admin"), password=f"guess {number}")
        ).status_code
        for number in range(1_000)
    ]
    assert set(statuses) == {422, 429}
    assert statuses.count(422) < 40
    assert (await site.visitor(address="127.0.0.1").sign_in("developer")).status_code == 303
