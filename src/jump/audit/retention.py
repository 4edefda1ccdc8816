"""Lets go of what the access log no longer has to keep. The audit is kept for ever.

The schema refuses to delete a row that is younger than the `retention` table says, so the setting
is written there first.
"""

from typing import Final

from jump.kit.clock import DAY
from jump.kit.ids import first_id
from jump.storage.database import Database, Tx
from jump.storage.sql import sql

BATCH: Final = 1_000

_NOW = sql("SELECT jump_now() AS now")
_KEEP_FOR = sql("UPDATE retention SET days = :days WHERE subject = 'access_log' AND days <> :days")
# The rows first: a link may go only when its row has gone.
_DELETE_ROWS = sql("""
    DELETE FROM access_log WHERE id IN (
      SELECT id FROM access_log WHERE id < :oldest AND at < :cutoff ORDER BY id LIMIT :batch)
""")
_DELETE_LINKS = sql("""
    DELETE FROM access_log_patients WHERE request_id IN (
      SELECT l.request_id FROM access_log_patients l
      WHERE l.request_id < :oldest AND NOT EXISTS (SELECT 1 FROM access_log a
        WHERE a.organisation_id = l.organisation_id AND a.mode = l.mode AND a.id = l.request_id)
      ORDER BY l.request_id LIMIT :batch)
""")


async def purge(database: Database, days: int) -> int:
    """Delete the rows older than `days`, and their links; how many."""
    deleted = 0
    while done := await database.write(lambda tx: purge_batch(tx, days)):
        deleted += done
    return deleted


async def purge_batch(tx: Tx, days: int) -> int:
    """One batch; 0 when nothing is left to delete."""
    await tx.run(_KEEP_FOR, days=days)
    row = await tx.one(_NOW)
    assert row is not None
    cutoff = row["now"] - days * DAY
    oldest = first_id("req", cutoff)
    rows = await tx.run(_DELETE_ROWS, oldest=oldest, cutoff=cutoff, batch=BATCH)
    return rows + await tx.run(_DELETE_LINKS, oldest=oldest, batch=BATCH)
