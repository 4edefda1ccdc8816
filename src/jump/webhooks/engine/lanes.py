"""A lane is one webhook, leased to one process at a time and fenced by an epoch.

Finds lanes with something due, locks those that are ours to use, and writes leases back. Taking a
lane begins a new epoch, and whatever was started under an older one is no longer anybody's.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from jump.caller import Tenant
from jump.kit.clock import SECOND
from jump.storage.database import Tx
from jump.storage.sql import Args, Row, bulk, sql

LEASE = 25 * SECOND
RENEWED_EVERY = 5 * SECOND


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane locked by this transaction, with its webhook as it stands.

    `owner` is who held it before us, None for nobody. `sealed` are the signing secrets still valid,
    newest first. `has_due` tells whether deliveries were waiting to be sent when it was locked.
    Instants are the database's, in microseconds; `now` is the lock's.
    """

    tenant: Tenant
    webhook_id: str
    owner: str | None
    epoch: int
    leased_until: int
    failing_since: int | None
    url: str
    payload: Literal["full", "thin"]
    is_active: bool
    is_deleted: bool
    sealed: tuple[bytes, ...]
    has_due: bool
    now: int


@dataclass(frozen=True, slots=True)
class Lease:
    """What is to be written of a lane: its owner (None: free), epoch and end."""

    lane: Lane
    owner: str | None
    epoch: int
    leased_until: int
    failing_since: int | None


OURS = """(
      l.owner IS NULL OR l.owner = :owner OR l.owner IN (:dead*)
      OR l.leased_until <= (SELECT jump_now())
    )"""
# Distinct webhooks by jumping from one to the next in the index: what waits behind is not read.
_DUE = sql(f"""
    WITH RECURSIVE due AS (
      SELECT (SELECT min(webhook_id) FROM deliveries WHERE next_attempt_at IS NOT NULL) AS id
      UNION ALL
      SELECT (SELECT min(webhook_id) FROM deliveries
        WHERE next_attempt_at IS NOT NULL AND webhook_id > due.id)
      FROM due WHERE due.id IS NOT NULL
    )
    SELECT l.webhook_id FROM due JOIN lanes AS l ON l.webhook_id = due.id
    WHERE {OURS} AND (SELECT min(next_attempt_at) FROM deliveries
      WHERE webhook_id = due.id AND next_attempt_at IS NOT NULL) <= (SELECT jump_now())
""")  # noqa: S608
_HELD = sql("""
    SELECT webhook_id, owner, leased_until <= jump_now() AS has_lapsed FROM lanes
    WHERE owner IS NOT NULL
""")
_OWNERS = sql("SELECT webhook_id, owner, epoch FROM lanes WHERE webhook_id IN (:webhooks*)")
# A lane or webhook that somebody has locked just now is left for the next time.
_LOCK = sql(f"""
    SELECT l.organisation_id, l.mode, l.webhook_id, l.owner, l.epoch, l.leased_until,
      l.failing_since, w.url, w.payload, w.is_active, w.deleted_at, s.sealed,
      (SELECT min(d.next_attempt_at) FROM deliveries AS d WHERE d.webhook_id = l.webhook_id
        AND d.next_attempt_at IS NOT NULL) <= (SELECT jump_now()) AS has_due,
      (SELECT jump_now()) AS now
    FROM lanes AS l
    JOIN webhooks AS w ON w.organisation_id = l.organisation_id AND w.mode = l.mode
      AND w.id = l.webhook_id
    LEFT JOIN webhook_secrets AS s ON s.organisation_id = l.organisation_id AND s.mode = l.mode
      AND s.webhook_id = l.webhook_id
      AND (s.expires_at IS NULL OR s.expires_at > (SELECT jump_now()))
    WHERE l.webhook_id IN (:webhooks*) AND {OURS}
    ORDER BY l.webhook_id, s.created_at DESC
    FOR UPDATE OF l SKIP LOCKED FOR SHARE OF w SKIP LOCKED
""")  # noqa: S608
_SAVE = bulk(
    """
    UPDATE lanes AS l SET owner = :owner, epoch = :epoch, leased_until = :leased_until,
      failing_since = :failing_since
    /*rows*/
    WHERE l.organisation_id = :organisation AND l.mode = :mode AND l.webhook_id = :webhook
    """,
    owner="TEXT",
    epoch="BIGINT",
    leased_until="BIGINT",
    failing_since="BIGINT",
    organisation="TEXT",
    mode="TEXT",
    webhook="TEXT",
)


async def due(tx: Tx, owner: str, dead: Collection[str]) -> list[str]:
    """The webhooks with a delivery due now whose lanes `owner` has or may take."""
    return [row["webhook_id"] for row in await tx.all(_DUE, owner=owner, dead=sorted(dead))]


async def held(tx: Tx) -> list[tuple[str, str, bool]]:
    """Every lane that somebody holds: its webhook, its owner, and whether the lease has lapsed."""
    rows = await tx.all(_HELD)
    return [(row["webhook_id"], row["owner"], bool(row["has_lapsed"])) for row in rows]


async def owners(tx: Tx, webhooks: Collection[str]) -> dict[str, tuple[str | None, int]]:
    """Who holds these lanes, and in which epoch."""
    rows = await tx.all(_OWNERS, webhooks=sorted(webhooks))
    return {row["webhook_id"]: (row["owner"], row["epoch"]) for row in rows}


async def lock(
    tx: Tx, owner: str, webhooks: Collection[str], dead: Collection[str]
) -> dict[str, Lane]:
    """Lock those of the lanes that `owner` has or may take and that nobody has locked just now.

    A lane may be taken when it is free, its lease has lapsed, or its owner is among the `dead`.
    """
    rows = await tx.all(_LOCK, owner=owner, webhooks=sorted(webhooks), dead=sorted(dead))
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["webhook_id"], []).append(row)
    return {
        webhook: lane_of(group[0], (row["sealed"] for row in group if row["sealed"] is not None))
        for webhook, group in found.items()
    }


async def save(tx: Tx, leases: Iterable[Lease]) -> None:
    """Write leases back; their lanes must be locked by this transaction."""
    await tx.later(_SAVE, *map(_row, leases))


def _row(lease: Lease) -> Args:
    return {
        "owner": lease.owner,
        "epoch": lease.epoch,
        "leased_until": lease.leased_until,
        "failing_since": lease.failing_since,
        "organisation": lease.lane.tenant.organisation,
        "mode": lease.lane.tenant.mode,
        "webhook": lease.lane.webhook_id,
    }


def lane_of(row: Row, sealed: Iterable[bytes]) -> Lane:
    """A lane from a row that has its columns, and its signing secrets."""
    return Lane(
        tenant=Tenant(row["organisation_id"], row["mode"]),
        webhook_id=row["webhook_id"],
        owner=row["owner"],
        epoch=row["epoch"],
        leased_until=row["leased_until"],
        failing_since=row["failing_since"],
        url=row["url"],
        payload=row["payload"],
        is_active=bool(row["is_active"]),
        is_deleted=row["deleted_at"] is not None,
        sealed=tuple(sealed),
        has_due=bool(row["has_due"]),
        now=row["now"],
    )
