"""Marking as entered in error, of either kind of record: what is kept of it, and beside what."""

from typing import Any

import pytest

from jump.storage.sql import sql
from tests.clinical.records.charting import act, draft, listed, note, path_of
from tests.clinical.scheduling.desk import Desk, data, refusal

KINDS = {"consultations": draft, "problems": note}
REASON = {name: sql(f"SELECT error_reason FROM {name} WHERE id = :id") for name in KINDS}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


async def reason(desk: Desk, kind: str, made: dict[str, Any]) -> str | None:
    """What the database says; the API does not tell it."""
    row = await desk.database.read(lambda tx: tx.one(REASON[kind], id=made["id"]))
    assert row is not None
    found: str | None = row["error_reason"]
    return found


async def test_the_first_reason_is_kept(desk: Desk, kind: str) -> None:
    made = await KINDS[kind](desk)
    assert await reason(desk, kind, made) is None
    for why in ("another patient", "once more"):
        data(await act(desk, made, "mark-in-error", reason=why))
        assert await reason(desk, kind, made) == "another patient"


async def test_a_marking_minds_the_version(desk: Desk, kind: str) -> None:
    made = await KINDS[kind](desk)
    data(await desk.api.patch(path_of(made), {"notes": "Changed."}))
    path, why = f"{path_of(made)}/mark-in-error", {"reason": "another patient"}
    stale = await desk.api.post(path, why, headers={"If-Match": '"1"'})
    refusal(stale, 412, "PRECONDITION_FAILED")
    assert await reason(desk, kind, made) is None
    marked = data(await desk.api.post(path, why, headers={"If-Match": '"2"'}))
    assert (marked["entered_in_error"], marked["notes"]) == (True, "Changed.")


async def test_include_in_error_false_lists_none_of_it(desk: Desk, kind: str) -> None:
    marked, kept = await KINDS[kind](desk), await KINDS[kind](desk)
    data(await act(desk, marked, "mark-in-error", reason="another patient"))
    both = [kept["id"], marked["id"]]
    for query, expected in (("false", both[:1]), ("true", both)):
        assert await listed(desk, f"/{kind}", f"include_in_error={query}") == expected
