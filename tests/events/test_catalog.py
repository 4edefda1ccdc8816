"""The event types are the contract's, and every sample could be a record but never is one."""

import json
import re
from importlib.resources import files
from typing import Any

import pytest

from jump.events import catalog
from jump.keys import scopes
from jump.kit import ids, nhs_number

CONTRACT = """
appointment.created appointment.updated appointment.cancelled appointment.rescheduled
appointment.completed patient.created patient.updated document.created document.updated
"""
RESOURCES = {"appointment": "appointments", "patient": "patients", "document": "documents"}
ID = re.compile(r"[a-z]+_[0-9a-z]{26}")

types = pytest.mark.parametrize("name", catalog.EVENT_TYPES)


def sample(name: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    found = catalog.sample(name)
    return json.loads(found.object), json.loads(found.previous or b"null")


def test_the_types_are_those_of_the_contract_in_its_order() -> None:
    assert list(catalog.EVENT_TYPES) == CONTRACT.split()


@types
def test_a_type_is_named_after_its_record_and_says_when_it_is_sent(name: str) -> None:
    event = catalog.EVENT_TYPES[name]
    assert event.name == name
    assert event.resource == name.split(".")[0]
    assert re.fullmatch(r"[A-Z][^.]+\.", event.sent)


@types
def test_a_type_needs_the_scope_that_reads_its_records(name: str) -> None:
    event = catalog.EVENT_TYPES[name]
    assert event.read_scope == scopes.read_scope(RESOURCES[event.resource])


def test_every_sample_belongs_to_a_type() -> None:
    names = {file.name for file in files("jump.events").joinpath("samples").iterdir()}
    assert {name for name in names if name.endswith(".json")} == {
        event.sample for event in catalog.EVENT_TYPES.values()
    }


@types
def test_the_ids_of_a_sample_are_those_that_can_never_exist(name: str) -> None:
    record, _ = sample(name)
    found = {field: value for field, value in record.items() if ID.fullmatch(str(value))}
    assert {"id", "created_by"} <= found.keys()
    for value in found.values():
        prefix = value.partition("_")[0]
        assert prefix in ids.PREFIXES
        assert value == ids.sample_id(prefix)


@types
def test_a_sample_shows_what_its_change_changed_and_nothing_else(name: str) -> None:
    record, previous = sample(name)
    if name.endswith(".created"):
        assert previous is None
        assert record["version"] == 1
    else:
        assert previous
        assert not previous.keys() & {"version", "updated_at"}
        assert record["version"] == 2
        assert all(record[field] != old for field, old in previous.items())
        created, _ = sample(f"{catalog.EVENT_TYPES[name].resource}.created")
        moved = {field for field in record if record[field] != created[field]}
        assert moved - {"version", "updated_at"} <= previous.keys()


@types
def test_every_sample_of_a_record_has_the_same_fields(name: str) -> None:
    record, _ = sample(name)
    created, _ = sample(f"{catalog.EVENT_TYPES[name].resource}.created")
    assert list(record) == list(created)


def test_the_sample_patient_is_nobody() -> None:
    record, _ = sample("patient.created")
    assert nhs_number.is_valid(record["nhs_number"])
    assert nhs_number.never_issued(record["nhs_number"])
    assert record["email"].endswith("@example.com")
    assert record["town_city"] == record["city"]


def test_the_sample_appointment_has_either_name_of_clinician_and_type() -> None:
    record, _ = sample("appointment.created")
    assert record["clinician_id"] == record["clinician_profile_id"]
    assert record["appointment_type_id"] == record["appointment_template_id"]


def test_there_is_no_sample_of_an_unknown_type() -> None:
    with pytest.raises(KeyError):
        catalog.sample("appointment.no_show")


@pytest.mark.parametrize(
    ("event_type", "status", "changed", "alias"),
    [
        ("appointment.updated", "no_show", ["status"], "appointment.no_show"),
        ("appointment.updated", "no_show", ["notes"], None),
        ("appointment.updated", "confirmed", ["status"], None),
        ("patient.updated", "archived", ["archived_at", "status"], "patient.archived"),
        ("patient.updated", "active", ["status"], None),
        ("patient.updated", "no_show", ["status"], None),
        ("document.updated", "archived", ["status"], None),
        ("patient.created", None, [], None),
    ],
)
def test_an_event_has_an_alias_only_when_its_status_became_that(
    event_type: str, status: str | None, changed: list[str], alias: str | None
) -> None:
    assert catalog.alias_of(event_type, status, changed) == alias


def test_an_alias_stands_for_its_type() -> None:
    found = catalog.type_of("appointment.no_show")
    assert found is catalog.EVENT_TYPES["appointment.updated"]
    assert catalog.type_of("patient.archived") is catalog.EVENT_TYPES["patient.updated"]
    assert catalog.type_of("patient.created") is catalog.EVENT_TYPES["patient.created"]
    assert catalog.type_of("patient.deleted") is None


def test_types_are_read_from_a_command_line() -> None:
    assert catalog.parse_types("all") == tuple(catalog.EVENT_TYPES)
    assert catalog.parse_types(" patient.archived ,patient.created,patient.created") == (
        "patient.archived",
        "patient.created",
    )


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("patient.create", "Did you mean patient.created?"),
        ("appointment.noshow", "Did you mean appointment.no_show? There are appointment.created, "),
        ("patients.created", "Did you mean patient.created? There are "),
        ("consultation.created", "One of the event types is unknown. There are "),
        ("whsec_secret", "There are appointment.created, "),
        ("", "Name at least one event type"),
        (" ,", "Name at least one event type"),
    ],
)
def test_an_unknown_type_gets_a_hint_and_is_not_repeated(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(hint)) as refused:
        catalog.parse_types(text)
    assert "secret" not in str(refused.value)
