"""What pages of webhooks say of them: who paused one, what was counted, which field is wrong."""

import functools
import os
import re

import pytest

from jump.caller import Caller
from jump.kit.clock import system_clock
from jump.storage.database import Database
from jump.webhooks import overview, webhook
from jump.webhooks.representation import subscribed
from jump.webhooks.transport.address_guard import Guard
from jump.webhooks.webhook import WebhookParts
from tests.console import practice
from tests.console.practice import HOOK, KEYRING, PEOPLE, Practice
from tests.console.visiting import Site

PARTS = WebhookParts(KEYRING, Guard(), os.urandom)


@pytest.fixture
async def made(database: Database) -> Practice:
    return await practice.bare(database)


@pytest.fixture
async def site(database: Database, made: Practice) -> Site:
    return Site(database)


async def hook(database: Database, caller: Caller) -> str:
    """A paused webhook of somebody."""
    sent = {"url": HOOK, "name": "Reminders", "events": ["patient.created"], "is_active": False}
    row, _ = await database.write(
        functools.partial(webhook.create, caller=caller, at=system_clock(), sent=sent, parts=PARTS)
    )
    return str(row["id"])


async def test_who_paused_a_webhook_is_told_by_name(
    site: Site, made: Practice, database: Database
) -> None:
    webhook_id = await hook(database, made.caller("test", "developer"))
    visitor = await site.signed_in("viewer")
    for path in ("/webhooks?mode=test", f"/webhooks/{webhook_id}?mode=test"):
        page = await visitor.get(path)
        assert f"Paused by the user {PEOPLE['developer']}." in page.text
        assert made.users["developer"].id not in page.text
    builder = await site.signed_in("developer")
    page = await builder.get(f"/webhooks/{webhook_id}/manage?mode=test")
    assert f"Paused by the user {PEOPLE['developer']}." in page.text
    assert made.users["developer"].id not in page.text


async def test_counts_that_stopped_at_the_bound_are_told_in_words(
    site: Site, made: Practice, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook_id = await hook(database, made.caller())
    visitor = await site.signed_in()
    for path in ("/webhooks?mode=test", f"/webhooks/{webhook_id}?mode=test"):
        monkeypatch.setattr(overview, "MOST", 20_000)
        assert "of the newest" not in (await visitor.get(path)).text
        monkeypatch.setattr(overview, "MOST", 0)
        assert "of the newest 0 of all webhooks" in (await visitor.get(path)).text


@pytest.mark.parametrize("length", [200, 201])
async def test_a_name_is_taken_by_the_rule_that_the_api_has(
    site: Site, made: Practice, length: int
) -> None:
    visitor, name = await site.signed_in("developer"), "x" * length
    answer = await visitor.fill(
        "/webhooks/create?mode=test",
        "create",
        url=HOOK,
        name=name,
        events="patient.created",
        payload="thin",
    )
    if length == 200:
        assert answer.status_code == 303
    else:
        assert answer.status_code == 422
        assert "Name: Use 1 to 200 characters." in answer.text
        assert name in answer.text


async def test_the_form_offers_the_documented_events_and_says_what_is_wrong_as_a_form(
    site: Site, made: Practice
) -> None:
    visitor = await site.signed_in("developer")
    page = await visitor.get("/webhooks/create?mode=test")
    assert re.findall("<h3>(.*)</h3>", page.text) == ["Appointments", "Patients", "Documents"]
    assert "no_show" not in page.text
    refused = await visitor.send(page, "create", url=HOOK)
    assert "Events: Choose at least one event." in refused.text


async def test_another_name_that_a_webhook_has_is_kept_when_it_is_edited(
    site: Site, made: Practice, database: Database
) -> None:
    sent = {"url": HOOK, "name": "Diary", "events": ["appointment.no_show"]}
    caller = made.caller("test", "developer")
    row, _ = await database.write(
        functools.partial(webhook.create, caller=caller, at=system_clock(), sent=sent, parts=PARTS)
    )
    visitor = await site.signed_in("developer")
    path = f"/webhooks/{row['id']}/manage?mode=test"
    assert (await visitor.fill(path, "edit", name="Other")).status_code == 303
    kept = await database.read(lambda tx: webhook.fetch(tx, caller.tenant, row["id"]))
    assert subscribed(kept) == ("appointment.no_show",)
