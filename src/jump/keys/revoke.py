"""Revokes a key, for good: every process refuses it from the next request on.

Pausing the webhooks that the key made is left to the caller, in the same transaction.
"""

from dataclasses import replace

from jump.caller import Caller
from jump.keys.record import KeyRecord, lock, write_audit
from jump.storage.database import Tx
from jump.storage.sql import sql

_REVOKE = sql("""
UPDATE api_keys SET revoked_at = :at, revoked_by = :by, updated_at = :at, version = version + 1
WHERE organisation_id = :organisation AND mode = :mode AND id = :id
""")


async def revoke(tx: Tx, caller: Caller, key_id: str, at: int) -> KeyRecord:
    """The revoked key. One that is revoked already stays as it is. Raises NotFound."""
    key = await lock(tx, caller.tenant.organisation, key_id)
    if key.revoked_at is not None:
        return key
    by = caller.actor.id or caller.actor.kind
    await tx.run(_REVOKE, organisation=key.organisation, mode=key.mode, id=key.id, at=at, by=by)
    revoked = replace(key, revoked_at=at, revoked_by=by, updated_at=at, version=key.version + 1)
    await write_audit(tx, caller, "revoked", revoked, ["status"], at)
    return revoked
