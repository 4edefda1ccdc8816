"""Takes, gives back and hands over the seats of a clinician's time, under the clinician's lock.

Whether a time is offered is left to offering and slots. Should anybody get past the lock, the
database itself refuses what overlaps or is overfull, and that is SlotUnavailable here, without
alternatives: the transaction is over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from jump.caller import Tenant
from jump.clinical.scheduling.slots import Kind, Slot
from jump.errors import SlotUnavailable
from jump.kit.clock import DAY
from jump.kit.ids import new_id
from jump.storage.database import Tx, Violated
from jump.storage.sql import Value, sql

# For our own order; it is not one of the contract's ids, and no answer shows it.
_PREFIX: Final = "clm"
_REFUSALS: Final = frozenset(
    {
        "calendar_claims_overlap",
        "calendar_claims_length_check",
        "claim_seats_pkey",
        "claim_seats_seat_check",
        "claim_seats_claim",
    }
)
_JUST_TAKEN: Final = "This time has just been taken."


@dataclass(frozen=True, slots=True)
class Seat:
    """One place in one claim."""

    claim_id: str
    number: int


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a seat is: an appointment's for good, or a hold's until it expires."""

    kind: Literal["appointment", "hold"]
    id: str
    expires_at: int | None = None


_LOCK = sql("""
    SELECT id FROM clinicians
    WHERE organisation_id = :organisation AND mode = :mode AND id IN (:ids*)
    ORDER BY id FOR NO KEY UPDATE
""")
_NOW = sql("SELECT jump_now() AS now")
# A claim is at most a day long, so that what overlaps a time starts within the day before its end.
_IN_THE_WAY = """
    organisation_id = :organisation AND mode = :mode AND clinician_id = :clinician
    AND starts < :ends AND starts > :starts - 86400000000 AND ends > :starts
"""
_FORGET_SEATS = sql(f"""
    DELETE FROM claim_seats
    WHERE organisation_id = :organisation AND mode = :mode AND expires_at <= :now
      AND claim_id IN (SELECT id FROM calendar_claims WHERE {_IN_THE_WAY})
""")  # noqa: S608 - the words are ours
_FORGET_CLAIMS = sql(f"""
    DELETE FROM calendar_claims
    WHERE {_IN_THE_WAY} AND NOT EXISTS (
      SELECT 1 FROM claim_seats s WHERE s.organisation_id = calendar_claims.organisation_id
        AND s.mode = calendar_claims.mode AND s.claim_id = calendar_claims.id)
""")  # noqa: S608
_CLAIM = sql("""
    INSERT INTO calendar_claims (organisation_id, mode, id, clinician_id, appointment_type_id,
      location_id, is_remote, starts, ends, buffer_before, buffer_after, capacity)
    VALUES (:organisation, :mode, :id, :clinician, :type, :location, :is_remote, :starts, :ends,
      :buffer_before, :buffer_after, :capacity)
""")
_SEATS = sql("""
    SELECT c.capacity, s.seat FROM calendar_claims c
    LEFT JOIN claim_seats s ON s.organisation_id = c.organisation_id AND s.mode = c.mode
      AND s.claim_id = c.id
    WHERE c.organisation_id = :organisation AND c.mode = :mode AND c.id = :claim
""")
_SIT = sql("""
    INSERT INTO claim_seats (organisation_id, mode, claim_id, seat, capacity, appointment_id,
      hold_id, expires_at)
    VALUES (:organisation, :mode, :claim, :seat, :capacity, :appointment, :hold, :expires_at)
""")
_LEAVE_AS_APPOINTMENT = sql("""
    DELETE FROM claim_seats WHERE organisation_id = :organisation AND mode = :mode
      AND appointment_id = :holder RETURNING claim_id
""")
_LEAVE_AS_HOLD = sql("""
    DELETE FROM claim_seats WHERE organisation_id = :organisation AND mode = :mode
      AND hold_id = :holder RETURNING claim_id
""")
_DROP_IF_EMPTY = sql("""
    DELETE FROM calendar_claims
    WHERE organisation_id = :organisation AND mode = :mode AND id = :claim AND NOT EXISTS (
      SELECT 1 FROM claim_seats s WHERE s.organisation_id = calendar_claims.organisation_id
        AND s.mode = calendar_claims.mode AND s.claim_id = calendar_claims.id)
""")
_PURGE = sql(
    "DELETE FROM claim_seats WHERE expires_at <= :before RETURNING organisation_id, mode, claim_id"
)
_HAND_OVER = sql("""
    UPDATE claim_seats SET appointment_id = :appointment, hold_id = NULL, expires_at = NULL
    WHERE organisation_id = :organisation AND mode = :mode AND hold_id = :hold
      AND expires_at > :now
    RETURNING claim_id, seat
""")


async def lock(tx: Tx, tenant: Tenant, clinicians: Iterable[str]) -> frozenset[str]:
    """Keep others from the time of these clinicians until the transaction ends; those there are.

    Everything below is asked under this lock, and the time is read after it.
    """
    rows = await tx.all(_LOCK, **_who(tenant), ids=sorted(set(clinicians)))
    return frozenset(row["id"] for row in rows)


async def read_now(tx: Tx) -> int:
    """The database's time, by which holds expire: one for all that a transaction decides."""
    row = await tx.one(_NOW)
    assert row is not None
    return int(row["now"])


async def take(tx: Tx, tenant: Tenant, kind: Kind, slot: Slot, holder: Holder, now: int) -> Seat:
    """A seat of the slot: in a claim of its own, or in the group's that it joins.

    What expired holds have left there is forgotten first. Raises SlotUnavailable.
    """
    await _forget(tx, tenant, slot, now)
    try:
        if slot.joins is None:
            return await _claim(tx, tenant, kind, slot, holder, now)
        return await _join(tx, tenant, slot.joins, holder)
    except Violated as refused:
        if refused.constraint not in _REFUSALS:
            raise
        raise SlotUnavailable(_JUST_TAKEN) from refused


async def give_back(tx: Tx, tenant: Tenant, holder: Holder) -> None:
    """Free the holder's seat, if it has one, and the time with it when nobody else is in it."""
    leave = _LEAVE_AS_HOLD if holder.kind == "hold" else _LEAVE_AS_APPOINTMENT
    left = await tx.one(leave, **_who(tenant), holder=holder.id)
    if left is not None:
        await tx.run(_DROP_IF_EMPTY, **_who(tenant), claim=left["claim_id"])


async def hand_over(
    tx: Tx, tenant: Tenant, hold_id: str, appointment_id: str, now: int
) -> Seat | None:
    """Make the hold's seat the appointment's, in one statement: it is never free in between.

    None when the hold has expired, or has no seat.
    """
    row = await tx.one(
        _HAND_OVER, **_who(tenant), hold=hold_id, appointment=appointment_id, now=now
    )
    return None if row is None else Seat(row["claim_id"], row["seat"])


async def purge(tx: Tx, now: int) -> None:
    """Forget what holds left behind that expired long ago, of every tenant.

    Nobody waits for it: an expired seat is free for whoever wants it.
    """
    for left in await tx.all(_PURGE, before=now - DAY):
        who = Tenant(left["organisation_id"], left["mode"])
        await tx.run(_DROP_IF_EMPTY, **_who(who), claim=left["claim_id"])


async def _forget(tx: Tx, tenant: Tenant, slot: Slot, now: int) -> None:
    there: dict[str, Value] = {
        "clinician": slot.clinician_id,
        "starts": slot.starts,
        "ends": slot.ends,
    }
    if await tx.run(_FORGET_SEATS, **_who(tenant), **there, now=now):
        await tx.run(_FORGET_CLAIMS, **_who(tenant), **there)


async def _claim(tx: Tx, tenant: Tenant, kind: Kind, slot: Slot, holder: Holder, now: int) -> Seat:
    claim = new_id(_PREFIX, now)
    await tx.run(
        _CLAIM,
        **_who(tenant),
        id=claim,
        clinician=slot.clinician_id,
        type=kind.id,
        location=slot.location_id,
        is_remote=slot.is_remote,
        starts=slot.starts,
        ends=slot.ends,
        buffer_before=kind.buffer_before,
        buffer_after=kind.buffer_after,
        capacity=kind.capacity,
    )
    return await _sit(tx, tenant, Seat(claim, 1), kind.capacity, holder)


async def _join(tx: Tx, tenant: Tenant, claim: str, holder: Holder) -> Seat:
    rows = await tx.all(_SEATS, **_who(tenant), claim=claim)
    if not rows:
        raise SlotUnavailable(_JUST_TAKEN)
    taken = {row["seat"] for row in rows}
    number = next(number for number in range(1, len(rows) + 2) if number not in taken)
    return await _sit(tx, tenant, Seat(claim, number), rows[0]["capacity"], holder)


async def _sit(tx: Tx, tenant: Tenant, seat: Seat, capacity: int, holder: Holder) -> Seat:
    await tx.run(
        _SIT,
        **_who(tenant),
        claim=seat.claim_id,
        seat=seat.number,
        capacity=capacity,
        appointment=holder.id if holder.kind == "appointment" else None,
        hold=holder.id if holder.kind == "hold" else None,
        expires_at=holder.expires_at,
    )
    return seat


def _who(tenant: Tenant) -> dict[str, Value]:
    return {"organisation": tenant.organisation, "mode": tenant.mode}
