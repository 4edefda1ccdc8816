"""Keys as people look at them: with what they have spent this hour and when they were last used.

Reads only, on the counters, which on SQLite lie in a file of their own.
"""

from dataclasses import dataclass
from typing import Protocol

from jump.caller import Mode
from jump.errors import NotFound
from jump.keys.quota import Quota, counter, quota
from jump.keys.record import KeyRecord, Status, key_record
from jump.storage.database import Database
from jump.storage.sql import Row, sql

MOST = 1_000
BOTH: tuple[Mode, Mode] = ("test", "live")


@dataclass(frozen=True, slots=True)
class Use:
    """When, in microseconds, and from where."""

    at: int
    address: str


@dataclass(frozen=True, slots=True)
class KeyOverview:
    """A key, what it is now, and its use: of any secret, and of the one before the last rotation.

    A use shows up to a minute later; `previous_use` counts from the rotation on.
    """

    key: KeyRecord
    status: Status
    quota: Quota
    last_use: Use | None
    previous_use: Use | None


class Place(Protocol):
    """Where a page ends: a key itself, or the two of its facts that decide the order."""

    @property
    def created_at(self) -> int:
        """When it was made."""

    @property
    def id(self) -> str:
        """The id of its record."""


# The status in the words of `KeyRecord.status`, for a page of one status only.
_PAGE = sql("""
SELECT k.*, u.used_at, u.address, u.previous_used_at, u.previous_address,
  q.minute, q.total, q.history, jump_now() AS now
FROM api_keys k
LEFT JOIN key_uses u ON u.organisation_id = k.organisation_id AND u.key_id = k.id
LEFT JOIN key_quota q ON q.key_id = k.id
WHERE k.organisation_id = :organisation AND k.mode IN (:modes*)
  AND (k.created_at, k.id) < (:created_at, :id)
  AND (CAST(:status AS TEXT) IS NULL OR :status = CASE
    WHEN k.revoked_at IS NOT NULL THEN 'revoked'
    WHEN k.expires_at <= jump_now() THEN 'expired'
    WHEN k.previous_expires_at > jump_now() THEN 'rotating'
    ELSE 'active' END)
ORDER BY k.created_at DESC, k.id DESC LIMIT :limit
""")
_ONE = sql("""
SELECT k.*, u.used_at, u.address, u.previous_used_at, u.previous_address,
  q.minute, q.total, q.history, jump_now() AS now
FROM api_keys k
LEFT JOIN key_uses u ON u.organisation_id = k.organisation_id AND u.key_id = k.id
LEFT JOIN key_quota q ON q.key_id = k.id
WHERE k.organisation_id = :organisation AND k.mode IN ('test', 'live') AND k.id = :id
""")
_AFTER_EVERYTHING = 2**62


async def page(
    database: Database,
    organisation: str,
    modes: tuple[Mode, ...] = BOTH,
    limit: int = 100,
    before: Place | None = None,
    status: Status | None = None,
) -> list[KeyOverview]:
    """At most `limit` keys, newest first: those older than `before`, of one status or of any."""
    created_at, key_id = (before.created_at, before.id) if before else (_AFTER_EVERYTHING, "")
    rows = await database.count(
        lambda tx: tx.all(
            _PAGE,
            organisation=organisation,
            modes=list(modes),
            created_at=created_at,
            id=key_id,
            status=status,
            limit=min(limit, MOST),
        )
    )
    return [_overview(row) for row in rows]


async def find(database: Database, organisation: str, key_id: str) -> KeyOverview:
    """The key of this record id, of either mode. Raises NotFound."""
    row = await database.count(lambda tx: tx.one(_ONE, organisation=organisation, id=key_id))
    if row is None:
        raise NotFound("There is no API key with this id.")
    return _overview(row)


def _overview(row: Row) -> KeyOverview:
    key, now = key_record(row), row["now"]
    return KeyOverview(
        key=key,
        status=key.status(now),
        quota=quota(counter(row), key.hourly_limit, now),
        last_use=_use(row["used_at"], row["address"]),
        previous_use=_use(row["previous_used_at"], row["previous_address"]),
    )


def _use(at: int | None, address: str | None) -> Use | None:
    return None if at is None else Use(at, address or "")
