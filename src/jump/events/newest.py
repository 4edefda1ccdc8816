"""What happened, newest first and without what is in it: for people who look back.

One look goes through so many events at most, however few of them fit, and says where it came to.
Who reads on from a place, and what an event holds, is left to `feed`.
"""

from dataclasses import dataclass
from typing import Final

from jump.caller import Tenant
from jump.errors import NotFound
from jump.storage.database import Tx
from jump.storage.sql import Row, Value, sql

LOOK: Final = 20_000
_AFTER_EVERY_POSITION: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: what is None is left open."""

    type: str | None = None
    record_id: str | None = None


EVERYTHING: Final = Wanted()


@dataclass(frozen=True, slots=True)
class Seen:
    """Events, newest first; `before` is where the next look begins, None at the oldest one kept.

    With `before` a look may have found few or none: it went through no more events than that.
    """

    rows: list[Row]
    before: int | None


_LOOKED: Final = """
  SELECT id, type, record_type, record_id, created_at, position FROM events
  WHERE organisation_id = :organisation AND mode = :mode AND position < :before
  ORDER BY position DESC LIMIT :look
"""
_ROWS = sql(f"""
  SELECT * FROM ({_LOOKED}) AS looked
  WHERE (CAST(:type AS TEXT) IS NULL OR type = :type)
    AND (CAST(:record_id AS TEXT) IS NULL OR record_id = :record_id)
  ORDER BY position DESC LIMIT :rows
""")  # noqa: S608
_REACHED = sql(f"SELECT min(position) AS position, count(*) AS looked FROM ({_LOOKED}) AS looked")  # noqa: S608
_ONE = sql("""
  SELECT id, type, record_type, record_id, created_at FROM events
  WHERE organisation_id = :organisation AND mode = :mode AND id = :id
""")


async def look(
    tx: Tx,
    tenant: Tenant,
    wanted: Wanted,
    rows: int,
    before: int | None = None,
    most: int = LOOK,
) -> Seen:
    """At most `rows` events that came before the position `before`, among the next `most` of all.

    A row has id, type, record_type, record_id, created_at and position: nothing of a patient.
    """
    where: dict[str, Value] = {
        "organisation": tenant.organisation,
        "mode": tenant.mode,
        "before": _AFTER_EVERY_POSITION if before is None else before,
        "look": most,
    }
    conditions = {"type": wanted.type, "record_id": wanted.record_id}
    found = await tx.all(_ROWS, **where, **conditions, rows=rows + 1)
    if len(found) > rows:
        return Seen(found[:rows], found[rows - 1]["position"])
    reached = await tx.one(_REACHED, **where)
    assert reached is not None
    return Seen(found, reached["position"] if reached["looked"] == most else None)


async def fetch(tx: Tx, tenant: Tenant, event_id: str) -> Row:
    """One event, as a row of the same without its position. Raises NotFound."""
    row = await tx.one(_ONE, organisation=tenant.organisation, mode=tenant.mode, id=event_id)
    if row is None:
        raise NotFound("There is no event with this id. Events are kept for a while only.")
    return row
