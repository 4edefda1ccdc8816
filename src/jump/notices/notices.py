"""What an organisation must be told: keys that need a look, webhooks that fail or were paused.

Nothing is stored: a notice is there for as long as its cause is, and cannot be out of date. Where a
notice leads to, and how it is shown, is left to the faces.
"""

from dataclasses import dataclass
from typing import Final, Literal

from jump.caller import Tenant
from jump.kit.clock import DAY
from jump.storage.database import Tx
from jump.storage.sql import Row, sql

Kind = Literal[
    "webhook_paused_by_us",
    "webhook_failing",
    "key_expiring",
    "key_old_secret_used",
    "key_idle",
    "webhook_paused",
]

EXPIRES_SOON: Final = 14 * DAY
IDLE_AFTER: Final = 90 * DAY


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to be told about a key or a webhook.

    `at` is in microseconds: when the key expires or its old secret stops, since when the webhook
    fails or is paused, when the idle key was last used or else made. `reason` is why it is paused.
    """

    kind: Kind
    record_id: str
    name: str
    at: int
    reason: str | None = None


# The order in which they matter.
_ORDER: Final[tuple[Kind, ...]] = (
    "webhook_paused_by_us",
    "webhook_failing",
    "key_expiring",
    "key_old_secret_used",
    "key_idle",
    "webhook_paused",
)
# What a person or a key has paused says so; every other reason is ours.
_ASKED_FOR: Final = ("Paused by the user ", "Paused by an operator", "Paused with the key ")

_KEYS = sql("""
SELECT k.id, k.name, k.expires_at, k.previous_expires_at, u.previous_used_at,
  greatest(k.created_at, COALESCE(u.used_at, 0)) AS used_at
FROM api_keys k
LEFT JOIN key_uses u ON u.organisation_id = k.organisation_id AND u.key_id = k.id
WHERE k.organisation_id = :organisation AND k.mode = :mode AND k.revoked_at IS NULL
  AND ((k.expires_at > :now AND k.expires_at <= :soon)
    OR (k.previous_expires_at > :now AND u.previous_used_at IS NOT NULL)
    OR (k.expires_at IS NULL AND greatest(k.created_at, COALESCE(u.used_at, 0)) <= :idle_since))
  AND (k.expires_at IS NULL OR k.expires_at > :now)
""")
_WEBHOOKS = sql("""
SELECT w.id, COALESCE(w.name, w.url) AS name, w.is_active, w.paused_reason, w.paused_at,
  w.updated_at, l.failing_since
FROM webhooks w
LEFT JOIN lanes l ON l.organisation_id = w.organisation_id AND l.mode = w.mode
  AND l.webhook_id = w.id
WHERE w.organisation_id = :organisation AND w.mode = :mode AND w.deleted_at IS NULL
  AND (NOT w.is_active OR l.failing_since IS NOT NULL)
""")


async def current(tx: Tx, tenant: Tenant, now: int) -> list[Notice]:
    """Everything to be told now, the most pressing first."""
    where = {"organisation": tenant.organisation, "mode": tenant.mode}
    keys = await tx.all(
        _KEYS, **where, now=now, soon=now + EXPIRES_SOON, idle_since=now - IDLE_AFTER
    )
    webhooks = await tx.all(_WEBHOOKS, **where)
    found = [notice for row in keys for notice in _of_key(row, now)]
    found += [_of_webhook(row) for row in webhooks]
    return sorted(found, key=lambda each: (_ORDER.index(each.kind), each.at, each.record_id))


def _of_key(row: Row, now: int) -> list[Notice]:
    key_id, name, expires_at = row["id"], row["name"], row["expires_at"]
    until = row["previous_expires_at"]
    found: list[Notice] = []
    if expires_at is not None and expires_at <= now + EXPIRES_SOON:
        found.append(Notice("key_expiring", key_id, name, expires_at))
    if until is not None and until > now and row["previous_used_at"] is not None:
        found.append(Notice("key_old_secret_used", key_id, name, until))
    if expires_at is None and row["used_at"] <= now - IDLE_AFTER:
        found.append(Notice("key_idle", key_id, name, row["used_at"]))
    return found


def _of_webhook(row: Row) -> Notice:
    if row["is_active"]:
        return Notice("webhook_failing", row["id"], row["name"], row["failing_since"])
    reason, at = row["paused_reason"], row["paused_at"] or row["updated_at"]
    asked_for = reason is None or reason.startswith(_ASKED_FOR)
    kind: Kind = "webhook_paused" if asked_for else "webhook_paused_by_us"
    return Notice(kind, row["id"], row["name"], at, reason)
