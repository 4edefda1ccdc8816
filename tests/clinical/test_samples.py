"""A sample event shows what a real one would: the same fields, of the same types."""

import msgspec
import pytest

from jump.clinical.registry import RESOURCES
from jump.events.catalog import EVENT_TYPES, sample

RECORDS = {each.resource.name: each.resource for each in RESOURCES}


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_a_sample_has_the_fields_of_a_record_and_no_others(name: str) -> None:
    record = RECORDS[EVENT_TYPES[name].resource].record
    shown = msgspec.json.decode(sample(name).object)
    assert sorted(shown) == sorted(record.__struct_fields__)
    previous = msgspec.json.decode(sample(name).previous or b"{}")
    assert previous.keys() <= shown.keys()


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_a_sample_can_be_read_as_a_record(name: str) -> None:
    msgspec.json.decode(sample(name).object, type=RECORDS[EVENT_TYPES[name].resource].record)
