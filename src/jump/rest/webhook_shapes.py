"""What may be sent to `/webhooks`, and what the documentation says of each operation. Data only."""

from dataclasses import replace
from typing import Annotated, Final, Literal

import msgspec

from jump.errors import Conflict, ValidationFailed
from jump.resources.definition import Documentation, Shape
from jump.resources.validation import Instant
from jump.webhooks import replaying, representation, webhook
from jump.webhooks.replaying import EVERY_NAME, EndState

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=webhook.LONGEST_NAME)]
EventName = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(EVERY_NAME)})]
EventNames = Annotated[
    list[EventName],
    msgspec.Meta(
        max_length=100,
        extra_json_schema={
            "minItems": 1,
            "description": "Use a list of event types, such as patient.created.",
        },
    ),
]
States = Annotated[
    list[EndState],
    msgspec.Meta(
        max_length=3,
        extra_json_schema={
            "minItems": 1,
            "description": "Use a list of any of: failed, succeeded, cancelled. "
            "What is pending or delivering is on its way already.",
        },
    ),
]

Url = Annotated[
    str,
    msgspec.Meta(
        extra_json_schema={"format": "uri", "pattern": "^https://"},
        description="Use an https:// address.",
    ),
]
WEBHOOK: Final = Shape(
    {
        "url": Url,
        "name": Name,
        "events": EventNames,
        "is_active": bool,
        "payload": Literal["full", "thin"],
    },
    required=frozenset({"url", "events"}),
)
CHANGES: Final = replace(WEBHOOK, required=WEBHOOK.required | {"is_active", "payload"})
TEST: Final = Shape(
    {"event_type": EventName},
    about={"event_type": "A type that the webhook subscribes to; its first, if left out."},
)
REPLAY: Final = Shape(
    {
        "since": Instant,
        "until": Instant,
        "events": EventNames,
        "states": States,
        "dry_run": bool,
    },
    required=frozenset({"since"}),
    about={
        "since": "Deliveries made from then on; at most as long ago as they are kept.",
        "until": "Deliveries made until then; now, if left out.",
        "events": "Only of these types; all, if left out.",
        "states": "Only those that ended so; the failed ones, if left out.",
        "dry_run": "Only say how many they are, and queue none.",
    },
)

_EVENTS_READ: Final = "It also takes the read scope of each event's record."
_REFUSED: Final = (
    "`url` is not HTTPS, has a user name, names a port that the operator has not allowed, or a"
    " literal address that is not public."
)
MANY: Final = Documentation(result=list[representation.Webhook])
ONE: Final = Documentation(result=representation.Webhook)
CHANGED: Final = Documentation(
    details=_EVENTS_READ,
    result=representation.Webhook,
    reduced=representation.WebhookReference,
    refuses={ValidationFailed: _REFUSED},
)
ROTATED: Final = replace(CHANGED, refuses={}, name="rotate_webhook_secret")
DELETED: Final = Documentation(result=representation.Deleted)
TESTED: Final = Documentation(
    details="It is sent once, and never counted as a failure.",
    result=representation.Delivery,
    reduced=representation.DeliveryReference,
    status=201,
    refuses={ValidationFailed: "The webhook does not subscribe to `event_type`."},
)
REPLAYED: Final = Documentation(
    details=f"At most {replaying.MOST:,} at once, the oldest first. {_EVENTS_READ}",
    result=representation.Replayed,
    refuses={
        ValidationFailed: "`since` lies in the future, or further back than deliveries are kept;"
        " `until` lies before it."
    },
)
DELIVERIES: Final = Documentation(result=list[representation.Delivery])
DELIVERY: Final = Documentation(details=_EVENTS_READ, result=representation.DeliveryInFull)
RESENT: Final = Documentation(
    details=f"It is tried once more, without retries. {_EVENTS_READ}",
    result=representation.Delivery,
    reduced=representation.DeliveryReference,
    refuses={
        Conflict: "The delivery is on its way already, it is a test, or the webhook is paused."
    },
)
