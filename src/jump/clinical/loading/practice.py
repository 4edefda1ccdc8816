"""Writes a practice's directory and rota, whole or not at all, and again whenever its file changes.

What has a reference that is known is changed where it differs, what is new is added, and what has a
reference that is not there any more becomes inactive: nothing is deleted that an appointment may
name. Appointments are left alone. That the file is right is checked before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from jump.audit import trail
from jump.caller import Caller
from jump.clinical import crud
from jump.clinical.definition import Resource
from jump.clinical.directory import rota
from jump.clinical.directory.appointment_types import APPOINTMENT_TYPE
from jump.clinical.directory.clinician_search import kept_words
from jump.clinical.directory.clinicians import CLINICIAN
from jump.clinical.directory.locations import LOCATION
from jump.clinical.loading.practice_file import WEEKDAYS, Away, Clinician, Practice, Session
from jump.clinical.loading.session_rules import ALWAYS
from jump.clinical.representation import columns
from jump.resources.definition import Call
from jump.storage.database import Database, Tx
from jump.storage.sql import Row, Sql, sql


@dataclass(frozen=True, slots=True)
class Kind:
    """What became of one kind of record, by reference."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    deactivated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of everything.

    `rota` names the clinicians whose sessions, offers or leave changed, `closures` the locations
    whose closures did, None among them where those of every location did.
    """

    locations: Kind
    appointment_types: Kind
    clinicians: Kind
    rota: list[str]
    closures: list[str | None]


class _Undone(Exception):
    """What would have been done; raised so that it is not."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One record of the file: its reference, and the fields that are columns of its own."""

    reference: str
    values: Mapping[str, Any]


_KNOWN: Final[Mapping[str, Sql]] = {
    "location": sql("""
        SELECT * FROM locations
        WHERE organisation_id = :organisation AND mode = :mode AND reference IS NOT NULL
        ORDER BY id FOR UPDATE
    """),
    "appointment_type": sql("""
        SELECT * FROM appointment_types
        WHERE organisation_id = :organisation AND mode = :mode AND reference IS NOT NULL
        ORDER BY id FOR UPDATE
    """),
    "clinician": sql("""
        SELECT * FROM clinicians
        WHERE organisation_id = :organisation AND mode = :mode AND reference IS NOT NULL
        ORDER BY id FOR UPDATE
    """),
}
_ROTA_FIELDS: Final = ("offers", "sessions", "leave")
_OF_THE_FILE_ONLY: Final = frozenset({"reference", *_ROTA_FIELDS})


async def load(
    database: Database, caller: Caller, practice: Practice, at: int, *, dry_run: bool = False
) -> Loaded:
    """Bring directory and rota to what the file says, in one transaction; what was done.

    With `dry_run` all of it is undone again.
    """

    async def work(tx: Tx) -> Loaded:
        loaded = await write(tx, caller, practice, at)
        if dry_run:
            raise _Undone(loaded)
        return loaded

    try:
        return await database.write(work)
    except _Undone as undone:
        return undone.loaded


async def write(tx: Tx, caller: Caller, practice: Practice, at: int) -> Loaded:
    """The same, in a transaction of the caller's."""
    places, place_ids = await _records(tx, LOCATION, caller, _wanted(practice.locations), at)
    kinds, kind_ids = await _records(
        tx, APPOINTMENT_TYPE, caller, _wanted(practice.appointment_types), at
    )
    people, person_ids = await _records(tx, CLINICIAN, caller, _people(practice.clinicians), at)
    ids = _Ids(place_ids, kind_ids, person_ids)
    return Loaded(
        locations=places,
        appointment_types=kinds,
        clinicians=people,
        rota=await _rotas(tx, caller, practice.clinicians, ids, at),
        closures=await _closures(tx, caller, practice, ids, at),
    )


# The records --------------------------------------------------------------------------------------


def _wanted(items: Iterable[msgspec.Struct]) -> list[_Wanted]:
    return [_of_item(item) for item in items]


def _of_item(item: msgspec.Struct, **more: Any) -> _Wanted:
    plain = msgspec.to_builtins(item)
    values = {
        name: plain.get(name) for name in item.__struct_fields__ if name not in _OF_THE_FILE_ONLY
    }
    return _Wanted(plain["reference"], {**values, **more})


def _people(clinicians: Sequence[Clinician]) -> list[_Wanted]:
    return [
        _of_item(each, search_words=kept_words(each.first_name, each.last_name, each.specialties))
        for each in clinicians
    ]


async def _records(
    tx: Tx, resource: Resource, caller: Caller, wanted: Sequence[_Wanted], at: int
) -> tuple[Kind, dict[str, str]]:
    """Bring the records of one kind to what is wanted; what was done, and their ids."""
    tenant = caller.tenant
    rows = await tx.all(_KNOWN[resource.name], organisation=tenant.organisation, mode=tenant.mode)
    known = {row["reference"]: {name: row[name] for name in columns(resource)} for row in rows}
    changes = _changes(known, wanted)
    changed: set[str] = set()
    # Whoever gives something up comes first: there is one primary location at any time.
    for reference in sorted(changes, key=lambda each: bool(changes[each].get("is_primary"))):
        values, row = changes[reference], known[reference]
        call = Call(caller, at, {"id": row["id"]})
        answer = await crud.update(tx, resource, call, row, values)
        if answer.version != row["version"]:
            changed.add(reference)
    new = [each for each in wanted if each.reference not in known]
    made = await crud.load_rows(
        tx, resource, caller, [{**each.values, "reference": each.reference} for each in new], at
    )
    done = _kind(known, [each.reference for each in wanted], changed)
    ids = {reference: row["id"] for reference, row in known.items()}
    return done, ids | {row["reference"]: row["id"] for row in made}


def _changes(known: Mapping[str, Row], wanted: Sequence[_Wanted]) -> dict[str, Mapping[str, Any]]:
    """What each known record is to have; those that are not wanted any more become inactive."""
    changes: dict[str, Mapping[str, Any]] = {
        each.reference: each.values for each in wanted if each.reference in known
    }
    for reference in known:
        if reference not in changes:
            given_up = {"is_active": False}
            if "is_primary" in known[reference]:
                given_up["is_primary"] = False
            changes[reference] = given_up
    return changes


def _kind(known: Mapping[str, Row], wanted: Sequence[str], changed: set[str]) -> Kind:
    """What became of these, in the order of the file; of those that are gone, in their own."""
    return Kind(
        added=[each for each in wanted if each not in known],
        changed=[each for each in wanted if each in changed],
        deactivated=[each for each in known if each in changed and each not in wanted],
        unchanged=[each for each in wanted if each in known and each not in changed],
    )


# The rota -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ids:
    """The ids of what the file refers to, by reference."""

    locations: Mapping[str, str]
    appointment_types: Mapping[str, str]
    clinicians: Mapping[str, str]


async def _rotas(
    tx: Tx, caller: Caller, clinicians: Sequence[Clinician], ids: _Ids, at: int
) -> list[str]:
    """Bring the rotas of these clinicians to what the file says; the references of the changed."""
    wanted = {ids.clinicians[each.reference]: _rota_of(each, ids) for each in clinicians}
    kept = await rota.of_clinicians(tx, caller.tenant, wanted.keys())
    changed = {who: each for who, each in wanted.items() if each != kept[who]}
    await rota.replace_clinicians(tx, caller.tenant, changed, at)
    changes = [
        trail.Change(
            "clinician.rota_changed",
            "clinician",
            who,
            fields=[n for n in _ROTA_FIELDS if getattr(each, n) != getattr(kept[who], n)],
        )
        for who, each in changed.items()
    ]
    await trail.write_all(tx, caller, changes, at)
    return [each.reference for each in clinicians if ids.clinicians[each.reference] in changed]


def _rota_of(clinician: Clinician, ids: _Ids) -> rota.OfClinician:
    who = ids.clinicians[clinician.reference]
    return rota.OfClinician(
        offers=frozenset(
            rota.Offer(
                ids.appointment_types[each.appointment_type],
                who,
                ids.locations[each.location],
                each.is_remote,
            )
            for each in clinician.offers
        ),
        sessions=frozenset(
            _session(who, ids.locations[each.location], each) for each in clinician.sessions
        ),
        leave=frozenset(_leave(who, each) for each in clinician.leave),
    )


def _session(who: str, location: str, session: Session) -> rota.Session:
    times = (session.starts_at, session.ends_at)
    if session.date is not None:
        day = session.date.isoformat()
        return rota.Session(who, location, None, day, day, *times)
    assert session.weekday is not None
    first = session.starts_on or ALWAYS
    last = None if session.ends_on is None else session.ends_on.isoformat()
    return rota.Session(who, location, WEEKDAYS[session.weekday], first.isoformat(), last, *times)


def _leave(who: str, away: Away) -> rota.Leave:
    return rota.Leave(who, away.starts, away.ends, away.reason)


async def _closures(
    tx: Tx, caller: Caller, practice: Practice, ids: _Ids, at: int
) -> list[str | None]:
    """Bring closures to what the file says; the locations whose closures changed."""
    tenant = caller.tenant
    places: dict[str | None, str | None] = {None: None}
    places |= {ids.locations[each.reference]: each.reference for each in practice.locations}
    wanted: dict[str | None, set[rota.Closure]] = {place: set() for place in places}
    for each in practice.closures:
        place = None if each.location is None else ids.locations[each.location]
        wanted[place].add(rota.Closure(place, each.starts, each.ends, each.reason))
    kept = await rota.closures(tx, tenant)
    changed = {
        place: frozenset(closed)
        for place, closed in wanted.items()
        if closed != kept.get(place, frozenset())
    }
    await rota.replace_closures(tx, tenant, changed, at)
    await trail.write_all(tx, caller, [_closed(tenant.organisation, each) for each in changed], at)
    return [places[place] for place in changed]


def _closed(organisation: str, place: str | None) -> trail.Change:
    if place is None:
        return trail.Change(
            "organisation.closures_changed", "organisation", organisation, fields=["closures"]
        )
    return trail.Change("location.closures_changed", "location", place, fields=["closures"])
