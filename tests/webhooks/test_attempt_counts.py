"""The attempts of a webhook, hour by hour and by how they ended."""

from collections.abc import Sequence
from typing import Any

from jump.kit.clock import DAY, HOUR, SECOND, system_clock
from jump.kit.ids import new_id
from jump.storage.database import Database
from jump.webhooks import attempt_counts
from jump.webhooks.attempt_counts import Hour, by_hour
from tests.office import Office

NOW = system_clock() // HOUR * HOUR + HOUR // 2


async def counted(office: Office, webhook_id: str, most: int = 100) -> tuple[Sequence[Hour], bool]:
    """Of one webhook, hour by hour."""
    tenant = office.caller.tenant
    found = await office.database.read(lambda tx: attempt_counts.count(tx, tenant, NOW, most))
    return by_hour(found.webhooks.get(webhook_id, {}), NOW), found.is_whole


async def attempt(office: Office, webhook_id: str, at: int, **facts: Any) -> None:
    """One more event, and an attempt of it that ended so."""
    await office.happens()
    (*_, delivery) = await office.deliveries(webhook_id)
    changes = {"succeeded": False, "status": None, "trigger": "auto", **facts}
    await office.change(
        """INSERT INTO attempts (organisation_id, mode, id, delivery_id, webhook_id, number,
             attempted_at, ended_at, trigger, url, succeeded, status, error, request_headers,
             duration_ms)
           VALUES (:organisation, :mode, :attempt, :delivery, :webhook, 1, :at, :at, :trigger, '',
             :succeeded, :status, NULL, '[]', '{}')""",
        **office.tenant,
        attempt=new_id("att", at),
        delivery=delivery["id"],
        webhook=webhook_id,
        at=at,
        **changes,
    )


async def test_each_hour_has_its_attempts_by_how_they_ended(database: Database) -> None:
    office = await Office.on(database)
    one, other = await office.webhook(), await office.webhook()
    await attempt(office, one["id"], NOW - SECOND, succeeded=True, status=200)
    await attempt(office, one["id"], NOW - 2 * SECOND, status=503)
    await attempt(office, one["id"], NOW - HOUR, status=404)
    await attempt(office, one["id"], NOW - HOUR)
    await attempt(office, one["id"], NOW, succeeded=True, status=200, trigger="test")
    await attempt(office, one["id"], NOW - DAY - HOUR, status=500)
    await attempt(office, other["id"], NOW, status=500)
    hours, is_whole = await counted(office, one["id"])
    assert is_whole
    assert [hour.begins_at for hour in hours] == [
        NOW // HOUR * HOUR - ago * HOUR for ago in range(24, -1, -1)
    ]
    assert hours[-1].counts == {"succeeded": 1, "rejected": 1}
    assert hours[-2].counts == {"rejected": 1, "unanswered": 1}
    assert not any(hour.counts for hour in hours[:-2])


async def test_another_practice_and_mode_is_not_counted(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    await attempt(office, made["id"], NOW)
    for stranger in (office.in_mode("live"), await office.neighbour()):
        hours, _ = await counted(stranger, made["id"])
        assert not any(hour.counts for hour in hours)


async def test_counts_that_stopped_at_the_bound_say_so(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    for ago in range(3):
        await attempt(office, made["id"], NOW - ago * SECOND)
    assert [(await counted(office, made["id"], most))[1] for most in (2, 3, 4)] == [
        False,
        False,
        True,
    ]
