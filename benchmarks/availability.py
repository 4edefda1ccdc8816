"""The free times of seven days, in a calendar with few appointments and with many.

All six clinicians offer the type, and two thirds of their time are booked where there are many,
for years back and months ahead: the cost must be that of the days asked about.
"""

import contextlib
import datetime
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from benchmarks import bulk_rows
from benchmarks.figures import Aim, Column, Table, median
from benchmarks.latency import running
from benchmarks.places import Place, cpu_of
from benchmarks.practices import Practice, open_practice
from benchmarks.receiving import Receiver
from benchmarks.sizes import Sizes
from jump.clinical.loading import practice as directory
from jump.clinical.loading.practice_file import (
    AppointmentType,
    Clinician,
    Location,
    Offer,
    Session,
    Weekday,
)
from jump.clinical.loading.practice_file import Practice as Directory
from jump.clinical.scheduling.zones import beginning, local_date, on_the_clock
from jump.kit.clock import MINUTE
from jump.kit.ids import new_id
from jump.storage.sql import sql

AIM = 3.0  # times what it takes with few
CLINICIANS = 6
DAYS = 7
WARM_UP = 5
LONDON = ZoneInfo("Europe/London")
OPENS, CLOSES, LENGTH = 9 * 60, 17 * 60, 15  # minutes of the day
DAYS_BACK, DAYS_AHEAD = 1000, 90
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday")

CLAIM = (
    "organisation_id", "mode", "id", "clinician_id", "appointment_type_id", "location_id",
    "is_remote", "starts", "ends", "buffer_before", "buffer_after", "capacity",
)  # fmt: skip
SEAT = ("organisation_id", "mode", "claim_id", "seat", "capacity", "appointment_id")
APPOINTMENT = (
    "organisation_id", "mode", "id", "patient_id", "clinician_id", "appointment_type_id",
    "location_id", "start_time", "end_time", "is_remote", "status", "entered_in_error",
    "claim_id", "seat", "created_at", "updated_at", "version", "created_by",
)  # fmt: skip
_OFFERS = sql("""
    SELECT appointment_type_id, clinician_id, location_id FROM offers
    WHERE organisation_id = :organisation AND mode = :mode ORDER BY clinician_id
""")


def new_table() -> Table:
    """Empty."""
    columns = (
        Column("database"),
        Column("few", ",d"),
        Column("free", ",d"),
        Column("ms", ".1f"),
        Column("CPU ms", ".1f"),
        Column("many", ",d"),
        Column("free of many", ",d"),
        Column("ms of many", ".1f"),
        Column("CPU ms of many", ".1f"),
        Column("ratio", ".2f"),
    )
    title = f"availability: the free times of {DAYS} days with {CLINICIANS} clinicians"
    return Table(title, columns)


async def measure(table: Table, place: Place, receiver: Receiver, sizes: Sizes) -> None:
    """One row: the same search among few appointments, and then among many."""
    async with open_practice(place, receiver) as practice:
        calendar = await _open_calendar(practice, sizes)
        await calendar.book(calendar.times[:: sizes.many_appointments // sizes.few_appointments])
        few = await _cost(practice, calendar, sizes)
        await calendar.book(calendar.times)
        many = await _cost(practice, calendar, sizes)
    table.rows.append(
        (
            place.kind, sizes.few_appointments, few.free, few.took, few.cpu,
            sizes.many_appointments, many.free, many.took, many.cpu, many.took / few.took,
        )
    )  # fmt: skip
    words = f"{place.kind}, {sizes.many_appointments:,} appointments"
    table.aims.append(Aim(words, many.took / few.took, AIM, "times"))


@dataclass
class Calendar:
    """The practice's calendar; `times` are all that may be booked: a clinician and a start."""

    practice: Practice
    type_id: str
    location_id: str
    patients: Sequence[str]
    times: list[tuple[str, int]]
    booked: set[tuple[str, int]]

    async def book(self, times: Sequence[tuple[str, int]]) -> None:
        """Book those of these times that are not yet."""
        place = self.practice.place
        new = [each for each in times if each not in self.booked]
        self.booked.update(new)
        rows = [self._rows(number, *each) for number, each in enumerate(new)]
        for at, (table, columns) in enumerate(
            (("calendar_claims", CLAIM), ("claim_seats", SEAT), ("appointments", APPOINTMENT))
        ):
            await bulk_rows.write(place, table, columns, [each[at] for each in rows])
        bulk_rows.settle(place)

    def _rows(self, number: int, clinician: str, start: int) -> tuple[tuple[Any, ...], ...]:
        tenant = self.practice.caller.tenant
        who = (tenant.organisation, tenant.mode)
        end, claim, appointment = (
            start + LENGTH * MINUTE,
            new_id("clm", start),
            new_id("apt", start),
        )
        what = (clinician, self.type_id, self.location_id)
        patient = self.patients[number % len(self.patients)]
        return (
            (*who, claim, *what, False, start, end, 0, 0, 1),
            (*who, claim, 1, 1, appointment),
            (
                *who, appointment, patient, *what, start, end, False, "confirmed", False, claim, 1,
                start, start, 1, "system",
            ),
        )  # fmt: skip


async def _open_calendar(practice: Practice, sizes: Sizes) -> Calendar:
    storage, tenant = practice.storage, practice.caller.tenant
    now = storage.clock()
    patients = await practice.add_patients(sizes.patients)
    await storage.database.write(lambda tx: directory.write(tx, practice.caller, _directory(), now))
    offers = await storage.database.read(
        lambda tx: tx.all(_OFFERS, organisation=tenant.organisation, mode=tenant.mode)
    )
    clinicians = [offer["clinician_id"] for offer in offers]
    every = [(clinician, start) for start in _starts(now) for clinician in clinicians]
    step = len(every) / sizes.many_appointments
    times = [every[int(number * step)] for number in range(sizes.many_appointments)]
    where = offers[0]["appointment_type_id"], offers[0]["location_id"]
    return Calendar(practice, *where, patients, times, set())


def _starts(now: int) -> list[int]:
    """Every quarter of an hour of the sessions, years back and months ahead."""
    today = local_date(LONDON, now)
    days = [today + datetime.timedelta(days=each) for each in range(-DAYS_BACK, DAYS_AHEAD)]
    return [
        beginning(on_the_clock(LONDON, day, minute))
        for day in days
        if day.isoweekday() <= len(WEEKDAYS)
        for minute in range(OPENS, CLOSES, LENGTH)
    ]


def _directory() -> Directory:
    """One location, and clinicians who all offer the one type from Monday to Friday."""
    sessions = [
        Session(location="main", weekday=day, starts_at="09:00", ends_at="17:00")
        for day in WEEKDAYS
    ]
    return Directory(
        locations=[Location(reference="main", name="Main", timezone=str(LONDON), is_primary=True)],
        appointment_types=[
            AppointmentType(reference="gp", name="GP appointment", duration_minutes=LENGTH)
        ],
        clinicians=[
            Clinician(
                reference=f"dr-{number}",
                first_name="Ada",
                last_name=f"Byron {number}",
                offers=[Offer(appointment_type="gp", location="main")],
                sessions=sessions,
            )
            for number in range(CLINICIANS)
        ],
    )


@dataclass(frozen=True)
class Cost:
    """Of a search: how many slots it found, and in milliseconds the median and the CPU of all."""

    free: int
    took: float
    cpu: float


async def _cost(practice: Practice, calendar: Calendar, sizes: Sizes) -> Cost:
    """What the search costs, asked of a server that runs. It begins tomorrow."""
    key, place = await practice.add_key(), practice.place
    first = local_date(LONDON, practice.storage.clock()) + datetime.timedelta(days=1)
    last = first + datetime.timedelta(days=DAYS - 1)
    query = {"appointment_type_id": calendar.type_id, "date_from": first, "date_to": last}
    with running(practice, ("serve",)) as server:
        client = httpx.AsyncClient(base_url=server.url, headers={"Authorization": f"Bearer {key}"})
        async with contextlib.aclosing(client):
            await _search(client, query, WARM_UP)
            before = cpu_of(server.process.pid) + place.cpu()
            free, times = await _search(client, query, sizes.searches)
            spent = cpu_of(server.process.pid) + place.cpu() - before
    return Cost(free, median(times), spent * 1000 / sizes.searches)


async def _search(
    client: httpx.AsyncClient, query: dict[str, Any], count: int
) -> tuple[int, list[float]]:
    """How many slots were found, and how many milliseconds it took, each time."""
    times, free = [], 0
    for _ in range(count):
        began = time.perf_counter()
        answer = await client.get("/api/v1/availability", params=query)
        times.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"The search was answered with {answer.status_code}.")
        free = len(answer.json()["data"]["slots"])
    return free, times
