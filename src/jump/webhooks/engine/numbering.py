"""Numbers fresh events; on PostgreSQL one statement also finds who asked and locks their lanes.

It sees what was there when it began, while a lock takes a row as it is when it is had. So a lane
whose row or webhook has changed in between is not told: it is to be locked once more, by a
statement that sees what has changed with it. Matching events with webhooks is left to the fan-out.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from jump.events import sequence
from jump.events.sequence import Batch
from jump.storage.database import Tx
from jump.storage.sql import Row
from jump.webhooks.engine import lanes
from jump.webhooks.engine.lanes import OURS, Lane


@dataclass(frozen=True, slots=True)
class Concerned:
    """Webhooks that may have asked for an event, locked as the fan-out would lock them, and those
    of their lanes that are locked and as `lanes.lock` would have them. None: nobody has looked."""

    webhooks: Sequence[Row] | None = None
    lanes: Mapping[str, Lane] = field(default_factory=dict)


# What is in a webhook's list of names is looked for as text: every webhook that asked is found.
_NUMBER = sequence.numbering(
    tables=f"""
      named AS (
        SELECT array_agg(DISTINCT organisation_id) AS organisations,
          array_agg(DISTINCT mode) AS modes,
          array_agg(DISTINCT '%"' || type || '"%')
            || array_agg(DISTINCT '%"' || alias || '"%') AS names
        FROM numbered
      ), webhook AS (
        SELECT w.ctid AS place, w.organisation_id, w.mode, w.id, w.events,
          w.is_active AND NOT w.is_releasing AS is_active, w.deleted_at, w.url, w.payload
        FROM named CROSS JOIN webhooks AS w
        WHERE w.organisation_id = ANY(organisations) AND w.mode = ANY(modes)
          AND w.events LIKE ANY(names) AND w.deleted_at IS NULL
        ORDER BY w.id FOR SHARE OF w
      ), lane AS (
        SELECT l.ctid AS place, l.webhook_id, l.owner, l.epoch, l.leased_until, l.failing_since
        FROM webhook JOIN lanes AS l ON l.organisation_id = webhook.organisation_id
          AND l.mode = webhook.mode AND l.webhook_id = webhook.id
        WHERE is_active AND {OURS} FOR UPDATE OF l SKIP LOCKED
      ), concerned AS (
        SELECT organisation_id, mode, id, events, is_active, deleted_at, url, payload,
          webhook_id, owner, epoch, leased_until, failing_since, jump_now() AS now,
          EXISTS (SELECT FROM webhooks AS w WHERE w.ctid = webhook.place)
            AND EXISTS (SELECT FROM lanes AS l WHERE l.ctid = lane.place) AS is_as_seen,
          (SELECT min(d.next_attempt_at) FROM deliveries AS d WHERE d.webhook_id = lane.webhook_id
            AND d.next_attempt_at IS NOT NULL) <= (SELECT jump_now()) AS has_due,
          ARRAY(SELECT encode(sealed, 'hex') FROM webhook_secrets AS s
            WHERE s.organisation_id = webhook.organisation_id AND s.mode = webhook.mode
              AND s.webhook_id = webhook.id
              AND (s.expires_at IS NULL OR s.expires_at > (SELECT jump_now()))
            ORDER BY s.created_at DESC) AS sealed
        FROM webhook LEFT JOIN lane ON webhook_id = id
      )
    """,  # noqa: S608
    value="(SELECT COALESCE(json_agg(concerned), '[]')::TEXT FROM concerned)",
    # There a statement more costs next to nothing. Who runs this is not among the dead.
    none="CASE WHEN :owner IN (:dead*) THEN '[]' END",
)


async def advance(tx: Tx, owner: str, dead: Collection[str]) -> tuple[Batch | None, Concerned]:
    """The next events, as `sequence.advance`, and whom they concern where that was read, too."""
    batch = await sequence.advance(tx, _NUMBER, owner=owner, dead=sorted(dead))
    if batch is None or batch.alongside is None:
        return batch, Concerned()
    webhooks = msgspec.json.decode(batch.alongside, type=list[dict[str, Any]])
    known = {row["id"]: _lane(row) for row in webhooks if row["is_as_seen"]}
    return batch, Concerned(webhooks, known)


def _lane(row: Row) -> Lane:
    return lanes.lane_of(row, map(bytes.fromhex, row["sealed"]))
