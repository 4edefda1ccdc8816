"""Two at once on PostgreSQL: whoever comes second waits, looks again, and changes nothing that is
done."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from jump.clinical.records import consultations, problems
from jump.kit.clock import system_clock
from jump.resources.definition import Call
from jump.storage.database import Tx
from jump.storage.sql import sql
from tests.blocking import blocked, held
from tests.clinical import calendar_rows as rows
from tests.clinical.records.charting import (
    act,
    change,
    consult,
    draft,
    listed,
    note,
    read,
    try_to_consult,
    try_to_note,
)
from tests.clinical.scheduling.desk import Desk, data, desk_on, fields, refusal
from tests.databases import Store

# On SQLite one writer follows the other by itself.
pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)

WHY = {"reason": "Written down wrongly.", "text": "The left knee."}


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[Desk]:
    async with desk_on(store, connections=16) as made:
        yield made


def of(desk: Desk, made: dict[str, Any], **body: Any) -> Call:
    """The operator's call about a record."""
    return Call(desk.api.operator(), system_clock(), {"id": made["id"]}, body=body)


def statement(text: str) -> Callable[[Tx], Awaitable[int]]:
    return lambda tx: tx.run(sql(text))


async def test_a_change_waits_for_the_completion_and_is_then_refused(desk: Desk) -> None:
    made = await draft(desk, summary="A cold.")
    async with held(desk.database, lambda tx: consultations.complete(tx, of(desk, made))):
        changes = [asyncio.create_task(change(desk, made, summary="Late.")) for _ in range(2)]
        await blocked(desk.database)
    for answer in changes:
        assert "is completed" in refusal(await answer, 409, "CONFLICT")["message"]
    assert (await read(desk, made))["summary"] == "A cold."


async def test_changes_of_a_draft_follow_each_other_and_the_completion_has_them_all(
    desk: Desk,
) -> None:
    made = await draft(desk)
    call = of(desk, made, summary="A cold.")
    async with held(desk.database, lambda tx: consultations.update(tx, call)):
        second = asyncio.create_task(change(desk, made, notes="Fluids."))
        await blocked(desk.database)
        completion = asyncio.create_task(act(desk, made, "complete"))
    await completion
    changed = await second
    found = await read(desk, made)
    assert (found["summary"], found["status"]) == ("A cold.", "completed")
    # Whichever of the two was first; a change that came too late says so.
    assert (found["notes"], changed.status_code) in (("Fluids.", 200), (None, 409))


async def test_of_two_with_one_version_the_second_is_refused(desk: Desk) -> None:
    made = await draft(desk)
    async with held(
        desk.database, lambda tx: consultations.update(tx, of(desk, made, summary="First."))
    ):
        path = f"/consultations/{made['id']}"
        second = asyncio.create_task(
            desk.api.patch(path, {"summary": "Second."}, headers={"If-Match": '"1"'})
        )
        await blocked(desk.database)
    refusal(await second, 412, "PRECONDITION_FAILED")
    assert (await read(desk, made))["summary"] == "First."


async def test_a_draft_is_completed_once_by_however_many(desk: Desk) -> None:
    made = await draft(desk)
    answers = await asyncio.gather(*(act(desk, made, "complete") for _ in range(8)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 7}
    assert (await read(desk, made))["version"] == 2


async def test_an_amendment_waits_for_the_marking_in_error_and_is_then_refused(desk: Desk) -> None:
    made = await consult(desk)
    marking = of(desk, made, reason="another patient")
    async with held(desk.database, lambda tx: consultations.mark_in_error(tx, marking)):
        amendment = asyncio.create_task(act(desk, made, "amendments", **WHY))
        await blocked(desk.database)
    assert "entered in error" in refusal(await amendment, 409, "CONFLICT")["message"]
    assert await listed(desk, f"/consultations/{made['id']}/amendments") == []


async def test_a_marking_in_error_waits_for_a_change_and_keeps_both(desk: Desk) -> None:
    consultation, problem = await draft(desk), await note(desk)
    for made, update in ((consultation, consultations.update), (problem, problems.update)):
        call = of(desk, made, notes="Fluids.")
        async with held(desk.database, lambda tx, update=update, call=call: update(tx, call)):
            marking = asyncio.create_task(
                act(desk, made, "mark-in-error", reason="another patient")
            )
            await blocked(desk.database)
        marked = data(await marking)
        assert (marked["entered_in_error"], marked["notes"]) == (True, "Fluids.")
        assert marked["version"] == 3


async def test_amendments_at_once_are_all_kept(desk: Desk) -> None:
    made = await consult(desk)
    answers = await asyncio.gather(*(act(desk, made, "amendments", **WHY) for _ in range(8)))
    ids = {data(answer, 201)["id"] for answer in answers}
    assert set(await listed(desk, f"/consultations/{made['id']}/amendments")) == ids
    assert len(ids) == 8


async def test_an_appointment_that_becomes_another_patient_s_meanwhile_is_named(
    desk: Desk,
) -> None:
    """Nothing in the program does that: the database holds, and the answer names the field."""
    booked = await desk.book(desk.time("10:00"))
    moved = f"UPDATE appointments SET patient_id = '{rows.OTHER_PATIENT}'"
    async with held(desk.database, statement(f"{moved} WHERE id = '{booked['id']}'")):
        second = asyncio.create_task(try_to_consult(desk, appointment_id=booked["id"]))
        await blocked(desk.database)
    answer = await second
    assert fields(answer) == {"appointment_id"}
    assert booked["id"] not in answer.text
    assert await listed(desk, "/consultations") == []


async def test_a_clinician_who_is_gone_meanwhile_is_named(desk: Desk) -> None:
    for table in ("offers", "rota_sessions"):
        await desk.database.write(statement(f"DELETE FROM {table} WHERE clinician_id = 'cli_cleo'"))
    async with held(desk.database, statement("DELETE FROM clinicians WHERE id = 'cli_cleo'")):
        second = asyncio.create_task(try_to_consult(desk, clinician_id=rows.CLEO))
        await blocked(desk.database)
    assert fields(await second) == {"clinician_id"}
    assert await listed(desk, "/consultations") == []


async def test_a_draft_that_is_gone_meanwhile_is_named(desk: Desk) -> None:
    made = await draft(desk)
    gone = statement(f"DELETE FROM consultations WHERE id = '{made['id']}'")
    async with held(desk.database, gone):
        second = asyncio.create_task(try_to_note(desk, consultation_id=made["id"]))
        await blocked(desk.database)
    assert fields(await second) == {"consultation_id"}
    assert await listed(desk, "/problems") == []


async def test_a_problem_waits_for_a_change_and_keeps_both(desk: Desk) -> None:
    made = await note(desk)
    answers = await asyncio.gather(
        *(change(desk, made, notes=f"{number}") for number in range(8)),
        change(desk, made, status="resolved"),
    )
    assert {answer.status_code for answer in answers} == {200}
    found = await read(desk, made)
    assert (found["status"], found["version"]) == ("resolved", 10)
