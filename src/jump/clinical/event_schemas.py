"""The JSON Schema of each type's event, made from the record's own type: never written by hand.

A type whose records the API does not serve has none. What an event looks like on the wire is
`jump.events.envelope`'s; a test holds every sample against its schema.
"""

import functools
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec

from jump.caller import Mode
from jump.clinical.definition import Resource
from jump.clinical.registry import RESOURCES
from jump.clinical.representation import UNTRACKED, Recorded
from jump.events.catalog import EVENT_TYPES
from jump.kit.ids import sample_id
from jump.resources.about import about

_BY_NAME: Final[Mapping[str, Resource]] = {each.resource.name: each.resource for each in RESOURCES}
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_SAYS_SAMPLE: Final = "There, and true, in a test: then the record is a sample."
_PREVIOUS: Final = about("What the changed fields held before; null for a new record.")
_Test = Annotated[bool, msgspec.Meta(description=_SAYS_SAMPLE)]


def body_type(event_type: str) -> type[msgspec.Struct] | None:
    """What the full body of an event is, as a type. KeyError for a name that is no type."""
    resource = _BY_NAME.get(EVENT_TYPES[event_type].resource)
    return None if resource is None else _body(event_type, resource)


def schema(event_type: str) -> Mapping[str, Any] | None:
    """The same as JSON Schema (draft 2020-12), or None for records that the API does not serve."""
    body = body_type(event_type)
    return None if body is None else {"$schema": _DIALECT, **msgspec.json.schema(body)}


@functools.cache
def _body(event_type: str, resource: Resource) -> type[msgspec.Struct]:
    title = "".join(word.capitalize() for word in event_type.split("."))
    previous = None if event_type == resource.created_event else _before(resource)
    data = msgspec.defstruct(
        f"{title}Data",
        [("object", resource.record), ("previous", Annotated[previous, _PREVIOUS])],
        namespace={"__doc__": "The record, and what it was before."},
    )
    return msgspec.defstruct(
        f"{title}Event",
        [
            ("id", Annotated[str, about("The event's id.", sample_id("evt"))]),
            ("type", Annotated[Literal[event_type], about("The event's type.")]),
            ("created_at", Annotated[Recorded, about("When it happened.")]),
            ("organization_id", Annotated[str, about("The practice.", sample_id("org"))]),
            ("mode", Annotated[Mode, about("Whose records: Test's or Live's.", "test")]),
            ("data", data),
            ("test", _Test | msgspec.UnsetType, msgspec.UNSET),
        ],
        namespace={"__doc__": EVENT_TYPES[event_type].sent},
    )


@functools.cache
def _before(resource: Resource) -> type[msgspec.Struct]:
    """The old values of the fields that a change changed: any of them may be there."""
    fields = [
        (field.name, field.type | msgspec.UnsetType, msgspec.UNSET)
        for field in msgspec.structs.fields(resource.record)
        if field.name not in UNTRACKED
    ]
    told = {"__doc__": "The fields that changed, with what they held before."}
    return msgspec.defstruct(f"{resource.record.__name__}Before", fields, namespace=told)
