"""Webhooks, deliveries and attempts as the API shows them, each encoded once.

Pure: rows of the database in, JSON out. Who may see a payload is left to the callers.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Raw, UnsetType

from jump.caller import Mode
from jump.events import envelope
from jump.kit.instants import format_instant
from jump.resources.about import about, defined
from jump.storage.sql import Row
from jump.webhooks.phases import Durations

Recorded = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]

_ENCODER: Final = msgspec.json.Encoder()


State = Literal["pending", "delivering", "succeeded", "failed", "cancelled"]
Trigger = Literal["auto", "manual", "test"]


class Webhook(msgspec.Struct, frozen=True):
    """Where events are sent. `secret` is there in the answers to creation and rotation only."""

    id: str
    name: Annotated[str | None, about("What you call it.", "Front desk")]
    url: Annotated[str, about("Where events are sent: HTTPS.", "https://hooks.example.com/jump")]
    events: Annotated[
        list[str], about("The event types it is sent.", ["patient.created", "patient.updated"])
    ]
    is_active: Annotated[bool, about("Whether events are sent; a paused webhook's wait.", True)]
    payload: Annotated[
        Literal["full", "thin"],
        about("`full` has the record, `thin` only its id and what changed.", "full"),
    ]
    mode: Annotated[Mode, about("Whose events: of Test or of Live.", "test")]
    paused_reason: Annotated[str | None, about("Who or what paused it.")]
    paused_at: Annotated[Recorded | None, about("When it was paused.")]
    created_at: Recorded
    updated_at: Recorded
    version: int
    created_by: str
    secret: Annotated[
        str | UnsetType, about("The signing secret. Only in the answers to creation and rotation.")
    ] = UNSET


class Delivery(msgspec.Struct, frozen=True):
    """One event for one webhook, without what was sent and answered."""

    id: str
    event_id: Annotated[str, about("The event it brings.")]
    event_type: Annotated[str, about("Its type, by the name subscribed to.", "patient.created")]
    webhook_id: Annotated[str, about("The webhook it is for.")]
    state: Annotated[State, about("How far it is.", "succeeded")]
    attempt_count: Annotated[int, about("How often it was tried.", 1)]
    last_status: Annotated[int | None, about("The HTTP status of the last attempt.", 204)]
    last_error: Annotated[str | None, about("What went wrong with the last attempt.")]
    next_attempt_at: Annotated[Recorded | None, about("When it is tried next.")]
    test: Annotated[bool, about("Whether it brings a sample.", False)]
    created_at: Recorded


class Attempt(msgspec.Struct, frozen=True):
    """One HTTP exchange. Of a header that came more than once the values stand in one line."""

    id: str
    number: Annotated[int, about("Counts the attempts of a delivery, from 1.", 1)]
    attempted_at: Annotated[Recorded, about("When it began.")]
    trigger: Annotated[Trigger, about("Why it was made.", "auto")]
    url: Annotated[str, about("Where it went.", "https://hooks.example.com/jump")]
    status: Annotated[int | None, about("The HTTP status of the answer.", 204)]
    error: Annotated[str | None, about("What went wrong.")]
    request_headers: Annotated[
        dict[str, str], about("The headers that were sent.", {"Content-Type": "application/json"})
    ]
    response_headers: Annotated[dict[str, str] | None, about("The headers of the answer.", {})]
    response_body: Annotated[str | None, about("The first 4 KiB of the answer, as text.", "")]
    duration_ms: Annotated[
        Durations,
        about(
            "Milliseconds of each step; null for one that was not taken, as `connect` and `tls` on"
            " a connection that was still open."
        ),
    ]


class WebhookReference(msgspec.Struct, frozen=True):
    """What a caller gets back who may change webhooks and not read them."""

    id: str
    version: int
    secret: Annotated[
        str | UnsetType,
        about("The signing secret. Only in the answers to creation and rotation."),
    ] = UNSET


class DeliveryReference(msgspec.Struct, frozen=True):
    """What a caller gets back who may have a delivery sent and not read it."""

    id: str


class Deleted(msgspec.Struct, frozen=True):
    """What is gone."""

    id: str
    deleted: Annotated[bool, about("Always true.", True)] = True


class DeliveryInFull(Delivery, frozen=True):
    """A delivery with the exact payload it sends, and its attempts, oldest first."""

    payload: Annotated[Raw, defined("EventPayload"), about("The body that is sent, exactly.")]
    attempts: Annotated[list[Attempt], about("Its attempts, oldest first.")]


class Replayed(msgspec.Struct, frozen=True):
    """What a replay found, and how many of those it queued: none in a dry run."""

    matched: Annotated[int, about("How many deliveries were found.", 12)]
    queued: Annotated[int, about("How many of them were queued again.", 12)]


def webhook(row: Row, secret: str | None = None) -> Webhook:
    """A row of `webhooks`, with its new secret where there is one to show."""
    return Webhook(
        id=row["id"],
        name=row["name"],
        url=row["url"],
        events=list(subscribed(row)),
        is_active=bool(row["is_active"]),
        payload=row["payload"],
        mode=row["mode"],
        paused_reason=row["paused_reason"],
        paused_at=_instant(row["paused_at"]),
        created_at=format_instant(row["created_at"]),
        updated_at=format_instant(row["updated_at"]),
        version=row["version"],
        created_by=row["created_by"],
        secret=UNSET if secret is None else secret,
    )


def subscribed(row: Row) -> tuple[str, ...]:
    """The event types and aliases of a row of `webhooks`, in the order they were given."""
    return msgspec.json.decode(row["events"], type=tuple[str, ...])


def delivery(row: Row) -> Delivery:
    """A row of `deliveries`."""
    return Delivery(**_delivery_fields(row))


def delivery_in_full(row: Row, attempts: Sequence[Row]) -> DeliveryInFull:
    """A delivery joined with its event and its webhook, and its rows of `attempts`."""
    return DeliveryInFull(
        **_delivery_fields(row), payload=Raw(payload(row)), attempts=[_attempt(a) for a in attempts]
    )


def payload(row: Row) -> bytes:
    """The exact body that a delivery sends: its own if it is a test, else its event's.

    The row has the delivery's `body` and `event_type`, the event's `type`, `full_body` and
    `thin_body`, and the webhook's `payload`.
    """
    if row["body"] is not None:
        return bytes(row["body"].encode())
    body: bytes = row["thin_body" if row["payload"] == "thin" else "full_body"].encode()
    if row["event_type"] == row["type"]:
        return body
    return envelope.renamed(body, row["type"], row["event_type"])


def encode(shown: msgspec.Struct | Iterable[msgspec.Struct]) -> bytes:
    """The JSON of one or many."""
    return _ENCODER.encode(shown)


def _delivery_fields(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "event_id": row["event_id"],
        "event_type": row["event_type"],
        "webhook_id": row["webhook_id"],
        "state": row["state"],
        "attempt_count": row["attempt_count"],
        "last_status": row["last_status"],
        "last_error": row["last_error"],
        "next_attempt_at": _instant(row["next_attempt_at"]),
        "test": bool(row["test"]),
        "created_at": format_instant(row["created_at"]),
    }


def _attempt(row: Row) -> Attempt:
    response_headers = row["response_headers"]
    return Attempt(
        id=row["id"],
        number=row["number"],
        attempted_at=format_instant(row["attempted_at"]),
        trigger=row["trigger"],
        url=row["url"],
        status=row["status"],
        error=row["error"],
        request_headers=_headers(row["request_headers"]),
        response_headers=None if response_headers is None else _headers(response_headers),
        response_body=row["response_body"],
        duration_ms=msgspec.json.decode(row["duration_ms"], type=Durations),
    )


def _headers(pairs: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in msgspec.json.decode(pairs, type=list[tuple[str, str]]):
        # RFC 9110, 5.3: a list of values may come as one line or as several.
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _instant(at: int | None) -> str | None:
    return None if at is None else format_instant(at)
