"""Where an organisation wants events sent: a webhook is made, read, changed and deleted here.

A deleted one is gone for everybody at once; its rows go when its deliveries do. Sending is left to
the engine, and what a test, a resend and a replay queue to `sending` and `replaying`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from jump.audit import trail
from jump.caller import Caller, Tenant
from jump.errors import FieldError, NotFound, Unauthorized, ValidationFailed
from jump.kit.ids import new_id
from jump.resources import pages
from jump.resources.listing import Condition, Filter, Listing, ListQuery
from jump.resources.pages import Page
from jump.resources.versions import check_version
from jump.sealing import Keyring
from jump.storage.database import Tx
from jump.storage.sql import Row, Value, sql
from jump.webhooks import pausing, signing_secrets, subscriptions
from jump.webhooks.representation import subscribed
from jump.webhooks.transport.address_guard import Guard


@dataclass(frozen=True, slots=True)
class WebhookParts:
    """What making a webhook takes beside a transaction: keys, the guard of addresses, chance."""

    keyring: Keyring
    guard: Guard
    random: Callable[[int], bytes]


COLUMNS: Final = (
    "id",
    "name",
    "url",
    "events",
    "payload",
    "is_active",
    "paused_reason",
    "paused_at",
    "created_at",
    "updated_at",
    "version",
    "created_by",
)
PAYLOADS: Final = ("full", "thin")
WEBHOOKS: Final = Listing(
    source="webhooks",
    columns=("mode", *COLUMNS),
    filters=(
        Filter("is_active", "bool"),
        Filter("payload", "text", choices=PAYLOADS),
        Filter("created_at", "instant"),
        Filter("updated_at", "instant"),
        Filter("paused_at", "instant"),
    ),
)
LONGEST_NAME: Final = 200
_NOT_DELETED: Final = Condition("deleted_at IS NULL")
# The fields a caller may set, with what they are where nothing is said.
_DEFAULTS: Final[Mapping[str, Any]] = {"name": None, "payload": "full", "is_active": True}

_SELECT = sql("""
    SELECT mode, id, name, url, events, payload, is_active, paused_reason, paused_at, created_at,
      updated_at, version, created_by
    FROM webhooks
    WHERE organisation_id = :organisation AND mode = :mode AND id = :id AND deleted_at IS NULL
""")
_LOCK = sql("""
    SELECT mode, id, name, url, events, payload, is_active, paused_reason, paused_at, created_at,
      updated_at, version, created_by
    FROM webhooks
    WHERE organisation_id = :organisation AND mode = :mode AND id = :id AND deleted_at IS NULL
    FOR UPDATE
""")
_INSERT = sql("""
    INSERT INTO webhooks (organisation_id, mode, id, name, url, events, payload, is_active,
      paused_reason, paused_at, created_at, updated_at, version, created_by)
    VALUES (:organisation, :mode, :id, :name, :url, :events, :payload, :is_active,
      :paused_reason, :paused_at, :created_at, :updated_at, :version, :created_by)
""")
_ADD_LANE = sql("""
    INSERT INTO lanes (organisation_id, mode, webhook_id, leased_until, epoch)
    VALUES (:organisation, :mode, :id, 0, 0)
""")
_UPDATE = sql("""
    UPDATE webhooks SET name = :name, url = :url, events = :events, payload = :payload,
      is_active = :is_active, paused_reason = :paused_reason, paused_at = :paused_at,
      updated_at = :updated_at, version = :version
    WHERE organisation_id = :organisation AND mode = :mode AND id = :id
""")
_DELETE = sql("""
    UPDATE webhooks SET deleted_at = :at, is_active = FALSE
    WHERE organisation_id = :organisation AND mode = :mode AND id = :id
""")
# Two statements, so that each has an index of nothing but what it looks for.
_CANCEL_DUE = sql("""
    UPDATE deliveries SET state = 'cancelled', next_attempt_at = NULL, ended_at = :at
    WHERE organisation_id = :organisation AND mode = :mode AND webhook_id = :id
      AND state = 'pending' AND next_attempt_at IS NOT NULL
""")
_CANCEL_WAITING = sql("""
    UPDATE deliveries SET state = 'cancelled', ended_at = :at
    WHERE organisation_id = :organisation AND mode = :mode AND webhook_id = :id
      AND state = 'pending' AND next_attempt_at IS NULL
""")
_TITLES = sql("""
    SELECT id, name, url FROM webhooks
    WHERE organisation_id = :organisation AND mode = :mode AND id IN (:ids*)
""")
# Locked, so that whoever revokes the key waits, and then finds what it has made.
_REVOKED = sql("""
    SELECT revoked_at FROM api_keys
    WHERE organisation_id = :organisation AND mode = :mode AND id = :key FOR SHARE
""")


async def page(tx: Tx, tenant: Tenant, query: ListQuery) -> Page:
    """One page of the webhooks, as rows."""
    narrowed = replace(query, conditions=(*query.conditions, _NOT_DELETED))
    return await pages.page(tx, tenant, WEBHOOKS, narrowed)


async def fetch(tx: Tx, tenant: Tenant, webhook_id: str) -> Row:
    """One webhook, as a row. Raises NotFound."""
    return _found(await tx.one(_SELECT, **_names(tenant, webhook_id)))


async def titles(tx: Tx, tenant: Tenant, ids: Collection[str]) -> dict[str, str]:
    """What these webhooks are called, or else where they send to, by id; deleted ones too."""
    if not ids:
        return {}
    where = {"organisation": tenant.organisation, "mode": tenant.mode}
    rows = await tx.all(_TITLES, **where, ids=list(ids))
    return {row["id"]: row["name"] or row["url"] for row in rows}


async def lock(
    tx: Tx, caller: Caller, webhook_id: str, if_match: frozenset[int] | None = None
) -> Row:
    """The same for a caller who deals with its contents, kept from others until the commit.

    Raises NotFound, InsufficientScope and PreconditionFailed.
    """
    row = _found(await tx.one(_LOCK, **_names(caller.tenant, webhook_id)))
    subscriptions.require_read_scopes(caller, subscribed(row))
    check_version("webhook", row["version"], if_match)
    return row


async def create(
    tx: Tx, caller: Caller, at: int, sent: Mapping[str, Any], parts: WebhookParts
) -> tuple[Row, str]:
    """A new webhook of the fields that were sent, and its secret, which is never shown again.

    Raises InsufficientScope and ValidationFailed, which lists every wrong field.
    """
    values = {**_DEFAULTS, **_checked(caller, sent, parts.guard)}
    await _refuse_revoked(tx, caller)
    row: dict[str, Any] = {
        **values,
        "mode": caller.tenant.mode,
        "id": new_id("wh", at, parts.random),
        **_pause(caller, at, active=values["is_active"]),
        "created_at": at,
        "updated_at": at,
        "version": 1,
        "created_by": caller.actor.id or caller.actor.kind,
    }
    await tx.run(_INSERT, **_args(caller.tenant, row))
    await tx.run(_ADD_LANE, **_names(caller.tenant, row["id"]))
    secret = await signing_secrets.make(
        tx, caller.tenant, row["id"], at, parts.keyring, parts.random
    )
    await trail.write(tx, caller, pausing.audited("created", row["id"], tuple(sent)), at)
    return row, secret


async def change(
    tx: Tx,
    caller: Caller,
    at: int,
    webhook_id: str,
    sent: Mapping[str, Any],
    guard: Guard,
    if_match: frozenset[int] | None = None,
) -> Row:
    """The webhook with the sent fields changed; changing nothing keeps its version.

    `is_active` pauses and activates. Raises NotFound, InsufficientScope, PreconditionFailed and
    ValidationFailed.
    """
    row = await lock(tx, caller, webhook_id, if_match)
    after: dict[str, Any] = {**row, **_checked(caller, sent, guard)}
    fields = tuple(name for name in sent if after[name] != row[name])
    if not fields:
        return row
    if "is_active" in fields:
        after |= _pause(caller, at, active=after["is_active"])
    after |= _next_version(row, at)
    await tx.run(_UPDATE, **_args(caller.tenant, after))
    if "is_active" in fields:
        await _stop_or_go(tx, caller, webhook_id, active=after["is_active"])
    await trail.write(tx, caller, pausing.audited(_action(fields, after), webhook_id, fields), at)
    return after


async def rotate_secret(
    tx: Tx,
    caller: Caller,
    at: int,
    webhook_id: str,
    parts: WebhookParts,
    if_match: frozenset[int] | None = None,
) -> tuple[Row, str]:
    """The webhook and its new secret; the old one signs beside it for a day.

    Raises NotFound, InsufficientScope and PreconditionFailed.
    """
    row = await lock(tx, caller, webhook_id, if_match)
    after = {**row, **_next_version(row, at)}
    await tx.run(_UPDATE, **_args(caller.tenant, after))
    secret = await signing_secrets.rotate(
        tx, caller.tenant, webhook_id, at, parts.keyring, parts.random
    )
    await trail.write(tx, caller, pausing.audited("secret_rotated", webhook_id, ("secret",)), at)
    return after, secret


async def delete(
    tx: Tx, caller: Caller, at: int, webhook_id: str, if_match: frozenset[int] | None = None
) -> None:
    """Let a webhook go, and cancel what it still waits for. Raises NotFound, PreconditionFailed."""
    names = _names(caller.tenant, webhook_id)
    found = _found(await tx.one(_LOCK, **names))
    check_version("webhook", found["version"], if_match)
    await tx.run(_DELETE, **names, at=at)
    await tx.run(_CANCEL_WAITING, **names, at=at)
    await tx.run(_CANCEL_DUE, **names, at=at)
    # Not at once: an attempt in the air may still have to be signed again after a crash.
    await signing_secrets.expire(tx, caller.tenant, webhook_id, at + signing_secrets.OVERLAP)
    await trail.write(tx, caller, pausing.audited("deleted", webhook_id), at)


def _checked(caller: Caller, sent: Mapping[str, Any], guard: Guard) -> dict[str, Any]:
    """The sent fields as they are kept. Scope comes before what is wrong with the rest."""
    subscriptions.require_read_scopes(caller, sent.get("events") or ())
    errors: list[FieldError] = []
    values = dict(sent)
    if "url" in sent:
        errors += [FieldError("url", problem) for problem in guard.check_url(sent["url"])]
    if "events" in sent:
        try:
            names = subscriptions.check(sent["events"])
            values["events"] = msgspec.json.encode(names).decode()
        except ValueError as problem:
            errors.append(FieldError("events", str(problem)))
    if sent.get("is_active", True) is None:
        errors.append(FieldError("is_active", "Use true or false."))
    if sent.get("payload", "full") not in PAYLOADS:
        errors.append(FieldError("payload", f"Use one of: {', '.join(PAYLOADS)}."))
    name = sent.get("name")
    if name is not None and not 1 <= len(name) <= LONGEST_NAME:
        errors.append(FieldError("name", f"Use 1 to {LONGEST_NAME} characters."))
    if errors:
        raise ValidationFailed(errors)
    return values


async def _refuse_revoked(tx: Tx, caller: Caller) -> None:
    """Keep a request that overtook its key's revocation from leaving an active webhook behind."""
    if caller.actor.kind != "key":
        return
    tenant = caller.tenant
    key = await tx.one(
        _REVOKED, organisation=tenant.organisation, mode=tenant.mode, key=caller.actor.id
    )
    if key is not None and key["revoked_at"] is not None:
        raise Unauthorized("This key was revoked.")


async def _stop_or_go(tx: Tx, caller: Caller, webhook_id: str, *, active: bool) -> None:
    if active:
        await _refuse_revoked(tx, caller)
        await pausing.release_deliveries(tx, caller.tenant, webhook_id)
    else:
        await pausing.hold_deliveries(tx, caller.tenant, webhook_id)


def _pause(caller: Caller, at: int, *, active: bool) -> dict[str, Value]:
    if active:
        return {"paused_reason": None, "paused_at": None}
    return {"paused_reason": pausing.reason_by(caller.actor), "paused_at": at}


def _action(fields: tuple[str, ...], after: Mapping[str, Any]) -> str:
    if fields != ("is_active",):
        return "updated"
    return "activated" if after["is_active"] else "paused"


def _next_version(row: Row, at: int) -> dict[str, int]:
    # Clocks of machines differ: a later change never looks earlier.
    return {"version": row["version"] + 1, "updated_at": max(at, row["updated_at"] + 1)}


def _found(row: Row | None) -> Row:
    if row is None:
        raise NotFound("There is no webhook with this id.")
    return row


def _names(tenant: Tenant, webhook_id: str) -> dict[str, str]:
    return {"organisation": tenant.organisation, "mode": tenant.mode, "id": webhook_id}


def _args(tenant: Tenant, row: Row) -> dict[str, Value]:
    return {**{name: row[name] for name in COLUMNS}, **_names(tenant, row["id"])}
