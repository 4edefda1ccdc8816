"""What a practice offers of one appointment type, read in a fixed number of statements.

Who takes part and when comes from the directory and the rota. What is taken, and so what is free,
is left to free_times.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from jump.caller import Tenant
from jump.clinical.directory.clinicians import display_name
from jump.clinical.scheduling import rota
from jump.clinical.scheduling.rota import Absence, Offer, Session
from jump.clinical.scheduling.slots import Kind, Opening, Slot, Span
from jump.clinical.scheduling.zones import local_date
from jump.kit.clock import DAY, HOUR, MINUTE
from jump.kit.ids import no_such
from jump.kit.instants import format_second
from jump.storage.database import Tx
from jump.storage.sql import Row, Value, sql

_UTC: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody looks for. None stands for any; `ignore` is an appointment that is to move."""

    type_id: str
    clinician_id: str | None = None
    location_id: str | None = None
    is_remote: bool | None = None
    ignore: str | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """Where something is offered."""

    name: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Offering:
    """Everything about a type that does not depend on what is taken.

    `kind` is None when there is no such type. `unknown` and `inactive` name the fields of `Asked`
    that are wrong, with words for people; nothing is offered then.
    """

    asked: Asked
    now: int
    kind: Kind | None
    unknown: Mapping[str, str] = field(default_factory=dict)
    inactive: Mapping[str, str] = field(default_factory=dict)
    offers: Sequence[Offer] = ()
    sessions: Sequence[Session] = ()
    absences: Sequence[Absence] = ()
    clinicians: Mapping[str, str] = field(default_factory=dict)
    locations: Mapping[str, Location] = field(default_factory=dict)

    def openings(self, window: Span, location_id: str | None = None) -> list[Opening]:
        """Those in which what starts in the window may lie, at one location or at all."""
        offers = [each for each in self.offers if location_id in (None, each.location_id)]
        zones = {each: location.zone for each, location in self.locations.items()}
        return rota.openings(offers, self.sessions, self.absences, zones, window)

    def shown(self, slot: Slot) -> dict[str, Any]:
        """A slot as the API returns it."""
        return {
            "start_time": format_second(slot.starts),
            "end_time": format_second(slot.ends),
            "clinician_id": slot.clinician_id,
            "clinician_profile_id": slot.clinician_id,
            "clinician_name": self.clinicians[slot.clinician_id],
            "location_id": slot.location_id,
            "location_name": self.locations[slot.location_id].name,
            "is_remote": slot.is_remote,
            "is_available": True,
        }


_ASKED = sql("""
    SELECT jump_now() AS now, t.id, t.duration_minutes, t.buffer_before_minutes,
      t.buffer_after_minutes, t.is_active, t.allow_online_booking, t.booking_notice_hours,
      t.max_advance_days, t.max_group_size,
      (SELECT c.is_active FROM clinicians c WHERE c.organisation_id = :organisation
         AND c.mode = :mode AND c.id = :clinician) AS clinician_is_active,
      (SELECT l.is_active FROM locations l WHERE l.organisation_id = :organisation
         AND l.mode = :mode AND l.id = :location) AS location_is_active,
      (SELECT a.id FROM appointments a WHERE a.organisation_id = :organisation
         AND a.mode = :mode AND a.id = :ignore) AS ignored
    FROM (SELECT 1 AS one) AS always
    LEFT JOIN appointment_types t
      ON t.organisation_id = :organisation AND t.mode = :mode AND t.id = :type
""")
_OFFERS = sql("""
    SELECT o.clinician_id, o.location_id, o.is_remote, c.title, c.first_name, c.last_name,
      l.name, l.timezone
    FROM offers o
    JOIN clinicians c ON c.organisation_id = :organisation AND c.mode = :mode
      AND c.id = o.clinician_id AND c.is_active AND c.is_bookable_online
    JOIN locations l ON l.organisation_id = :organisation AND l.mode = :mode
      AND l.id = o.location_id AND l.is_active
    WHERE o.organisation_id = :organisation AND o.mode = :mode AND o.appointment_type_id = :type
    ORDER BY o.clinician_id, l.is_primary DESC, o.location_id, o.is_remote
""")
_SESSIONS = sql("""
    SELECT clinician_id, location_id, weekday, starts_on, ends_on, starts_at, ends_at
    FROM rota_sessions
    WHERE organisation_id = :organisation AND mode = :mode AND clinician_id IN (:clinicians*)
      AND (ends_on IS NULL OR ends_on >= :since)
""")
_ABSENCES = sql("""
    SELECT NULL AS clinician_id, location_id, starts, ends FROM closures
    WHERE organisation_id = :organisation AND mode = :mode AND ends >= :since
    UNION ALL
    SELECT clinician_id, NULL AS location_id, starts, ends FROM clinician_leave
    WHERE organisation_id = :organisation AND mode = :mode AND clinician_id IN (:clinicians*)
      AND ends >= :since
""")


async def load(tx: Tx, tenant: Tenant, asked: Asked, now: int | None = None) -> Offering:
    """What is offered of what is asked for, in four statements.

    `now` is for who has read the database's time already.
    """
    wanted: dict[str, Value] = {"type": asked.type_id, "clinician": asked.clinician_id}
    wanted |= {"location": asked.location_id, "ignore": asked.ignore}
    row = await tx.one(_ASKED, **_who(tenant), **wanted)
    assert row is not None
    at = row["now"] if now is None else now
    offering = Offering(asked, at, _kind(row, at), _unknown(asked, row), _inactive(row))
    if offering.unknown or offering.inactive or not row["allow_online_booking"]:
        return offering
    rows = await tx.all(_OFFERS, **_who(tenant), type=asked.type_id)
    return await _with_rota(tx, tenant, _with_offers(offering, rows))


def _kind(row: Row, now: int) -> Kind | None:
    if row["id"] is None:
        return None
    return Kind(
        id=row["id"],
        duration=row["duration_minutes"] * MINUTE,
        buffer_before=row["buffer_before_minutes"] * MINUTE,
        buffer_after=row["buffer_after_minutes"] * MINUTE,
        capacity=row["max_group_size"],
        earliest=now + row["booking_notice_hours"] * HOUR,
        latest=now + row["max_advance_days"] * DAY,
    )


def _unknown(asked: Asked, row: Row) -> dict[str, str]:
    found: dict[str, str] = {}
    if row["id"] is None:
        found["appointment_type_id"] = no_such("type", asked.type_id)
    if asked.clinician_id is not None and row["clinician_is_active"] is None:
        found["clinician_id"] = no_such("cli", asked.clinician_id)
    if asked.location_id is not None and row["location_is_active"] is None:
        found["location_id"] = no_such("loc", asked.location_id)
    if asked.ignore is not None and row["ignored"] is None:
        found["ignore_appointment"] = no_such("apt", asked.ignore)
    return found


def _inactive(row: Row) -> dict[str, str]:
    found = {
        "appointment_type_id": (row["is_active"], "This appointment type is not active."),
        "clinician_id": (row["clinician_is_active"], "This clinician is not active."),
        "location_id": (row["location_is_active"], "This location is not active."),
    }
    return {
        name: words for name, (is_so, words) in found.items() if is_so is not None and not is_so
    }


def _with_offers(offering: Offering, rows: Iterable[Row]) -> Offering:
    asked = offering.asked
    kept = [
        row
        for row in rows
        if asked.clinician_id in (None, row["clinician_id"])
        and asked.location_id in (None, row["location_id"])
        and asked.is_remote in (None, bool(row["is_remote"]))
    ]
    return replace(
        offering,
        offers=[
            Offer(row["clinician_id"], row["location_id"], bool(row["is_remote"])) for row in kept
        ],
        clinicians={row["clinician_id"]: display_name(row) for row in kept},
        locations={
            row["location_id"]: Location(row["name"], ZoneInfo(row["timezone"])) for row in kept
        },
    )


async def _with_rota(tx: Tx, tenant: Tenant, offering: Offering) -> Offering:
    if not offering.offers:
        return offering
    # Nothing in the past is offered; somewhere it may still be the day before.
    since = (local_date(_UTC, offering.now) - timedelta(days=2)).isoformat()
    clinicians: dict[str, Value] = {"clinicians": sorted(offering.clinicians)}
    sessions = await tx.all(_SESSIONS, **_who(tenant), **clinicians, since=since)
    absences = await tx.all(_ABSENCES, **_who(tenant), **clinicians, since=since)
    return replace(
        offering,
        sessions=[Session(**row) for row in sessions],
        absences=[Absence(**row) for row in absences],
    )


def _who(tenant: Tenant) -> dict[str, Value]:
    return {"organisation": tenant.organisation, "mode": tenant.mode}
