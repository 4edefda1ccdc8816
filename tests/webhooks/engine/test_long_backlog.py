"""What waits in a lane is not read to find out whether anything does."""

import asyncpg
import pytest

from jump.storage.sql import Sql
from jump.webhooks.engine import lanes, numbering
from tests.databases import PostgresStore
from tests.plans import looked_at
from tests.receiver import Receiver
from tests.webhooks.delivering import Desk

WEBHOOKS, WAITING = 10, 2_000  # in each
WAIT = """
    INSERT INTO deliveries (organisation_id, mode, id, webhook_id, event_id, event_type, position,
      test, state, next_trigger, attempt_count, failures, interruptions, epoch, next_attempt_at,
      created_at)
    SELECT organisation_id, mode, 'dlv_' || i || webhook_id, webhook_id, 'evt_' || i,
      'patient.updated', i, FALSE, 'pending', 'auto', 0, 0, 0, 0, 1, 1
    FROM lanes, generate_series(1, {waiting}) AS i
"""


@pytest.mark.parametrize("statement", [lanes._LOCK, numbering._NUMBER], ids=["alone", "fresh"])
async def test_a_lane_is_locked_without_reading_what_waits_in_it(
    postgres_store: PostgresStore, receiver: Receiver, statement: Sql
) -> None:
    database = postgres_store.open()
    desk = await Desk.on(postgres_store, database, receiver)
    webhook, *_ = [await desk.webhook() for _ in range(WEBHOOKS)]
    postgres_store.execute(WAIT.format(waiting=WAITING))
    postgres_store.execute("ANALYZE")
    locked = await database.write(lambda tx: lanes.lock(tx, "me", [webhook["id"]], []))
    await desk.happens("Ada")
    await database.close()
    assert locked[webhook["id"]].has_due
    values = {
        "webhooks": f"'{{{webhook['id']}}}'", "owner": "'me'", "dead": "'{}'",
        "most": "500", "whole": "100",
    }  # fmt: skip
    given = ", ".join(values[name] for name in statement.names)
    assert looked_at(await explained(postgres_store.url, statement, given)) < WAITING


async def explained(url: str, statement: Sql, given: str) -> str:
    """What PostgreSQL does for it, with the plan that a write gets: for any parameters."""
    session = await asyncpg.connect(url)
    try:
        await session.execute("SET plan_cache_mode = force_generic_plan")
        await session.execute(f"PREPARE asked AS {statement.postgresql}")
        plan = await session.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked ({given})")
    finally:
        await session.close()
    return str(plan)
