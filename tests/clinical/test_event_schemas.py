"""Schemas of events are those of the records: every sample fits its own, and nothing is missing."""

import json
from typing import Any

import msgspec
import pytest

from jump.caller import Tenant
from jump.clinical import event_schemas
from jump.clinical.registry import RESOURCES
from jump.clinical.representation import UNTRACKED
from jump.events.catalog import EVENT_TYPES
from jump.kit.ids import sample_id
from jump.webhooks import sending

SERVED = {each.resource.name: each.resource for each in RESOURCES}
WITH_RECORDS = [name for name, event in EVENT_TYPES.items() if event.resource in SERVED]
with_records = pytest.mark.parametrize("name", WITH_RECORDS)


def body(name: str) -> bytes:
    tenant = Tenant("org_00000000000000000000000000", "test")
    return sending.sample_body(tenant, sample_id("evt"), name, "full", 0)


def resolved(schema: Any, at: str) -> dict[str, Any]:
    """The part of a schema at a path of properties."""
    found = schema
    for step in [None, *filter(None, at.split("."))]:
        found = found if step is None else found["properties"][step]
        if "$ref" in found:
            found = schema["$defs"][found["$ref"].rpartition("/")[2]]
    return dict(found)


def test_a_type_has_a_schema_once_its_records_are_served() -> None:
    assert WITH_RECORDS
    for name in EVENT_TYPES:
        assert (event_schemas.schema(name) is not None) == (name in WITH_RECORDS)


@with_records
def test_the_sample_of_a_type_fits_its_schema(name: str) -> None:
    kind = event_schemas.body_type(name)
    assert kind is not None
    sent = json.loads(body(name))
    read = json.loads(msgspec.json.encode(msgspec.json.decode(body(name), type=kind)))
    # A sample may show fields that the API will have and that a record has not yet.
    sample, record = sent["data"].pop("object"), read["data"].pop("object")
    assert record == {field: sample[field] for field in record}
    assert read == sent


@with_records
def test_a_schema_names_what_stands_on_the_wire(name: str) -> None:
    schema, sent = event_schemas.schema(name), json.loads(body(name))
    assert schema is not None
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    whole = resolved(schema, "")
    assert set(whole["properties"]) == set(sent)
    assert set(whole["required"]) == set(sent) - {"test"}
    assert whole["properties"]["type"]["enum"] == [name]
    record = SERVED[EVENT_TYPES[name].resource].record
    assert set(resolved(schema, "data.object")["properties"]) == set(record.__struct_fields__)
    previous = resolved(schema, "data.previous")
    if name.endswith(".created"):
        assert previous["type"] == "null"
    else:
        assert set(previous["properties"]) == set(record.__struct_fields__) - UNTRACKED
        assert "required" not in previous or previous["required"] == []


@with_records
def test_what_is_no_such_event_does_not_fit(name: str) -> None:
    kind = event_schemas.body_type(name)
    assert kind is not None
    sent = json.loads(body(name))
    other = next(each for each in EVENT_TYPES if each != name)
    wrong = [
        {**sent, "type": other},
        {**sent, "mode": "both"},
        {**sent, "data": {**sent["data"], "object": {"id": "x"}}},
        {key: value for key, value in sent.items() if key != "id"},
    ]
    for each in wrong:
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(json.dumps(each), type=kind)
