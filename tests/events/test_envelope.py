"""A body is what the contract shows, byte for byte, in both forms and under an alias."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jump.events import catalog, envelope
from jump.events.envelope import Head

HEAD = Head("evt_1", "appointment.updated", 1_767_225_600_000_001, "org_1", "live")
OPENING = (
    '{"id":"evt_1","type":"appointment.updated","created_at":"2026-01-01T00:00:00.000001Z",'
    '"organization_id":"org_1","mode":"live","data":'
)


def test_a_full_body_holds_the_record_and_what_it_was() -> None:
    body = envelope.full(HEAD, b'{"id":"apt_1","price":1.50}', b'{"price":1.0}')
    assert body.decode() == (
        OPENING + '{"object":{"id":"apt_1","price":1.50},"previous":{"price":1.0}}}'
    )


def test_a_new_record_was_nothing_before() -> None:
    body = envelope.full(HEAD, b"{}", None)
    assert body.decode() == OPENING + '{"object":{},"previous":null}}'


def test_a_thin_body_holds_names_only() -> None:
    body = envelope.thin(HEAD, "appointment", "apt_1", 3, ["notes", "title"])
    assert body.decode() == (
        OPENING + '{"object":{"id":"apt_1","type":"appointment","version":3},'
        '"changed":["notes","title"]}}'
    )


def test_a_sample_says_that_it_is_a_test() -> None:
    head = Head("evt_1", "patient.created", 0, "org_1", "test", test=True)
    body = json.loads(envelope.full(head, b"{}", None))
    assert body["test"] is True
    assert "test" not in json.loads(envelope.full(HEAD, b"{}", None))


@pytest.mark.parametrize("name", catalog.EVENT_TYPES)
def test_every_sample_fits_a_body(name: str) -> None:
    found = catalog.sample(name)
    body = envelope.full(
        Head("evt_1", name, 0, "org_1", "test", True), found.object, found.previous
    )
    assert json.loads(body)["data"]["object"] == json.loads(found.object)
    assert b"\n" not in body


texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts)
def test_a_record_goes_out_as_it_was_encoded(text: str) -> None:
    record = json.dumps({"type": "appointment.updated", "notes": text}, ensure_ascii=False).encode()
    body = envelope.full(HEAD, record, None)
    assert record in body
    assert json.loads(body)["data"]["object"]["notes"] == text


def test_an_alias_changes_the_type_of_the_event_and_nothing_else() -> None:
    record = b'{"id":"apt_1","type":"appointment.updated","title":"\\",\\"type\\":\\"x"}'
    body = envelope.full(HEAD, record, None)
    renamed = envelope.renamed(body, "appointment.updated", "appointment.no_show")
    assert json.loads(renamed) == {**json.loads(body), "type": "appointment.no_show"}
    assert renamed.endswith(body[len(OPENING) :])


def test_a_thin_body_takes_an_alias_too() -> None:
    body = envelope.thin(HEAD, "appointment", "apt_1", 3, ["status"])
    renamed = envelope.renamed(body, "appointment.updated", "appointment.no_show")
    assert json.loads(renamed)["type"] == "appointment.no_show"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"id":"evt_1","type":"patient.updated","data":{}}',
        b'{"id":"evt_1","type":"x","data":{"id":"a","type":"appointment.updated","b":1}}',
    ],
)
def test_another_body_takes_no_alias(body: bytes) -> None:
    with pytest.raises(ValueError, match="not the body"):
        envelope.renamed(body, "appointment.updated", "appointment.no_show")
