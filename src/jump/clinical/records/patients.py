"""Patients: who the practice looks after. They are archived, never deleted.

NHS numbers follow the NHS Data Dictionary (modulus 11); the never-issued range that starts with 9
is for test mode only, and one number belongs to one active patient of a mode.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

import msgspec

from jump.audit import access_log
from jump.caller import Caller, Tenant
from jump.clinical import crud
from jump.clinical.definition import Registered, Resource
from jump.clinical.records import patient_search
from jump.clinical.records.dates import latest_today
from jump.clinical.records.patient_fields import (
    ARCHIVING,
    CHANGES,
    NEW,
    SEARCH,
    Patient,
    PatientAccess,
    Status,
)
from jump.clinical.records.patient_rules import settled
from jump.errors import Conflict, Problem, ValidationFailed
from jump.kit.instants import format_instant
from jump.resources.definition import NO_BODY, Answer, Call, Documentation, Operation, PageInfo
from jump.resources.listing import Extra, Filter, Listing
from jump.storage.database import Tx
from jump.storage.sql import Row, Value, sql

_DERIVED: Mapping[str, Callable[[Row], Any]] = {
    "town_city": lambda row: row["city"],
    "display_name": lambda row: f"{row['first_name']} {row['last_name']}",
    "avatar_url": lambda row: None,
}

LIST = Listing(
    source="patients",
    columns=tuple(name for name in Patient.__struct_fields__ if name not in _DERIVED),
    filters=(
        Filter("id", "text"),
        Filter("status", "text", choices=get_args(Status)),
        Filter("created_at", "instant"),
        Filter("updated_at", "instant"),
        Filter("archived_at", "instant"),
        Filter("date_of_birth", "date"),
        Filter("date_of_death", "date"),
        Filter("is_deceased", "bool"),
        Filter("consent_sms", "bool"),
        Filter("consent_email", "bool"),
        Filter("consent_marketing", "bool"),
    ),
    extras=(
        Extra(
            "search",
            patient_search.matching,
            "Words that each begin a name, or are an NHS number or a date of birth.",
        ),
    ),
)

PATIENT = Resource(
    name="patient",
    path="/patients",
    prefix="pat",
    table="patients",
    record=Patient,
    body=NEW,
    listing=LIST,
    read_scope="read_patients",
    write_scope="write_patients",
    patient="id",
    defaults={
        "consent_sms": False,
        "consent_email": False,
        "consent_marketing": False,
        "is_deceased": False,
        "custom_fields": "{}",
        "status": "active",
    },
    derived=_DERIVED,
    conflicts={
        "patients_nhs_number": "Another active patient has this nhs_number. Search for that patient"
        " first; archive one of the two or correct the number.",
    },
    created_event="patient.created",
    updated_event="patient.updated",
    about="Who the practice looks after. They are archived, never deleted.",
)


async def page(tx: Tx, call: Call) -> Answer:
    """Patients, archived ones too; `status=active` leaves those out."""
    return await crud.page(tx, PATIENT, call)


async def search(tx: Tx, call: Call) -> Answer:
    """The same search as `?search=`, with nothing of a patient in the address."""
    assert call.query is not None
    return await crud.page(tx, PATIENT, call)


async def fetch(tx: Tx, call: Call) -> Answer:
    """One patient."""
    return await crud.fetch(tx, PATIENT, call)


async def create(tx: Tx, call: Call) -> Answer:
    """A new active patient."""
    known = {name: value for name, value in call.body.items() if value is not None}
    values = settled(known, {}, call.caller.tenant.mode, latest_today(call.at))
    done = await crud.create(tx, PATIENT, call, values)
    await _keep_words(tx, call.caller.tenant, done.patients[0], crud.stored(values), set())
    return done


async def update(tx: Tx, call: Call) -> Answer:
    """Change what was sent; `status` runs the archive or unarchive action, as Jump does it."""
    row = await crud.load_to_change(tx, PATIENT, call)
    sent = {name: value for name, value in call.body.items() if name != "status"}
    values = settled(sent, row, call.caller.tenant.mode, latest_today(call.at))
    status = call.body.get("status", row["status"])
    if status != row["status"]:
        values |= _moved_to(status, call, None)
    return await _change(tx, call, row, values)


async def archive(tx: Tx, call: Call) -> Answer:
    """Archive; a patient who is archived already stays as they are."""
    row = await crud.load_to_change(tx, PATIENT, call)
    move = (
        {} if row["status"] == "archived" else _moved_to("archived", call, call.body.get("reason"))
    )
    return await _change(tx, call, row, move)


async def unarchive(tx: Tx, call: Call) -> Answer:
    """Make active again; 409 when another active patient has the same NHS number by now."""
    row = await crud.load_to_change(tx, PATIENT, call)
    move = {} if row["status"] == "active" else _moved_to("active", call, None)
    return await _change(tx, call, row, move)


async def seen_by(tx: Tx, call: Call) -> Answer:
    """Who saw this patient: the requests that returned or touched the record, newest first."""
    assert call.query is not None
    await crud.load(tx, PATIENT, call)
    found = await access_log.of_patient(tx, call.caller.tenant, call.path["id"], call.query)
    return Answer(
        msgspec.json.encode([_access(row) for row in found.rows]),
        page=PageInfo(found.limit, found.has_more, found.next_offset, found.after),
        patients=(call.path["id"],),
    )


async def load(tx: Tx, caller: Caller, people: Sequence[Mapping[str, Any]], at: int) -> None:
    """Write whole new patients at once, without events. For loading data, not for the API."""
    rows = await crud.load_rows(tx, PATIENT, caller, people, at)
    tenant = caller.tenant
    await tx.many(
        _KEEP_WORD,
        [
            {**_who(tenant, row["id"]), "word": word}
            for row in rows
            for word in sorted(patient_search.kept_words(row))
        ],
    )


async def _change(tx: Tx, call: Call, row: Row, values: Mapping[str, Any]) -> Answer:
    status = values.get("status")
    action = {"archived": "archived", "active": "unarchived"}.get(str(status), "updated")
    alias = "patient.archived" if status == "archived" else None
    done = await crud.update(tx, PATIENT, call, row, values, action, alias)
    if done.version != row["version"] and not patient_search.FOUND_BY.isdisjoint(values):
        after = {**row, **crud.stored(values)}
        before = patient_search.kept_words(row)
        await _keep_words(tx, call.caller.tenant, row["id"], after, before)
    return done


def _moved_to(status: str, call: Call, reason: str | None) -> dict[str, Value]:
    at = call.at if status == "archived" else None
    return {"status": status, "archived_at": at, "archive_reason": reason}


_FORGET_WORDS = sql(
    "DELETE FROM patient_words WHERE organisation_id = :organisation AND mode = :mode"
    " AND patient_id = :patient"
)
_KEEP_WORD = sql(
    "INSERT INTO patient_words (organisation_id, mode, word, patient_id)"
    " VALUES (:organisation, :mode, :word, :patient)"
)


async def _keep_words(
    tx: Tx, tenant: Tenant, patient_id: str, patient: Mapping[str, Value], before: set[str]
) -> None:
    """Keep the words to find the patient by, if they differ from those `before`."""
    now = patient_search.kept_words(patient)
    if now == before:
        return
    who = _who(tenant, patient_id)
    if before:
        await tx.run(_FORGET_WORDS, **who)
    await tx.many(_KEEP_WORD, [{**who, "word": word} for word in sorted(now)])


def _who(tenant: Tenant, patient_id: str) -> dict[str, Value]:
    return {"organisation": tenant.organisation, "mode": tenant.mode, "patient": patient_id}


def _access(row: Row) -> PatientAccess:
    return PatientAccess(
        request_id=row["id"],
        at=format_instant(row["at"]),
        key_id=row["key_id"],
        key_name=row["key_name"],
        address=row["address"],
        method=row["method"],
        route=row["route"],
        status=row["status"],
    )


_REFUSES: Mapping[type[Problem], str] = {
    ValidationFailed: "The `nhs_number` has a wrong check digit, or is not of the mode: in Test it"
    " starts with 9, in Live it does not. The `date_of_birth` lies before 1870 or in the future, or"
    " the `date_of_death` in the future or before the birth. A patient with a date of death is"
    " deceased. `custom_fields` have more than 16 KiB, or are nested deeper than 16 levels.",
}

PATIENTS = Registered(
    PATIENT,
    (
        Operation("GET", "/patients", page, "read_patients", "List patients", listing=LIST),
        Operation(
            "POST",
            "/patients",
            create,
            "write_patients",
            "Create a patient",
            writes=True,
            body=NEW,
            event="patient.created",
            documentation=Documentation(refuses=_REFUSES),
        ),
        Operation(
            "POST",
            "/patients/search",
            search,
            "read_patients",
            "Find patients with nothing of them in the address",
            body=SEARCH,
            listing=LIST,
            documentation=Documentation(
                details="Like the list with `search`, with nothing of a patient in its address.",
                refuses={
                    ValidationFailed: "`search` has no letter or digit, or more than 8 words; the"
                    " `cursor` is of another search."
                },
            ),
        ),
        Operation("GET", "/patients/{id}", fetch, "read_patients", "Read a patient"),
        Operation(
            "PATCH",
            "/patients/{id}",
            update,
            "write_patients",
            "Change a patient",
            writes=True,
            body=CHANGES,
            event="patient.updated",
            documentation=Documentation(
                details="`status` archives the patient, or makes an archived one active again.",
                refuses=_REFUSES,
            ),
        ),
        Operation(
            "POST",
            "/patients/{id}/archive",
            archive,
            "write_patients",
            "Archive a patient",
            writes=True,
            body=ARCHIVING,
            event="patient.updated",
        ),
        Operation(
            "POST",
            "/patients/{id}/unarchive",
            unarchive,
            "write_patients",
            "Make an archived patient active again",
            writes=True,
            body=NO_BODY,
            event="patient.updated",
            documentation=Documentation(
                refuses={Conflict: PATIENT.conflicts["patients_nhs_number"]}
            ),
        ),
        Operation(
            "GET",
            "/patients/{id}/access-log",
            seen_by,
            "read_patients",
            "List the requests that saw or touched a patient",
            listing=access_log.OF_PATIENT,
            documentation=Documentation(result=list[PatientAccess]),
        ),
    ),
)
