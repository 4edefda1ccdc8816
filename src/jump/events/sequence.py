"""Numbers events after their commit, so that none ever appears behind a position already seen.

One row is the lock. Only under it are positions given, and it is held until they are committed; so
whoever sees a position sees every lower one. What is done with an event once it has one is left to
the consumer, which does it in the same transaction.
"""

from dataclasses import dataclass

from msgspec import Struct

from jump.caller import Mode
from jump.storage.database import Tx
from jump.storage.sql import Row, Sql, Value, sql, twin

BATCH = 500
WHOLE = 32  # events of a batch whose payloads are read along: what is fresh is sent at once


class Numbered(Struct, frozen=True, gc=False):
    """An event that has its place; `created_at` is in microseconds.

    `body` and `thin_body` are its payloads, if it got its place just now and with few others.
    """

    organisation: str
    mode: Mode
    id: str
    type: str
    alias: str | None
    patient_id: str | None
    created_at: int
    position: int
    body: str | None
    thin_body: str | None


@dataclass(frozen=True, slots=True)
class Batch:
    """The next events for the consumer, in order, under the sequencer's lock.

    `position` is the last one given out, `now` the database's time in microseconds. `alongside` is
    what was read with all of the events (see `numbering`), None if nothing was.
    """

    events: tuple[Numbered, ...]
    position: int
    now: int
    alongside: str | None = None


# Whoever finds the row locked goes on with other work: its holder will number what is there. An
# event is looked at again under a lock of its own, for the last holder of the row may have numbered
# it since this statement began.
_SEQUENCER = """
    WITH sequencer AS (
      SELECT position AS given, fanned_out FROM event_sequence WHERE id = 1 FOR UPDATE SKIP LOCKED
    )
"""
_NUMBER = """
    UPDATE events AS e SET position = fresh.place FROM (
      SELECT given, fanned_out, organisation_id AS organisation, mode AS in_mode, id AS event_id,
        given + row_number() OVER (ORDER BY entered) AS place
      FROM sequencer CROSS JOIN {oldest} AS oldest
    ) AS fresh
    WHERE e.organisation_id = fresh.organisation AND e.mode = fresh.in_mode
      AND e.id = fresh.event_id
    RETURNING organisation_id, mode, id, type, alias, patient_id, created_at, position,
      CASE WHEN position <= {given} + :whole THEN body END AS body,
      CASE WHEN position <= {given} + :whole THEN thin_body END AS thin_body,
      {given} AS given, {fanned_out} AS fanned_out, jump_now() AS now
"""
_ON_SQLITE = _SEQUENCER + _NUMBER.format(
    oldest="""(
      SELECT organisation_id, mode, id, rowid AS entered FROM events WHERE position IS NULL
      ORDER BY position, entered LIMIT :most
    )""",
    given="(SELECT position FROM event_sequence)",
    fanned_out="(SELECT fanned_out FROM event_sequence)",
)
# What names the sequencer's row is looked for only after that was locked.
_ON_POSTGRESQL = _NUMBER.format(
    oldest="""LATERAL (
      SELECT organisation_id, mode, id, entered FROM events
      WHERE position IS NULL AND given IS NOT NULL
      ORDER BY position, entered LIMIT :most FOR UPDATE
    )""",
    given="given",
    fanned_out="fanned_out",
)
_LOCK_IF_BEHIND = sql("""
    SELECT position AS given, fanned_out, jump_now() AS now FROM event_sequence
    WHERE id = 1 AND position > fanned_out FOR UPDATE SKIP LOCKED
""")
_LEFT_BEHIND = sql("""
    SELECT organisation_id, mode, id, type, alias, patient_id, created_at, position,
      NULL AS body, NULL AS thin_body
    FROM events WHERE position > :after AND position <= :upto ORDER BY position LIMIT :most
""")
_IS_BEHIND = sql("""
    SELECT id FROM event_sequence WHERE position > fanned_out
      OR (SELECT id FROM events WHERE position IS NULL ORDER BY position LIMIT 1) IS NOT NULL
""")
_SAVE = sql("""
    UPDATE event_sequence SET position = :position, fanned_out = :fanned_out WHERE id = 1
""")


def numbering(*, tables: str, value: str, none: str) -> Sql:
    """A statement for `advance` that reads alongside on PostgreSQL, where it spares a round trip.

    `tables` are more tables of its WITH, after `numbered`, the events that are being numbered. They
    see what was there when the statement began. `value` is a text made from them; `none` is its
    NULL for SQLite, with the same parameters.
    """
    return twin(
        sqlite=f"{_ON_SQLITE}, {none} AS alongside",
        postgresql=f"""{_SEQUENCER}, numbered AS ({_ON_POSTGRESQL}), {tables}
            SELECT numbered.*, CASE WHEN position = given + 1 THEN {value} END AS alongside
            FROM numbered""",  # noqa: S608
    )


_NUMBER_FRESH = twin(
    sqlite=f"{_ON_SQLITE}, NULL AS alongside",
    postgresql=f"{_SEQUENCER} {_ON_POSTGRESQL}, NULL AS alongside",
)


async def advance(tx: Tx, number: Sql = _NUMBER_FRESH, **args: Value) -> Batch | None:
    """Lock, number what is new and return the consumer's next events; None if there are none.

    None also when another process holds the lock: `is_behind` tells. `number` is a statement of
    `numbering`, with `args`.
    """
    rows = await tx.all(number, most=BATCH, whole=WHOLE, **args)
    fresh = sorted(rows, key=lambda row: int(row["position"]))
    lock = fresh[0] if fresh else await tx.one(_LOCK_IF_BEHIND)
    if lock is None:
        return None
    given, consumed = lock["given"], lock["fanned_out"]
    left: list[Row] = []
    if consumed < given:
        left = await tx.all(_LEFT_BEHIND, after=consumed, upto=given, most=BATCH)
    events = left if len(left) >= BATCH else [*left, *fresh]
    alongside = fresh[0]["alongside"] if fresh and not left else None
    batch = Batch(tuple(map(_numbered, events)), given + len(fresh), lock["now"], alongside)
    if not events:
        await save(tx, batch, batch.position)
        return None
    return batch


async def save(tx: Tx, batch: Batch, fanned_out: int) -> None:
    """Keep the positions given out and the last one consumed; wake whoever reads events."""
    await tx.later(_SAVE, {"position": batch.position, "fanned_out": fanned_out})
    tx.announce(to_do=False)


async def is_behind(tx: Tx) -> bool:
    """Whether there are events that the consumer has not had."""
    return await tx.one(_IS_BEHIND) is not None


def _numbered(row: Row) -> Numbered:
    return Numbered(
        row["organisation_id"],
        row["mode"],
        row["id"],
        row["type"],
        row["alias"],
        row["patient_id"],
        row["created_at"],
        row["position"],
        row["body"],
        row["thin_body"],
    )
