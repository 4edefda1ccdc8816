"""Queues what a person asks to be sent at once: a test, or the same delivery once more.

Neither is ever tried again by itself. Sending is left to the engine.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from jump.audit import trail
from jump.caller import Caller, Tenant
from jump.errors import Conflict, FieldError, NotFound, ValidationFailed
from jump.events import catalog, envelope
from jump.kit.ids import derived_id, new_id
from jump.kit.instants import format_second
from jump.resources.versions import check_version
from jump.storage.database import Tx
from jump.storage.sql import Row, sql
from jump.webhooks import subscriptions, webhook
from jump.webhooks.representation import subscribed

ON_THEIR_WAY: Final = ("pending", "delivering")

# Ahead of what is due already: whoever sends a test is waiting for it.
_INSERT_TEST: Final = sql("""
    INSERT INTO deliveries (organisation_id, mode, id, webhook_id, event_id, event_type, position,
      patient_id, test, body, state, next_trigger, attempt_count, failures, interruptions, epoch,
      next_attempt_at, created_at)
    VALUES (:organisation, :mode, :id, :webhook, :event, :event_type, 0,
      NULL, TRUE, :body, 'pending', 'test', 0, 0, 0, 0,
      least(jump_now(), (SELECT COALESCE(min(next_attempt_at), jump_now()) FROM deliveries
        WHERE organisation_id = :organisation AND mode = :mode AND webhook_id = :webhook
          AND next_attempt_at IS NOT NULL)), :at)
    RETURNING id, event_id, event_type, webhook_id, state, attempt_count, last_status, last_error,
      next_attempt_at, test, created_at
""")
_LOCK: Final = sql("""
    SELECT state, test, event_type, patient_id, next_attempt_at FROM deliveries
    WHERE organisation_id = :organisation AND mode = :mode AND id = :id AND webhook_id = :webhook
    FOR UPDATE
""")
_RESEND: Final = sql("""
    UPDATE deliveries SET state = 'pending', next_trigger = 'manual', interruptions = 0,
      next_attempt_at = (SELECT jump_now()), ended_at = NULL
    WHERE organisation_id = :organisation AND mode = :mode AND id = :id
    RETURNING id, event_id, event_type, webhook_id, state, attempt_count, last_status, last_error,
      next_attempt_at, test, created_at
""")


async def send_test(
    tx: Tx,
    caller: Caller,
    at: int,
    webhook_id: str,
    event_type: str | None,
    random: Callable[[int], bytes],
    if_match: frozenset[int] | None = None,
) -> Row:
    """A new delivery of a sample event, due at once, also while the webhook is paused.

    `event_type` is one the webhook subscribes to, None for its first. The event is in no feed, and
    its sample's ids can never exist. Raises NotFound, PreconditionFailed and ValidationFailed.
    """
    row = await webhook.fetch(tx, caller.tenant, webhook_id)
    check_version("webhook", row["version"], if_match)
    name = _subscribed_type(row, event_type)
    event_id = new_id("evt", at, random)
    made = await tx.one(
        _INSERT_TEST,
        **_names(caller.tenant, derived_id("dlv", at, event_id, webhook_id), webhook_id),
        event=event_id,
        event_type=name,
        body=sample_body(caller.tenant, event_id, name, row["payload"], at).decode(),
        at=at,
    )
    assert made is not None
    await trail.write(tx, caller, _audited("tested", made["id"], None), at)
    tx.announce()
    return made


async def resend(tx: Tx, caller: Caller, at: int, webhook_id: str, delivery_id: str) -> Row:
    """The delivery, due for one more attempt. Raises NotFound, InsufficientScope and Conflict."""
    row = await webhook.lock(tx, caller, webhook_id)
    names = _names(caller.tenant, delivery_id, webhook_id)
    found = await tx.one(_LOCK, **names)
    if found is None:
        raise NotFound("There is no delivery with this id.")
    # The webhook may have subscribed to something else since.
    subscriptions.require_read_scopes(caller, (found["event_type"],))
    if found["test"]:
        raise Conflict("A test is sent once. Send a new test instead.")
    if not row["is_active"]:
        raise Conflict("The webhook is paused. Activate it first, then resend.")
    if found["state"] in ON_THEIR_WAY:
        raise Conflict(f"This delivery is {found['state']}: {_on_its_way(found)}")
    queued = await tx.one(_RESEND, **names)
    assert queued is not None
    await trail.write(tx, caller, _audited("resent", delivery_id, found["patient_id"]), at)
    tx.announce()
    return queued


def _on_its_way(row: Row) -> str:
    """When a delivery that needs no resending is tried next, and how to have it at once."""
    later = "It can be resent once it has succeeded, failed or been cancelled."
    if row["state"] == "delivering" or row["next_attempt_at"] is None:
        return f"its next attempt is made by itself. {later}"
    return (
        f"its next attempt is made by itself at {format_second(row['next_attempt_at'])}. To have"
        f" all that wait at once, pause the webhook and activate it. {later}"
    )


def sample_body(tenant: Tenant, event_id: str, name: str, payload: str, at: int) -> bytes:
    """The body of a test: the sample of a type, or of the type behind an alias."""
    event = catalog.type_of(name)
    assert event is not None
    sample = catalog.sample(event.name)
    head = envelope.Head(event_id, event.name, at, tenant.organisation, tenant.mode, test=True)
    if payload == "thin":
        record = msgspec.json.decode(sample.object)
        changed = msgspec.json.decode(sample.previous or b"{}", type=dict[str, Any])
        body = envelope.thin(head, event.resource, record["id"], record["version"], list(changed))
    else:
        body = envelope.full(head, sample.object, sample.previous)
    return body if name == event.name else envelope.renamed(body, event.name, name)


def _subscribed_type(row: Row, event_type: str | None) -> str:
    names = subscribed(row)
    if event_type is None:
        return names[0]
    if event_type not in names:
        message = f"Use a type that this webhook subscribes to: {', '.join(names)}."
        raise ValidationFailed([FieldError("event_type", message)])
    return event_type


def _audited(action: str, delivery_id: str, patient_id: str | None) -> trail.Change:
    return trail.Change(f"delivery.{action}", "delivery", delivery_id, patient_id)


def _names(tenant: Tenant, delivery_id: str, webhook_id: str) -> dict[str, str]:
    return {
        "organisation": tenant.organisation,
        "mode": tenant.mode,
        "id": delivery_id,
        "webhook": webhook_id,
    }
