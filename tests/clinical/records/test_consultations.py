"""Consultations, as an integrator meets them: recorded, drafted, completed, never changed after."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.clinical import calendar_rows as rows
from tests.clinical.records.charting import (
    DAY,
    act,
    change,
    consult,
    draft,
    in_days,
    listed,
    read,
    try_to_consult,
)
from tests.clinical.scheduling.desk import Desk, data, fields, refusal

UNKNOWN = "con_00000000000000000000000001"
TEXTS = {
    "consultation_time": "09:05",
    "consultation_type_code": "gp",
    "consultation_type_display": "GP consultation",
    "chief_complaint": "Cough",
    "summary": "A cold.",
    "notes": "Fluids.",
}


async def test_a_new_consultation_is_completed_and_answered_whole_with_both_names(
    desk: Desk,
) -> None:
    answer = await try_to_consult(desk, **TEXTS, location_id=rows.MAIN)
    made = data(answer, 201)
    assert {name: made[name] for name in TEXTS} == TEXTS
    assert made["clinician_id"] == made["clinician_profile_id"] == rows.ADA
    assert (made["status"], made["entered_in_error"], made["version"]) == ("completed", False, 1)
    assert made["created_by"].startswith("key_")
    assert answer.headers["location"] == f"/api/v1/consultations/{made['id']}"
    assert answer.headers["etag"] == '"1"'
    assert await read(desk, made) == made
    assert data(await desk.api.get(f"/consultations/{made['id']}?include=core")) == made


async def test_the_clinician_is_the_appointment_s_unless_one_is_named(desk: Desk) -> None:
    booked = await desk.book(desk.time("10:00"))
    of = {"appointment_id": booked["id"]}
    for unnamed in ({"clinician_id": None}, {"clinician_profile_id": None}):
        body = {"patient_id": rows.PATIENT, "consultation_date": DAY, **of, **unnamed}
        made = data(await desk.api.post("/consultations", body), 201)
        assert made["clinician_id"] == rows.ADA
    body = {"patient_id": rows.PATIENT, "consultation_date": DAY, "clinician_profile_id": rows.BEN}
    assert data(await desk.api.post("/consultations", {**body, **of}), 201)["clinician_id"] == (
        rows.BEN
    )
    alone = await desk.api.post(
        "/consultations", {"patient_id": rows.PATIENT, "consultation_date": DAY}
    )
    assert fields(alone) == {"clinician_id"}


async def test_what_is_named_must_be_there_and_of_the_same_patient(desk: Desk) -> None:
    booked = await desk.book(desk.time("10:00"), patient_id=rows.OTHER_PATIENT)
    for about, wrong in (
        ({"patient_id": "pat_none"}, {"patient_id"}),
        ({"clinician_id": "cli_none"}, {"clinician_id"}),
        ({"location_id": "loc_none"}, {"location_id"}),
        ({"appointment_id": "apt_none"}, {"appointment_id"}),
        ({"appointment_id": "apt_none", "clinician_id": None}, {"appointment_id"}),
        ({"appointment_id": booked["id"]}, {"appointment_id"}),
        ({"appointment_id": booked["id"], "clinician_id": None}, {"appointment_id"}),
        ({"clinician_id": "cli_a", "location_id": "loc_b"}, {"clinician_id", "location_id"}),
        ({"clinician_id": "cli_a", "consultation_date": in_days(3)},
         {"clinician_id", "consultation_date"}),
        ({"appointment_id": booked["id"], "consultation_date": in_days(3)},
         {"appointment_id", "consultation_date"}),
    ):  # fmt: skip
        answer = await try_to_consult(desk, **about)
        assert fields(answer) == wrong
        assert not [value for value in about.values() if str(value) in answer.text and value]
    made = await draft(desk)
    for about in (
        {"appointment_id": booked["id"]},
        {"clinician_id": "cli_none"},
        {"location_id": "loc_none"},
    ):
        assert fields(await change(desk, made, **about)) == set(about)
    assert await read(desk, made) == made


async def test_a_draft_is_given_later_what_it_took_place_in(desk: Desk) -> None:
    booked = await desk.book(desk.time("10:00"))
    made = await draft(desk)
    for name, value in (("appointment_id", booked["id"]), ("location_id", rows.MAIN)):
        assert data(await change(desk, made, **{name: value}))[name] == value
    assert data(await change(desk, made, appointment_id=None))["appointment_id"] is None


async def test_what_is_live_is_not_there_in_test_and_is_named_with_all_else_that_is_wrong(
    desk: Desk,
) -> None:
    live = await desk.api.make_key(mode="live")
    person = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
    patient = data(await desk.api.post("/patients", person, key=live), 201)["id"]
    answer = await try_to_consult(desk, patient_id=patient, consultation_date=in_days(3))
    assert fields(answer) == {"patient_id", "consultation_date"}
    assert patient not in answer.text


async def test_an_appointment_of_test_tells_live_of_no_clinician(desk: Desk) -> None:
    booked = await desk.book(desk.time("10:00"))
    live = await desk.api.make_key(mode="live")
    person = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
    patient = data(await desk.api.post("/patients", person, key=live), 201)["id"]
    body = {"patient_id": patient, "consultation_date": DAY, "appointment_id": booked["id"]}
    # Ada is not there in live: who looked her up would find her wrong as well.
    assert fields(await desk.api.post("/consultations", body, key=live)) == {"appointment_id"}


async def test_a_consultation_keeps_its_patient(desk: Desk) -> None:
    made = await draft(desk)
    both = await change(desk, made, patient_id=rows.OTHER_PATIENT, consultation_date=in_days(3))
    assert fields(both) == {"patient_id", "consultation_date"}
    for other in (rows.OTHER_PATIENT, "pat_none"):
        error = refusal(await change(desk, made, patient_id=other), 422, "VALIDATION_FAILED")
        assert [each["field"] for each in error["details"]] == ["patient_id"]
        assert "keeps its patient" in error["details"][0]["message"]
    assert data(await change(desk, made, patient_id=rows.PATIENT)) == made


async def test_the_date_has_come_and_the_time_is_one_of_a_day(desk: Desk) -> None:
    for about in (
        {"consultation_date": in_days(3)},
        {"consultation_date": "1869-12-31"},
        {"consultation_date": "2026-02-30"},
        {"consultation_time": "24:00"},
        {"consultation_time": "9:00"},
        {"consultation_time": "09:00:00"},
        {"consultation_time": "09:00\n"},
        {"consultation_time": "\u0660\u0669:\u0660\u0660"},
    ):
        answer = await try_to_consult(desk, **about)
        assert fields(answer) == set(about)
        assert next(iter(about.values())) not in answer.text
    made = await draft(desk, consultation_date=in_days(0), consultation_time="23:59")
    assert fields(await change(desk, made, consultation_date=in_days(3))) == {"consultation_date"}


async def test_required_fields_cannot_be_left_out_or_cleared_and_others_can(desk: Desk) -> None:
    answer = await desk.api.post("/consultations", {})
    assert fields(answer) == {"patient_id", "consultation_date"}
    made = await draft(desk, **TEXTS, location_id=rows.MAIN)
    kept = ("patient_id", "consultation_date", "clinician_id", "status")
    assert fields(await change(desk, made, **dict.fromkeys(kept))) == set(kept)
    cleared = data(await change(desk, made, **dict.fromkeys(TEXTS), location_id=None))
    assert {cleared[name] for name in (*TEXTS, "location_id")} == {None}


UNUSUAL: tuple[dict[str, Any], ...] = (
    {"summary": ["a"]},
    {"summary": "x" * 20_001},
    {"notes": "x" * 100_001},
    {"status": "final"},
    {"status": "Draft"},
    {"status": None, "consultation_type_code": 7},
    {"patient_id": ""},
    {"clinician_id": "x" * 65},
    {"clinician_id": rows.ADA, "clinician_profile_id": rows.BEN},
    {"consultation_date": "2026-01-05T09:00:00Z"},
    {"entered_in_error": True},
    {"id": UNKNOWN},
    {"created_by": "key_0000000000000000"},
)


async def test_an_unusual_body_is_422_and_nothing_is_kept(desk: Desk) -> None:
    for unusual in UNUSUAL:
        named = fields(await try_to_consult(desk, **unusual))
        assert named
        assert named <= set(unusual), unusual
    assert await listed(desk, "/consultations") == []


async def test_long_and_odd_texts_come_back_as_they_were(desk: Desk) -> None:
    odd = "' OR 1=1 -- \N{GRINNING FACE} e\N{COMBINING ACUTE ACCENT} \u202e \t\n <script>"
    made = await consult(desk, notes=(odd * 4_000)[:100_000], summary=odd, chief_complaint="")
    assert (made["summary"], made["chief_complaint"]) == (odd, "")
    assert await read(desk, made) == made


async def test_a_draft_changes_and_nothing_changed_keeps_the_version(desk: Desk) -> None:
    made = await draft(desk, summary="A cold.")
    changed = data(await change(desk, made, summary="The flu.", clinician_profile_id=rows.BEN))
    assert (changed["summary"], changed["clinician_id"], changed["version"]) == (
        "The flu.", rows.BEN, 2,
    )  # fmt: skip
    again = data(await change(desk, made, summary="The flu.", status="draft"))
    assert again == changed
    stale = await desk.api.patch(
        f"/consultations/{made['id']}", {"summary": "No."}, headers={"If-Match": '"1"'}
    )
    refusal(stale, 412, "PRECONDITION_FAILED")


@pytest.mark.parametrize("by", ["the action", "a PATCH of the status"])
async def test_a_draft_is_completed_once_and_never_changes_after(desk: Desk, by: str) -> None:
    made = await draft(desk)
    if by == "the action":
        completed = data(await act(desk, made, "complete"))
    else:
        completed = data(await change(desk, made, status="completed", summary="Done."))
        assert completed["summary"] == "Done."
    assert (completed["status"], completed["version"]) == ("completed", 2)
    for answer in (
        await change(desk, made, summary="Other."),
        await change(desk, made, status="draft"),
        await change(desk, made),
        await act(desk, made, "complete"),
    ):
        message = refusal(answer, 409, "CONFLICT")["message"]
        assert "is completed" in message
        assert "amended or marked as entered in error" in message
    assert await read(desk, made) == completed


async def test_what_was_entered_in_error_stays_readable_leaves_lists_and_changes_no_more(
    desk: Desk,
) -> None:
    made, other = await draft(desk), await consult(desk)
    assert fields(await act(desk, made, "mark-in-error")) == {"reason"}
    marked = data(await act(desk, made, "mark-in-error", reason="another patient"))
    assert (marked["entered_in_error"], marked["status"], marked["version"]) == (True, "draft", 2)
    assert data(await act(desk, made, "mark-in-error", reason="again")) == marked
    assert await read(desk, made) == marked
    assert await listed(desk, "/consultations") == [other["id"]]
    both = await listed(desk, "/consultations", "include_in_error=true")
    assert both == [other["id"], made["id"]]
    for answer in (await change(desk, made, summary="x"), await act(desk, made, "complete")):
        assert "entered in error" in refusal(answer, 409, "CONFLICT")["message"]
    data(await act(desk, other, "mark-in-error", reason="twice"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("entered_in_error=true", ["marked"]),
        ("entered_in_error=true&include_in_error=true", ["marked"]),
        ("entered_in_error=true&include_in_error=false", ["marked"]),
        ("entered_in_error=true&sort=updated_at", ["marked"]),
        ("entered_in_error_gte=true", ["marked"]),
        ("entered_in_error=false", ["kept"]),
        ("entered_in_error=false&include_in_error=true", ["kept"]),
        ("entered_in_error_in=true,false", ["kept", "marked"]),
        ("entered_in_error_lte=true", ["kept", "marked"]),
    ],
)
async def test_who_asks_for_what_was_entered_in_error_gets_that_without_asking_twice(
    desk: Desk, query: str, expected: list[str]
) -> None:
    made = {"marked": await consult(desk), "kept": await consult(desk)}
    data(await act(desk, made["marked"], "mark-in-error", reason="another patient"))
    found = await listed(desk, "/consultations", query)
    assert found == [made[each]["id"] for each in expected]


async def test_an_include_in_error_that_says_nothing_is_refused_beside_the_filter_too(
    desk: Desk,
) -> None:
    answer = await desk.api.get("/consultations?include_in_error=1&entered_in_error=true")
    refusal(answer, 400, "INVALID_REQUEST")


async def test_lists_take_both_names_of_the_clinician_and_every_filter(desk: Desk) -> None:
    booked = await desk.book(desk.time("10:00"))
    first = await consult(desk, appointment_id=booked["id"], location_id=rows.MAIN)
    second = await draft(desk, clinician_id=rows.BEN, consultation_date="2026-02-01")
    third = await consult(desk, patient_id=rows.OTHER_PATIENT)
    for query, expected in (
        (f"clinician_id={rows.BEN}", [second]),
        (f"clinician_profile_id_in={rows.BEN},cli_none", [second]),
        (f"patient_id={rows.PATIENT}", [second, first]),
        (f"appointment_id={booked['id']}", [first]),
        (f"location_id={rows.MAIN}", [first]),
        ("status=draft", [second]),
        ("status_in=draft,completed", [third, second, first]),
        ("consultation_date_gte=2026-01-06", [second]),
        ("consultation_date=2026-01-05&order=asc", [first, third]),
        (f"updated_at_gte={third['updated_at']}", [third]),
        ("sort=updated_at&order=asc&limit=1", [first]),
    ):
        found = await listed(desk, "/consultations", query)
        assert found == [each["id"] for each in expected], query
    for wrong in ("include=core", "consultation_date=yesterday", "clinician=x", "sort=start_time"):
        refusal(await desk.api.get(f"/consultations?{wrong}"), 400, "INVALID_REQUEST")


async def test_include_takes_core_and_nothing_else(desk: Desk) -> None:
    made = await consult(desk)
    for query in ("include=problems", "include=", "include=core&include=core", "include=core,all"):
        error = refusal(
            await desk.api.get(f"/consultations/{made['id']}?{query}"), 400, "INVALID_REQUEST"
        )
        assert [each["field"] for each in error["details"]] == ["include"]
    refusal(await desk.api.get(f"/consultations/{UNKNOWN}?include=core"), 404, "NOT_FOUND")


async def test_a_key_that_may_only_write_learns_nothing_but_id_version_and_status(
    desk: Desk,
) -> None:
    key = await desk.api.make_key("write_consultations")
    made = data(await try_to_consult(desk, key=key, status="draft"), 201)
    assert made == {"id": made["id"], "version": 1, "status": "draft"}
    path = f"/consultations/{made['id']}"
    changed = await desk.api.patch(path, {"summary": "x"}, key=key)
    assert data(changed) == {"id": made["id"], "version": 2, "status": "draft"}
    completed = await desk.api.post(f"{path}/complete", key=key)
    assert data(completed) == {"id": made["id"], "version": 3, "status": "completed"}
    amended = data(
        await desk.api.post(f"{path}/amendments", {"reason": "x", "text": "y"}, key=key), 201
    )
    assert set(amended) == {"id", "version"}
    for closed in (path, "/consultations", f"{path}/amendments"):
        refusal(await desk.api.get(closed, key=key), 403, "INSUFFICIENT_SCOPE")


async def test_an_archived_or_deceased_patient_s_record_can_be_completed(desk: Desk) -> None:
    await desk.api.post(f"/patients/{rows.PATIENT}/archive", {"reason": "moved away"})
    await desk.api.patch(f"/patients/{rows.OTHER_PATIENT}", {"is_deceased": True})
    for patient in (rows.PATIENT, rows.OTHER_PATIENT):
        made = await draft(desk, patient_id=patient)
        data(await act(desk, made, "complete"))


async def test_every_change_is_audited_without_a_value_and_makes_no_event(desk: Desk) -> None:
    made = await draft(desk, summary="A cold.")
    data(await change(desk, made, summary="The flu."))
    data(await act(desk, made, "complete"))
    data(await act(desk, made, "mark-in-error", reason="another patient"))
    found = [row for row in await desk.audit() if row["record_id"] == made["id"]]
    assert [(row["action"], sorted(json.loads(row["fields"]))) for row in found] == [
        (
            "consultation.created",
            ["clinician_id", "consultation_date", "patient_id", "status", "summary"],
        ),
        ("consultation.updated", ["summary"]),
        ("consultation.completed", ["status"]),
        ("consultation.entered_in_error", ["entered_in_error"]),
    ]
    assert {row["patient_id"] for row in found} == {rows.PATIENT}
    assert "flu" not in str(found)
    assert await desk.events() == []


async def test_a_patch_that_completes_is_audited_as_a_completion(desk: Desk) -> None:
    made = await draft(desk)
    data(await change(desk, made, status="draft", summary="A cold."))
    data(await change(desk, made, status="completed"))
    actions = [row["action"] for row in await desk.audit() if row["record_id"] == made["id"]]
    assert actions == ["consultation.created", "consultation.updated", "consultation.completed"]


async def test_the_audit_names_the_clinician_by_one_name_whichever_was_sent(desk: Desk) -> None:
    made = await draft(desk)
    data(await change(desk, made, clinician_profile_id=rows.BEN))
    data(await change(desk, made, clinician_id=rows.ADA))
    found = [row for row in await desk.audit() if row["record_id"] == made["id"]]
    assert [json.loads(row["fields"]) for row in found[1:]] == [["clinician_id"]] * 2


async def test_who_saw_a_patient_tells_of_consultations_too(desk: Desk) -> None:
    made = await consult(desk)
    await read(desk, made)
    await listed(desk, "/consultations")
    await desk.api.settle()
    seen = data(await desk.api.get(f"/patients/{rows.PATIENT}/access-log"))
    assert Counter(each["route"] for each in seen) == {
        "/consultations": 2,
        "/consultations/{id}": 1,
    }


async def test_a_repeated_request_gets_the_first_answer_and_makes_one_consultation(
    desk: Desk,
) -> None:
    body = {"patient_id": rows.PATIENT, "clinician_id": rows.ADA, "consultation_date": DAY}
    answers = [
        await desk.api.post("/consultations", body, headers={"Idempotency-Key": "once"})
        for _ in range(2)
    ]
    assert answers[0].content == answers[1].content
    assert len(await listed(desk, "/consultations")) == 1
