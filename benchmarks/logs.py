"""A page of a webhook's log, out of few deliveries and out of many: what it costs must not grow.

What a filter looks for is at the far end of the log, where a scan would come last.
"""

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import asyncpg
import httpx

from benchmarks import bulk_rows
from benchmarks.figures import Aim, Column, Table, median
from benchmarks.latency import running
from benchmarks.places import Place, cpu_of
from benchmarks.practices import Practice, open_practice
from benchmarks.receiving import Receiver
from benchmarks.sizes import Sizes
from jump.application.endpoints import guard_of
from jump.console.addresses import BASE
from jump.identity import ready_users
from jump.identity.users import NewUser
from jump.kit.clock import DAY, SECOND
from jump.kit.ids import new_id
from jump.kit.instants import format_instant
from jump.storage import partitions
from jump.storage.sql import Row
from jump.webhooks import webhook
from jump.webhooks.webhook import WebhookParts
from tests.console.visiting import Visitor

AIM = 3.0  # times what it takes out of few
PERIOD = 29 * DAY
RARE = 60  # of each rare kind: a page, and more behind it
STATES = ("failed", "cancelled", "pending")
FREQUENT, SELDOM = "patient.updated", "patient.created"
PASSWORD, EMAIL = "a password of the benchmarks", "bench@example.org"
AT_ONCE = 50_000
WEEKS = 5
WARM_UP = 3
BY = ("the API", "the console")
ERROR = "The server answered 503."
TOOK_MICROSECONDS = 15_600
HEADERS = '[["Content-Type","application/json"],["User-Agent","Jump-Webhooks/1"]]'
TOOK = '{"dns":0.4,"connect":0.9,"tls":3.1,"first_byte":11.0,"total":15.6}'

DELIVERY = (
    "organisation_id", "mode", "id", "webhook_id", "event_id", "event_type", "position", "test",
    "body", "state", "next_trigger", "attempt_count", "failures", "interruptions", "epoch",
    "next_attempt_at", "last_status", "last_error", "created_at", "ended_at",
)  # fmt: skip
ATTEMPT = (
    "organisation_id", "mode", "id", "delivery_id", "webhook_id", "number", "attempted_at",
    "ended_at", "trigger", "url", "succeeded", "status", "error", "request_headers",
    "response_headers", "response_body", "duration_ms",
)  # fmt: skip


def new_table() -> Table:
    """Empty."""
    columns = (
        Column("database"),
        Column("page of 50"),
        Column("of"),
        Column("few", ",d"),
        Column("ms", ".1f"),
        Column("CPU ms", ".1f"),
        Column("many", ",d"),
        Column("ms of many", ".1f"),
        Column("CPU ms of many", ".1f"),
        Column("ratio", ".1f"),
    )
    return Table("logs: a page of one webhook's deliveries, by the API and in the console", columns)


async def measure(table: Table, place: Place, receiver: Receiver, sizes: Sizes) -> None:
    """A row for each filter: the same page out of few, and then out of many."""
    async with open_practice(place, receiver) as practice:
        await _add_admin(practice)
        await _make_partitions(place, practice.storage.clock())
        hook = await _add_webhook(practice, receiver)
        log = Log(practice, hook, practice.storage.clock())
        await log.make(sizes.few_deliveries)
        few = await _costs(practice, log, sizes)
        await log.make(sizes.many_deliveries - sizes.few_deliveries)
        many = await _costs(practice, log, sizes)
    for (name, by), before in few.items():
        after = many[name, by]
        table.rows.append(
            (
                place.kind, name, by, sizes.few_deliveries, before.took, before.cpu,
                sizes.many_deliveries, after.took, after.cpu, after.took / before.took,
            )
        )  # fmt: skip
    for by in BY:
        worst, name = max((many[n, b].took / few[n, b].took, n) for n, b in few if b == by)
        words = f"{place.kind}, the page of {by} that grew most ({name})"
        table.aims.append(Aim(words, worst, AIM, "times"))


@dataclass
class Log:
    """The deliveries of one webhook; the rare ones are older than all the rest."""

    practice: Practice
    webhook: Row
    now: int
    count: int = 0
    oldest_event: str = ""

    async def make(self, count: int) -> None:
        """Make so many more: the rare ones come first, all others are spread over the time."""
        place = self.practice.place
        for first in range(self.count, self.count + count, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, self.count + count))
            rows = [self._delivery(number, (number - self.count) / count) for number in numbers]
            self.oldest_event = self.oldest_event or rows[0][DELIVERY.index("event_id")]
            new = [each for each in rows if each[DELIVERY.index("created_at")] > self.now - DAY]
            await bulk_rows.write(place, "deliveries", DELIVERY, rows)
            await bulk_rows.write(place, "attempts", ATTEMPT, [self._attempt(each) for each in new])
        self.count += count
        bulk_rows.settle(place)

    def pages(self) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
        """What is asked for: a name, the query of the API, and that of the console."""
        until = self.now - PERIOD + DAY // 2
        return {
            "the newest": ({}, {}),
            "failed": ({"state": "failed"}, {"state": "failed"}),
            "cancelled": ({"state": "cancelled"}, {"state": "cancelled"}),
            "pending": ({"state": "pending"}, {"state": "pending"}),
            "in the air": ({"state": "delivering"}, {"state": "delivering"}),
            "of a type": ({"event_type": SELDOM}, {"event": SELDOM}),
            "failed, of a type": (
                {"state": "failed", "event_type": SELDOM},
                {"state": "failed", "event": SELDOM},
            ),
            "of an event": ({"event_id": self.oldest_event}, {"id": self.oldest_event}),
            "until a time": (
                {"created_at_lte": format_instant(until)},
                {"until": format_instant(until)[:16]},
            ),
        }

    def _delivery(self, number: int, share: float) -> tuple[Any, ...]:
        tenant, rare = self.practice.caller.tenant, number < RARE * len(STATES)
        state = STATES[number // RARE] if rare else "succeeded"
        at = self.now - PERIOD + int(number * SECOND if rare else DAY + (PERIOD - DAY) * share)
        return (
            tenant.organisation, tenant.mode, new_id("dlv", at), self.webhook["id"],
            new_id("evt", at), SELDOM if rare else FREQUENT, number + 1, False, None, state, "auto",
            1, int(rare), 0, 1, None, 503 if rare else 200, ERROR if rare else None, at,
            None if state == "pending" else at + TOOK_MICROSECONDS,
        )  # fmt: skip

    def _attempt(self, delivery: Sequence[Any]) -> tuple[Any, ...]:
        at = delivery[DELIVERY.index("created_at")]
        organisation, mode, delivery_id, webhook_id = delivery[:4]
        return (
            organisation, mode, new_id("att", at), delivery_id, webhook_id, 1, at,
            at + TOOK_MICROSECONDS, "auto", self.webhook["url"], True, 200, None, HEADERS, HEADERS,
            "ok", TOOK,
        )  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """Of a page in milliseconds: the median of how long it took, and the CPU of all that works."""

    took: float
    cpu: float


async def _costs(practice: Practice, log: Log, sizes: Sizes) -> dict[tuple[str, str], Cost]:
    """What each page costs, asked of a server that runs."""
    key, hook, place = await practice.add_key(), log.webhook["id"], practice.place
    found: dict[tuple[str, str], Cost] = {}
    with running(practice, ("serve",)) as server:
        api, web = httpx.AsyncClient(base_url=server.url), await _visitor(server.url)
        api.headers["Authorization"] = f"Bearer {key}"
        async with contextlib.aclosing(api), contextlib.aclosing(web):
            for name, queries in log.pages().items():
                for by, client, path, query in (
                    (BY[0], api, f"/api/v1/webhooks/{hook}/deliveries?limit=50&", queries[0]),
                    (BY[1], web, f"{BASE}/webhooks/{hook}?mode=test&", queries[1]),
                ):
                    address = path + urlencode(query)
                    await _times(client, address, name, WARM_UP)
                    before = cpu_of(server.process.pid) + place.cpu()
                    times = await _times(client, address, name, sizes.pages)
                    spent = cpu_of(server.process.pid) + place.cpu() - before
                    found[name, by] = Cost(median(times), spent * 1000 / sizes.pages)
    return found


async def _times(client: httpx.AsyncClient, address: str, name: str, count: int) -> list[float]:
    """How many milliseconds a page took, each time."""
    times = []
    for _ in range(count):
        began = time.perf_counter()
        answer = await client.get(address)
        times.append((time.perf_counter() - began) * 1000)
        _check(answer, name)
    return times


def _check(answer: httpx.Response, name: str) -> None:
    """Whether it is the page that was asked for."""
    found = answer.text.count('"event_id":') or answer.text.count('class="soft">evt_')
    expected = {"in the air": 0, "of an event": 1}.get(name, 50)
    if answer.status_code != 200 or found != expected:
        raise RuntimeError(f"{name}: {answer.status_code}, {found} rows of {expected}")


async def _visitor(url: str) -> httpx.AsyncClient:
    """A browser in which the admin is signed in."""
    client = httpx.AsyncClient(base_url=url)
    answer = await Visitor(client).fill(
        "/sign-in", "sign_in", origin=url, email=EMAIL, password=PASSWORD
    )
    if answer.status_code != 303:
        raise RuntimeError(f"nobody can sign in: {answer.status_code}")
    return client


async def _add_admin(practice: Practice) -> None:
    storage, caller = practice.storage, practice.caller
    await ready_users.create(
        storage.database,
        replace(caller, tenant=replace(caller.tenant, mode="live")),
        NewUser(EMAIL, "admin", "Bench"),
        PASSWORD,
        storage.clock(),
    )


async def _add_webhook(practice: Practice, receiver: Receiver) -> Row:
    storage, caller = practice.storage, practice.caller
    parts = WebhookParts(storage.keyring, guard_of(practice.settings), os.urandom)
    sent = {"url": receiver.url("/hook"), "events": [FREQUENT, SELDOM]}
    row, _ = await storage.database.write(
        lambda tx: webhook.create(tx, caller, storage.clock(), sent, parts)
    )
    return row


async def _make_partitions(place: Place, now: int) -> None:
    """Those of the weeks before, as a server has them that ran all the time."""
    if place.kind == "sqlite":
        return
    connection = await asyncpg.connect(place.url)
    try:
        for week in range(WEEKS):
            await partitions.make(connection, now - week * 7 * DAY)
    finally:
        await connection.close()
