"""The body of an event as it goes over the wire, encoded once and never again.

Pure. Who gets which form, and its signature, are left to webhooks.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from jump.caller import Mode
from jump.kit.instants import format_instant


class Head(msgspec.Struct, frozen=True):
    """What every body opens with. `created_at` is in microseconds; `test` marks a sample."""

    event_id: str
    event_type: str
    created_at: int
    organisation_id: str
    mode: Mode
    test: bool = False


class _Body(msgspec.Struct, omit_defaults=True):
    id: str
    type: str
    created_at: str
    # The wire has the spelling of the real Jump.
    organization_id: str
    mode: str
    data: msgspec.Raw
    test: bool = False


class _Full(msgspec.Struct):
    object: msgspec.Raw
    previous: msgspec.Raw


class _Reference(msgspec.Struct):
    id: str
    type: str
    version: int


class _Thin(msgspec.Struct):
    object: _Reference
    changed: Sequence[str]


_ENCODER: Final = msgspec.json.Encoder()
_NULL: Final = b"null"


def full(head: Head, object_json: bytes, previous_json: bytes | None) -> bytes:
    """The body with the record as the API returns it, and the old values of what changed.

    The two are taken as they stand, byte for byte; `previous_json` is None for a new record.
    """
    previous = _NULL if previous_json is None else previous_json
    return _body(head, _Full(msgspec.Raw(object_json), msgspec.Raw(previous)))


def thin(
    head: Head, record_type: str, record_id: str, version: int, changed: Sequence[str]
) -> bytes:
    """The body without personal data: which record, its version, and the names of what changed."""
    return _body(head, _Thin(_Reference(record_id, record_type, version), changed))


def renamed(body: bytes, event_type: str, alias: str) -> bytes:
    """The same body under an alias of its type, for the webhook that subscribed to that name.

    ValueError if it is no body of that type.
    """
    opening, found, rest = body.partition(f'","type":"{event_type}",'.encode())
    # Only the event's id stands before its type; a record of its own type comes far behind.
    if not found or not opening.startswith(b'{"id":"') or b'"' in opening[7:]:
        raise ValueError(f"This is not the body of an event of type {event_type}.")
    return opening + f'","type":"{alias}",'.encode() + rest


def _body(head: Head, data: _Full | _Thin) -> bytes:
    return _ENCODER.encode(
        _Body(
            id=head.event_id,
            type=head.event_type,
            created_at=format_instant(head.created_at),
            organization_id=head.organisation_id,
            mode=head.mode,
            data=msgspec.Raw(_ENCODER.encode(data)),
            test=head.test,
        )
    )
