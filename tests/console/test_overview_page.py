"""The first page: what it tells of each mode, to whom, and what it lets them do."""

import functools
import os
import re

import pytest

from jump.audit import access_log, trail, usage
from jump.caller import Mode, Tenant
from jump.clinical.loading import sandbox
from jump.keys import issue
from jump.kit.clock import DAY, HOUR, MINUTE, system_clock
from jump.kit.ids import new_id
from jump.storage.database import Database
from jump.storage.sql import sql
from jump.webhooks import sending, webhook
from jump.webhooks.transport.address_guard import Guard
from jump.webhooks.webhook import WebhookParts
from tests.console import practice
from tests.console.practice import HOOK, HOSTILE, KEYRING, Practice
from tests.console.visiting import Site, Visitor, forms_of
from tests.surface.counting import CountingDatabase

FAILING = sql("UPDATE lanes SET failing_since = :at WHERE webhook_id = :id")
PARTS = WebhookParts(KEYRING, Guard(), os.urandom)


@pytest.fixture
async def made(database: Database) -> Practice:
    return await practice.bare(database)


@pytest.fixture
async def site(database: Database, made: Practice) -> Site:
    return Site(database)


async def seen(visitor: Visitor, mode: Mode = "test") -> str:
    page = await visitor.get(f"?mode={mode}")
    assert page.status_code == 200
    return page.text


async def hook(database: Database, made: Practice, name: str, *, active: bool = True) -> str:
    sent = {"url": HOOK, "name": name, "events": ["patient.created"], "is_active": active}
    row, _ = await database.write(
        functools.partial(
            webhook.create, caller=made.caller(), at=system_clock(), sent=sent, parts=PARTS
        )
    )
    return str(row["id"])


async def requests(database: Database, made: Practice, *answers: tuple[int, int]) -> None:
    """Requests of the last minutes, each with its status and its milliseconds."""
    key, at = await practice.new_key(database, made, "Busy"), system_clock() - MINUTE
    rows = [
        access_log.Access(
            tenant=Tenant(made.organisation, "test"),
            request_id=new_id("req", at),
            at=at,
            key_id=key.id,
            address="203.0.113.7",
            method="GET",
            route="/patients",
            status=status,
            error_code=None,
            missing_scope=None,
            milliseconds=took,
        )
        for status, took in answers
    ]
    await database.write(lambda tx: access_log.write(tx, rows))


def figures(text: str) -> dict[str, str]:
    """The figures of the last 24 hours, by their words."""
    found = re.findall(r"<dt>([^<]+)</dt><dd><b[^>]*>([^<]*)</b>", text)
    return {label: number.strip() for label, number in found}


async def test_the_last_day_is_told_in_figures_that_lead_to_the_log(
    site: Site, made: Practice, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = ((200, 4), (200, 6), (403, 2), (429, 1), (429, 1), (500, 30))
    await requests(database, made, *answers)
    visitor = await site.signed_in("viewer")
    text = await seen(visitor)
    assert figures(text) == {
        "Requests": "6",
        "Refused": "1",
        "Refused by the limit": "2",
        "Errors of ours": "1",
        "Median time to answer": "2 ms",
    }
    for status in ("4xx", "429", "5xx"):
        [address] = re.findall(rf'href="([^"]+status={status})"', text)
        assert (await visitor.get(address.replace("&amp;", "&"))).status_code == 200
    assert "the newest" not in text
    monkeypatch.setattr(usage, "MOST_OF_A_DAY", 5)
    assert "These are the newest 5 requests" in await seen(visitor)
    assert figures(await seen(visitor, "live"))["Requests"] == "0"


async def test_keys_that_need_a_look_are_named_with_what_to_do(
    site: Site, made: Practice, database: Database
) -> None:
    now = system_clock()
    await practice.new_key(database, made, "Soon gone", lasts=29 * DAY)
    await practice.new_key(database, made, HOSTILE, ago=100 * DAY)
    rotated = await practice.new_key(database, made, "Rotated")
    await practice.use(database, made, "Rotated", practice.SITE, 1)
    await database.write(
        lambda tx: issue.rotate(
            tx, KEYRING, made.caller(), rotated.id, "24h", now - HOUR, os.urandom
        )
    )
    await practice.use(database, made, "Rotated", practice.SITE, 1)
    await practice.new_key(database, made, "All well", lasts=200 * DAY)
    await practice.new_key(database, made, "Website", mode="live", lasts=21 * DAY)
    builder = await site.signed_in("developer")
    text = await seen(builder)
    for name, state, action in (
        ("Soon gone", "Expires soon", "Create a new key"),
        ("Rotated", "Old secret in use", "See from where"),
        ("&lt;script&gt;alert(1)", "Not used", "Revoke it"),
    ):
        [row] = [row for row in re.findall(r"<tr>(.*?)</tr>", text, re.S) if name in row]
        assert state in row
        assert action in row
        for address in re.findall(r'href="([^"]+)"', row):
            assert (await builder.get(address.replace("&amp;", "&"))).status_code == 200
    assert "All well" not in text
    assert "Website" not in text
    assert "<script>alert" not in text
    live = await seen(builder, "live")
    assert "Website" in live
    assert "Soon gone" not in live


async def test_webhooks_that_fail_or_are_paused_are_named_with_what_to_do(
    site: Site, made: Practice, database: Database
) -> None:
    await hook(database, made, "Well")
    await hook(database, made, "Stopped", active=False)
    failing = await hook(database, made, "Broken")
    await database.write(lambda tx: tx.run(FAILING, at=system_clock(), id=failing))
    builder = await site.signed_in("developer")
    text = await seen(builder)
    table = text.partition('id="look-title"')[2].partition("</section>")[0]
    assert "Paused by the user Ana Reyes." in table
    assert made.users["admin"].id not in text
    assert table.index("Broken") < table.index("Stopped")
    assert {"Failing", "See the answers", "Activate it"} <= set(re.findall(r">([^<>]+)<", table))
    assert ">Well<" not in table
    for address in re.findall(r'href="([^"]+)"', table):
        assert (await builder.get(address.replace("&amp;", "&"))).status_code == 200


async def test_where_all_is_well_nothing_needs_a_look(site: Site) -> None:
    visitor = await site.signed_in()
    for mode in ("test", "live"):
        assert "Nothing needs a look" in await seen(visitor, mode)


async def test_the_first_steps_tick_themselves_and_go_when_all_are_done(
    site: Site, made: Practice, database: Database
) -> None:
    builder, viewer = await site.signed_in("developer"), await site.signed_in("viewer")

    async def done() -> list[str]:
        text = await seen(builder)
        assert "First steps" in text
        return re.findall(r"<b>([^<]+)</b> <span class=\"unseen\">\(done\)", text)

    assert await done() == []
    await requests(database, made)
    assert await done() == ["Create a test key"]
    await requests(database, made, (200, 1))
    assert await done() == ["Create a test key", "Make a request"]
    webhook_id = await hook(database, made, "Reminders")
    assert (await done())[2:] == ["Create a webhook"]
    assert "First steps" in await seen(viewer)
    await database.write(
        lambda tx: sending.send_test(
            tx, made.caller(), system_clock(), webhook_id, None, os.urandom
        )
    )
    assert "First steps" not in await seen(builder)


async def test_the_first_steps_are_of_test_alone(site: Site) -> None:
    assert "First steps" not in await seen(await site.signed_in(), "live")


async def test_a_viewer_finds_nothing_to_press(
    site: Site, made: Practice, database: Database
) -> None:
    await practice.new_key(database, made, "Idle", ago=100 * DAY)
    await hook(database, made, "Stopped", active=False)
    page = await (await site.signed_in("viewer")).get("?mode=test")
    assert [form.name for form in forms_of(page)] == ["sign_out"]
    content = page.text.partition("<main")[2]
    assert "Load sample data" not in content
    assert 'class="btn' not in content.replace("data-copy", "")
    assert "/manage" not in content
    assert "/create" not in content
    assert "Idle" in content


async def test_sample_data_is_loaded_once_by_whom_and_where_the_page_lets_them(
    site: Site, made: Practice, database: Database
) -> None:
    visitor, test = await site.signed_in("developer"), Tenant(made.organisation, "test")
    page = await visitor.get("?mode=test")
    answer = await visitor.send(page, "load_sample")
    assert (
        f"{sandbox.DEFAULT_PATIENTS} invented patients with 1,000 appointments are in Test now."
        in (await visitor.follow(answer)).text
    )
    assert "Load sample data" not in await seen(visitor)
    patients = trail.Wanted(action="patient.created")
    loaded = await database.read(lambda tx: trail.page(tx, test, patients, limit=1_000))
    assert len(loaded) == sandbox.DEFAULT_PATIENTS
    assert {each.actor.id for each in loaded} == {made.users["developer"].id}
    again = await visitor.send(page, "load_sample")
    assert "nothing more is loaded" in (await visitor.follow(again)).text
    other = await (await site.signed_in()).get("?mode=test")
    assert "load_sample" not in [form.name for form in forms_of(other)]
    entries = await database.read(lambda tx: trail.page(tx, test, patients, limit=1_000))
    assert len(entries) == len(loaded)


async def test_sample_data_is_not_mixed_with_what_is_there_and_never_in_live(
    site: Site, made: Practice, database: Database
) -> None:
    first, second = await site.signed_in(), await site.signed_in("developer")
    page = await second.get("?mode=test")
    await first.fill("?mode=test", "load_sample")
    refused = await second.send(page, "load_sample")
    assert refused.status_code == 409
    assert "There are patients in Test already" in refused.text
    assert "Load sample data" not in await seen(first, "live")
    page = await first.get("?mode=test")
    fields = dict(next(form for form in forms_of(page) if form.name == "sign_out").fields)
    live = await first.client.post(
        "/settings/developers?mode=live",
        data={**fields, "form": "load_sample"},
        headers={"Origin": "http://localhost"},
    )
    assert live.status_code == 409
    assert "test mode only" in live.text


async def test_it_takes_as_many_statements_however_much_there_is(
    site: Site, made: Practice, database: Database
) -> None:
    visitor = await site.signed_in()

    async def statements() -> int:
        counting = CountingDatabase(database)
        site.database = counting
        watched = site.visitor()
        watched.client.cookies = visitor.client.cookies
        await seen(watched)
        site.database = database
        return sum(counting.counted.values())

    await hook(database, made, "Stopped", active=False)
    before = await statements()
    for number in range(5):
        await practice.new_key(database, made, f"Idle {number}", ago=100 * DAY)
        await hook(database, made, f"Stopped {number}", active=False)
    await requests(database, made, *((200, 1) for _ in range(300)))
    assert await statements() == before
