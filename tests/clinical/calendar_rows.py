"""A small practice's calendar as rows, written past the program: directory, rota, what is taken.

`of_practice` writes the whole of it; the other functions give single rows, each with what a test
does not care about filled in.
"""

import functools
from collections.abc import Iterable
from typing import Any

from jump.caller import Tenant
from jump.kit.clock import MINUTE
from jump.storage.database import Database, Tx
from jump.storage.sql import Sql, sql

Row = tuple[str, dict[str, Any]]

MAIN, BRANCH = "loc_main", "loc_branch"
ADA, BEN, CLEO = "cli_ada", "cli_ben", "cli_cleo"
CHECK, BUFFERED, CLASS, CALL = "type_check", "type_buffered", "type_class", "type_call"
INACTIVE, AT_THE_DESK = "type_inactive", "type_desk"
PATIENT, OTHER_PATIENT = "pat_one", "pat_two"

_ALWAYS = {"created_at": 1, "updated_at": 1, "version": 1, "created_by": "system"}
_WEEKDAYS = (1, 2, 3, 4, 5)


def location(ref: str, timezone: str = "Europe/London", **about: Any) -> Row:
    values = {"id": ref, "reference": ref, "name": ref.removeprefix("loc_").title()}
    values |= {"timezone": timezone, "is_primary": False, "is_active": True}
    return "locations", {**_ALWAYS, **values, **about}


def clinician(ref: str, **about: Any) -> Row:
    values = {"id": ref, "reference": ref, "first_name": ref.removeprefix("cli_").title()}
    values |= {"last_name": "Byron", "title": "Dr", "specialties": "[]"}
    return "clinicians", {
        **_ALWAYS, **values, "is_active": True, "is_bookable_online": True, **about
    }  # fmt: skip


def appointment_type(ref: str, minutes: int = 30, **about: Any) -> Row:
    values = {"id": ref, "reference": ref, "name": ref.removeprefix("type_").title()}
    values |= {"duration_minutes": minutes, "buffer_before_minutes": 0, "buffer_after_minutes": 0}
    values |= {"is_active": True, "allow_online_booking": True, "booking_notice_hours": 0}
    values |= {"max_advance_days": 365, "cancellation_notice_hours": 24, "max_group_size": 1}
    return "appointment_types", {**_ALWAYS, **values, "requires_payment": False, **about}


def offer(type_id: str, clinician_id: str, location_id: str, is_remote: bool = False) -> Row:
    values = {"appointment_type_id": type_id, "clinician_id": clinician_id}
    return "offers", {**values, "location_id": location_id, "is_remote": is_remote}


def weekly(
    ref: str,
    clinician_id: str,
    location_id: str,
    weekday: int,
    starts_at: str,
    ends_at: str,
    starts_on: str = "2026-01-01",
    ends_on: str | None = None,
) -> Row:
    values = {"id": ref, "clinician_id": clinician_id, "location_id": location_id}
    values |= {"weekday": weekday, "starts_on": starts_on, "ends_on": ends_on}
    return "rota_sessions", {**values, "starts_at": starts_at, "ends_at": ends_at}


def one_off(
    ref: str,
    clinician_id: str,
    location_id: str,
    day: str,
    starts_at: str,
    ends_at: str,
) -> Row:
    values = {"id": ref, "clinician_id": clinician_id, "location_id": location_id, "weekday": None}
    values |= {"starts_on": day, "ends_on": day}
    return "rota_sessions", {**values, "starts_at": starts_at, "ends_at": ends_at}


def closure(ref: str, location_id: str | None, starts: str, ends: str) -> Row:
    values = {"id": ref, "location_id": location_id, "reason": None}
    return "closures", {**values, "starts": starts, "ends": ends}


def leave(ref: str, clinician_id: str, starts: str, ends: str) -> Row:
    values = {"id": ref, "clinician_id": clinician_id, "reason": None}
    return "clinician_leave", {**values, "starts": starts, "ends": ends}


def claim(ref: str, starts: int, minutes: int = 30, **about: Any) -> Row:
    """Ada's, at the main location, for a check: unless `about` says otherwise."""
    values = {"id": ref, "clinician_id": ADA, "appointment_type_id": CHECK, "location_id": MAIN}
    values |= {"starts": starts, "ends": starts + minutes * MINUTE, "is_remote": False}
    values |= {"buffer_before": 0, "buffer_after": 0, "capacity": 1}
    return "calendar_claims", {**values, **about}


def appointment_seat(claim_id: str, appointment_id: str, seat: int = 1, capacity: int = 1) -> Row:
    values = {"claim_id": claim_id, "seat": seat, "capacity": capacity}
    return "claim_seats", {
        **values, "appointment_id": appointment_id, "hold_id": None, "expires_at": None
    }  # fmt: skip


def hold_seat(
    claim_id: str, hold_id: str, expires_at: int, seat: int = 1, capacity: int = 1
) -> Row:
    values = {"claim_id": claim_id, "seat": seat, "capacity": capacity}
    return "claim_seats", {
        **values, "appointment_id": None, "hold_id": hold_id, "expires_at": expires_at
    }  # fmt: skip


def appointment(ref: str, of_claim: Row, seat: int = 1, **about: Any) -> Row:
    """A confirmed one in that seat of the claim; `appointment_seat` makes the seat."""
    claimed = of_claim[1]
    same = ("clinician_id", "appointment_type_id", "location_id", "is_remote")
    values = {**_ALWAYS, "id": ref, "patient_id": PATIENT, **{name: claimed[name] for name in same}}
    values |= {"start_time": claimed["starts"], "end_time": claimed["ends"]}
    values |= {"status": "confirmed", "entered_in_error": False}
    return "appointments", {**values, "claim_id": claimed["id"], "seat": seat, **about}


def patient(ref: str, **about: Any) -> Row:
    values = {"id": ref, "first_name": "Pat", "last_name": ref, "date_of_birth": "1980-01-01"}
    values |= {"custom_fields": "{}", "status": "active", "is_deceased": False}
    values |= dict.fromkeys(("consent_sms", "consent_email", "consent_marketing"), False)
    return "patients", {**_ALWAYS, **values, **about}


def booked(ref: str, starts: int, minutes: int = 30, **about: Any) -> list[Row]:
    """A claim with one appointment in it, of `PATIENT`: `clm_{ref}` and `apt_{ref}`."""
    made = claim(f"clm_{ref}", starts, minutes, **about)
    capacity = made[1]["capacity"]
    return [
        made,
        appointment_seat(f"clm_{ref}", f"apt_{ref}", capacity=capacity),
        appointment(f"apt_{ref}", made),
    ]


def directory() -> list[Row]:
    """Two locations and three clinicians, the last of whom nobody books online; six types.

    Both of the others offer the check. The class is a group of three, the call is remote only.
    """
    return [
        location(MAIN, is_primary=True),
        location(BRANCH),
        clinician(ADA),
        clinician(BEN, title=None),
        clinician(CLEO, is_bookable_online=False),
        appointment_type(CHECK, 30),
        appointment_type(BUFFERED, 40, buffer_before_minutes=10, buffer_after_minutes=5),
        appointment_type(CLASS, 60, max_group_size=3),
        appointment_type(CALL, 15),
        appointment_type(INACTIVE, is_active=False),
        appointment_type(AT_THE_DESK, allow_online_booking=False),
        *(offer(CHECK, who, MAIN) for who in (ADA, CLEO)),
        offer(CHECK, BEN, BRANCH),
        offer(BUFFERED, ADA, MAIN),
        offer(CLASS, ADA, MAIN),
        offer(CALL, ADA, MAIN, is_remote=True),
        offer(CALL, BEN, BRANCH, is_remote=True),
        offer(INACTIVE, ADA, MAIN),
        offer(AT_THE_DESK, ADA, MAIN),
    ]


def rota() -> list[Row]:
    """From Monday to Friday: Ada and Cleo 09-12 and 13-17 (main), Ben 08:30-12:30 (branch)."""
    return [
        session
        for day in _WEEKDAYS
        for session in (
            weekly(f"ses_ada_{day}_am", ADA, MAIN, day, "09:00", "12:00"),
            weekly(f"ses_ada_{day}_pm", ADA, MAIN, day, "13:00", "17:00"),
            weekly(f"ses_cleo_{day}", CLEO, MAIN, day, "09:00", "12:00"),
            weekly(f"ses_ben_{day}", BEN, BRANCH, day, "08:30", "12:30"),
        )
    ]


async def of_practice(database: Database, tenant: Tenant) -> None:
    """Write the directory, the rota and two patients."""
    rows = [*directory(), *rota(), patient(PATIENT), patient(OTHER_PATIENT)]
    await write(database, tenant, rows)


async def write(database: Database, tenant: Tenant, rows: Iterable[Row]) -> None:
    """Write rows of the tenant, in one transaction."""
    every = list(rows)

    async def work(tx: Tx) -> None:
        for table, values in every:
            who = {"organisation_id": tenant.organisation, "mode": tenant.mode}
            await tx.run(_insert(table, ("organisation_id", "mode", *values)), **who, **values)

    await database.write(work)


@functools.cache
def _insert(table: str, names: tuple[str, ...]) -> Sql:
    holders = ", ".join(f":{name}" for name in names)
    return sql(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({holders})")
