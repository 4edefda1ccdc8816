"""What the file of a practice may hold: everything that is wrong is found at once, by its path."""

import datetime
import json
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import StructMeta

from jump.clinical.loading import practice_file, session_rules
from jump.clinical.loading.practice_file import Session
from jump.clinical.loading.practice_rules import checked
from jump.errors import FieldError, InvalidRequest, ValidationFailed

DOCUMENT = Path(__file__).parents[3] / "src/jump/docs/pages/running/practice-file.md"
EXAMPLE = re.findall(r"(?ms)^```json practice.json\n(.*?)^```$", DOCUMENT.read_text())[0]
TODAY = datetime.date(2026, 1, 15)
WHOLE: dict[str, Any] = json.loads(EXAMPLE)


def spoilt(change: Callable[[dict[str, Any]], object]) -> bytes:
    practice = deepcopy(WHOLE)
    change(practice)
    return json.dumps(practice).encode()


def wrong(content: bytes) -> dict[str, str]:
    """What is wrong, by path."""
    with pytest.raises(ValidationFailed) as refused:
        checked(content, TODAY)
    return {each.field: each.message for each in refused.value.details}


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Set what stands at `clinicians[0].title`."""
    *way, last = [int(n) if n.isdigit() else n for n in re.findall(r"\w+", path)]

    def change(practice: dict[str, Any]) -> None:
        there: Any = practice
        for step in way:
            there = there[step]
        there[last] = value

    return change


def test_the_example_in_the_document_is_a_whole_practice() -> None:
    practice = checked(EXAMPLE.encode(), TODAY)
    assert [each.reference for each in practice.locations] == ["high-street", "riverside"]
    assert len(practice.appointment_types) == 3
    assert [len(each.sessions) for each in practice.clinicians] == [3, 1]
    assert len(practice.closures) == 2


def test_every_field_of_the_types_is_in_the_document() -> None:
    told = set(re.findall(r"`(\w+)`", DOCUMENT.read_text())) | set(re.findall(r'"(\w+)"', EXAMPLE))
    structs = [each for each in vars(practice_file).values() if isinstance(each, StructMeta)]
    assert len(structs) == 11
    for struct in structs:
        assert set(struct.__struct_fields__) - told - set(practice_file.WEEKDAYS) == set()


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"locations": [\xff]}', b'{"a":NaN}', b"[" * 9999]
)
def test_what_is_no_json_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(InvalidRequest):
        checked(content, TODAY)


@pytest.mark.parametrize("content", [b"[]", b"1", b'"x"', b"null"])
def test_what_is_no_object_is_said_to_be_none(content: bytes) -> None:
    assert wrong(content) == {"file": "Use a JSON object."}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("zz", 1),
        ("closures", None),
        ("locations", {}),
        ("locations", "x"),
        ("locations[0]", []),
        ("locations[0].zz", 1),
        ("locations[0].reference", "a b"),
        ("locations[0].reference", "a\n"),
        ("locations[0].reference", ""),
        ("locations[0].reference", 7),
        ("locations[0].name", "a\x00b"),
        ("locations[0].name", "x" * 101),
        ("locations[0].timezone", "Europe/Atlantis"),
        ("locations[0].timezone", "../../etc/passwd"),
        ("locations[0].timezone", "/etc/localtime"),
        ("locations[0].is_primary", "yes"),
        ("locations[0].is_primary", 1),
        ("locations[0].email", "nobody"),
        ("locations[0].opening_hours", []),
        ("locations[0].opening_hours.funday", []),
        ("locations[0].opening_hours.monday", {}),
        ("locations[0].opening_hours.monday[0].closes", "08:00"),
        ("locations[0].opening_hours.monday[0].closes", "24:30"),
        ("locations[0].opening_hours.monday[1].opens", "12:00"),
        ("appointment_types[0].duration_minutes", 0),
        ("appointment_types[0].duration_minutes", 1_441),
        ("appointment_types[0].duration_minutes", 10**400),
        ("appointment_types[0].duration_minutes", 15.5),
        ("appointment_types[0].duration_minutes", "15"),
        ("appointment_types[0].duration_minutes", None),
        ("appointment_types[0].buffer_after_minutes", -1),
        ("appointment_types[0].max_group_size", 2**63),
        ("appointment_types[0].max_advance_days", 1e308),
        ("appointment_types[0].price", 65),
        ("appointment_types[0].price", "1e9"),
        ("appointment_types[0].price", "-1"),
        ("appointment_types[0].currency", None),
        ("appointment_types[0].currency", "gbp"),
        ("appointment_types[0].color", "red"),
        ("clinicians[0].first_name", None),
        ("clinicians[0].first_name", "  "),
        ("clinicians[0].specialties", ["a", 1]),
        ("clinicians[0].specialties", ["a\x00"]),
        ("clinicians[0].specialties", ["a"] * 21),
        ("clinicians[0].bio", [[[]]]),
        ("clinicians[0].offers[0].appointment_type", "nothing"),
        ("clinicians[0].offers[0].location", "nowhere"),
        ("clinicians[0].offers[0].is_remote", None),
        ("clinicians[0].sessions[0].location", "nowhere"),
        ("clinicians[0].sessions[0].weekday", "Monday"),
        ("clinicians[0].sessions[0].weekday", 1),
        ("clinicians[0].sessions[0].starts_at", "9:00"),
        ("clinicians[0].sessions[0].starts_at", "24:00"),
        ("clinicians[0].sessions[0].starts_at", "09:00\n"),
        ("clinicians[0].sessions[0].ends_at", "09:00"),
        ("clinicians[0].sessions[0].ends_at", "08:59"),
        ("clinicians[0].sessions[1].starts_on", "2026-02-30"),
        ("clinicians[0].sessions[1].starts_on", "1969-12-31"),
        ("clinicians[0].sessions[1].ends_on", "2026-01-05"),
        ("clinicians[0].sessions[1].ends_on", "9999-12-31"),
        ("clinicians[0].sessions[2].date", "2026-13-01"),
        ("clinicians[0].sessions[2].ends_on", "2026-02-14"),
        ("clinicians[0].leave[0].ends", "2026-08-03T00:00"),
        ("clinicians[0].leave[0].ends", "2026-02-30T00:00"),
        ("clinicians[0].leave[0].starts", "2026-08-03"),
        ("clinicians[0].leave[0].starts", "2026-08-03T00:00Z"),
        ("closures[0].starts", "0000-01-01T00:00"),
        ("closures[1].location", "nowhere"),
    ],
)
def test_one_wrong_field_is_found_at_its_path_and_nothing_else_is(path: str, value: Any) -> None:
    found = wrong(spoilt(put(path, value)))
    assert list(found) == [path]
    assert all(message.endswith(".") for message in found.values())


def test_a_session_is_weekly_or_once() -> None:
    both = wrong(spoilt(put("clinicians[0].sessions[0].date", "2026-02-16")))
    assert list(both) == ["clinicians[0].sessions[0]"]
    neither = wrong(spoilt(put("clinicians[0].sessions[0].weekday", None)))
    assert list(neither) == ["clinicians[0].sessions[0]"]


def test_a_price_without_a_currency_is_missing_it() -> None:
    assert "appointment_types[1].currency" in wrong(spoilt(put("appointment_types[1].price", "5")))


def test_exactly_one_location_is_the_primary_one() -> None:
    for primary in (False, True):
        change = put("locations[0].is_primary", primary)
        second = put("locations[1].is_primary", primary)
        found = wrong(spoilt(lambda practice, c=change, s=second: (c(practice), s(practice))))
        assert found == {"locations": "Exactly one location must have is_primary: true."}


@pytest.mark.parametrize("kind", ["locations", "appointment_types", "clinicians"])
def test_a_reference_that_is_there_twice_is_found(kind: str) -> None:
    def twice(practice: dict[str, Any]) -> None:
        practice[kind].append({**practice[kind][0], "is_primary": False})
        if kind != "locations":
            del practice[kind][-1]["is_primary"]

    last = len(WHOLE[kind])
    assert wrong(spoilt(twice)) == {
        f"{kind}[{last}].reference": f"{kind}[0] has this reference already."
    }


def test_everything_that_is_wrong_is_told_at_once() -> None:
    def change(practice: dict[str, Any]) -> None:
        put("locations[1].timezone", "Nowhere")(practice)
        put("clinicians[0].title", 7)(practice)
        put("clinicians[1].sessions[0].starts_at", "x")(practice)
        put("closures[1].location", "nowhere")(practice)
        del practice["appointment_types"][1]["name"]

    assert set(wrong(spoilt(change))) == {
        "locations[1].timezone",
        "clinicians[0].title",
        "clinicians[1].sessions[0].starts_at",
        "closures[1].location",
        "appointment_types[1].name",
    }


def test_what_refers_to_something_that_could_not_be_read_is_not_called_wrong() -> None:
    assert list(wrong(spoilt(put("locations[1].name", 7)))) == ["locations[1].name"]


def test_a_file_with_thousands_of_faults_lists_the_first_of_them() -> None:
    def change(practice: dict[str, Any]) -> None:
        practice["clinicians"] = [{}] * 5_000

    assert len(wrong(spoilt(change))) <= 200


# Nobody is at two places at once ------------------------------------------------------------------

ZONES = {"here": "Europe/London", "there": "Europe/London", "far": "Pacific/Kiritimati",
         "home": "Pacific/Pago_Pago", "island": "Australia/Lord_Howe"}  # fmt: skip


def weekly(location: str, weekday: str, hours: str, days: str = "/") -> Session:
    starts_at, _, ends_at = hours.partition("-")
    first, last = (datetime.date.fromisoformat(day) if day else None for day in days.split("/"))
    return Session(
        location=location, weekday=weekday, starts_on=first, ends_on=last,
        starts_at=starts_at, ends_at=ends_at,
    )  # fmt: skip


def once(location: str, day: str, hours: str) -> Session:
    starts_at, _, ends_at = hours.partition("-")
    date = datetime.date.fromisoformat(day)
    return Session(location=location, date=date, starts_at=starts_at, ends_at=ends_at)


def overlap(*sessions: Session) -> bool:
    found = list(session_rules.broken("sessions", sessions, ZONES, TODAY))
    assert {each.field for each in found} <= {"sessions[1]"}
    return bool(found)


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (weekly("here", "monday", "09:00-12:00"), weekly("there", "monday", "11:59-13:00"), True),
        (weekly("here", "monday", "09:00-12:00"), weekly("there", "monday", "12:00-13:00"), False),
        (weekly("here", "monday", "09:00-12:00"), weekly("there", "tuesday", "09:00-12:00"), False),
        (weekly("here", "monday", "09:00-12:00"), weekly("here", "monday", "09:00-12:00"), False),
        (
            weekly("here", "monday", "09:00-12:00", "/2026-01-12"),
            weekly("there", "monday", "09:00-12:00", "2026-01-13/"),
            False,
        ),
        (
            weekly("here", "monday", "09:00-12:00", "/2026-01-19"),
            weekly("there", "monday", "09:00-12:00", "2026-01-13/"),
            True,
        ),
        (weekly("here", "monday", "09:00-12:00"), once("there", "2026-02-02", "08:00-10:00"), True),
        (
            weekly("here", "monday", "09:00-12:00"),
            once("there", "2026-02-03", "08:00-10:00"),
            False,
        ),
        (
            once("here", "2026-02-02", "09:00-24:00"),
            once("there", "2026-02-02", "23:00-24:00"),
            True,
        ),
        # Monday 09:00 in London is 23:00 in Kiritimati, and Sunday 22:00 in Pago Pago.
        (weekly("here", "monday", "09:00-10:00"), weekly("far", "monday", "23:30-24:00"), True),
        (weekly("here", "monday", "09:00-10:00"), weekly("far", "monday", "09:00-10:00"), False),
        (weekly("here", "monday", "09:00-10:00"), weekly("home", "sunday", "22:30-23:30"), True),
        # Kiritimati's Tuesday has begun while it is Sunday in Pago Pago.
        (weekly("far", "tuesday", "00:10-00:50"), weekly("home", "sunday", "23:00-24:00"), True),
        (weekly("far", "tuesday", "01:10-01:50"), weekly("home", "sunday", "22:00-24:00"), False),
        # In London's summer only: 09:00 is 18:30 on Lord Howe, in winter 20:00.
        (weekly("here", "monday", "09:00-09:30"), weekly("island", "monday", "18:30-19:00"), True),
        (
            weekly("here", "monday", "09:00-09:30", "2026-01-19/2026-03-01"),
            weekly("island", "monday", "18:30-19:00"),
            False,
        ),
    ],
)
def test_sessions_at_two_places_must_not_meet(one: Session, other: Session, meet: bool) -> None:
    assert overlap(one, other) is meet
    assert overlap(other, one) is meet


def test_nobody_has_more_sessions_than_can_be_compared() -> None:
    many = [weekly("here", "monday", "09:00-12:00")] * 251
    (only,) = session_rules.broken("sessions", many, ZONES, TODAY)
    assert only.field == "sessions"


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=12,
)
PATHS = [
    "locations", "locations[0]", "locations[0].timezone", "locations[0].opening_hours",
    "locations[0].opening_hours.monday", "appointment_types[0].price", "appointment_types",
    "clinicians[0].offers", "clinicians[0].sessions", "clinicians[0].sessions[0].weekday",
    "clinicians[0].sessions[1].starts_on", "clinicians[0].leave[0].starts", "closures[0].ends",
]  # fmt: skip


@given(path=st.sampled_from(PATHS), value=plain)
def test_whatever_stands_anywhere_is_taken_or_told_and_never_a_fault(path: str, value: Any) -> None:
    errors: tuple[FieldError, ...] = ()
    try:
        checked(spoilt(put(path, value)), TODAY)
    except ValidationFailed as refused:
        errors = refused.details
        assert errors, "refused, and nothing is said"
    if isinstance(value, str) and len(value) > 7:
        assert not any(value in each.message for each in errors)
