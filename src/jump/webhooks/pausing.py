"""Stops a webhook's deliveries and lets them go on; a paused webhook's wait and lose nothing.

However many wait, they are released some at a time, so that no transaction keeps others waiting:
the first with the activation, the rest by whichever engine looks next.
That the webhook's own row says the same, and its audit, is written here where the reason comes
from elsewhere (a revoked key), and by `webhook` where it is asked for.
"""

from typing import Final

from jump.audit import trail
from jump.caller import Actor, Caller, Tenant
from jump.storage.database import Tx
from jump.storage.sql import sql

KEY_REVOKED: Final = "The key that made this webhook was revoked."
DIRECTOR_REVOKED: Final = "The key that had set this webhook's URL or secret was revoked."
PIECE = 1_000  # deliveries released in one transaction

# A test is sent while the webhook is paused.
_HOLD = sql("""
    UPDATE deliveries SET next_attempt_at = NULL
    WHERE organisation_id = :organisation AND mode = :mode AND webhook_id = :webhook
      AND state = 'pending' AND next_attempt_at IS NOT NULL AND NOT test
""")
# In order of position, and one instant for all of a piece: so positions decide the order.
_RELEASE = sql("""
    UPDATE deliveries SET next_attempt_at = (SELECT jump_now())
    WHERE organisation_id = :organisation AND mode = :mode AND webhook_id = :webhook
      AND state = 'pending' AND next_attempt_at IS NULL AND position < COALESCE((
        SELECT position FROM deliveries
        WHERE organisation_id = :organisation AND mode = :mode AND webhook_id = :webhook
          AND state = 'pending' AND next_attempt_at IS NULL
        ORDER BY position LIMIT 1 OFFSET :most), 9223372036854775807)
""")
_SET_RELEASING = sql("""
    UPDATE webhooks SET is_releasing = :more
    WHERE organisation_id = :organisation AND mode = :mode AND id = :webhook
      AND is_releasing <> :more
""")
_ANY_RELEASING = sql("""
    SELECT id FROM webhooks
    WHERE is_releasing AND is_active AND deleted_at IS NULL LIMIT 1
""")
# Locked: what is fanned out meanwhile waits, and then finds whether to wait behind the rest.
_NEXT_RELEASING = sql("""
    SELECT organisation_id, mode, id FROM webhooks
    WHERE is_releasing AND is_active AND deleted_at IS NULL
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
""")
_FORGET_FAILING = sql("""
    UPDATE lanes SET failing_since = NULL
    WHERE organisation_id = :organisation AND mode = :mode AND webhook_id = :webhook
""")
# Whoever holds a key can send what others have set up somewhere else, or learn its secret: that may
# not outlive the key. The audit knows who did so last: by
# its times, since ids of one millisecond have no order.
IN_HAND_OF = """
    (created_by = :key
      OR :key = (SELECT a.actor_id FROM audit a
        WHERE a.organisation_id = :organisation AND a.mode = :mode AND a.record_id = webhooks.id
          AND a.fields LIKE '%"url"%' ORDER BY a.at DESC, a.id DESC LIMIT 1)
      OR :key = (SELECT a.actor_id FROM audit a
        WHERE a.organisation_id = :organisation AND a.mode = :mode AND a.record_id = webhooks.id
          AND a.action = 'webhook.secret_rotated' ORDER BY a.at DESC, a.id DESC LIMIT 1))
"""
_PAUSE_IN_HAND_OF = sql(f"""
    UPDATE webhooks SET is_active = FALSE, paused_at = :at,
      paused_reason = CASE WHEN created_by = :key THEN :made ELSE :directed END,
      version = version + 1, updated_at = greatest(:at, updated_at + 1)
    WHERE organisation_id = :organisation AND mode = :mode AND {IN_HAND_OF}
      AND is_active AND deleted_at IS NULL
    RETURNING id
""")  # noqa: S608 - the words are ours


def reason_by(actor: Actor) -> str:
    """Why a webhook is paused, where somebody asked for it."""
    match actor.kind:
        case "key":
            return f"Paused with the key {actor.id}."
        case "user":
            return f"Paused by the user {actor.id}."
        case "operator":
            return "Paused by an operator."
        case "system":
            return "Paused by the system."


async def hold_deliveries(tx: Tx, tenant: Tenant, webhook_id: str) -> int:
    """Let every pending delivery wait, but for tests; how many were due."""
    return await tx.run(_HOLD, **_names(tenant, webhook_id))


async def release_deliveries(tx: Tx, tenant: Tenant, webhook_id: str) -> int:
    """Let what waits go on, in its order and with a clean slate; how many are due now.

    Those that are too many wait for `release_more`. The webhook must be locked.
    """
    await tx.run(_FORGET_FAILING, **_names(tenant, webhook_id))
    return await _release(tx, tenant, webhook_id)


async def is_releasing(tx: Tx) -> bool:
    """Whether there is anything for `release_more`."""
    return await tx.one(_ANY_RELEASING) is not None


async def release_more(tx: Tx) -> bool:
    """Make more of what waits for an active webhook due; whether there was such a webhook."""
    found = await tx.one(_NEXT_RELEASING)
    if found is None:
        return False
    await _release(tx, Tenant(found["organisation_id"], found["mode"]), found["id"])
    return True


async def _release(tx: Tx, tenant: Tenant, webhook_id: str) -> int:
    names = _names(tenant, webhook_id)
    released = await tx.run(_RELEASE, **names, most=PIECE)
    await tx.run(_SET_RELEASING, **names, more=released >= PIECE)
    tx.announce()
    return released


async def pause_in_hand_of(tx: Tx, caller: Caller, key_id: str, at: int) -> int:
    """Pause what a revoked key made, or was the last to direct; how many were active."""
    tenant = caller.tenant
    paused = await tx.all(
        _PAUSE_IN_HAND_OF,
        organisation=tenant.organisation,
        mode=tenant.mode,
        key=key_id,
        made=KEY_REVOKED,
        directed=DIRECTOR_REVOKED,
        at=at,
    )
    for row in paused:
        await hold_deliveries(tx, tenant, row["id"])
        await trail.write(tx, caller, audited("paused", row["id"], ("is_active",)), at)
    return len(paused)


def audited(action: str, webhook_id: str, fields: tuple[str, ...] = ()) -> trail.Change:
    """A change of a webhook as the audit has it."""
    return trail.Change(f"webhook.{action}", "webhook", webhook_id, fields=fields)


def _names(tenant: Tenant, webhook_id: str) -> dict[str, str]:
    return {"organisation": tenant.organisation, "mode": tenant.mode, "webhook": webhook_id}
