"""The hold as a resource, seen by none but the key that made it, and how its seat is redeemed.

An active hold has expired when its time is over by the database's clock: nothing must run first.
"""

from typing import Final

from msgspec.structs import replace

from jump.clinical import crud
from jump.clinical.definition import Resource
from jump.clinical.representation import shown
from jump.clinical.scheduling import calendar_claims
from jump.clinical.scheduling.calendar_claims import Seat
from jump.clinical.scheduling.hold_fields import NEW, Hold
from jump.errors import Conflict, Gone, NotFound
from jump.kit.ids import no_such
from jump.resources.definition import Answer, Call
from jump.resources.listing import Listing
from jump.storage.database import Tx
from jump.storage.sql import Row

HOLD: Final = Resource(
    name="hold",
    path="/holds",
    prefix="hold",
    table="holds",
    record=Hold,
    body=NEW,
    # There is no list of holds: whoever made one knows its id.
    listing=Listing(source="holds", columns=(), filters=()),
    read_scope="write_holds",
    write_scope="write_holds",
    patient=None,
    defaults={"status": "active"},
    derived={
        "clinician_profile_id": lambda row: row["clinician_id"],
        "appointment_template_id": lambda row: row["appointment_type_id"],
    },
    about="Free times, each kept for 15 minutes for the key that asked.",
)

_GONE: Final = "This hold has expired: its time may be taken. Make a new one."
_SPENT: Final = {
    "released": "This hold is released: it cannot be confirmed any more. Make a new one.",
    "confirmed": "This hold is confirmed: its appointment is booked, and it allows nothing more.",
}


async def load(tx: Tx, call: Call) -> Row:
    """The hold that the address names. Raises NotFound."""
    return _own(await crud.load(tx, HOLD, call), call)


async def load_to_change(tx: Tx, call: Call) -> Row:
    """The same, locked until the transaction ends. Raises NotFound and PreconditionFailed."""
    # First whose it is: to others not even its version may show.
    await load(tx, call)
    return await crud.load_to_change(tx, HOLD, call)


async def load_named(tx: Tx, call: Call, hold_id: str) -> Row:
    """The hold that a body names, locked until the transaction ends. Raises NotFound."""
    return await load_to_change(tx, replace(call, path={"id": hold_id}, if_match=None))


def status(row: Row, now: int) -> str:
    """What the hold is at an instant of the database's clock."""
    is_over = row["status"] == "active" and row["expires_at"] <= now
    return "expired" if is_over else str(row["status"])


def answer(call: Call, row: Row, now: int) -> Answer:
    """The hold as an answer."""
    return crud.answer(HOLD, call, shown(HOLD, {**row, "status": status(row, now)}), row)


def check_active(row: Row, now: int) -> None:
    """Raises Gone for an expired hold, Conflict for one that is released or confirmed."""
    found = status(row, now)
    if found == "expired":
        raise Gone(_GONE)
    if found != "active":
        raise Conflict(_SPENT[found])


async def redeem(tx: Tx, call: Call, row: Row, appointment_id: str, now: int) -> Seat:
    """Make the seat of a locked hold the appointment's, and the hold confirmed. Raises as above.

    The clinician is locked, and `now` was read after that.
    """
    check_active(row, now)
    seat = await calendar_claims.hand_over(tx, call.caller.tenant, row["id"], appointment_id, now)
    if seat is None:
        raise Gone(_GONE)
    values = {"status": "confirmed", "appointment_id": appointment_id}
    await crud.update(tx, HOLD, call, row, values, "confirmed")
    return seat


def _own(row: Row, call: Call) -> Row:
    if row["created_by"] != (call.caller.actor.id or call.caller.actor.kind):
        raise NotFound(no_such(HOLD.prefix, row["id"]))
    return row
