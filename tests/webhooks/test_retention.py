"""What is past its time goes, counted from a delivery's end; what is still needed stays."""

import pytest

from jump.kit.clock import DAY, HOUR, MINUTE, system_clock
from jump.storage.database import Database, Tx, Violated
from jump.storage.sql import Args, sql
from jump.webhooks import retention
from tests.office import Office

LONG_AGO = 31 * DAY


async def count(office: Office, table: str) -> int:
    return len(await office.rows(f"SELECT * FROM {table}"))


async def test_ended_deliveries_go_with_their_attempts_and_events(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    now = system_clock()
    old = await office.happens(at=now - LONG_AGO - DAY)
    recent = await office.happens()
    for delivery, event in zip(await office.deliveries(made["id"]), (old, recent), strict=True):
        await office.end(delivery["id"], at=now - LONG_AGO if event == old else now)
    assert await retention.purge(database, days=30) == 2
    (delivery,) = await office.deliveries(made["id"])
    assert delivery["event_id"] == recent
    assert await count(office, "attempts") == 1
    assert [row["id"] for row in await office.rows("SELECT id FROM events")] == [recent]


async def test_retention_counts_from_the_end_of_the_delivery(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    now = system_clock()
    await office.happens(at=now - LONG_AGO)
    await office.happens(at=now - LONG_AGO)
    ended, pending = await office.deliveries(made["id"])
    await office.end(ended["id"], at=now - DAY)
    assert await retention.purge(database, days=30) == 0
    assert await count(office, "events") == 2
    assert {one["id"] for one in await office.deliveries(made["id"])} == {
        ended["id"],
        pending["id"],
    }


async def test_events_that_nobody_subscribed_to_go_in_every_tenant(database: Database) -> None:
    office = await Office.on(database)
    now = system_clock()
    for each in (office, office.in_mode("live"), await office.neighbour()):
        await each.happens(at=now - LONG_AGO)
        await each.happens(at=now - DAY)
    assert await retention.purge(database, days=30) == 3
    assert await count(office, "events") == 3


async def test_an_event_that_was_not_turned_into_deliveries_yet_stays(database: Database) -> None:
    office = await Office.on(database)
    await office.happens(at=system_clock() - LONG_AGO)
    await office.change("UPDATE event_sequence SET fanned_out = 0")
    assert await retention.purge(database, days=30) == 0
    assert await count(office, "events") == 1


async def test_attempts_cannot_go_early(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    await office.happens()
    (delivery,) = await office.deliveries(made["id"])
    await office.end(delivery["id"], at=system_clock() - 29 * DAY)
    with pytest.raises(Violated, match="attempts_append_only"):
        await office.change("DELETE FROM attempts")


async def test_an_attempt_by_a_clock_that_ran_ahead_holds_nothing_up(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    await office.happens()
    (delivery,) = await office.deliveries(made["id"])
    edge = system_clock() - 30 * DAY
    await office.end(delivery["id"], at=edge + 10 * MINUTE)
    await office.change("UPDATE deliveries SET ended_at = :at", at=edge - 10 * MINUTE)
    assert await retention.purge(database, days=30) == 0
    assert await count(office, "deliveries") == 1


async def test_a_shorter_retention_holds_from_the_next_purge_on(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    await office.happens()
    (delivery,) = await office.deliveries(made["id"])
    await office.end(delivery["id"], at=system_clock() - 8 * DAY)
    assert await retention.purge(database, days=7) == 1
    assert await count(office, "attempts") == 0


async def test_purging_goes_on_until_nothing_is_left(database: Database) -> None:
    office = await Office.on(database)
    now = system_clock()

    async def fill(tx: Tx) -> None:
        ids = [f"dlv_{number:026}" for number in range(retention.BATCH + 1)]
        rows: list[Args] = [{**office.tenant, "id": one, "at": now - LONG_AGO} for one in ids]
        await tx.many(_OLD_DELIVERY, rows)

    await database.write(fill)
    assert await retention.purge(database, days=30) == retention.BATCH + 1
    assert await count(office, "deliveries") == 0


async def test_what_waits_on_a_pause_for_thirty_days_is_cancelled(database: Database) -> None:
    office = await Office.on(database)
    long, short = await office.webhook(), await office.webhook()
    await office.happens()
    for webhook, days in ((long, 31), (short, 29)):
        await office.ask("PATCH", f"/webhooks/{webhook['id']}", is_active=False)
        await office.change(
            "UPDATE webhooks SET paused_at = :at WHERE id = :id",
            at=system_clock() - days * DAY,
            id=webhook["id"],
        )
    await office.change("UPDATE deliveries SET created_at = created_at - :ago", ago=LONG_AGO)
    await office.happens()
    before = system_clock()
    assert await retention.purge(database, days=30) == 1
    states = [one["state"] for one in await office.deliveries(long["id"])]
    assert states == ["cancelled", "pending"]
    (cancelled,) = await office.rows("SELECT * FROM deliveries WHERE state = 'cancelled'")
    assert before <= cancelled["ended_at"] <= system_clock()
    assert cancelled["last_error"] == "The webhook was paused for 30 days."
    assert {one["state"] for one in await office.deliveries(short["id"])} == {"pending"}


async def test_expired_secrets_are_forgotten(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    await office.ask("POST", f"/webhooks/{made['id']}/rotate-secret")
    assert await retention.purge(database, days=30) == 0
    await office.change("UPDATE webhook_secrets SET expires_at = expires_at - :day", day=25 * HOUR)
    assert await retention.purge(database, days=30) == 1
    (row,) = await office.rows("SELECT expires_at FROM webhook_secrets")
    assert row["expires_at"] is None


async def test_a_deleted_webhook_goes_after_its_deliveries(database: Database) -> None:
    office = await Office.on(database)
    kept, made = await office.webhook(), await office.webhook()
    await office.ask("DELETE", f"/webhooks/{made['id']}")
    await office.change(
        "UPDATE webhooks SET deleted_at = :at WHERE id = :id",
        at=system_clock() - LONG_AGO,
        id=made["id"],
    )
    assert await retention.purge(database, days=30) == 1
    for table, column in [("webhooks", "id"), ("lanes", "webhook_id")]:
        rows = await office.rows(f"SELECT {column} FROM {table}")
        assert [row[column] for row in rows] == [kept["id"]]
    (secret,) = await office.rows("SELECT webhook_id FROM webhook_secrets")
    assert secret["webhook_id"] == kept["id"]


_OLD_DELIVERY = sql("""
    INSERT INTO deliveries (organisation_id, mode, id, webhook_id, event_id, event_type, position,
      test, state, next_trigger, attempt_count, failures, interruptions, epoch, created_at,
      ended_at)
    VALUES (:organisation, :mode, :id, 'wh_1', 'evt_1', 'patient.created', 1, FALSE, 'failed',
      'auto', 6, 6, 0, 1, :at, :at)
""")
