"""What was sent: the deliveries of a webhook or of all, one of them with its attempts.

The list holds nothing of a patient and is for whoever may read webhooks; payloads, requests and
responses take the read scope of the event's resource. That old rows go is left to `retention`.
"""

from dataclasses import dataclass, replace
from typing import Final, get_args

from jump.caller import Caller, Tenant
from jump.errors import NotFound
from jump.resources import pages
from jump.resources.listing import Condition, Filter, Listing, ListQuery
from jump.resources.pages import Page
from jump.storage.database import Tx
from jump.storage.sql import Row, sql
from jump.webhooks import subscriptions, webhook
from jump.webhooks.representation import State

_COLUMNS: Final = (
    "id",
    "event_id",
    "event_type",
    "webhook_id",
    "state",
    "attempt_count",
    "last_status",
    "last_error",
    "next_attempt_at",
    "test",
    "created_at",
)
_FILTERS: Final = (
    Filter(
        "state",
        "text",
        constants=("pending", "delivering", "failed", "cancelled"),
        choices=get_args(State),
    ),
    Filter("event_type", "text"),
    Filter("event_id", "text"),
    Filter("test", "bool"),
    Filter("last_status", "int"),
    Filter("next_attempt_at", "instant"),
    Filter("created_at", "instant"),
)
DELIVERIES: Final = Listing(
    source="deliveries",
    columns=_COLUMNS,
    filters=_FILTERS,
    sorts=(("created_at", "created_at"),),
    fixed=("webhook_id",),
)
# By id, which is by time too and has an index over all webhooks.
ALL_DELIVERIES: Final = Listing(
    source="deliveries",
    columns=_COLUMNS,
    filters=(Filter("webhook_id", "text"), *_FILTERS),
    sorts=(("id", "id"),),
)
_OF_WEBHOOKS: Final = Condition("""webhook_id IN (SELECT id FROM webhooks
    WHERE organisation_id = :organisation AND mode = :mode AND deleted_at IS NULL)""")

_ONE = sql("""
    SELECT d.id, d.event_id, d.event_type, d.webhook_id, d.state, d.attempt_count, d.last_status,
      d.last_error, d.next_attempt_at, d.test, d.created_at, d.body, d.patient_id,
      w.payload, e.type, e.body AS full_body, e.thin_body
    FROM deliveries d
    JOIN webhooks w ON w.organisation_id = d.organisation_id AND w.mode = d.mode
      AND w.id = d.webhook_id AND w.deleted_at IS NULL
    LEFT JOIN events e ON e.organisation_id = d.organisation_id AND e.mode = d.mode
      AND e.id = d.event_id
    WHERE d.organisation_id = :organisation AND d.mode = :mode AND d.id = :id
""")
_ATTEMPTS = sql("""
    SELECT id, number, attempted_at, trigger, url, status, error, request_headers,
      response_headers, response_body, duration_ms
    FROM attempts
    WHERE organisation_id = :organisation AND mode = :mode AND delivery_id = :delivery
    ORDER BY number, id
""")


@dataclass(frozen=True, slots=True)
class Found:
    """A delivery joined with its event and webhook, and its attempts, oldest first, as rows."""

    delivery: Row
    attempts: list[Row]


async def page(tx: Tx, tenant: Tenant, webhook_id: str, query: ListQuery) -> Page:
    """One page of a webhook's deliveries, as rows. Raises NotFound."""
    await webhook.fetch(tx, tenant, webhook_id)
    return await pages.page(tx, tenant, DELIVERIES, query, webhook_id=webhook_id)


async def page_of_all(tx: Tx, tenant: Tenant, query: ListQuery) -> Page:
    """One page of the deliveries of every webhook, by a query of ALL_DELIVERIES, as rows."""
    narrowed = replace(query, conditions=(*query.conditions, _OF_WEBHOOKS))
    return await pages.page(tx, tenant, ALL_DELIVERIES, narrowed)


async def fetch(tx: Tx, caller: Caller, delivery_id: str, webhook_id: str | None = None) -> Found:
    """One delivery in full; with `webhook_id` only if it is that webhook's.

    Raises NotFound, and InsufficientScope for who may not read the event's record.
    """
    tenant = caller.tenant
    names = {"organisation": tenant.organisation, "mode": tenant.mode}
    row = await tx.one(_ONE, **names, id=delivery_id)
    if row is None or webhook_id not in (None, row["webhook_id"]):
        raise NotFound("There is no delivery with this id.")
    subscriptions.require_read_scopes(caller, (row["event_type"],))
    return Found(row, await tx.all(_ATTEMPTS, **names, delivery=delivery_id))
