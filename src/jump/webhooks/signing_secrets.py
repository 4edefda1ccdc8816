"""The signing secrets of a webhook: made, sealed, rotated and opened.

A rotated secret still signs for a day beside the new one. At most three are valid at once: a third
rotation within a day ends the oldest early. How they sign is left to `signing`.
"""

from collections.abc import Callable
from typing import Final

from jump.caller import Tenant
from jump.kit.clock import HOUR
from jump.sealing import Keyring
from jump.storage.database import Tx
from jump.storage.sql import sql
from jump.webhooks import signing

PURPOSE: Final = "signing secrets"
OVERLAP: Final = 24 * HOUR
MOST_VALID: Final = 3

_ADD = sql("""
    INSERT INTO webhook_secrets (organisation_id, mode, webhook_id, created_at, sealed, expires_at)
    VALUES (:organisation, :mode, :webhook, :at, :sealed, NULL)
""")
_VALID = sql("""
    SELECT created_at, sealed FROM webhook_secrets
    WHERE organisation_id = :organisation AND mode = :mode AND webhook_id = :webhook
      AND (expires_at IS NULL OR expires_at > :now)
    ORDER BY created_at DESC
""")
_EXPIRE = sql("""
    UPDATE webhook_secrets SET expires_at = :expires
    WHERE organisation_id = :organisation AND mode = :mode AND webhook_id = :webhook
      AND expires_at IS NULL
""")
_KEEP_SINCE = sql("""
    DELETE FROM webhook_secrets
    WHERE organisation_id = :organisation AND mode = :mode AND webhook_id = :webhook
      AND created_at < :oldest
""")
_FORGET = sql("DELETE FROM webhook_secrets WHERE expires_at <= :now")


async def make(
    tx: Tx,
    tenant: Tenant,
    webhook_id: str,
    at: int,
    keyring: Keyring,
    random: Callable[[int], bytes],
) -> str:
    """The new secret of a webhook that has none, kept sealed: show it now or never."""
    secret = signing.new_secret(random(signing.SECRET_BYTES))
    sealed = keyring.seal(PURPOSE, secret.encode(), webhook_id.encode())
    await tx.run(_ADD, **_names(tenant, webhook_id), at=at, sealed=sealed)
    return secret


async def rotate(
    tx: Tx,
    tenant: Tenant,
    webhook_id: str,
    at: int,
    keyring: Keyring,
    random: Callable[[int], bytes],
) -> str:
    """A new secret; the one before it stays valid for OVERLAP, the oldest of many ends now."""
    names = _names(tenant, webhook_id)
    valid = await tx.all(_VALID, **names, now=at)
    await expire(tx, tenant, webhook_id, at + OVERLAP)
    kept = valid[: MOST_VALID - 1]
    if kept:
        await tx.run(_KEEP_SINCE, **names, oldest=kept[-1]["created_at"])
        # Clocks of machines differ: the newest secret is always the one made last.
        at = max(at, kept[0]["created_at"] + 1)
    return await make(tx, tenant, webhook_id, at, keyring, random)


async def expire(tx: Tx, tenant: Tenant, webhook_id: str, at: int) -> None:
    """Give the current secret an end."""
    await tx.run(_EXPIRE, **_names(tenant, webhook_id), expires=at)


async def valid(
    tx: Tx, tenant: Tenant, webhook_id: str, now: int, keyring: Keyring
) -> tuple[str, ...]:
    """The secrets to sign with, newest first. Raises CannotOpen if the secret key was lost."""
    rows = await tx.all(_VALID, **_names(tenant, webhook_id), now=now)
    return tuple(open_sealed(row["sealed"], webhook_id, keyring) for row in rows)


def open_sealed(sealed: bytes, webhook_id: str, keyring: Keyring) -> str:
    """A secret as its webhook's receiver knows it. Raises CannotOpen."""
    return keyring.open(PURPOSE, bytes(sealed), webhook_id.encode()).decode()


async def forget_expired(tx: Tx, now: int) -> int:
    """Remove the secrets of every webhook that sign nothing any more; how many they were."""
    return await tx.run(_FORGET, now=now)


def _names(tenant: Tenant, webhook_id: str) -> dict[str, str]:
    return {"organisation": tenant.organisation, "mode": tenant.mode, "webhook": webhook_id}
