"""Revokes a key with all that is in its hand, in one transaction: the webhooks that it made, and
those whose URL or secret it was the last to set, are paused.
"""

from dataclasses import replace

from jump.caller import Caller, Tenant
from jump.keys import revoke
from jump.keys.record import KeyRecord
from jump.storage.database import Tx
from jump.storage.sql import sql
from jump.webhooks import pausing

_ACTIVE_IN_HAND_OF = sql(f"""
    SELECT count(*) AS webhooks FROM webhooks
    WHERE organisation_id = :organisation AND mode = :mode AND {pausing.IN_HAND_OF}
      AND is_active AND deleted_at IS NULL
""")  # noqa: S608 - the words are ours


async def revoke_and_pause(tx: Tx, caller: Caller, key_id: str, at: int) -> tuple[KeyRecord, int]:
    """The revoked key, and how many webhooks were paused with it. Raises NotFound."""
    revoked = await revoke.revoke(tx, caller, key_id, at)
    tenant = Tenant(revoked.organisation, revoked.mode)
    paused = await pausing.pause_in_hand_of(tx, replace(caller, tenant=tenant), revoked.id, at)
    return revoked, paused


async def would_pause(tx: Tx, tenant: Tenant, key_id: str) -> int:
    """How many active webhooks revoking the key would pause."""
    row = await tx.one(
        _ACTIVE_IN_HAND_OF, organisation=tenant.organisation, mode=tenant.mode, key=key_id
    )
    return int(row["webhooks"]) if row else 0
