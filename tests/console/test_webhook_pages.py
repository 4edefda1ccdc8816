"""A webhook's page and a delivery's: what they show and take, and when they ask for a password."""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from jump.identity.sign_in_record import CONFIRMED_FOR
from jump.kit.clock import HOUR, MINUTE, system_clock
from jump.storage.database import Database
from jump.webhooks import webhook
from jump.webhooks.transport.address_guard import Guard
from jump.webhooks.webhook import WebhookParts
from tests.console import practice, sent
from tests.console.practice import HOOK, KEYRING, PASSWORD, Practice
from tests.console.sent import DAY_OF_ONE, HOSTILE_TEXT, Sent
from tests.console.visiting import Site, Visitor
from tests.surface.counting import CountingDatabase

ROW = re.compile(r'<td data-l="State"><span>\s*<span class="tag \w+">(\w+)</span>')


@pytest.fixture
async def made(database: Database) -> Practice:
    return await practice.make(database)


@pytest.fixture
async def site(database: Database, made: Practice) -> Site:
    return Site(database)


def states(page: httpx.Response) -> list[str]:
    """Of the rows of the log, from the newest on."""
    assert page.status_code == 200, page.text
    return [each.lower() for each in ROW.findall(page.text)]


def minute(ago: int) -> str:
    """As `type=datetime-local` sends it, in UTC."""
    at = datetime.now(UTC) - timedelta(microseconds=ago)
    return f"{at:%Y-%m-%dT%H:%M}"


async def log(visitor: Visitor, made: Practice, **query: str) -> httpx.Response:
    path = f"/webhooks/{made.hooks['Booking diary']}"
    return await visitor.get(f"{path}?{httpx.QueryParams({'mode': 'test', **query})}")


async def test_the_log_is_narrowed_by_what_the_address_says(site: Site, made: Practice) -> None:
    visitor = await site.signed_in("viewer")
    for state, count in (("delivering", 1), ("failed", 1), ("cancelled", 1), ("pending", 1)):
        found = states(await log(visitor, made, state=state))
        assert found == [state] * count
    assert len(states(await log(visitor, made, event="patient.updated"))) == 10
    young = states(await log(visitor, made, since=minute(4 * MINUTE)))
    assert young[:2] == ["pending", "delivering"]
    assert "failed" not in young
    old = await log(visitor, made, until=minute(4 * HOUR), since=minute(6 * HOUR))
    assert "cancelled" in states(old)
    assert "failed" not in states(old)
    both = await log(visitor, made, event="patient.updated", state="succeeded")
    assert states(both) == ["succeeded"] * 8
    nothing = await log(visitor, made, id="evt_none")
    assert "Nothing matches" in nothing.text
    assert "Clear filters" in nothing.text


async def test_a_state_and_the_other_filters_do_not_clear_each_other(
    site: Site, made: Practice
) -> None:
    visitor = await site.signed_in()
    page = await log(visitor, made, state="failed", event="appointment.created")
    assert '<input type="hidden" name="state" value="failed">' in page.text
    assert "state=delivering&amp;event=appointment.created" in page.text or (
        "event=appointment.created&amp;mode=test&amp;state=delivering" in page.text
    )
    assert '<option value="appointment.created" selected>' in page.text


async def test_the_pages_of_a_narrowed_log_stay_narrowed(
    site: Site, made: Practice, database: Database
) -> None:
    day = tuple(Sent("patient.updated", "failed", n * MINUTE, (503,)) for n in range(60))
    await sent.add(database, made.caller().tenant, made.hooks["Booking diary"], day)
    visitor = await site.signed_in()
    page = await log(visitor, made, state="failed")
    assert states(page) == ["failed"] * 50
    older = re.search(r'href="([^"]+)">Older', page.text)
    assert older is not None
    # And the one that failed before.
    assert states(await visitor.get(older[1].replace("&amp;", "&"))) == ["failed"] * 11


@pytest.mark.parametrize(
    "query",
    [
        {"state": "odd"},
        {"event": "odd"},
        {"since": "yesterday"},
        {"until": "2026-11-25T25:00"},
        {"since": "2026-11-25 14:30"},
        {"until": "<script>alert(1)</script>"},
    ],
)
async def test_a_filter_that_is_none_is_told_with_the_way_out(
    site: Site, made: Practice, query: Mapping[str, str]
) -> None:
    page = await log(await site.signed_in(), made, **query)
    assert page.status_code == 400
    assert "Clear filters" in page.text
    assert "<script>alert" not in page.text


async def test_the_chart_and_its_table_have_the_same_figures(site: Site, made: Practice) -> None:
    page = await log(await site.signed_in("viewer"), made)
    legend = re.findall(r'<li class="(\w+)"><b>([\d,]+)</b>', page.text)
    table = page.text.partition('<table class="figures">')[2].partition("</table>")[0]
    rows = re.findall(r"</th>\s*" + r'<td class="num">([\d,]+)</td>' * 3, table.replace("\n", ""))
    sums = [sum(int(row[place]) for row in rows) for place in range(3)]
    young = [each for each in DAY_OF_ONE if each.ago <= 24 * HOUR]
    answers = [answer for each in young for answer in each.answers]
    assert [kind for kind, _ in legend] == ["succeeded", "rejected", "unanswered"]
    assert sums == [int(count) for _, count in legend]
    assert sums[0] == answers.count(200)
    assert sums[1] == answers.count(500) + answers.count(503)
    assert sums[2] == answers.count(None)


async def test_a_page_of_the_log_takes_as_many_statements_however_long_it_is(
    made: Practice, database: Database
) -> None:
    counting = CountingDatabase(database)
    site = Site(counting)  # type: ignore[arg-type]
    visitor = await site.signed_in()

    async def statements() -> int:
        counting.counted.clear()
        assert (await log(visitor, made)).status_code == 200
        return counting.counted.total()

    before = await statements()
    await sent.add(database, made.caller().tenant, made.hooks["Booking diary"])
    assert await statements() == before


async def test_a_delivery_tells_what_to_do_and_how_long_each_part_took(
    site: Site, made: Practice
) -> None:
    visitor = await site.signed_in("developer")
    failed = made.sent[2]
    page = await visitor.get(
        f"/webhooks/{made.hooks['Booking diary']}/deliveries/{failed}?mode=test"
    )
    assert page.text.index("Attempt 3") < page.text.index("Attempt 2")
    assert "Look for a typing mistake in the URL" in page.text
    assert "overloaded, starting or down" in page.text
    for words in ("11.2 ms</b> connecting", "2.5 ms</b> reading", "246.9 ms</b> in all"):
        assert words in page.text
    widths = [float(each) for each in re.findall(r'y="0" width="([\d.]+)" height="8"', page.text)]
    assert sum(widths) == pytest.approx(300, abs=0.2)
    assert "curl -i -X POST https://receiver.invalid/jump" in page.text
    assert "--data-binary" in page.text
    assert HOSTILE_TEXT not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    never = await visitor.get(
        f"/webhooks/{made.hooks['Booking diary']}/deliveries/{made.sent[3]}?mode=test"
    )
    assert "It was never sent." in never.text
    assert "Activate the webhook, then resend" in never.text


def delivery_path(made: Practice, number: int) -> str:
    """Of one of the day, in the order of `DAY_OF_ONE`."""
    return f"/webhooks/{made.hooks['Booking diary']}/deliveries/{made.sent[number]}?mode=test"


async def live_hook(database: Database, made: Practice) -> str:
    """The id of a new webhook in Live."""
    caller, at = made.caller("live"), system_clock() - HOUR
    new = {"url": HOOK, "name": "Live one", "events": ["patient.created"]}
    parts = WebhookParts(KEYRING, Guard(), os.urandom)
    row, _ = await database.write(lambda tx: webhook.create(tx, caller, at, new, parts))
    return str(row["id"])


async def webhook_of(database: Database, made: Practice, webhook_id: str) -> Mapping[str, object]:
    tenant = made.caller("live").tenant
    return await database.read(lambda tx: webhook.fetch(tx, tenant, webhook_id))


async def test_urls_and_secrets_of_live_ask_for_the_password_again(
    site: Site, made: Practice, database: Database
) -> None:
    webhook_id = await live_hook(database, made)
    visitor = await site.signed_in("developer")
    manage = await visitor.get(f"/webhooks/{webhook_id}/manage?mode=live")
    create = await visitor.get("/webhooks/create?mode=live")
    before = await webhook_of(database, made, webhook_id)
    site.offset = CONFIRMED_FOR
    changed = "https://elsewhere.invalid/jump"
    edited = await visitor.send(manage, "edit", url=changed)
    made_one = await visitor.send(create, "create", url=HOOK, events="patient.created")
    rotated = await visitor.send(manage, "rotate")
    for asked in (edited, made_one, rotated):
        assert asked.status_code == 403
        assert "Confirm your password" in asked.text
    assert await webhook_of(database, made, webhook_id) == before
    back = await visitor.send(edited, "confirm", password=PASSWORD)
    assert back.status_code == 200
    assert changed in back.text
    done = await visitor.send(back, "edit")
    assert done.status_code == 303
    assert (await webhook_of(database, made, webhook_id))["url"] == changed


async def test_pausing_sending_again_testing_and_deleting_ask_for_no_password(
    site: Site, made: Practice, database: Database
) -> None:
    webhook_id = await live_hook(database, made)
    visitor = await site.signed_in("developer")
    path = f"/webhooks/{webhook_id}"
    site.offset = CONFIRMED_FOR
    manage = await visitor.get(f"{path}/manage?mode=live")
    page = await visitor.get(f"{path}?mode=live")
    counted = await visitor.send(manage, "replay")
    assert "0 deliveries</b> fit" in counted.text
    for asked, form, typed in (
        (page, "test", {}),
        (manage, "pause", {}),
        (await visitor.get(f"{path}/manage?mode=live"), "delete", {"sure": "yes"}),
    ):
        answer = await visitor.send(asked, form, **typed)
        assert answer.status_code == 303, form
    paused = await visitor.get(f"{path}/manage?mode=live")
    assert paused.status_code == 404


async def test_in_test_no_password_is_asked_for_again(site: Site, made: Practice) -> None:
    visitor = await site.signed_in("developer")
    site.offset = CONFIRMED_FOR
    path = f"/webhooks/{made.hooks['Booking diary']}/manage?mode=test"
    assert (await visitor.fill(path, "edit", url=f"{HOOK}/2")).status_code == 303
    assert (await visitor.fill(path, "rotate")).status_code == 303


async def test_a_replay_says_how_many_first_and_sends_only_when_told(
    site: Site, made: Practice
) -> None:
    visitor = await site.signed_in("developer")
    path = f"/webhooks/{made.hooks['Booking diary']}/manage?mode=test"
    counted = await visitor.fill(path, "replay", states="failed", since="24h")
    assert "1 delivery</b> fits" in counted.text
    assert states(await log(visitor, made, state="failed")) == ["failed"]
    told = await visitor.send(counted, "replay", states="failed", since="24h", sure="yes")
    page = await visitor.follow(told)
    assert "1 delivery queued again." in page.text
    assert states(await log(visitor, made, state="failed")) == []
    everything = await visitor.fill(path, "replay", states="ended", since="24h")
    young = [s for s in DAY_OF_ONE if s.state in ("succeeded", "cancelled") and s.ago < 24 * HOUR]
    assert f"{len(young)} deliveries</b> fit" in everything.text


async def test_a_resend_is_done_once_and_not_for_who_may_only_look(
    site: Site, made: Practice
) -> None:
    visitor = await site.signed_in("developer")
    path = delivery_path(made, 2)
    page = await visitor.get(path)
    first = await visitor.send(page, "resend")
    assert "It is sent once more." in (await visitor.follow(first)).text
    again = await visitor.follow(await visitor.send(page, "resend"))
    assert "It was sent again already." in again.text
    assert "Look again" in again.text
    assert states(await log(visitor, made, state="pending")) == ["pending"] * 2
    assert (await (await site.signed_in("viewer")).get(path)).status_code == 403


async def test_a_test_is_answered_on_the_page_that_sent_it(
    site: Site, made: Practice, database: Database
) -> None:
    visitor = await site.signed_in("developer")
    path = f"/webhooks/{made.hooks['Booking diary']}?mode=test"
    page = await visitor.follow(await visitor.fill(path, "test", event_type="patient.updated"))
    assert page.url.path.endswith(made.hooks["Booking diary"])
    assert "The test is sent." in page.text
    assert 'class="result waits"' in page.text
    assert "Test of patient.updated" in page.text
    for shown_to in ("viewer", "second-admin"):
        other = site.visitor()
        await other.sign_in(shown_to)
        seen = await other.get(str(page.url))
        assert 'id="test-result"' not in seen.text
    for odd in ("dlv_none", "<script>", made.sent[0]):
        assert 'id="test-result"' not in (await log(visitor, made, test=odd)).text
