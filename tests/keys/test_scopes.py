"""The table of scopes is the contract's, is read from a command line, and is said in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jump.keys import scopes
from tests.surface import permissions


def test_the_scopes_are_those_of_the_contract_in_its_order() -> None:
    assert list(scopes.ALL_SCOPES) == permissions.scopes()


def test_the_groups_are_those_of_the_page() -> None:
    verbs = {"Clinical data": {True}, "Read-only": {False}, "Write": {True}}
    verbs["Webhooks by API"] = {True}
    assert list(verbs) == [group.title for group in scopes.GROUPS]
    for group in scopes.GROUPS:
        assert {row.write is not None for row in group.permissions} == verbs[group.title]
    assert [row.resource for row in scopes.PERMISSIONS if row.read is None] == ["holds"]


def test_every_scope_has_a_sentence_of_its_own() -> None:
    sentences = {scope.sentence for scope in scopes.SCOPES.values()}
    assert len(sentences) == len(scopes.ALL_SCOPES)
    assert scopes.SCOPES["read_appointment_types"].sentence == "Read appointment types"
    assert "this key made" in scopes.SCOPES["write_holds"].sentence


def test_every_resource_names_the_scopes_it_needs() -> None:
    assert scopes.read_scope("patients") == "read_patients"
    assert scopes.write_scope("patients") == "write_patients"
    assert scopes.write_scope("clinicians") is None


def test_write_holds_also_reads_the_holds_of_the_key() -> None:
    assert scopes.read_scope("holds") == scopes.write_scope("holds") == "write_holds"


def test_scopes_are_read_in_any_order_with_spaces_and_repeats() -> None:
    parsed = scopes.parse_scopes(" write_holds,read_patients , read_patients,")
    assert parsed == ("read_patients", "write_holds")
    assert scopes.parse_scopes("all") == scopes.ALL_SCOPES


def test_the_names_that_the_real_jump_uses_are_understood() -> None:
    parsed = scopes.parse_scopes("read_appointment_templates,read_clinician_profiles")
    assert parsed == ("read_appointment_types", "read_clinicians")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("read_patient", "There is no scope read_patient. Did you mean read_patients?"),
        ("read_patients,fly", "There is no scope fly. The scopes are read_patients, write_pat"),
        ("all,read_patients", "There is no scope all"),
        ("read_holds", "There is no scope read_holds. Did you mean"),
        ("", "Name at least one scope"),
        (" , ", "Name at least one scope"),
    ],
)
def test_an_unknown_scope_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"\.$|\?$") as refused:
        scopes.parse_scopes(text)
    assert str(refused.value).startswith(message)


def test_what_does_not_look_like_a_scope_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="named like read_patients") as refused:
        scopes.parse_scopes("pk_test_0123456789ABCDEF_secret")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("held", "sentence"),
    [
        ("", "Nothing"),
        ("read_patients", "Read patients"),
        ("write_holds", "Change holds"),
        (
            "read_patients read_appointments write_holds",
            "Read patients and appointments; change holds",
        ),
        (
            "write_patients read_locations read_patients read_appointment_types",
            "Read patients, appointment types and locations; change patients",
        ),
        (" ".join(scopes.ALL_SCOPES), "Read everything; change everything"),
    ],
)
def test_scopes_in_words(held: str, sentence: str) -> None:
    assert scopes.in_words(held.split()) == sentence


@given(st.sets(st.sampled_from(scopes.ALL_SCOPES), min_size=1))
def test_scopes_come_out_as_they_went_in(held: set[str]) -> None:
    assert set(scopes.parse_scopes(",".join(held))) == held
    assert list(scopes.in_order(held)) == [name for name in scopes.ALL_SCOPES if name in held]


def test_presets_hold_scopes_in_order_and_each_has_its_words() -> None:
    for preset in scopes.PRESETS:
        assert preset.scopes == scopes.in_order(preset.scopes)
        assert preset.words
    assert len({preset.name for preset in scopes.PRESETS}) == len(scopes.PRESETS)
    assert {p.name: p.scopes for p in scopes.PRESETS}["everything"] == scopes.ALL_SCOPES


def test_reading_everything_changes_nothing() -> None:
    [preset] = [preset for preset in scopes.PRESETS if preset.name == "read_everything"]
    assert scopes.in_words(preset.scopes) == "Read everything"
