"""Which times of an offering are free, given what is taken: one, the first, or some near another.

Claims are read near the time in question only, so that a full calendar costs no more than an empty
one. The rules are left to slots; whoever books asks here under the clinician's lock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from jump.caller import Tenant
from jump.clinical.scheduling import slots
from jump.clinical.scheduling.offering import Asked, Offering, load
from jump.clinical.scheduling.slots import Refusal, Slot, Span, Taken
from jump.clinical.scheduling.zones import beginning, local_date, on_the_clock
from jump.errors import SlotUnavailable
from jump.kit.clock import DAY
from jump.storage.database import Tx
from jump.storage.sql import Row, Value, sql

MOST_ALTERNATIVES: Final = 3
# How far around a wanted time others are looked for: near ones first, which is cheap.
_REACHES: Final = (DAY, 7 * DAY, 30 * DAY)

WORDS: Final[Mapping[Refusal, str]] = {
    Refusal.TOO_SOON: "This time is too soon: the appointment type asks for more notice.",
    Refusal.TOO_FAR_AHEAD: "This time is further ahead than the appointment type can be booked.",
    Refusal.OUTSIDE_SESSIONS: "This time does not lie within a session of the clinician.",
    Refusal.TAKEN: "This time is taken, or too near to one that is.",
    Refusal.NOT_OFFERED: "The clinician who is asked for does not offer this type, or not there.",
}


# The seats are counted claim by claim: whatever the database knows of its tables, it then reads
# those of the claims in this time and no others.
_TAKEN = sql("""
    SELECT c.id, c.clinician_id, c.appointment_type_id, c.location_id, c.is_remote, c.starts,
      c.ends, c.buffer_before, c.buffer_after, c.capacity,
      (SELECT count(*) FROM claim_seats s
       WHERE s.organisation_id = :organisation AND s.mode = :mode AND s.claim_id = c.id
         AND (s.expires_at IS NULL OR s.expires_at > :now)
         AND (s.appointment_id IS NULL OR s.appointment_id <> :ignore)) AS seats
    FROM calendar_claims c
    WHERE c.organisation_id = :organisation AND c.mode = :mode
      AND c.clinician_id IN (:clinicians*) AND c.starts > :after AND c.starts < :before
""")


async def taken(tx: Tx, tenant: Tenant, offering: Offering, window: Span) -> list[Taken]:
    """The claims that may be in the way of what starts in the window, in one statement."""
    if offering.kind is None or not offering.offers:
        return []
    # A claim lasts up to a day and so does a buffer.
    rows = await tx.all(
        _TAKEN,
        **_who(tenant),
        clinicians=sorted({offer.clinician_id for offer in offering.offers}),
        after=window.starts - 2 * DAY,
        before=window.ends + offering.kind.duration + DAY,
        now=offering.now,
        ignore=offering.asked.ignore or "",
    )
    return [_taken(row) for row in rows if row["seats"]]


def listed(
    offering: Offering, claims: Sequence[Taken], window: Span, location_id: str | None = None
) -> list[Slot]:
    """The slots to list that start in the window, at one location or at all."""
    if (kind := offering.kind) is None:
        return []
    # A window without end asks for nothing that the type's own limits do not.
    within = Span(max(window.starts, kind.earliest), min(window.ends, kind.latest + 1))
    if within.starts >= within.ends:
        return []
    return slots.free(kind, offering.openings(within, location_id), claims, within)


async def fit(tx: Tx, tenant: Tenant, offering: Offering, starts: int) -> Slot | Refusal:
    """The slot that starts then, on a whole minute, as it can be booked; or why it cannot.

    Of several clinicians, locations or forms that were not told apart the first that fits is
    taken: the primary location before others, in the room before remotely.
    """
    if offering.kind is None or not offering.offers:
        return Refusal.NOT_OFFERED
    if starts < offering.kind.earliest:
        return Refusal.TOO_SOON
    if starts > offering.kind.latest:
        return Refusal.TOO_FAR_AHEAD
    window = Span(starts, starts + 1)
    claims = await taken(tx, tenant, offering, window)
    openings = offering.openings(window)
    refusals = []
    for offer in offering.offers:
        wanted = Slot(starts, starts, offer.clinician_id, offer.location_id, offer.is_remote)
        found = slots.fit(offering.kind, openings, claims, wanted)
        if isinstance(found, Slot):
            return found
        refusals.append(found)
    return Refusal.TAKEN if Refusal.TAKEN in refusals else refusals[0]


async def on_days(
    tx: Tx, tenant: Tenant, offering: Offering, first_day: date, last_day: date
) -> list[Slot]:
    """The slots to list on these days, both included, each location by its own clock."""
    windows = {
        location_id: window
        for location_id, location in offering.locations.items()
        if (window := _on_days(offering, location.zone, first_day, last_day)) is not None
    }
    if not windows:
        return []
    whole = Span(
        min(window.starts for window in windows.values()),
        max(window.ends for window in windows.values()),
    )
    claims = await taken(tx, tenant, offering, whole)
    found = [
        slot
        for location_id, window in windows.items()
        for slot in listed(offering, claims, window, location_id)
    ]
    return sorted(found, key=slots.order)


def _on_days(offering: Offering, zone: ZoneInfo, first_day: date, last_day: date) -> Span | None:
    """Those days at a location, as far as the type can be booked then; None if it cannot."""
    if (kind := offering.kind) is None:
        return None
    begins = max(first_day, local_date(zone, kind.earliest))
    ends = min(last_day, local_date(zone, kind.latest))
    if begins > ends:
        return None
    return Span(beginning(on_the_clock(zone, begins)), beginning(on_the_clock(zone, ends, 1440)))


async def first(tx: Tx, tenant: Tenant, offering: Offering, window: Span) -> Slot | None:
    """The first free slot in the window, looking a day at first and then ever further."""
    if offering.kind is None or not offering.offers:
        return None
    at, length = max(window.starts, offering.kind.earliest), DAY
    last = min(window.ends, offering.kind.latest + 1)
    while at < last:
        part = Span(at, min(at + length, last))
        found = listed(offering, await taken(tx, tenant, offering, part), part)
        if found:
            return found[0]
        at, length = part.ends, 2 * length
    return None


async def alternatives(
    tx: Tx, tenant: Tenant, asked: Asked, starts: int, now: int | None = None
) -> list[dict[str, Any]]:
    """Up to three free slots of the type near a wanted start, as the API shows them.

    Those of the clinician asked for come first, then those at the location, then the nearest.
    """
    anyone = replace(asked, clinician_id=None, location_id=None)
    offering = await load(tx, tenant, anyone, now)
    if offering.kind is None or not offering.offers:
        return []
    near = min(max(starts, offering.kind.earliest), offering.kind.latest)

    def rank(slot: Slot) -> tuple[bool, bool, int, int, str]:
        another = asked.clinician_id not in (None, slot.clinician_id)
        elsewhere = asked.location_id not in (None, slot.location_id)
        return another, elsewhere, abs(slot.starts - near), slot.starts, slot.clinician_id

    found: list[Slot] = []
    for reach in _REACHES:
        window = Span(near - reach, near + reach)
        found = listed(offering, await taken(tx, tenant, offering, window), window)
        if len(found) >= MOST_ALTERNATIVES:
            break
    return [offering.shown(slot) for slot in sorted(found, key=rank)[:MOST_ALTERNATIVES]]


async def unavailable(
    tx: Tx, tenant: Tenant, offering: Offering, starts: int, why: Refusal
) -> SlotUnavailable:
    """The error that says why, with alternatives."""
    others = await alternatives(tx, tenant, offering.asked, starts, offering.now)
    return SlotUnavailable(WORDS[why], others)


def _taken(row: Row) -> Taken:
    return Taken(
        claim_id=row["id"],
        clinician_id=row["clinician_id"],
        appointment_type_id=row["appointment_type_id"],
        location_id=row["location_id"],
        is_remote=bool(row["is_remote"]),
        span=Span(row["starts"], row["ends"]),
        buffer_before=row["buffer_before"],
        buffer_after=row["buffer_after"],
        seats_free=row["capacity"] - row["seats"],
    )


def _who(tenant: Tenant) -> dict[str, Value]:
    return {"organisation": tenant.organisation, "mode": tenant.mode}
