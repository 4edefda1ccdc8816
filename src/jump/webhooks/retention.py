"""Lets go of what is past its time: deliveries with their attempts, events, secrets, webhooks.

Retention counts from a delivery's end, and an event stays as long as a delivery of it. It goes in
batches, so that no transaction is long; how often is left to upkeep.
"""

from collections import defaultdict
from typing import Final

from jump.caller import Mode, Tenant
from jump.kit.clock import DAY, HOUR
from jump.kit.ids import first_id
from jump.storage.database import Database, Tx
from jump.storage.sql import Row, sql
from jump.webhooks import signing_secrets

BATCH: Final = 1_000
# An attempt ends by the clock of its process, a delivery by the database's. The schema lets no
# attempt go early, so that a batch waits for the slower of the two.
GRACE: Final = HOUR
LONGEST_PAUSE: Final = 30 * DAY
MODES: Final[tuple[Mode, ...]] = ("test", "live")

_NOW = sql("SELECT jump_now() AS now")
_KEEP_FOR = sql("""
    UPDATE retention SET days = :days WHERE subject = 'deliveries' AND days <> :days
""")
_ENDED = sql("""
    SELECT organisation_id, mode, id FROM deliveries
    WHERE ended_at IS NOT NULL AND ended_at < :cutoff ORDER BY ended_at LIMIT :batch
    FOR UPDATE SKIP LOCKED
""")
# The attempts first: a delivery that is still there says that its attempts may be.
_DELETE_ATTEMPTS = sql("""
    DELETE FROM attempts
    WHERE organisation_id = :organisation AND mode = :mode AND delivery_id IN (:ids*)
""")
_DELETE_DELIVERIES = sql("""
    DELETE FROM deliveries
    WHERE organisation_id = :organisation AND mode = :mode AND id IN (:ids*)
""")
_ORGANISATIONS = sql("SELECT id FROM organisations ORDER BY id")
_DELETE_EVENTS = sql("""
    DELETE FROM events
    WHERE organisation_id = :organisation AND mode = :mode AND id IN (
      SELECT e.id FROM events e
      WHERE e.organisation_id = :organisation AND e.mode = :mode AND e.id < :oldest
        AND e.position <= (SELECT fanned_out FROM event_sequence WHERE id = 1)
        AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.organisation_id = e.organisation_id
          AND d.mode = e.mode AND d.event_id = e.id)
      ORDER BY e.id LIMIT :batch)
""")
# A pause counts from its beginning, a delivery's wait from its own when that was later.
_LONG_PAUSED = sql("""
    SELECT organisation_id, mode, id FROM webhooks
    WHERE NOT is_active AND deleted_at IS NULL AND paused_at < :cutoff
""")
_CANCEL_WAITING = sql("""
    UPDATE deliveries SET state = 'cancelled', ended_at = :now,
      last_error = 'The webhook was paused for 30 days.'
    WHERE organisation_id = :organisation AND mode = :mode AND id IN (
      SELECT id FROM deliveries
      WHERE organisation_id = :organisation AND mode = :mode AND webhook_id = :webhook
        AND state = 'pending' AND next_attempt_at IS NULL AND created_at < :cutoff
      ORDER BY position LIMIT :batch)
""")
_DELETE_LANES = sql("""
    DELETE FROM lanes WHERE organisation_id = :organisation AND mode = :mode AND webhook_id = :id
""")
_DELETE_SECRETS = sql("""
    DELETE FROM webhook_secrets
    WHERE organisation_id = :organisation AND mode = :mode AND webhook_id = :id
""")
_DELETE_WEBHOOK = sql("""
    DELETE FROM webhooks
    WHERE organisation_id = :organisation AND mode = :mode AND id = :id
""")
_EMPTY_AND_DELETED = sql("""
    SELECT w.organisation_id, w.mode, w.id FROM webhooks w
    WHERE w.deleted_at < :cutoff AND NOT EXISTS (SELECT 1 FROM deliveries d
      WHERE d.organisation_id = w.organisation_id AND d.mode = w.mode AND d.webhook_id = w.id)
    LIMIT :batch
""")


async def purge(database: Database, days: int) -> int:
    """Let go of all that is past `days` of retention, batch by batch; how many rows in all.

    From here on `days` is what the schema guards attempts for, and how far back a replay reaches.
    """
    total = 0
    while done := await database.write(lambda tx: purge_batch(tx, days)):
        total += done
    return total


async def purge_batch(tx: Tx, days: int) -> int:
    """One batch of each kind; how many rows without attempts, 0 when nothing is left to do."""
    await tx.run(_KEEP_FOR, days=days)
    clock = await tx.one(_NOW)
    assert clock is not None
    now: int = clock["now"]
    cutoff = now - days * DAY - GRACE
    done = await cancel_long_paused(tx, now)
    done += await purge_deliveries(tx, cutoff)
    done += await purge_events(tx, cutoff)
    done += await _purge_webhooks(tx, cutoff)
    return done + await signing_secrets.forget_expired(tx, now)


async def purge_deliveries(tx: Tx, cutoff: int) -> int:
    """One batch of the deliveries that ended before `cutoff`, with their attempts; how many."""
    purged = 0
    for tenant, ids in _by_tenant(await tx.all(_ENDED, cutoff=cutoff, batch=BATCH)).items():
        names = {"organisation": tenant.organisation, "mode": tenant.mode}
        await tx.run(_DELETE_ATTEMPTS, **names, ids=ids)
        purged += await tx.run(_DELETE_DELIVERIES, **names, ids=ids)
    return purged


async def purge_events(tx: Tx, cutoff: int) -> int:
    """One batch of the events from before `cutoff` that no delivery is left of; how many."""
    purged = 0
    oldest = first_id("evt", cutoff)
    for organisation in await tx.all(_ORGANISATIONS):
        for mode in MODES:
            names = {"organisation": organisation["id"], "mode": mode}
            left = BATCH - purged
            purged += await tx.run(_DELETE_EVENTS, **names, oldest=oldest, batch=left)
            if purged >= BATCH:
                return purged
    return purged


async def cancel_long_paused(tx: Tx, now: int) -> int:
    """One batch of the deliveries that have waited for LONGEST_PAUSE on a pause; how many."""
    cutoff = now - LONGEST_PAUSE
    cancelled = 0
    for webhook in await tx.all(_LONG_PAUSED, cutoff=cutoff):
        cancelled += await tx.run(
            _CANCEL_WAITING,
            organisation=webhook["organisation_id"],
            mode=webhook["mode"],
            webhook=webhook["id"],
            cutoff=cutoff,
            now=now,
            batch=BATCH - cancelled,
        )
        if cancelled >= BATCH:
            break
    return cancelled


async def _purge_webhooks(tx: Tx, cutoff: int) -> int:
    gone = await tx.all(_EMPTY_AND_DELETED, cutoff=cutoff, batch=BATCH)
    for row in gone:
        names = {"organisation": row["organisation_id"], "mode": row["mode"], "id": row["id"]}
        for statement in (_DELETE_LANES, _DELETE_SECRETS, _DELETE_WEBHOOK):
            await tx.run(statement, **names)
    return len(gone)


def _by_tenant(rows: list[Row]) -> dict[Tenant, list[str]]:
    found: defaultdict[Tenant, list[str]] = defaultdict(list)
    for row in rows:
        found[Tenant(row["organisation_id"], row["mode"])].append(row["id"])
    return found
