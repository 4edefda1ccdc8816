"""Amendments: what is added to a completed consultation, and stays."""

import json
from typing import Any

from jump.kit.ids import is_id
from tests.clinical import calendar_rows as rows
from tests.clinical.records.charting import act, consult, draft, read
from tests.clinical.scheduling.desk import Desk, data, fields, refusal

WHY = {"reason": "Written down wrongly.", "text": "The left knee, not the right one."}


async def amend(desk: Desk, made: dict[str, Any], **about: Any) -> dict[str, Any]:
    added: dict[str, Any] = data(await act(desk, made, "amendments", **{**WHY, **about}), 201)
    return added


async def test_a_completed_consultation_is_amended_and_stays_what_it_was(desk: Desk) -> None:
    made = await consult(desk)
    answer = await act(desk, made, "amendments", **WHY)
    first = data(answer, 201)
    assert {name: first[name] for name in WHY} == WHY
    assert first["consultation_id"] == made["id"]
    assert first["patient_id"] == rows.PATIENT
    assert first["created_by"].startswith("key_")
    assert is_id("con", first["id"])
    assert answer.headers["location"] == f"/api/v1/consultations/{made['id']}/amendments"
    second = await amend(desk, made, reason="One more thing.")
    other = await amend(desk, await consult(desk))
    path = f"/consultations/{made['id']}/amendments"
    assert data(await desk.api.get(path)) == [second, first]
    assert data(await desk.api.get(f"{path}?order=asc")) == [first, second]
    assert data(await desk.api.get(f"{path}?limit=1&offset=1")) == [first]
    assert other["id"] not in (first["id"], second["id"])
    assert await read(desk, made) == made
    refusal(await desk.api.get(f"/consultations/{first['id']}"), 404, "NOT_FOUND")


async def test_only_what_is_completed_and_right_is_amended(desk: Desk) -> None:
    made = await draft(desk)
    message = refusal(await act(desk, made, "amendments", **WHY), 409, "CONFLICT")["message"]
    assert message.startswith("This consultation is a draft: it can be changed, completed")
    data(await act(desk, made, "complete"))
    await amend(desk, made)
    data(await act(desk, made, "mark-in-error", reason="another patient"))
    message = refusal(await act(desk, made, "amendments", **WHY), 409, "CONFLICT")["message"]
    assert "entered in error" in message
    assert len(data(await desk.api.get(f"/consultations/{made['id']}/amendments"))) == 1


async def test_an_amendment_says_why_and_what_and_nothing_else(desk: Desk) -> None:
    made = await consult(desk)
    cases: tuple[tuple[dict[str, Any], set[str]], ...] = (
        ({}, {"reason", "text"}),
        ({"reason": "x"}, {"text"}),
        ({"reason": None, "text": None}, {"reason", "text"}),
        ({"reason": "x", "text": " \n"}, {"text"}),
        ({"reason": "x" * 501, "text": ""}, {"reason", "text"}),
        ({**WHY, "text": "x" * 100_001}, {"text"}),
        ({**WHY, "patient_id": rows.OTHER_PATIENT}, {"patient_id"}),
        ({**WHY, "status": "draft"}, {"status"}),
    )
    for body, wrong in cases:
        assert fields(await act(desk, made, "amendments", **body)) == wrong


async def test_an_amendment_minds_the_version_of_its_consultation(desk: Desk) -> None:
    made = await draft(desk)
    data(await act(desk, made, "complete"))
    path = f"/consultations/{made['id']}/amendments"
    stale = await desk.api.post(path, WHY, headers={"If-Match": '"1"'})
    refusal(stale, 412, "PRECONDITION_FAILED")
    data(await desk.api.post(path, WHY, headers={"If-Match": '"2"'}), 201)


async def test_an_amendment_is_audited_without_its_text(desk: Desk) -> None:
    added = await amend(desk, await consult(desk))
    (row,) = [row for row in await desk.audit() if row["record_id"] == added["id"]]
    assert row["action"] == "consultation_amendment.created"
    assert row["patient_id"] == rows.PATIENT
    named = {"consultation_id", "patient_id", "reason", "text"}
    assert set(json.loads(row["fields"])) == named
    assert "knee" not in str(row)
    assert await desk.events() == []


async def test_amendments_of_an_unknown_consultation_are_404(desk: Desk) -> None:
    unknown = "/consultations/con_00000000000000000000000001/amendments"
    refusal(await desk.api.get(unknown), 404, "NOT_FOUND")
    refusal(await desk.api.post(unknown, WHY), 404, "NOT_FOUND")
    made = await consult(desk)
    live = await desk.api.make_key(mode="live")
    path = f"/consultations/{made['id']}/amendments"
    refusal(await desk.api.get(path, key=live), 404, "NOT_FOUND")
    refusal(await desk.api.post(path, WHY, key=live), 404, "NOT_FOUND")
