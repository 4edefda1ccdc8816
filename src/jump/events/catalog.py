"""The single list of the event types: when each is sent, who may see it, and a sample of it.

Which record's change makes which event is named by the resources; who gets it is left to webhooks.
"""

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec


@dataclass(frozen=True, slots=True)
class EventType:
    """One type: its record's type, when it is sent, the scope to see it, its sample's file."""

    name: str
    resource: str
    sent: str
    read_scope: str
    sample: str


@dataclass(frozen=True, slots=True)
class Alias:
    """A name of the real Jump for those events of a type whose record came to have a status."""

    name: str
    event_type: str
    status: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The data of a sample event as JSON: the record, and what it was before (None: created).

    Every id in it is a prefix and 26 zeros (`kit.ids.sample_id`): valid in shape, and of the time
    zero, so that no record ever has it and a receiver cannot mistake the sample for one.
    """

    object: bytes
    previous: bytes | None


def _type(name: str, read_scope: str, sent: str) -> EventType:
    return EventType(name, name.partition(".")[0], sent, read_scope, f"{name}.json")


EVENT_TYPES: Final[Mapping[str, EventType]] = {
    event.name: event
    for event in (
        _type(
            "appointment.created",
            "read_appointments",
            "An appointment is booked, directly or by confirming a hold.",
        ),
        _type(
            "appointment.updated",
            "read_appointments",
            "An appointment changes in any other way: it is confirmed, edited, not attended, "
            "or marked as entered in error.",
        ),
        _type("appointment.cancelled", "read_appointments", "An appointment is cancelled."),
        _type(
            "appointment.rescheduled",
            "read_appointments",
            "An appointment moves to another time, clinician or location; "
            "whatever else changed with it is in the same event.",
        ),
        _type(
            "appointment.completed", "read_appointments", "An appointment is marked as completed."
        ),
        _type("patient.created", "read_patients", "A patient is registered."),
        _type(
            "patient.updated",
            "read_patients",
            "A patient's details change, or the patient is archived or unarchived.",
        ),
        _type(
            "document.created",
            "read_documents",
            "A document is added to a patient's record: its content is there.",
        ),
        _type(
            "document.updated",
            "read_documents",
            "The details of a document change, or it is marked as entered in error; "
            "not before its content is there.",
        ),
    )
}

ALIASES: Final[Mapping[str, Alias]] = {
    alias.name: alias
    for alias in (
        Alias("appointment.no_show", "appointment.updated", "no_show"),
        Alias("patient.archived", "patient.updated", "archived"),
    )
}
"""Names that a webhook may subscribe to beside the types; the feed never shows them."""


def type_of(name: str) -> EventType | None:
    """The type that a name or an alias stands for, or None if no event is called that."""
    alias = ALIASES.get(name)
    return EVENT_TYPES.get(alias.event_type if alias else name)


def alias_of(event_type: str, status: str | None, changed: Collection[str]) -> str | None:
    """The alias of an event whose record has this status now and these fields changed, or None."""
    if "status" not in changed:
        return None
    fitting = (a for a in ALIASES.values() if (a.event_type, a.status) == (event_type, status))
    return next((alias.name for alias in fitting), None)


def check_types(names: Iterable[str]) -> tuple[str, ...]:
    """These types and aliases, none twice; ValueError, for people, at an unknown one or none."""
    wanted = tuple(dict.fromkeys(names))
    if not wanted:
        raise ValueError("Name at least one event type, such as appointment.created, or all.")
    if any(type_of(name) is None for name in wanted):
        raise ValueError(_unknown(next(name for name in wanted if type_of(name) is None)))
    return wanted


def parse_types(text: str) -> tuple[str, ...]:
    """The types of `a,b`, or every type for `all`; ValueError as in check_types."""
    if text.strip() == "all":
        return tuple(EVENT_TYPES)
    return check_types(name for part in text.split(",") if (name := part.strip()))


@cache
def sample(event_type: str) -> Sample:
    """The sample of a type; KeyError for any other name."""
    name = EVENT_TYPES[event_type].sample
    text = files("jump.events").joinpath("samples", name).read_bytes()
    data = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    parts = {part: msgspec.json.format(bytes(raw), indent=-1) for part, raw in data.items()}
    return Sample(parts["object"], None if parts["previous"] == b"null" else parts["previous"])


def _unknown(name: str) -> str:
    # A name is repeated only in our own spelling: what was sent may be anything.
    near = difflib.get_close_matches(name, [*EVENT_TYPES, *ALIASES], n=1)
    # No slip turns one kind of record into another.
    kind = name.partition(".")[0].lower().removesuffix("s")
    hint = f"Did you mean {near[0]}? " if near and near[0].startswith(f"{kind}.") else ""
    return f"One of the event types is unknown. {hint}There are {', '.join(EVENT_TYPES)}."
