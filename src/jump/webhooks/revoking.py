"""Revokes a key together with what it has made: its webhooks are paused in the same transaction."""

from dataclasses import replace

from jump.caller import Caller, Tenant
from jump.keys import revoke
from jump.keys.record import KeyRecord
from jump.storage.database import Tx
from jump.storage.sql import sql
from jump.webhooks import pausing

_ACTIVE_MADE_BY = sql("""
    SELECT count(*) AS webhooks FROM webhooks
    WHERE organisation_id = :organisation AND mode = :mode AND created_by = :key
      AND is_active AND deleted_at IS NULL
""")


async def revoke_and_pause(tx: Tx, caller: Caller, key_id: str, at: int) -> tuple[KeyRecord, int]:
    """The revoked key, and how many webhooks of its making were paused. Raises NotFound."""
    revoked = await revoke.revoke(tx, caller, key_id, at)
    tenant = Tenant(revoked.organisation, revoked.mode)
    paused = await pausing.pause_made_by(tx, replace(caller, tenant=tenant), revoked.id, at)
    return revoked, paused


async def would_pause(tx: Tx, tenant: Tenant, key_id: str) -> int:
    """How many active webhooks revoking the key would pause."""
    row = await tx.one(
        _ACTIVE_MADE_BY, organisation=tenant.organisation, mode=tenant.mode, key=key_id
    )
    return int(row["webhooks"]) if row else 0
