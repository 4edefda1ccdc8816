"""What keys were used for, counted from the access log: by time and outcome, and by route.

Of one key, or the last day of all of a tenant's together. Every count stops at the newest MOST
requests, the last day's at MOST_OF_A_DAY, so that busy keys cost no more than that; a count that
stopped there says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from jump.caller import Tenant
from jump.kit.clock import DAY, HOUR, MINUTE
from jump.kit.ids import first_id
from jump.storage.database import Tx
from jump.storage.sql import Row, Value, sql

Outcome = Literal["done", "refused", "limited", "failed"]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
MOST: Final = 200_000
MOST_OF_A_DAY: Final = 50_000  # of all keys together, on the page that is opened most


@dataclass(frozen=True, slots=True)
class Slot:
    """One minute or hour that had requests: when it began, and how many of each outcome."""

    begins_at: int
    done: int = 0
    refused: int = 0
    limited: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """The slots of a time, oldest first, without empty ones; `is_whole` unless it stopped early."""

    slots: Sequence[Slot]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class LastDay:
    """The last 24 hours of every key: by the hour, and how long the middle one of them took."""

    counted: Counted
    median_milliseconds: int | None


@dataclass(frozen=True, slots=True)
class RouteUse:
    """How often a route was asked, and when last."""

    method: str
    route: str
    requests: int
    last_at: int


# The newest rows of a key are found by an index; what they are counted by stands in the row.
_BY_TIME = sql("""
SELECT at / CAST(:unit AS BIGINT) AS slot, count(*) AS requests,
  sum(CASE WHEN status < 400 THEN 1 ELSE 0 END) AS done,
  sum(CASE WHEN status = 429 THEN 1 ELSE 0 END) AS limited,
  sum(CASE WHEN status >= 500 THEN 1 ELSE 0 END) AS failed
FROM (SELECT at, status FROM access_log
  WHERE organisation_id = :organisation AND mode = :mode AND key_id = :key AND id >= :first
  ORDER BY id DESC LIMIT :most) AS newest
GROUP BY slot ORDER BY slot
""")
# The rows are gone through once, and counted twice: by the hour, and by how long they took.
_LAST_DAY = sql("""
WITH newest AS MATERIALIZED (SELECT at, status, milliseconds FROM access_log
  WHERE organisation_id = :organisation AND mode = :mode AND id >= :first
  ORDER BY id DESC LIMIT :most)
SELECT at / CAST(:unit AS BIGINT) AS slot, NULL AS milliseconds, count(*) AS requests,
  sum(CASE WHEN status < 400 THEN 1 ELSE 0 END) AS done,
  sum(CASE WHEN status = 429 THEN 1 ELSE 0 END) AS limited,
  sum(CASE WHEN status >= 500 THEN 1 ELSE 0 END) AS failed
FROM newest GROUP BY slot
UNION ALL
SELECT NULL, milliseconds, count(*), NULL, NULL, NULL FROM newest GROUP BY milliseconds
ORDER BY slot, milliseconds
""")
_BY_ROUTE = sql("""
SELECT method, route, count(*) AS requests, max(at) AS last_at
FROM (SELECT method, route, at, status, missing_scope FROM access_log
  WHERE organisation_id = :organisation AND mode = :mode AND key_id = :key AND id >= :first
  ORDER BY id DESC LIMIT :most) AS newest
WHERE missing_scope IS NULL AND status NOT IN (401, 429)
GROUP BY method, route ORDER BY requests DESC, method, route
""")
_MISSING = sql("""
SELECT missing_scope, count(*) AS requests, max(at) AS last_at
FROM (SELECT missing_scope, at FROM access_log
  WHERE organisation_id = :organisation AND mode = :mode AND key_id = :key AND id >= :first
  ORDER BY id DESC LIMIT :most) AS newest
WHERE missing_scope IS NOT NULL
GROUP BY missing_scope ORDER BY requests DESC, missing_scope
""")


async def by_minute(tx: Tx, tenant: Tenant, key_id: str, now: int) -> Counted:
    """The minute that runs and the 59 before it."""
    return await _by_time(tx, tenant, key_id, now // MINUTE * MINUTE - 59 * MINUTE, MINUTE)


async def by_hour(tx: Tx, tenant: Tenant, key_id: str, now: int) -> Counted:
    """The hour that runs and those of the 7 days before it."""
    return await _by_time(tx, tenant, key_id, now // HOUR * HOUR - 7 * DAY, HOUR)


async def last_day(tx: Tx, tenant: Tenant, now: int) -> LastDay:
    """What every key of the tenant was used for in the 24 hours before."""
    rows = await tx.all(
        _LAST_DAY,
        organisation=tenant.organisation,
        mode=tenant.mode,
        first=first_id("req", now - DAY),
        most=MOST_OF_A_DAY,
        unit=HOUR,
    )
    slots = [row for row in rows if row["slot"] is not None]
    counts = [(row["milliseconds"], int(row["requests"])) for row in rows if row["slot"] is None]
    return LastDay(_counted(slots, HOUR, MOST_OF_A_DAY), _median(counts))


async def by_route(tx: Tx, tenant: Tenant, key_id: str, since: int) -> list[RouteUse]:
    """The routes that the key was let through to since an instant, the most asked first."""
    rows = await tx.all(_BY_ROUTE, **_args(tenant, key_id, since))
    return [RouteUse(row["method"], row["route"], row["requests"], row["last_at"]) for row in rows]


async def missing_scopes(tx: Tx, tenant: Tenant, key_id: str, since: int) -> dict[str, int]:
    """The scopes that the key was refused for lack of, and how often."""
    rows = await tx.all(_MISSING, **_args(tenant, key_id, since))
    return {row["missing_scope"]: row["requests"] for row in rows}


async def _by_time(tx: Tx, tenant: Tenant, key_id: str, since: int, unit: int) -> Counted:
    rows = await tx.all(_BY_TIME, **_args(tenant, key_id, since), unit=unit)
    return _counted(rows, unit, MOST)


def _counted(rows: Sequence[Row], unit: int, most: int) -> Counted:
    counted = sum(int(row["requests"]) for row in rows)
    return Counted([_slot(row, unit) for row in rows], is_whole=counted < most)


def _median(counts: Sequence[tuple[int, int]]) -> int | None:
    """Of values and how often each came, the smallest first; the lower of two in the middle."""
    half = (sum(count for _, count in counts) + 1) // 2
    for value, count in counts:
        half -= count
        if half <= 0:
            return value
    return None


def _slot(row: Row, unit: int) -> Slot:
    done, limited, failed = (int(row[name]) for name in ("done", "limited", "failed"))
    refused = int(row["requests"]) - done - limited - failed
    return Slot(int(row["slot"]) * unit, done, refused, limited, failed)


def _args(tenant: Tenant, key_id: str, since: int) -> dict[str, Value]:
    return {
        "organisation": tenant.organisation,
        "mode": tenant.mode,
        "key": key_id,
        "first": first_id("req", since),
        "most": MOST,
    }
