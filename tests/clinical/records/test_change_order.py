"""A change is later than what it changed, whichever machine's clock says when it was."""

from jump.clinical.records import consultations
from jump.kit.clock import DAY, system_clock
from jump.resources.definition import Call
from tests.clinical.records.charting import draft, listed, read
from tests.clinical.scheduling.desk import Desk


async def test_a_change_by_a_clock_that_is_behind_comes_after_what_it_changed(desk: Desk) -> None:
    first, second = await draft(desk), await draft(desk)
    since = f"updated_at_gte={second['updated_at']}&sort=updated_at&order=asc"
    late = Call(
        desk.api.operator(), system_clock() - DAY, {"id": second["id"]}, body={"summary": "x"}
    )
    await desk.database.write(lambda tx: consultations.update(tx, late))
    changed = await read(desk, second)
    assert changed["created_at"] == second["created_at"]
    assert changed["updated_at"] > second["updated_at"] > first["updated_at"]
    assert await listed(desk, "/consultations", since) == [second["id"]]
