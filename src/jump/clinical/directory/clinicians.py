"""Clinicians: who sees people. The API only reads them; loading writes them.

The real Jump calls them clinician profiles. When a clinician is where, and what they offer there,
is kept in the rota.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any

import msgspec
from msgspec import structs

from jump.clinical import crud
from jump.clinical.definition import Registered, Resource
from jump.clinical.directory import clinician_search
from jump.clinical.representation import Recorded, Texts
from jump.resources.about import about
from jump.resources.definition import (
    NO_BODY,
    PLAIN,
    Answer,
    Call,
    Documentation,
    Operation,
)
from jump.resources.listing import Condition, Extra, Filter, Listing
from jump.storage.database import Tx
from jump.storage.sql import Row


class Clinician(msgspec.Struct, kw_only=True):
    """A clinician as the API returns it. The last of its fields exist for clients of Jump."""

    id: str
    first_name: Annotated[str, about("The given name.", "Amara")]
    last_name: Annotated[str, about("The family name.", "Okafor")]
    title: Annotated[str | None, about("What stands before the name.", "Dr")]
    role: Annotated[str | None, about("What they are in the practice.", "General practitioner")]
    specialties: Annotated[Texts, about("What they are trained in.", ["Dermatology"])]
    bio: Annotated[str | None, about("What patients may read of them.")]
    email: Annotated[
        str | None, about("Their e-mail address at the practice.", "amara.okafor@example.com")
    ]
    phone: Annotated[str | None, about("Their telephone number at the practice.")]
    registration_number: Annotated[
        str | None, about("Their number in the professional register.", "7012345")
    ]
    is_active: Annotated[bool, about("Whether they still work here.", True)]
    is_bookable_online: Annotated[
        bool, about("Whether they have free times in `/availability`.", True)
    ]
    created_at: Recorded
    updated_at: Recorded
    version: int
    created_by: str
    display_name: Annotated[str, about("The name as people say it.", "Dr Amara Okafor")]
    avatar_url: Annotated[str | None, about("Always null: it is not kept here.")]
    photo_url: Annotated[str | None, about("Always null: it is not kept here.")]
    user_id: Annotated[str | None, about("Always null: it is not kept here.")]
    qualifications: Annotated[str | None, about("Always null: it is not kept here.")]


def display_name(row: Row | Mapping[str, Any]) -> str:
    """The clinician's name as people say it: `Dr Amara Okafor`."""
    return " ".join(filter(None, (row["title"], row["first_name"], row["last_name"])))


_DERIVED: Mapping[str, Callable[[Row], Any]] = {
    "display_name": display_name,
    "avatar_url": lambda row: None,
    "photo_url": lambda row: None,
    "user_id": lambda row: None,
    "qualifications": lambda row: None,
}


def _offering(name: str) -> Callable[[str | None], tuple[Condition, ...]]:
    """Clinicians who offer something of this type, or at this location."""

    def conditions(value: str | None) -> tuple[Condition, ...]:
        if value is None:
            return ()
        text = (
            "id IN (SELECT o.clinician_id FROM offers o"  # noqa: S608 - the name is ours
            " WHERE o.organisation_id = :organisation AND o.mode = :mode"
            f" AND o.{name} = :{name})"
        )
        return (Condition(text, ((name, value),)),)

    return conditions


# Who offers the type there, not who offers it elsewhere and something else there. Its values are
# those of the two conditions that it joins.
_OFFERS_IT_THERE = Condition(
    "id IN (SELECT o.clinician_id FROM offers o"
    " WHERE o.organisation_id = :organisation AND o.mode = :mode"
    " AND o.appointment_type_id = :appointment_type_id AND o.location_id = :location_id)"
)

LIST = Listing(
    source="clinicians",
    columns=tuple(name for name in Clinician.__struct_fields__ if name not in _DERIVED),
    filters=(
        Filter("id", "text"),
        Filter("is_active", "bool"),
        Filter("is_bookable_online", "bool"),
        Filter("created_at", "instant"),
        Filter("updated_at", "instant"),
    ),
    extras=(
        Extra(
            "appointment_type_id",
            _offering("appointment_type_id"),
            "Only those who offer this type.",
        ),
        Extra("location_id", _offering("location_id"), "Only those who offer something there."),
        Extra(
            "search",
            clinician_search.matching,
            "Words that each begin a first or last name or a word of a specialty.",
        ),
    ),
    aliases=(("appointment_template_id", "appointment_type_id"),),
    default_limit=100,
)

CLINICIAN = Resource(
    name="clinician",
    path="/clinicians",
    prefix="cli",
    table="clinicians",
    record=Clinician,
    body=NO_BODY,
    listing=LIST,
    read_scope="read_clinicians",
    write_scope=None,
    patient=None,
    defaults={"specialties": "[]", "is_active": True, "is_bookable_online": True},
    derived=_DERIVED,
    hidden=("reference", "search_words"),
    about="Who sees patients.",
)


async def page(tx: Tx, call: Call) -> Answer:
    """Clinicians, those who left too; `is_active=true` leaves those out."""
    assert call.query is not None
    if {"appointment_type_id", "location_id"} <= dict(call.query.given).keys():
        conditions = (*call.query.conditions, _OFFERS_IT_THERE)
        call = structs.replace(call, query=replace(call.query, conditions=conditions))
    return await crud.page(tx, CLINICIAN, call)


async def fetch(tx: Tx, call: Call) -> Answer:
    """One clinician."""
    return await crud.fetch(tx, CLINICIAN, call)


def _operations(path: str, words: str, told: Documentation = PLAIN) -> tuple[Operation, ...]:
    scope = CLINICIAN.read_scope
    return (
        Operation(
            "GET", path, page, scope, f"List clinicians{words}", listing=LIST, documentation=told
        ),
        Operation(
            "GET", f"{path}/{{id}}", fetch, scope, f"Read a clinician{words}", documentation=told
        ),
    )


CLINICIANS = Registered(
    CLINICIAN,
    (
        *_operations("/clinicians", ""),
        *_operations(
            "/clinician-profiles", ", by Jump's older name", Documentation(deprecated=True)
        ),
    ),
)
