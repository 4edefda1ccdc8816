"""How webhooks are doing, counted for many of them at once."""

import pytest

from jump.kit.clock import DAY, HOUR, system_clock
from jump.storage.database import Database
from jump.webhooks import overview, webhook
from jump.webhooks.overview import Activity
from tests.office import Office


async def activity(office: Office, *ids: str) -> list[Activity]:
    """Of these webhooks, in their order."""
    tenant, now = office.caller.tenant, system_clock()
    found = await office.database.read(lambda tx: overview.activity(tx, tenant, ids, now))
    return [found[each] for each in ids]


async def test_attempts_of_24_hours_are_counted_for_each_webhook(database: Database) -> None:
    office = await Office.on(database)
    busy, quiet = await office.webhook(), await office.webhook()
    for _ in range(3):
        await office.happens()
    rows = await office.deliveries(busy["id"])
    await office.end(rows[0]["id"])
    await office.end(rows[1]["id"], at=system_clock() - HOUR)
    await office.end(rows[2]["id"], at=system_clock() - DAY - HOUR)
    worked, idle = await activity(office, busy["id"], quiet["id"])
    assert (worked.attempts, worked.succeeded, worked.percent) == (2, 0, 0)
    assert worked.last_at is not None
    assert (idle.attempts, idle.percent) == (0, None)


async def test_counts_that_stopped_at_the_bound_say_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "MOST", 2)
    office = await Office.on(database)
    quiet, busy = await office.webhook("document.created"), await office.webhook()
    await office.happens("document.created")
    for _ in range(2):
        await office.happens()
    [first] = await office.deliveries(quiet["id"])
    await office.end(first["id"], at=system_clock() - HOUR)
    rows = await office.deliveries(busy["id"])
    await office.end(rows[0]["id"])
    idle, worked = await activity(office, quiet["id"], busy["id"])
    assert (idle.attempts, worked.attempts, worked.is_whole) == (1, 1, False)
    await office.end(rows[1]["id"])
    idle, worked = await activity(office, quiet["id"], busy["id"])
    assert (idle.attempts, idle.is_whole) == (0, False)
    assert (worked.attempts, worked.is_whole) == (2, False)
    monkeypatch.setattr(overview, "MOST", 4)
    assert [each.is_whole for each in await activity(office, quiet["id"], busy["id"])] == [True] * 2


async def test_what_another_practice_does_is_not_counted(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    await office.happens()
    await office.end((await office.deliveries(made["id"]))[0]["id"])
    assert await activity(await office.neighbour(), made["id"]) == [Activity()]


async def test_a_webhook_is_active_failing_paused_or_stopped_by_us(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    tenant, failing = office.caller.tenant, Activity(failing_since=system_clock())
    row = await database.read(lambda tx: webhook.fetch(tx, tenant, made["id"]))
    assert overview.state(row, Activity()) == "active"
    assert overview.state(row, failing) == "failing"
    paused = {**row, "is_active": False, "paused_reason": "Paused by an operator."}
    assert overview.state(paused, failing) == "paused"
    stopped = {**paused, "paused_reason": "Every delivery has failed for 5 days."}
    assert overview.state(stopped, failing) == "stopped"


async def test_a_lane_that_fails_is_told(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    await office.change("UPDATE lanes SET failing_since = :at", at=5)
    assert [each.failing_since for each in await activity(office, made["id"])] == [5]
