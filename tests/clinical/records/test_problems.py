"""Problems, as an integrator meets them: what a patient has, since when, and whether still."""

import json
from itertools import product
from typing import Any

from tests.clinical import calendar_rows as rows
from tests.clinical.records.charting import (
    act,
    change,
    consult,
    in_days,
    listed,
    note,
    read,
    try_to_note,
)
from tests.clinical.scheduling.desk import Desk, data, fields, refusal

ASTHMA = {
    "snomed_code": "195967001",
    "icd10_code": "J45.9",
    "severity": "mild",
    "onset_date": "2019-04-01",
    "notes": "Worse in spring.",
}


async def test_a_new_problem_is_active_and_answered_whole(desk: Desk) -> None:
    consultation = await consult(desk)
    answer = await try_to_note(desk, **ASTHMA, consultation_id=consultation["id"])
    made = data(answer, 201)
    assert {name: made[name] for name in ASTHMA} == ASTHMA
    assert (made["status"], made["end_date"], made["version"]) == ("active", None, 1)
    assert made["created_by"].startswith("key_")
    assert answer.headers["location"] == f"/api/v1/problems/{made['id']}"
    assert await read(desk, made) == made


async def test_a_status_moves_freely(desk: Desk) -> None:
    for first, then in product(("active", "resolved", "inactive"), repeat=2):
        made = await note(desk, status=first)
        assert made["status"] == first
        changed = data(await change(desk, made, status=then))
        assert changed["status"] == then
        assert changed["version"] == (1 if first == then else 2)


async def test_a_severity_is_one_of_three_or_none(desk: Desk) -> None:
    made = await note(desk)
    assert made["severity"] is None
    for severity in ("mild", "moderate", "severe", None):
        assert (await note(desk, severity=severity))["severity"] == severity
        assert data(await change(desk, made, severity=severity))["severity"] == severity
    assert fields(await change(desk, made, severity="fatal")) == {"severity"}


async def test_a_problem_that_has_ended_is_not_active(desk: Desk) -> None:
    ended = await note(desk, end_date="2024-05-01")
    assert ended["status"] == "resolved"
    assert (await note(desk, status="inactive", end_date="2024-05-01"))["status"] == "inactive"
    assert fields(await try_to_note(desk, status="active", end_date="2024-05-01")) == {"status"}
    made = await note(desk)
    assert data(await change(desk, made, end_date="2024-05-01"))["status"] == "resolved"
    message = refusal(await change(desk, made, status="active"), 422, "VALIDATION_FAILED")
    assert message["details"][0]["field"] == "status"
    reopened = data(await change(desk, made, status="active", end_date=None))
    assert (reopened["status"], reopened["end_date"]) == ("active", None)
    resting = data(await change(desk, made, status="inactive"))
    assert data(await change(desk, made, end_date="2024-06-01"))["status"] == resting["status"]


async def test_an_end_or_a_status_of_null_is_as_if_it_were_not_sent(desk: Desk) -> None:
    made = await note(desk, status=None, end_date=None)
    assert (made["status"], made["end_date"]) == ("active", None)
    assert data(await change(desk, made, end_date=None)) == made
    assert (await note(desk, status=None, end_date="2024-05-01"))["status"] == "resolved"


async def test_it_ends_on_its_onset_or_later_and_neither_is_still_to_come(desk: Desk) -> None:
    for about, wrong in (
        ({"onset_date": "2024-05-02", "end_date": "2024-05-01"}, {"end_date"}),
        ({"onset_date": in_days(3)}, {"onset_date"}),
        ({"end_date": in_days(3)}, {"end_date"}),
        ({"onset_date": "1869-12-31"}, {"onset_date"}),
        ({"onset_date": "2024-13-01", "end_date": "May"}, {"onset_date", "end_date"}),
    ):
        answer = await try_to_note(desk, **about)
        assert fields(answer) == wrong
        assert not [value for value in about.values() if value in answer.text]
    made = await note(desk, onset_date="2024-05-01", end_date="2024-05-01")
    assert fields(await change(desk, made, onset_date="2024-05-02")) == {"onset_date"}
    assert fields(await change(desk, made, end_date="2024-04-30")) == {"end_date"}
    data(await change(desk, made, onset_date="2023-01-01", end_date="2023-02-01"))


async def test_a_snomed_code_is_one_whose_check_digit_holds(desk: Desk) -> None:
    for code in ("195967001", "22298006", "900000000000207008", "999000011000000103"):
        assert (await note(desk, snomed_code=code))["snomed_code"] == code
        wrong = f"{code[:-1]}{(int(code[-1]) + 1) % 10}"
        answer = await try_to_note(desk, snomed_code=wrong)
        assert fields(answer) == {"snomed_code"}
        assert wrong not in answer.text


async def test_what_is_no_snomed_code_is_refused(desk: Desk) -> None:
    fullwidth = "\N{FULLWIDTH DIGIT ONE}95967001"
    # A number too: clients round those of 18 digits.
    for code in ("", "0", "12345", "0195967001", "19596 7001", "a", "1" * 19, fullwidth, 195967001):
        assert fields(await try_to_note(desk, snomed_code=code)) == {"snomed_code"}, code


async def test_an_icd10_code_has_the_form_of_one(desk: Desk) -> None:
    for code in ("J45", "J45.9", "J459", "E11.65", "I10X", "S72.001A", "U07.1", "C7A.00"):
        assert (await note(desk, icd10_code=code))["icd10_code"] == code
    for code in ("j45.9", "J4", "45.9", "J45.", "J45.9\n", "J45.12345", "JJ5.9", "", "J45 9"):
        assert fields(await try_to_note(desk, icd10_code=code)) == {"icd10_code"}, code


async def test_what_is_named_must_be_there_and_of_the_same_patient(desk: Desk) -> None:
    theirs = await consult(desk, patient_id=rows.OTHER_PATIENT)
    for about, wrong in (
        ({"patient_id": "pat_none"}, {"patient_id"}),
        ({"consultation_id": "con_none"}, {"consultation_id"}),
        ({"consultation_id": theirs["id"]}, {"consultation_id"}),
        ({"consultation_id": theirs["id"], "onset_date": in_days(3)},
         {"consultation_id", "onset_date"}),
    ):  # fmt: skip
        answer = await try_to_note(desk, **about)
        assert fields(answer) == wrong
        assert next(iter(about.values())) not in answer.text
    made = await note(desk)
    assert fields(await change(desk, made, consultation_id=theirs["id"])) == {"consultation_id"}
    keeps = await change(desk, made, patient_id=rows.OTHER_PATIENT)
    assert "keeps its patient" in keeps.json()["error"]["details"][0]["message"]
    assert fields(keeps) == {"patient_id"}
    assert await read(desk, made) == made


async def test_a_problem_is_said_later_to_be_of_a_consultation(desk: Desk) -> None:
    consultation, made = await consult(desk), await note(desk)
    changed = data(await change(desk, made, consultation_id=consultation["id"]))
    assert changed["consultation_id"] == consultation["id"]


UNUSUAL: tuple[dict[str, Any], ...] = (
    {"problem_name": ""},
    {"problem_name": "   "},
    {"problem_name": "x" * 201},
    {"problem_name": None},
    {"status": "cured"},
    {"severity": "Mild"},
    {"notes": {"a": 1}},
    {"consultation_id": 7, "onset_date": 7},
    {"clinician_id": rows.ADA},
    {"entered_in_error": True},
)


async def test_an_unusual_body_is_422_and_nothing_is_kept(desk: Desk) -> None:
    for unusual in UNUSUAL:
        assert fields(await try_to_note(desk, **unusual)) == set(unusual), unusual
    assert await listed(desk, "/problems") == []


async def test_null_clears_what_may_be_cleared(desk: Desk) -> None:
    consultation = await consult(desk)
    made = await note(desk, **ASTHMA, consultation_id=consultation["id"])
    cleared = data(await change(desk, made, **dict.fromkeys(ASTHMA), consultation_id=None))
    assert {cleared[name] for name in (*ASTHMA, "consultation_id")} == {None}
    kept = ("patient_id", "problem_name", "status")
    assert fields(await change(desk, made, **dict.fromkeys(kept))) == set(kept)


async def test_what_was_entered_in_error_stays_readable_leaves_lists_and_changes_no_more(
    desk: Desk,
) -> None:
    made, other = await note(desk), await note(desk)
    marked = data(await act(desk, made, "mark-in-error", reason="another patient"))
    assert (marked["entered_in_error"], marked["version"]) == (True, 2)
    assert data(await act(desk, made, "mark-in-error", reason="again")) == marked
    assert await read(desk, made) == marked
    assert await listed(desk, "/problems") == [other["id"]]
    assert await listed(desk, "/problems", "include_in_error=true") == [other["id"], made["id"]]
    refusal(await change(desk, made, notes="x"), 409, "CONFLICT")


async def test_lists_take_every_filter(desk: Desk) -> None:
    consultation = await consult(desk)
    first = await note(desk, consultation_id=consultation["id"], onset_date="2020-01-01")
    second = await note(desk, end_date="2024-05-01")
    third = await note(desk, patient_id=rows.OTHER_PATIENT, status="inactive")
    for query, expected in (
        (f"patient_id={rows.PATIENT}", [second, first]),
        (f"consultation_id={consultation['id']}", [first]),
        ("status_in=resolved,inactive", [third, second]),
        ("onset_date_lte=2020-01-01", [first]),
        ("end_date_gte=2024-01-01", [second]),
        ("status=inactive&sort=updated_at", [third]),
    ):
        found = await listed(desk, "/problems", query)
        assert found == [each["id"] for each in expected], query


async def test_a_key_that_may_only_write_learns_nothing_but_id_version_and_status(
    desk: Desk,
) -> None:
    key = await desk.api.make_key("write_problems")
    made = data(await try_to_note(desk, key=key), 201)
    assert made == {"id": made["id"], "version": 1, "status": "active"}
    changed = await desk.api.patch(f"/problems/{made['id']}", {"notes": "x"}, key=key)
    assert data(changed) == {"id": made["id"], "version": 2, "status": "active"}
    for path in ("/problems", f"/problems/{made['id']}", f"/patients/{rows.PATIENT}/problems"):
        refusal(await desk.api.get(path, key=key), 403, "INSUFFICIENT_SCOPE")


async def test_every_change_is_audited_without_a_value_and_makes_no_event(desk: Desk) -> None:
    made = await note(desk, notes="Worse in spring.")
    data(await change(desk, made, end_date="2024-05-01"))
    data(await act(desk, made, "mark-in-error", reason="another patient"))
    found = [row for row in await desk.audit() if row["record_id"] == made["id"]]
    assert [(row["action"], sorted(json.loads(row["fields"]))) for row in found] == [
        ("problem.created", ["notes", "patient_id", "problem_name"]),
        ("problem.updated", ["end_date", "status"]),
        ("problem.entered_in_error", ["entered_in_error"]),
    ]
    assert {row["patient_id"] for row in found} == {rows.PATIENT}
    assert await desk.events() == []
