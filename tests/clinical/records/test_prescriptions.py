"""Prescriptions: what may be written, what never changes, and how they end."""

from typing import Any

import httpx
import pytest

from tests.clinical import calendar_rows as rows
from tests.clinical.records.surgery import AUDIT, EVENTS, LEAST, REQUIRED, WHOLE, Surgery
from tests.clinical.scheduling.desk import data, fields, refusal

# Another value of everything that was prescribed.
OTHERWISE = {
    "patient_id": rows.OTHER_PATIENT,
    "prescriber_id": rows.BEN,
    "consultation_id": "con_another",
    "medication_name": "Ibuprofen",
    "display_name": "Ibuprofen",
    "dosage": "400",
    "dosage_unit": "g",
    "frequency": "once",
    "route": None,
    "quantity": 22,
    "refills": 3,
    "start_date": "2026-03-01",
    "end_date": None,
    "instructions": "With food.",
}


def messages(response: httpx.Response) -> dict[str, str]:
    details = refusal(response, 422, "VALIDATION_FAILED")["details"]
    return {each["field"]: each["message"] for each in details}


async def test_what_was_sent_is_what_was_prescribed(surgery: Surgery) -> None:
    made = await surgery.write()
    assert {name: made[name] for name in WHOLE} == WHOLE
    assert made["id"].startswith("rx_")
    assert (made["status"], made["version"]) == ("active", 1)
    assert made["created_by"].startswith("key_")
    assert made["entered_in_error"] is False
    assert [made[name] for name in ("consultation_id", "stopped_at", "stop_reason")] == [None] * 3
    assert await surgery.read(made) == made
    assert data(await surgery.api.get("/prescriptions")) == [made]


async def test_the_least_of_it_shows_the_medication_by_its_name(surgery: Surgery) -> None:
    made = data(await surgery.api.post("/prescriptions", LEAST), 201)
    assert made["display_name"] == "Amoxicillin"
    left_out = set(WHOLE) - set(LEAST) - {"display_name"}
    assert {made[name] for name in left_out} == {None}
    nulls = dict.fromkeys((*left_out, "display_name", "status", "consultation_id"))
    same = data(await surgery.api.post("/prescriptions", {**LEAST, **nulls}), 201)
    own = ("id", "created_at", "updated_at")
    assert {**same, **{name: made[name] for name in own}} == made


async def test_a_quantity_keeps_its_decimals(surgery: Surgery) -> None:
    for sent in (0.001, 0.5, 28, 2.125, 150, 1_000_000):
        made = await surgery.write(quantity=sent)
        assert made["quantity"] == sent
        assert (await surgery.read(made))["quantity"] == sent
    text = (await surgery.api.get(f"/prescriptions/{(await surgery.write())['id']}")).text
    assert '"quantity":21,' in text


WRONG: list[tuple[dict[str, Any], set[str]]] = [
    (dict.fromkeys(REQUIRED), set(REQUIRED)),
    ({"medication_name": "", "dosage": " ", "frequency": "", "display_name": " "},
     {"medication_name", "dosage", "frequency", "display_name"}),
    ({"dosage": 500}, {"dosage"}),
    ({"medication_name": "x" * 201, "dosage": "x" * 101, "dosage_unit": "x" * 51},
     {"medication_name", "dosage", "dosage_unit"}),
    ({"frequency": "x" * 201, "route": "x" * 101, "instructions": "x" * 2001},
     {"frequency", "route", "instructions"}),
    ({"quantity": 0}, {"quantity"}),
    ({"quantity": -1, "refills": -1}, {"quantity", "refills"}),
    ({"quantity": 1_000_001, "refills": 101}, {"quantity", "refills"}),
    ({"quantity": "28", "refills": 1.5}, {"quantity", "refills"}),
    ({"quantity": True, "refills": True}, {"quantity", "refills"}),
    ({"start_date": "2026-02-30", "end_date": "soon"}, {"start_date", "end_date"}),
    ({"end_date": "2026-03-01"}, {"end_date"}),
    ({"start_date": "0202-03-02"}, {"start_date"}),
    ({"status": "stopped"}, {"status"}),
    ({"patient_id": "pat_x", "prescriber_id": "cli_x", "consultation_id": "con_x"},
     {"patient_id", "prescriber_id", "consultation_id"}),
    ({"stopped_at": None, "stop_reason": "x"}, {"stopped_at", "stop_reason"}),
]  # fmt: skip


async def test_every_wrong_field_is_named_at_once(surgery: Surgery) -> None:
    for wrong, named in WRONG:
        assert fields(await surgery.try_to_write(**wrong)) == named, wrong
    assert data(await surgery.api.get("/prescriptions")) == []


async def test_a_course_of_one_day_may_be_written_and_one_that_is_over(surgery: Surgery) -> None:
    made = await surgery.write(end_date=WHOLE["start_date"], status="completed")
    assert (made["end_date"], made["status"]) == (WHOLE["start_date"], "completed")


async def test_what_it_names_is_of_this_practice_this_mode_and_this_patient(
    surgery: Surgery,
) -> None:
    own, others = await surgery.consult(), await surgery.consult(rows.OTHER_PATIENT)
    made = await surgery.write(consultation_id=own)
    assert made["consultation_id"] == own
    words = messages(await surgery.try_to_write(consultation_id=others))
    assert words == {"consultation_id": "There is no consultation of this patient with this id."}
    live = await surgery.api.make_key(mode="live")
    answer = await surgery.api.post("/prescriptions", {**WHOLE, "consultation_id": own}, key=live)
    assert fields(answer) == {"patient_id", "prescriber_id", "consultation_id"}
    for key in (
        live,
        await surgery.api.make_key(organisation=await surgery.api.new_organisation("B")),
    ):
        missing = await surgery.api.get(f"/prescriptions/{made['id']}", key=key)
        refusal(missing, 404, "NOT_FOUND")


async def test_only_the_notes_change(surgery: Surgery) -> None:
    made = await surgery.write()
    for name, value in OTHERWISE.items():
        words = messages(await surgery.change(made, **{name: value, "notes": "x"}))
        assert set(words) == {name}
        assert "POST /prescriptions/{id}/stop" in words[name]
        assert "write a new one" in words[name]
    assert await surgery.read(made) == made
    changed = data(await surgery.change(made, notes="Seen by the pharmacist."))
    assert changed == {
        **made,
        "notes": "Seen by the pharmacist.",
        "version": 2,
        "updated_at": changed["updated_at"],
    }
    assert data(await surgery.change(made, notes=None))["notes"] is None


async def test_a_change_that_sends_the_whole_record_as_it_is_changes_nothing(
    surgery: Surgery,
) -> None:
    made = await surgery.write(quantity=0.5)
    assert (
        data(await surgery.change(made, **{**WHOLE, "quantity": 0.5, "status": "active"})) == made
    )
    assert fields(await surgery.change(made, status=None)) == {"status"}


async def test_stopping_says_why_and_when(surgery: Surgery) -> None:
    made = await surgery.write()
    assert fields(await surgery.act(made, "stop")) == {"reason"}
    assert fields(await surgery.act(made, "stop", reason="")) == {"reason"}
    early = await surgery.act(made, "stop", reason="rash", end_date="2026-03-01")
    assert fields(early) == {"end_date"}
    stopped = data(await surgery.act(made, "stop", reason="rash", end_date="2026-03-04"))
    assert stopped == {
        **made,
        "status": "stopped",
        "stop_reason": "rash",
        "stopped_at": stopped["updated_at"],
        "end_date": "2026-03-04",
        "version": 2,
        "updated_at": stopped["updated_at"],
    }
    other = await surgery.write()
    assert data(await surgery.act(other, "stop", reason="rash"))["end_date"] == other["end_date"]


async def test_stopping_twice_is_no_mistake_unless_it_says_something_else(
    surgery: Surgery,
) -> None:
    made = await surgery.write()
    stopped = data(await surgery.act(made, "stop", reason="rash", end_date="2026-03-04"))
    assert data(await surgery.act(made, "stop", reason="rash", end_date="2026-03-04")) == stopped
    assert data(await surgery.act(made, "stop", reason="rash")) == stopped
    assert data(await surgery.change(made, status="stopped")) == stopped
    for about in ({"reason": "nausea"}, {"reason": "rash", "end_date": "2026-03-05"}):
        message = refusal(await surgery.act(made, "stop", **about), 409, "CONFLICT")["message"]
        assert "is stopped" in message
    assert await surgery.read(made) == stopped


async def test_a_client_of_jump_stops_by_a_change_of_the_status(surgery: Surgery) -> None:
    made = await surgery.write()
    answer = await surgery.change(made, status="stopped", end_date="2026-03-04", notes="Rash.")
    stopped = data(answer)
    assert (stopped["status"], stopped["stop_reason"]) == ("stopped", None)
    assert (stopped["end_date"], stopped["notes"]) == ("2026-03-04", "Rash.")
    assert stopped["stopped_at"] == stopped["updated_at"]
    other = await surgery.write()
    refused = await surgery.change(other, status="stopped", dosage="1000")
    assert fields(refused) == {"dosage"}
    early = await surgery.change(other, status="stopped", end_date="2026-03-01")
    assert fields(early) == {"end_date"}
    assert data(await surgery.change(other, status="completed"))["status"] == "completed"
    assert [row["action"] for row in await surgery.rows(AUDIT)][-2:] == [
        "prescription.created",
        "prescription.completed",
    ]


# The contract, written out: state -> what succeeds from there.
ALLOWED = {
    "active": {"stop", "complete"},
    "stopped": {"stop"},
    "completed": {"complete"},
}
BODIES: dict[str, dict[str, str]] = {"stop": {"reason": "rash"}, "complete": {}}


@pytest.mark.parametrize("status", ALLOWED)
async def test_each_state_allows_its_moves_and_names_itself(surgery: Surgery, status: str) -> None:
    for action, body in BODIES.items():
        made = await surgery.write()
        for way in ALLOWED[status] if status != "active" else ():
            data(await surgery.act(made, way, **BODIES[way]))
        before = await surgery.read(made)
        assert before["status"] == status
        answer = await surgery.act(made, action, **body)
        if action in ALLOWED[status]:
            ends = {"stop": "stopped", "complete": "completed"}[action]
            assert data(answer)["status"] == ends
        else:
            message = refusal(answer, 409, "CONFLICT")["message"]
            assert f"is {status}" in message
            assert "no move is allowed from there" in message
            refusal(await surgery.change(made, status="active"), 409, "CONFLICT")
            assert await surgery.read(made) == before


async def test_notes_are_taken_in_every_state_and_end_dates_in_none(surgery: Surgery) -> None:
    for action, body in BODIES.items():
        made = await surgery.write()
        data(await surgery.act(made, action, **body))
        assert data(await surgery.change(made, notes="Later."))["notes"] == "Later."
        assert fields(await surgery.change(made, end_date="2026-03-08")) == {"end_date"}


async def test_what_was_entered_in_error_stays_readable_and_leaves_lists(
    surgery: Surgery,
) -> None:
    consultation = await surgery.consult()
    made = await surgery.write(consultation_id=consultation)
    assert fields(await surgery.act(made, "mark-in-error")) == {"reason"}
    marked = data(await surgery.act(made, "mark-in-error", reason="another patient"))
    assert marked == {
        **made, "entered_in_error": True, "version": 2, "updated_at": marked["updated_at"]
    }  # fmt: skip
    assert await surgery.read(made) == marked
    for path in (
        "/prescriptions",
        f"/patients/{rows.PATIENT}/prescriptions",
        f"/consultations/{consultation}/prescriptions",
    ):
        assert data(await surgery.api.get(path)) == []
        assert data(await surgery.api.get(f"{path}?include_in_error=true")) == [marked]
        assert data(await surgery.api.get(f"{path}?entered_in_error=true")) == [marked]
    assert data(await surgery.act(made, "mark-in-error", reason="again")) == marked
    for answer in (
        await surgery.act(made, "stop", reason="rash"),
        await surgery.act(made, "complete"),
        await surgery.change(made, notes="x"),
    ):
        assert "entered in error" in refusal(answer, 409, "CONFLICT")["message"]


async def test_the_lists_of_a_patient_and_of_a_consultation(surgery: Surgery) -> None:
    consultation = await surgery.consult()
    first = await surgery.write()
    second = await surgery.write(consultation_id=consultation)
    other = await surgery.write(patient_id=rows.OTHER_PATIENT)
    api = surgery.api
    assert data(await api.get(f"/patients/{rows.PATIENT}/prescriptions")) == [second, first]
    assert data(await api.get(f"/patients/{rows.OTHER_PATIENT}/prescriptions")) == [other]
    assert data(await api.get(f"/consultations/{consultation}/prescriptions")) == [second]
    refusal(await api.get("/patients/pat_nobody/prescriptions"), 404, "NOT_FOUND")
    refusal(await api.get("/consultations/con_none/prescriptions"), 404, "NOT_FOUND")
    blind = await api.make_key("read_patients", "read_consultations")
    answer = await api.get(f"/patients/{rows.PATIENT}/prescriptions", key=blind)
    refusal(answer, 403, "INSUFFICIENT_SCOPE")


async def test_lists_are_narrowed_by_links_states_and_dates(surgery: Surgery) -> None:
    consultation = await surgery.consult()
    course = await surgery.write(consultation_id=consultation)
    long = await surgery.write(prescriber_id=rows.BEN, start_date="2026-05-01", end_date=None)
    stopped = data(await surgery.act(long, "stop", reason="rash", end_date="2026-06-01"))

    async def found(query: str) -> list[str]:
        return [each["id"] for each in data(await surgery.api.get(f"/prescriptions?{query}"))]

    at = stopped["stopped_at"]
    for query, expected in (
        (f"patient_id={rows.PATIENT}", [long, course]),
        (f"patient_id={rows.OTHER_PATIENT}", []),
        (f"prescriber_id={rows.BEN}", [long]),
        (f"prescriber_id_in={rows.ADA},{rows.CLEO}", [course]),
        (f"consultation_id={consultation}", [course]),
        ("status=active", [course]),
        ("status_in=stopped,completed", [long]),
        ("start_date_gte=2026-03-02&start_date_lte=2026-04-30", [course]),
        ("end_date=2026-06-01", [long]),
        (f"stopped_at_gte={at}&stopped_at_lte={at}", [long]),
        (f"updated_at_gte={stopped['updated_at']}", [long]),
        ("sort=updated_at&order=asc", [course, long]),
        ("entered_in_error=true", []),
    ):
        assert await found(query) == [each["id"] for each in expected], query


async def test_a_key_that_only_writes_is_told_the_state_and_no_more(surgery: Surgery) -> None:
    api = surgery.api
    writer = await api.make_key("write_prescriptions")
    made = data(await api.post("/prescriptions", WHOLE, key=writer), 201)
    assert made == {"id": made["id"], "version": 1, "status": "active"}
    path = f"/prescriptions/{made['id']}"
    stopped = data(await api.post(f"{path}/stop", {"reason": "rash"}, key=writer))
    assert stopped == {"id": made["id"], "version": 2, "status": "stopped"}
    refusal(await api.get(path, key=writer), 403, "INSUFFICIENT_SCOPE")
    reader = await api.make_key("read_prescriptions")
    for call in (api.post("/prescriptions", WHOLE, key=reader), api.patch(path, {}, key=reader)):
        refusal(await call, 403, "INSUFFICIENT_SCOPE")


async def test_each_change_has_its_row_in_the_audit_and_none_makes_an_event(
    surgery: Surgery,
) -> None:
    made = await surgery.write()
    data(await surgery.change(made, notes="x"))
    data(await surgery.change(made, notes="x"))
    data(await surgery.act(made, "stop", reason="rash"))
    data(await surgery.act(made, "stop", reason="rash"))
    other = await surgery.write()
    data(await surgery.act(other, "complete"))
    data(await surgery.act(other, "mark-in-error", reason="another patient"))
    audited = await surgery.rows(AUDIT)
    assert [row["action"].removeprefix("prescription.") for row in audited] == [
        *("created", "updated", "stopped", "created", "completed", "entered_in_error"),
    ]
    assert {row["patient_id"] for row in audited} == {rows.PATIENT}
    assert "rash" not in str(audited)
    assert "error_reason" not in audited[-1]["fields"]
    assert await surgery.rows(EVENTS) == []


async def test_a_stale_if_match_is_refused_by_every_change(surgery: Surgery) -> None:
    made = await surgery.write()
    data(await surgery.change(made, notes="newer"))
    stale = {"If-Match": '"1"'}
    path = f"/prescriptions/{made['id']}"
    refusal(
        await surgery.api.patch(path, {"notes": "x"}, headers=stale), 412, "PRECONDITION_FAILED"
    )
    for action, body in (*BODIES.items(), ("mark-in-error", {"reason": "x"})):
        answer = await surgery.api.post(f"{path}/{action}", body, headers=stale)
        refusal(answer, 412, "PRECONDITION_FAILED")


async def test_a_whole_number_may_be_written_with_a_point(surgery: Surgery) -> None:
    made = await surgery.write(refills=2.0, quantity=28.0)
    assert (made["refills"], made["quantity"]) == (2, 28)
    assert '"refills":2,' in (await surgery.api.get(f"/prescriptions/{made['id']}")).text
    assert fields(await surgery.try_to_write(refills=101.0)) == {"refills"}
    assert fields(await surgery.try_to_write(refills=1e300)) == {"refills"}
