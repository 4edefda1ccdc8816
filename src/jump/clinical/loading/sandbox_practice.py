"""The whole sandbox: a practice with its directory, its patients and their appointments.

Loading it again adds patients and appointments, and keeps the one directory.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from jump.caller import Caller, Tenant
from jump.clinical.loading import practice, sandbox, sandbox_bookings, sandbox_directory
from jump.clinical.loading.practice_rules import broken_rules
from jump.kit.clock import SECOND
from jump.storage.database import Database, Tx
from jump.storage.sql import sql

APPOINTMENTS_PER_PATIENT: Final = 10
MOST_APPOINTMENTS: Final = 500_000

_ANY_DIRECTORY = sql("""
    SELECT id FROM locations WHERE organisation_id = :organisation AND mode = :mode LIMIT 1
""")


@dataclass(frozen=True, slots=True)
class Added:
    """What was added."""

    patients: int
    appointments: int
    consultations: int
    problems: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Who is told of each step: how many more patients, how many more appointments."""

    patients: Callable[[int], None] = lambda done: None
    appointments: Callable[[int], None] = lambda done: None


UNWATCHED: Final = Progress()


async def load(
    database: Database,
    caller: Caller,
    *,
    patients: int,
    appointments: int,
    seed: int,
    at: int,
    progress: Progress = UNWATCHED,
) -> Added:
    """Add patients and appointments, and the directory if there is none.

    Raises Conflict in live mode.
    """
    added = await sandbox.load(
        database, caller, count=patients, seed=seed, at=at, progress=progress.patients
    )
    await database.write(lambda tx: _directory(tx, caller, at))
    booked = await sandbox_bookings.load(
        database,
        caller,
        count=appointments,
        seed=seed,
        at=at,
        progress=progress.appointments,
    )
    await database.learn(("patients", "patient_words", "appointments", "consultations", "problems"))
    return Added(added, booked.appointments, booked.consultations, booked.problems)


def default_appointments(patients: int) -> int:
    """How many appointments so many patients come with."""
    return min(patients * APPOINTMENTS_PER_PATIENT, MOST_APPOINTMENTS)


async def _directory(tx: Tx, caller: Caller, at: int) -> None:
    if await _is_there(tx, caller.tenant):
        return
    today = datetime.datetime.fromtimestamp(at / SECOND, datetime.UTC).date()
    invented = sandbox_directory.practice(today)
    assert broken_rules(invented, today) == []
    await practice.write(tx, caller, invented, at)


async def _is_there(tx: Tx, tenant: Tenant) -> bool:
    row = await tx.one(_ANY_DIRECTORY, organisation=tenant.organisation, mode=tenant.mode)
    return row is not None
