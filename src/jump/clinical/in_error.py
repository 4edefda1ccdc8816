"""Records entered in error: they stay readable, leave the default lists, and change no more.

A resource that can be marked so has the columns `entered_in_error` and `error_reason`.
"""

from collections.abc import Mapping
from typing import Any, Final

from jump.clinical import crud
from jump.clinical.definition import Resource
from jump.clinical.records.patient_fields import Reason
from jump.errors import Conflict
from jump.resources.definition import Answer, Call, Shape
from jump.resources.listing import Condition, Extra
from jump.storage.database import Tx
from jump.storage.sql import Row

BODY: Final = Shape({"reason": Reason}, frozenset({"reason"}))


def _conditions(value: str | None) -> tuple[Condition, ...]:
    if value not in (None, "true", "false"):
        raise ValueError("Use true or false.")
    return () if value == "true" else (Condition("NOT entered_in_error"),)


INCLUDED: Final = Extra(
    "include_in_error",
    _conditions,
    "true also lists what was entered in error, which is left out otherwise"
    " unless `entered_in_error` is asked for.",
    bool,
    yields_to="entered_in_error",
)


async def mark(
    tx: Tx, resource: Resource, call: Call, row: Row, also: Mapping[str, Any] | None = None
) -> Answer:
    """Mark a row that `load_to_change` locked, and change what goes with that.

    Of a row that is marked already nothing changes, its reason neither.
    """
    if row["entered_in_error"]:
        return await crud.update(tx, resource, call, row, {})
    values = {"entered_in_error": True, "error_reason": call.body["reason"], **(also or {})}
    return await crud.update(tx, resource, call, row, values, "entered_in_error")


def check_not_marked(resource: Resource, row: Row) -> None:
    """Raises Conflict for a record that never should have been."""
    if row["entered_in_error"]:
        raise Conflict(
            f"This {resource.name} is marked as entered in error: nothing of it changes now."
        )
