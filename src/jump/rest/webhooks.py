"""`/webhooks`: which address runs which function, and what each takes.

What a webhook is, and every rule about it, is left to `jump.webhooks`.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec
from msgspec.structs import replace

from jump.caller import Caller
from jump.resources.definition import NO_BODY, Answer, Call, Operation, PageInfo
from jump.resources.pages import Page
from jump.rest import webhook_shapes as shapes
from jump.storage.database import Tx
from jump.storage.sql import Row
from jump.webhooks import history, replaying, representation, sending, webhook
from jump.webhooks.replaying import Wanted
from jump.webhooks.webhook import WebhookParts as WebhookParts

READ: Final = "read_webhooks"
WRITE: Final = "write_webhooks"
ONE: Final = "/webhooks/{id}"


async def page(tx: Tx, call: Call) -> Answer:
    """The webhooks of the key's mode."""
    assert call.query is not None
    found = await webhook.page(tx, call.caller.tenant, call.query)
    return _listed(found, representation.webhook)


async def fetch(tx: Tx, call: Call) -> Answer:
    """One webhook."""
    row = await webhook.fetch(tx, call.caller.tenant, call.path["id"])
    return _webhook(call.caller, row)


async def create(tx: Tx, call: Call, parts: WebhookParts) -> Answer:
    """A new webhook, with its secret."""
    sent = {name: value for name, value in call.body.items() if value is not None}
    row, secret = await webhook.create(tx, call.caller, call.at, sent, parts)
    return replace(
        _with_secret(call.caller, row, secret), status=201, location=f"/webhooks/{row['id']}"
    )


async def change(tx: Tx, call: Call, parts: WebhookParts) -> Answer:
    """The webhook with some fields changed."""
    row = await webhook.change(
        tx, call.caller, call.at, call.path["id"], call.body, parts.guard, call.if_match
    )
    return _webhook(call.caller, row)


async def delete(tx: Tx, call: Call) -> Answer:
    """Nothing but the id of what is gone."""
    await webhook.delete(tx, call.caller, call.at, call.path["id"], call.if_match)
    return Answer(representation.encode(representation.Deleted(call.path["id"])))


async def rotate_secret(tx: Tx, call: Call, parts: WebhookParts) -> Answer:
    """The webhook, with its new secret."""
    row, secret = await webhook.rotate_secret(
        tx, call.caller, call.at, call.path["id"], parts, call.if_match
    )
    return _with_secret(call.caller, row, secret)


async def send_test(tx: Tx, call: Call, parts: WebhookParts) -> Answer:
    """The delivery of a sample, to be looked up for what came of it."""
    wanted = call.body.get("event_type")
    row = await sending.send_test(
        tx, call.caller, call.at, call.path["id"], wanted, parts.random, call.if_match
    )
    location = f"/webhooks/{row['webhook_id']}/deliveries/{row['id']}"
    return replace(_delivery(call.caller, row), status=201, location=location)


async def replay(tx: Tx, call: Call) -> Answer:
    """How many ended deliveries were found, and how many of them queued again."""
    body = call.body
    wanted = Wanted(
        since=body["since"],
        until=body.get("until"),
        events=body.get("events"),
        states=body["states"] if body.get("states") is not None else ("failed",),
    )
    act = replaying.rehearse if is_dry_run(call) else replaying.replay
    done = await act(tx, call.caller, call.at, call.path["id"], wanted, call.if_match)
    return Answer(representation.encode(done))


def is_dry_run(call: Call) -> bool:
    """Whether a replay is only asked what it would do: it reads, and has nothing to repeat."""
    return call.body.get("dry_run") is True


async def page_of_deliveries(tx: Tx, call: Call) -> Answer:
    """The deliveries of a webhook, without payloads."""
    assert call.query is not None
    found = await history.page(tx, call.caller.tenant, call.path["id"], call.query)
    return _listed(found, representation.delivery)


async def fetch_delivery(tx: Tx, call: Call) -> Answer:
    """One delivery, with its payload and attempts."""
    found = await history.fetch(tx, call.caller, call.path["delivery"], call.path["id"])
    patient = found.delivery["patient_id"]
    return Answer(
        representation.encode(representation.delivery_in_full(found.delivery, found.attempts)),
        patients=() if patient is None else (patient,),
    )


async def resend(tx: Tx, call: Call) -> Answer:
    """The delivery, due for one more attempt."""
    row = await sending.resend(tx, call.caller, call.at, call.path["id"], call.path["delivery"])
    return _delivery(call.caller, row)


def operations(parts: WebhookParts) -> tuple[Operation, ...]:
    """Every operation below `/webhooks`."""
    return (*_reads(), *_changes(parts), *_actions(parts), *_on_deliveries())


def _reads() -> tuple[Operation, ...]:
    return (
        Operation(
            "GET",
            "/webhooks",
            page,
            READ,
            "List webhooks",
            listing=webhook.WEBHOOKS,
            documentation=shapes.MANY,
        ),
        Operation("GET", ONE, fetch, READ, "Read a webhook", documentation=shapes.ONE),
    )


def _changes(parts: WebhookParts) -> tuple[Operation, ...]:
    return (
        Operation(
            "POST",
            "/webhooks",
            partial(create, parts=parts),
            WRITE,
            "Create a webhook; its signing secret is in this answer only",
            writes=True,
            body=shapes.WEBHOOK,
            documentation=shapes.CHANGED,
        ),
        Operation(
            "PATCH",
            ONE,
            partial(change, parts=parts),
            WRITE,
            "Change, pause or activate a webhook",
            writes=True,
            body=shapes.CHANGES,
            documentation=shapes.CHANGED,
        ),
        Operation(
            "DELETE",
            ONE,
            delete,
            WRITE,
            "Delete a webhook and cancel what waits for it",
            writes=True,
            documentation=shapes.DELETED,
        ),
    )


def _actions(parts: WebhookParts) -> tuple[Operation, ...]:
    return (
        Operation(
            "POST",
            f"{ONE}/test",
            partial(send_test, parts=parts),
            WRITE,
            "Send a sample event, also while the webhook is paused",
            writes=True,
            body=shapes.TEST,
            documentation=shapes.TESTED,
        ),
        Operation(
            "POST",
            f"{ONE}/rotate-secret",
            partial(rotate_secret, parts=parts),
            WRITE,
            "Make a new signing secret; the old one signs beside it for 24 hours",
            writes=True,
            body=NO_BODY,
            documentation=shapes.ROTATED,
        ),
        Operation(
            "POST",
            f"{ONE}/replay",
            replay,
            WRITE,
            "Queue the deliveries of a period again, or say how many they are",
            writes=True,
            body=shapes.REPLAY,
            documentation=shapes.REPLAYED,
            only_reads=is_dry_run,
        ),
    )


def _on_deliveries() -> tuple[Operation, ...]:
    many = f"{ONE}/deliveries"
    one = many + "/{delivery}"
    return (
        Operation(
            "GET",
            many,
            page_of_deliveries,
            READ,
            "List the deliveries of a webhook",
            listing=history.DELIVERIES,
            documentation=shapes.DELIVERIES,
        ),
        Operation(
            "GET",
            one,
            fetch_delivery,
            READ,
            "Read a delivery with its payload and attempts",
            documentation=shapes.DELIVERY,
            one_moment=True,  # its state is that of its attempts
        ),
        Operation(
            "POST",
            f"{one}/resend",
            resend,
            WRITE,
            "Send a delivery once more",
            writes=True,
            body=NO_BODY,
            documentation=shapes.RESENT,
        ),
    )


def _webhook(caller: Caller, row: Row, secret: str | None = None) -> Answer:
    """A webhook; a caller without the read scope gets its id, its version and a new secret."""
    shown = representation.webhook(row, secret)
    if caller.may(READ):
        return Answer(representation.encode(shown), version=row["version"])
    reduced = representation.WebhookReference(shown.id, shown.version, shown.secret)
    return Answer(representation.encode(reduced), version=row["version"])


def _with_secret(caller: Caller, row: Row, secret: str) -> Answer:
    return replace(_webhook(caller, row, secret), kept=_webhook(caller, row).data)


def _delivery(caller: Caller, row: Row) -> Answer:
    if not caller.may(READ):
        return Answer(representation.encode(representation.DeliveryReference(row["id"])))
    return Answer(representation.encode(representation.delivery(row)))


def _listed(found: Page, show: Callable[[Row], msgspec.Struct]) -> Answer:
    return Answer(
        representation.encode([show(row) for row in found.rows]),
        page=PageInfo(found.limit, found.has_more, found.next_offset, found.after),
    )
