"""Books the sandbox's patients into its practice's calendar, past and to come, many at a time.

What is booked when is sandbox_calendar's; here it becomes appointments with their claims and seats,
which the database checks like any others, and sandbox_notes has what was written down after them.
Audit rows are written, events are not.
"""

import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from jump.caller import Caller, Tenant
from jump.clinical import crud
from jump.clinical.loading import sandbox_calendar as calendar
from jump.clinical.loading import sandbox_notes
from jump.clinical.loading.sandbox_calendar import Block, Diary, Kind, Planned, Stretch
from jump.clinical.loading.sandbox_notes import Notes
from jump.clinical.records.consultations import CONSULTATION
from jump.clinical.records.problems import PROBLEM
from jump.clinical.scheduling import rota
from jump.clinical.scheduling.appointment_record import APPOINTMENT
from jump.clinical.scheduling.slots import Span
from jump.kit.clock import DAY, HOUR, MINUTE
from jump.kit.ids import new_id
from jump.storage.database import Database, Tx
from jump.storage.sql import Row, Value, bulk, sql

BATCH: Final = 500  # times in one transaction
_LEARNS_AFTER: Final = (1, 20)  # batches
MOST_WEEKS: Final = 52 * 20
_REASONS: Final = ("Feeling better", "Cannot come", "Booked by mistake", "Clinician ill")
_SOURCES: Final = ("online", "reception", "telephone")

_OFFERS = sql("""
    SELECT o.clinician_id, o.location_id, o.is_remote, l.timezone, t.id, t.duration_minutes,
      t.buffer_before_minutes, t.buffer_after_minutes, t.max_group_size
    FROM offers o
    JOIN appointment_types t ON t.organisation_id = :organisation AND t.mode = :mode
      AND t.id = o.appointment_type_id AND t.is_active
    JOIN clinicians c ON c.organisation_id = :organisation AND c.mode = :mode
      AND c.id = o.clinician_id AND c.is_active
    JOIN locations l ON l.organisation_id = :organisation AND l.mode = :mode
      AND l.id = o.location_id AND l.is_active
    WHERE o.organisation_id = :organisation AND o.mode = :mode
    ORDER BY l.reference, c.reference, t.reference, o.clinician_id, o.appointment_type_id
""")
_SESSIONS = sql("""
    SELECT clinician_id, location_id, weekday, starts_on, ends_on, starts_at, ends_at
    FROM rota_sessions WHERE organisation_id = :organisation AND mode = :mode
""")
_ABSENCES = sql("""
    SELECT NULL AS clinician_id, location_id, starts, ends FROM closures
    WHERE organisation_id = :organisation AND mode = :mode
    UNION ALL
    SELECT clinician_id, NULL AS location_id, starts, ends FROM clinician_leave
    WHERE organisation_id = :organisation AND mode = :mode
""")
_TAKEN = sql("""
    SELECT clinician_id, starts, ends, buffer_before, buffer_after FROM calendar_claims
    WHERE organisation_id = :organisation AND mode = :mode
""")
_PATIENTS = sql("""
    SELECT id, created_at FROM patients
    WHERE organisation_id = :organisation AND mode = :mode AND status = 'active'
      AND NOT is_deceased
    ORDER BY created_at, nhs_number
""")
_CLAIM = bulk(
    """
    INSERT INTO calendar_claims (organisation_id, mode, id, clinician_id, appointment_type_id,
      location_id, is_remote, starts, ends, buffer_before, buffer_after, capacity)
    SELECT :organisation, :mode, :id, :clinician, :type, :location, :is_remote, :starts, :ends,
      :buffer_before, :buffer_after, :capacity /*rows*/
    """,
    organisation="text",
    mode="text",
    id="text",
    clinician="text",
    type="text",
    location="text",
    is_remote="boolean",
    starts="bigint",
    ends="bigint",
    buffer_before="bigint",
    buffer_after="bigint",
    capacity="bigint",
)
_SEAT = bulk(
    """
    INSERT INTO claim_seats (organisation_id, mode, claim_id, seat, capacity, appointment_id)
    SELECT :organisation, :mode, :claim, :seat, :capacity, :appointment /*rows*/
    """,
    organisation="text",
    mode="text",
    claim="text",
    seat="bigint",
    capacity="bigint",
    appointment="text",
)
# PostgreSQL has planned how to check a seat's claim when there were none, and keeps to that plan,
# which reads every claim, until it learns how many there are: 23 s for 10,000 seats, then 0.3.
_TABLES: Final = ("calendar_claims", "claim_seats", "appointments", "consultations")


@dataclass(frozen=True, slots=True)
class Booked:
    """How many of each there are now."""

    appointments: int = 0
    consultations: int = 0
    problems: int = 0

    def and_also(self, rows: "_Rows", notes: Notes) -> "Booked":
        """With those of one more batch."""
        return Booked(
            self.appointments + len(rows.appointments),
            self.consultations + len(notes.consultations),
            self.problems + len(notes.problems),
        )


@dataclass(frozen=True, slots=True)
class _Practice:
    """Everything that decides when somebody can be booked, and who there is to book for."""

    kinds: Mapping[rota.Place, Sequence[Kind]]
    zones: Mapping[str, ZoneInfo]
    sessions: Sequence[rota.Session]
    absences: Sequence[rota.Absence]
    diary: Diary
    patients: Sequence[str]
    patients_since: Sequence[int]

    def stretches(self, window: Span) -> list[Stretch]:
        """Every stretch of a session, cut to the window, in order of time."""
        offers = [rota.Offer(*place, is_remote=False) for place in self.kinds]
        found = rota.openings(offers, self.sessions, self.absences, self.zones, window)
        cut = [
            Stretch(
                each.clinician_id,
                each.location_id,
                Span(max(each.span.starts, window.starts), min(each.span.ends, window.ends)),
                self.kinds[each.clinician_id, each.location_id],
            )
            for each in found
        ]
        return sorted(
            (each for each in cut if each.span.starts < each.span.ends),
            key=lambda each: (each.span.starts, each.span.ends),
        )


async def load(
    database: Database,
    caller: Caller,
    *,
    count: int,
    seed: int,
    at: int,
    progress: Callable[[int], None] = lambda done: None,
) -> Booked:
    """Book `count` appointments, or as many as there is room for, with what was written down."""
    practice = await database.read(lambda tx: _read(tx, caller.tenant))
    if not practice.kinds or not practice.patients:
        return Booked()
    chance = random.Random(seed)  # noqa: S311 - invented appointments, no secret
    planned = _planned(chance, practice, at, count)
    writer = sandbox_notes.Writer(random.Random(seed), practice.zones)  # noqa: S311
    done, batches = Booked(), 0
    while done.appointments < count and (batch := list(islice(planned, BATCH))):
        whole = _rows(chance, caller.tenant, practice, batch, at, count - done.appointments)

        notes = writer.write(whole.appointments)

        async def work(tx: Tx, whole: _Rows = whole, notes: Notes = notes) -> None:
            await tx.many(_CLAIM, whole.claims)
            await tx.many(_SEAT, whole.seats)
            await crud.load_rows(tx, APPOINTMENT, caller, whole.appointments, at)
            await crud.load_rows(tx, CONSULTATION, caller, notes.consultations, at)
            await crud.load_rows(tx, PROBLEM, caller, notes.problems, at)

        await database.write(work)
        batches += 1
        if batches in _LEARNS_AFTER:
            await database.learn(_TABLES)
        done = done.and_also(whole, notes)
        progress(len(whole.appointments))
    return done


def _planned(chance: random.Random, practice: _Practice, now: int, count: int) -> Iterator[Planned]:
    """What is to come, and then what has been, week by week back from now."""
    week = practice.stretches(Span(now - calendar.WEEK, now))
    minutes = sum(each.span.ends - each.span.starts for each in week) // MINUTE
    weeks, full = calendar.density(minutes, count)
    to_come = practice.stretches(Span(now, now + calendar.WEEKS_AHEAD * calendar.WEEK))
    chance_ahead = random.Random(chance.random())  # noqa: S311
    yield from _about(
        int(count * calendar.SHARE_AHEAD),
        calendar.ahead(chance_ahead, to_come, practice.diary, now, full),
    )
    for number in range(MOST_WEEKS):
        window = Span(now - (number + 1) * calendar.WEEK, now - number * calendar.WEEK)
        if window.starts < 0:
            return
        stretches = practice.stretches(window)
        fuller = full if number < weeks else 1.0
        yield from calendar.past(chance, stretches, practice.diary, now, fuller)


def _about(most: int, planned: Iterator[Planned]) -> Iterator[Planned]:
    """The first of them, until they have so many seats."""
    seats = 0
    while seats < most and (each := next(planned, None)) is not None:
        seats += len(each.statuses)
        yield each


# Reading ------------------------------------------------------------------------------------------


async def _read(tx: Tx, tenant: Tenant) -> _Practice:
    who: dict[str, Value] = {"organisation": tenant.organisation, "mode": tenant.mode}
    kinds: dict[rota.Place, list[Kind]] = {}
    zones: dict[str, ZoneInfo] = {}
    for row in await tx.all(_OFFERS, **who):
        kinds.setdefault((row["clinician_id"], row["location_id"]), []).append(_kind(row))
        zones[row["location_id"]] = ZoneInfo(row["timezone"])
    diary = Diary()
    for row in await tx.all(_TAKEN, **who):
        block = Block(row["starts"], row["ends"], row["buffer_before"], row["buffer_after"])
        diary.add(row["clinician_id"], block)
    patients = await tx.all(_PATIENTS, **who)
    return _Practice(
        kinds=kinds,
        zones=zones,
        sessions=[rota.Session(**row) for row in await tx.all(_SESSIONS, **who)],
        absences=[rota.Absence(**row) for row in await tx.all(_ABSENCES, **who)],
        diary=diary,
        patients=[row["id"] for row in patients],
        patients_since=[row["created_at"] for row in patients],
    )


def _kind(row: Row) -> Kind:
    return Kind(
        id=row["id"],
        duration=row["duration_minutes"] * MINUTE,
        buffer_before=row["buffer_before_minutes"] * MINUTE,
        buffer_after=row["buffer_after_minutes"] * MINUTE,
        capacity=row["max_group_size"],
        is_remote=bool(row["is_remote"]),
    )


# Writing ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rows:
    claims: list[dict[str, Value]]
    seats: list[dict[str, Value]]
    appointments: list[dict[str, Any]]


def _rows(
    chance: random.Random,
    tenant: Tenant,
    practice: _Practice,
    planned: Sequence[Planned],
    at: int,
    most: int,
) -> _Rows:
    """The rows of these times, at most so many appointments of them."""
    who: dict[str, Value] = {"organisation": tenant.organisation, "mode": tenant.mode}
    whole = _Rows([], [], [])
    for each in planned:
        people = _people(chance, practice, each)
        claim, seat = new_id("clm", min(each.starts, at)), 0
        for patient, status in zip(people, each.statuses, strict=False):
            if len(whole.appointments) == most:
                break
            row = _appointment(chance, each, patient, status, at)
            if status != "cancelled":
                seat += 1
                row |= {"claim_id": claim, "seat": seat}
                whole.seats.append(
                    {
                        **who,
                        "claim": claim,
                        "seat": seat,
                        "capacity": each.kind.capacity,
                        "appointment": row["id"],
                    }
                )
            whole.appointments.append(row)
        if seat:
            whole.claims.append({**who, **_claim(each, claim)})
    return whole


def _people(chance: random.Random, practice: _Practice, planned: Planned) -> list[str]:
    """Somebody for each seat, of those who were patients by then, or of the first few."""
    known = max(bisect_right(practice.patients_since, planned.starts), 20)
    there = min(known, len(practice.patients))
    wanted = min(len(planned.statuses), there)
    return [practice.patients[number] for number in chance.sample(range(there), wanted)]


def _claim(planned: Planned, claim: str) -> dict[str, Value]:
    return {
        "id": claim,
        "clinician": planned.clinician_id,
        "type": planned.kind.id,
        "location": planned.location_id,
        "is_remote": planned.kind.is_remote,
        "starts": planned.starts,
        "ends": planned.ends,
        "buffer_before": planned.kind.buffer_before,
        "buffer_after": planned.kind.buffer_after,
        "capacity": planned.kind.capacity,
    }


def _appointment(
    chance: random.Random, planned: Planned, patient: str, status: str, at: int
) -> dict[str, Any]:
    created = min(planned.starts - chance.randint(HOUR, 30 * DAY), at - chance.randint(0, DAY))
    values: dict[str, Any] = {
        "id": new_id("apt", max(created, 0)),
        "created_at": max(created, 0),
        "patient_id": patient,
        "clinician_id": planned.clinician_id,
        "appointment_type_id": planned.kind.id,
        "location_id": planned.location_id,
        "is_remote": planned.kind.is_remote,
        "start_time": planned.starts,
        "end_time": planned.ends,
        "status": status,
        "booking_source": chance.choice(_SOURCES),
    }
    if status == "cancelled":
        latest = min(planned.starts, at)
        values["cancelled_at"] = max(created, 0) + int(chance.random() * (latest - created))
        values["cancellation_reason"] = chance.choice(_REASONS)
    return values
