"""The events as the document's webhooks: what a receiver is sent, and what its answer means."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec

from jump.caller import Mode, Tenant
from jump.clinical import event_schemas
from jump.clinical.representation import Recorded
from jump.events import catalog
from jump.events.catalog import EVENT_TYPES, EventType
from jump.kit.ids import sample_id
from jump.resources.about import about
from jump.rest.openapi import naming
from jump.rest.openapi.schemas import Schema, Schemas
from jump.webhooks import sending

_HEADERS: Final[Mapping[str, tuple[str, str]]] = {
    "X-Webhook-Id": (
        "The event's id: the same for every attempt and every webhook. Deduplicate on it.",
        sample_id("evt"),
    ),
    "X-Webhook-Event": ("The event's type.", "patient.created"),
    "X-Webhook-Delivery": ("The delivery's id.", sample_id("dlv")),
    "X-Webhook-Attempt": ("Counts the attempts of this delivery, from 1.", "1"),
    "X-Webhook-Timestamp": ("Unix seconds at which this attempt was signed.", "1767225600"),
    "X-Webhook-Signature": (
        "`t=…,v1=…`: HMAC-SHA256 over the timestamp, a dot and the body's exact bytes, keyed with"
        " the whole secret, in hex; one `v1` for each secret that is valid.",
        f"t=1767225600,v1={'0' * 64}",
    ),
    "webhook-id": ("The same as X-Webhook-Id, for Standard Webhooks.", sample_id("evt")),
    "webhook-timestamp": ("The same as X-Webhook-Timestamp.", "1767225600"),
    "webhook-signature": (
        "`v1,…`: HMAC-SHA256 over id, timestamp and body with dots between, keyed with the bytes of"
        " the secret's base64 part, in base64.",
        f"v1,{'A' * 43}=",
    ),
}
_TEST: Final = ("There, and `true`, where a test sends a sample.", "true")
_NAMES: Final = (*EVENT_TYPES, *catalog.ALIASES)
_TENANT: Final = Tenant(sample_id("org"), "test")


class ThinReference(msgspec.Struct):
    """Which record an event is about."""

    id: Annotated[str, about("The record's id.", sample_id("pat"))]
    type: Annotated[str, about("What it is.", "patient")]
    version: Annotated[int, about("Its version after the event.", 2)]


class ThinData(msgspec.Struct):
    """What happened, without personal data."""

    object: ThinReference
    changed: Annotated[list[str], about("The names of the fields that changed.", ["city"])]


class ThinEvent(msgspec.Struct):
    """What a `thin` webhook gets of an event."""

    id: Annotated[str, about("The event's id.", sample_id("evt"))]
    type: Annotated[Literal[_NAMES], about("The event's type.", "patient.updated")]  # type: ignore[valid-type]
    created_at: Annotated[Recorded, about("When it happened.")]
    organization_id: Annotated[str, about("The practice.", sample_id("org"))]
    mode: Annotated[Mode, about("Test or Live.", "test")]
    data: ThinData
    test: Annotated[bool | msgspec.UnsetType, about("There, and true, in a test.", True)] = (
        msgspec.UNSET
    )


def describe(schemas: Schemas) -> dict[str, Any]:
    """Every type of event by its name; `Event` and `EventPayload` are named on the way."""
    bodies = {event.name: _body(schemas, event) for event in EVENT_TYPES.values()}
    whole = list(bodies.values())
    schemas.add("Event", {"description": "An event, as a full webhook gets it.", "anyOf": whole})
    thin = schemas.of(ThinEvent)
    payload = "What a delivery sends: the whole event, or a thin one."
    schemas.add("EventPayload", {"description": payload, "anyOf": [*whole, thin]})
    return {
        event.name: {"post": _announcement(event, bodies[event.name], thin)}
        for event in EVENT_TYPES.values()
    }


def _body(schemas: Schemas, event: EventType) -> Schema:
    kind = event_schemas.body_type(event.name)
    name = f"{naming.pascal(event.name)}Event"
    if kind is None:
        return schemas.add(name, _unserved(event))
    found = schemas.of(kind)
    # A webhook that subscribed to another name of the type gets it by that name.
    schemas.resolved(found)["properties"]["type"] = _type_of(event)
    return found


def _type_of(event: EventType) -> Schema:
    names = [alias.name for alias in catalog.ALIASES.values() if alias.event_type == event.name]
    words = "The event's type."
    if names:
        words += f" {' or '.join(names)} for a webhook that subscribed to that name."
    schema = {"type": "string", "enum": [event.name, *names]}
    return {"description": words, **schema, "examples": [event.name]}


def _unserved(event: EventType) -> Schema:
    """What is known of an event whose record the API does not serve yet."""
    text, free = {"type": "string"}, {"type": "object"}
    data = {"object": free, "previous": {"type": ["object", "null"]}}
    properties = {
        "id": {**text, "description": "The event's id."},
        "type": _type_of(event),
        "created_at": {**text, "format": "date-time", "description": "When it happened."},
        "organization_id": {**text, "description": "The practice."},
        "mode": {**text, "enum": ["live", "test"], "description": "Test or Live."},
        "data": {
            "type": "object",
            "description": "The record.",
            "properties": data,
            "required": list(data),
        },
    }
    return {
        "type": "object",
        "description": event.sent,
        "properties": properties,
        "required": list(properties),
    }


def _announcement(event: EventType, body: Schema, thin: Schema) -> dict[str, Any]:
    content = {
        "schema": {"anyOf": [body, thin]},
        "examples": {form: {"value": _sample(event, form)} for form in ("full", "thin")},
    }
    return {
        "operationId": f"on_{event.name.replace('.', '_')}",
        "tags": ["Webhooks"],
        "summary": event.sent,
        "description": f"Sent to webhooks that subscribe to `{event.name}`; it takes the scope"
        f" `{event.read_scope}` to subscribe. At least once: deduplicate on `X-Webhook-Id`.",
        "parameters": [
            *(_header(name, *told, required=True) for name, told in _HEADERS.items()),
            _header("X-Webhook-Test", *_TEST, required=False),
        ],
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {
            "2XX": {"description": "It has arrived; the answer's body is not looked at."},
            "410": {"description": "The delivery ends, and the webhook is paused."},
            "default": {"description": "It is tried again, up to five times over 13 hours."},
        },
        "security": [],
    }


def _header(name: str, words: str, example: str, *, required: bool) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": words,
        "schema": {"type": "string"},
        "example": example,
    }


def _sample(event: EventType, form: str) -> Any:
    body = sending.sample_body(_TENANT, sample_id("evt"), event.name, form, 0)
    found = msgspec.json.decode(body)
    del found["test"]
    return found
