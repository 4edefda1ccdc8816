"""What a resource is: data only. The four ordinary verbs in `crud` read it; routes come from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from jump.resources.definition import Operation, Shape
from jump.resources.listing import Listing
from jump.storage.sql import Row, Value


@dataclass(frozen=True, slots=True)
class Link:
    """A field that names another record, which must be there, and of the same patient if it is of
    one.

    `table` is where that is kept, `noun` what it is to people, and `constraint` the foreign key of
    the database that refuses any other.
    """

    field: str
    table: str
    noun: str
    constraint: str
    of_patient: bool = False

    @property
    def words(self) -> str:
        """What is wrong with an id that names no such record."""
        whose = " of this patient" if self.of_patient else ""
        return f"There is no {self.noun}{whose} with this id."


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One kind of record.

    `record` is what the API returns, field by field: `id`, its own, then `created_at`,
    `updated_at`, `version`, `created_by`, and any other names. Each is kept in a column of the same
    name but for those in `derived`; `hidden` are columns that are kept and never shown. `defaults`
    are what a field has when it was not sent, and when null clears it. `conflicts` gives the words
    for each constraint of the database that may refuse a record, `links` those that refuse what a
    field names. `patient` is the column that links a record to its patient, None for records of no
    patient. The event types are None where a change makes no event. `about` tells integrators, in a
    sentence or two, what records of this kind are.
    """

    name: str
    path: str
    prefix: str
    table: str
    record: type[msgspec.Struct]
    body: Shape
    listing: Listing
    read_scope: str
    write_scope: str | None
    patient: str | None
    defaults: Mapping[str, Value] = field(default_factory=dict)
    derived: Mapping[str, Callable[[Row], Any]] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    conflicts: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    created_event: str | None = None
    updated_event: str | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """A resource and every operation the API offers on it."""

    resource: Resource
    operations: tuple[Operation, ...]
