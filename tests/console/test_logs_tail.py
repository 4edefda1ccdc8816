"""What the live view of the log sends: events, comments while nothing happens, and an end."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import msgspec
import pytest

from jump.audit import access_log
from jump.audit.access_log import Access
from jump.caller import Mode, Tenant
from jump.console import tails
from jump.console.pages import logs_tail
from jump.kit.clock import system_clock
from jump.kit.ids import new_id
from jump.storage.database import Database
from tests.console import practice
from tests.console.practice import HOSTILE, Practice
from tests.console.visiting import Overheard, Site, Visitor
from tests.patience import PATIENCE

WAITING = ": waiting\n\n"


@pytest.fixture
async def made(database: Database, monkeypatch: pytest.MonkeyPatch) -> Practice:
    monkeypatch.setattr(tails, "EVERY", 0.05)
    monkeypatch.setattr(logs_tail, "HEARTBEAT_EVERY", 0.02)
    return await practice.bare(database)


@dataclass
class Reading:
    """An answer under way: `until` waits for what it says, `ended` lets it come to its end."""

    stopping: asyncio.Event
    answer: asyncio.Task[httpx.Response]
    overheard: Overheard

    async def until(self, words: str, times: int = 1) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.overheard.text.count(words) < times:
                await self.overheard.more()

    async def ended(self) -> httpx.Response:
        self.stopping.set()
        return await asyncio.wait_for(self.answer, PATIENCE)


@asynccontextmanager
async def reading(
    database: Database, visitor: Visitor, query: str = "mode=test", **headers: str
) -> AsyncIterator[Reading]:
    stopping, overheard = asyncio.Event(), Overheard()
    browser = Site(database).visitor(stopping=stopping, overheard=overheard)
    browser.client.cookies = visitor.client.cookies
    asking = browser.get(f"/logs/tail?{query}", headers=headers)
    answer = asyncio.create_task(asking)
    yield Reading(stopping, answer, overheard)
    stopping.set()
    await answer


async def asked(
    database: Database, made: Practice, key: str = "key_1", mode: Mode = "test", status: int = 200
) -> str:
    at = system_clock()
    tenant, request = Tenant(made.organisation, mode), new_id("req", at)
    row = Access(tenant, request, at, key, "::1", "GET", "/me", status, None, None, 12)
    await database.write(lambda tx: access_log.write(tx, [row]))
    return request


def events(text: str) -> list[dict[str, object]]:
    return [msgspec.json.decode(found) for found in re.findall(r"^data: (.*)$", text, re.MULTILINE)]


async def test_a_request_is_an_event_with_what_the_page_shows(
    database: Database, made: Practice
) -> None:
    key = await practice.new_key(database, made, HOSTILE)
    visitor = await Site(database).signed_in("viewer")
    async with reading(database, visitor) as under_way:
        await asked(database, made, mode="live")
        request = await asked(database, made, key.id)
        await under_way.until("event: requests")
        answer = await under_way.ended()
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert "connect-src 'self'" in answer.headers["content-security-policy"]
    assert answer.text.startswith("retry: 2000\n\n")
    [told] = events(answer.text)
    [row] = told["rows"]  # type: ignore[misc]
    assert row["id"] == request
    assert row["key"] == HOSTILE
    assert row["url"].endswith(f"/keys/{key.id}?mode=test")
    assert (row["request"], row["status"], row["kind"], row["took"]) == (
        "GET /me", "200", "ok", "12 ms"
    )  # fmt: skip
    assert re.search(r"^id: \d{16}\nevent: requests\ndata: ", answer.text, re.MULTILINE)


async def test_while_nothing_happens_there_are_comments(database: Database, made: Practice) -> None:
    visitor = await Site(database).signed_in("viewer")
    async with reading(database, visitor) as under_way:
        await under_way.until(WAITING, times=3)
        answer = await under_way.ended()
    assert answer.text.count(WAITING) >= 3
    assert events(answer.text) == []


async def test_who_read_up_to_a_place_is_given_what_came_behind_it(
    database: Database, made: Practice
) -> None:
    visitor = await Site(database).signed_in("viewer")
    before = system_clock()
    request = await asked(database, made)
    for query, headers in (
        (f"mode=test&since={before}", {}),
        (f"mode=test&since={before + 3_600_000_000}", {"Last-Event-ID": str(before)}),
    ):
        async with reading(database, visitor, query, **headers) as under_way:
            await under_way.until("event: requests")
            answer = await under_way.ended()
        [told] = events(answer.text)
        assert [row["id"] for row in told["rows"]] == [request]  # type: ignore[attr-defined]


@pytest.mark.parametrize("query", ["since=x", "since=-1", f"since={'1' * 17}", "status=odd"])
async def test_an_address_that_does_not_read_right_is_told_so(
    database: Database, made: Practice, query: str
) -> None:
    visitor = await Site(database).signed_in("viewer")
    assert (await visitor.get(f"/logs/tail?{query}")).status_code == 400


async def test_one_too_many_is_refused_in_words(database: Database, made: Practice) -> None:
    visitor = await Site(database).signed_in("viewer")
    site = Site(database)
    browser = site.visitor(stopping=(stopping := asyncio.Event()))
    browser.client.cookies = visitor.client.cookies
    views = [
        asyncio.create_task(browser.get("/logs/tail?mode=test"))
        for _ in range(tails.PER_SIGN_IN + 1)
    ]
    done, going = await asyncio.wait(views, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    [refused] = [each.result() for each in done]
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "10"
    assert "Close one of them" in refused.text
    stopping.set()
    assert {answer.status_code for answer in await asyncio.gather(*going)} == {200}


async def test_a_view_that_ends_with_its_sign_in_says_so(
    database: Database, made: Practice
) -> None:
    visitor = await Site(database).signed_in("viewer")
    async with reading(database, visitor) as under_way:
        await under_way.until("retry:")
        await visitor.fill("/keys", "sign_out")
        answer = await asyncio.wait_for(under_way.answer, PATIENCE)
    assert events(answer.text)[-1] == {
        "words": "You are signed out. Reload this page to sign in again."
    }
    assert "event: end\n" in answer.text
