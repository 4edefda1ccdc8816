"""What the calendar's tables refuse, on both databases, whoever writes: also what the program
would never try, written past it by a connection that checks nothing of its own."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from jump.kit.clock import DAY, HOUR, MINUTE
from jump.storage.database import Database, Tx, Violated
from jump.storage.migrate import migrations
from jump.storage.sql import sql
from tests.databases import Store

SCHEMA = next(each.text for each in migrations() if each.name == "0003_calendar")
NAMED = re.compile(r"(?:CONSTRAINT (\w+) CHECK|CREATE UNIQUE INDEX (\w+)|ADD CONSTRAINT (\w+))")
WHO = {"organisation_id": "org_1", "mode": "test"}
ALWAYS = {"created_at": 1, "updated_at": 1, "version": 1, "created_by": "system"}
NINE = 9 * HOUR

LOCATION = {**WHO, **ALWAYS, "id": "loc_1", "reference": "main", "name": "Main"}
LOCATION |= {"timezone": "Europe/London", "is_primary": True, "is_active": True}
CLINICIAN = {**WHO, **ALWAYS, "id": "cli_1", "reference": "dr", "first_name": "A", "last_name": "B"}
CLINICIAN |= {"specialties": "[]", "is_active": True, "is_bookable_online": True}
TYPE = {**WHO, **ALWAYS, "id": "type_1", "reference": "gp", "name": "Check", "duration_minutes": 30}
TYPE |= {"buffer_before_minutes": 0, "buffer_after_minutes": 0, "is_active": True}
TYPE |= {"allow_online_booking": True, "booking_notice_hours": 0, "max_advance_days": 90}
TYPE |= {"cancellation_notice_hours": 24, "max_group_size": 1, "requires_payment": False}
SESSION = {**WHO, "id": "ses_1", "clinician_id": "cli_1", "location_id": "loc_1", "weekday": 1}
SESSION |= {"starts_on": "2026-01-01", "ends_on": None, "starts_at": "09:00", "ends_at": "12:00"}
CLOSURE = {**WHO, "id": "clo_1", "location_id": "loc_1"}
CLOSURE |= {"starts": "2026-12-25T00:00", "ends": "2026-12-26T00:00", "reason": None}
LEAVE = {**WHO, "id": "lea_1", "clinician_id": "cli_1", "reason": None}
LEAVE |= {"starts": "2026-12-25T00:00", "ends": "2026-12-26T00:00"}
CLAIM = {**WHO, "id": "clm_1", "clinician_id": "cli_1", "appointment_type_id": "type_1"}
CLAIM |= {"location_id": "loc_1", "is_remote": False, "starts": NINE, "ends": NINE + 30 * MINUTE}
CLAIM |= {"buffer_before": 0, "buffer_after": 0, "capacity": 2}
SEAT = {**WHO, "claim_id": "clm_1", "seat": 1, "capacity": 2, "appointment_id": "apt_1"}
SEAT |= {"hold_id": None, "expires_at": None}
HELD = {**SEAT, "seat": 2, "appointment_id": None, "hold_id": "hold_1", "expires_at": NINE}
APPOINTMENT = {**WHO, **ALWAYS, "id": "apt_1", "patient_id": "pat_1", "clinician_id": "cli_1"}
APPOINTMENT |= {"appointment_type_id": "type_1", "location_id": "loc_1", "start_time": NINE}
APPOINTMENT |= {"end_time": NINE + 30 * MINUTE, "is_remote": False, "status": "confirmed"}
APPOINTMENT |= {"entered_in_error": False, "claim_id": "clm_1", "seat": 1}
CANCELLED = {**APPOINTMENT, "id": "apt_2", "status": "cancelled", "claim_id": None, "seat": None}
HOLD = {**WHO, **ALWAYS, "id": "hold_1", "appointment_type_id": "type_1", "clinician_id": "cli_1"}
HOLD |= {"location_id": "loc_1", "is_remote": False, "start_time": NINE, "end_time": NINE + 1}
HOLD |= {"date": "1970-01-01", "expires_at": NINE, "status": "active", "appointment_id": None}

ROWS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("locations", LOCATION),
    ("clinicians", CLINICIAN),
    ("appointment_types", TYPE),
    ("rota_sessions", SESSION),
    ("closures", CLOSURE),
    ("clinician_leave", LEAVE),
    ("calendar_claims", CLAIM),
    ("claim_seats", SEAT),
    ("claim_seats", HELD),
    ("appointments", APPOINTMENT),
    ("holds", HOLD),
)
OTHER_PLACE = {**LOCATION, "id": "loc_2", "reference": "two", "is_primary": False}
OTHER_TIME = {**CLAIM, "id": "clm_2", "starts": NINE + HOUR, "ends": NINE + 2 * HOUR}

REFUSED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("locations_mode_check", "locations", {**OTHER_PLACE, "mode": "both"}),
    ("locations_reference", "locations", {**OTHER_PLACE, "reference": "main"}),
    ("locations_primary", "locations", {**OTHER_PLACE, "is_primary": True}),
    ("clinicians_mode_check", "clinicians", {**CLINICIAN, "mode": "both"}),
    ("clinicians_reference", "clinicians", {**CLINICIAN, "id": "cli_2"}),
    ("appointment_types_mode_check", "appointment_types", {**TYPE, "mode": "both"}),
    ("appointment_types_reference", "appointment_types", {**TYPE, "id": "type_2"}),
    ("appointment_types_duration_check", "appointment_types", {**TYPE, "duration_minutes": 1441}),
    ("appointment_types_before_check", "appointment_types", {**TYPE, "buffer_before_minutes": -1}),
    ("appointment_types_after_check", "appointment_types", {**TYPE, "buffer_after_minutes": -1}),
    ("appointment_types_notice_check", "appointment_types", {**TYPE, "booking_notice_hours": -1}),
    ("appointment_types_advance_check", "appointment_types", {**TYPE, "max_advance_days": 0}),
    (
        "appointment_types_cancellation_check",
        "appointment_types",
        {**TYPE, "cancellation_notice_hours": -1},
    ),
    ("appointment_types_group_check", "appointment_types", {**TYPE, "max_group_size": 0}),
    ("rota_sessions_weekday_check", "rota_sessions", {**SESSION, "weekday": 8}),
    ("rota_sessions_days_check", "rota_sessions", {**SESSION, "weekday": None}),
    ("rota_sessions_days_check", "rota_sessions", {**SESSION, "ends_on": "2025-12-31"}),
    ("rota_sessions_times_check", "rota_sessions", {**SESSION, "ends_at": "09:00"}),
    ("closures_ends_check", "closures", {**CLOSURE, "ends": CLOSURE["starts"]}),
    ("clinician_leave_ends_check", "clinician_leave", {**LEAVE, "ends": LEAVE["starts"]}),
    ("calendar_claims_capacity_check", "calendar_claims", {**OTHER_TIME, "capacity": 0}),
    ("calendar_claims_length_check", "calendar_claims", {**OTHER_TIME, "ends": NINE + HOUR}),
    ("calendar_claims_length_check", "calendar_claims", {**OTHER_TIME, "ends": NINE + 2 * DAY}),
    ("calendar_claims_overlap", "calendar_claims", {**OTHER_TIME, "starts": NINE + 29 * MINUTE}),
    ("calendar_claims_overlap", "calendar_claims", {**OTHER_TIME, "starts": NINE - HOUR}),
    ("claim_seats_seat_check", "claim_seats", {**SEAT, "seat": 3}),
    (
        "claim_seats_claim",
        "claim_seats",
        {**SEAT, "seat": 3, "capacity": 3, "appointment_id": "apt_2"},
    ),
    ("claim_seats_pkey", "claim_seats", {**SEAT, "appointment_id": "apt_2"}),
    ("claim_seats_holder_check", "claim_seats", {**HELD, "appointment_id": "apt_2"}),
    ("claim_seats_holder_check", "claim_seats", {**HELD, "expires_at": None}),
    ("appointments_mode_check", "appointments", {**CANCELLED, "mode": "both"}),
    ("appointments_status_check", "appointments", {**APPOINTMENT, "status": "arrived"}),
    ("appointments_time_check", "appointments", {**CANCELLED, "end_time": NINE}),
    ("appointments_claim_check", "appointments", {**APPOINTMENT, "claim_id": None}),
    ("appointments_claim_check", "appointments", {**APPOINTMENT, "status": "cancelled"}),
    ("appointments_claim_check", "appointments", {**APPOINTMENT, "entered_in_error": True}),
    (
        "appointments_claim",
        "appointments",
        {**APPOINTMENT, "id": "apt_2", "end_time": NINE + HOUR, "seat": 2},
    ),
    ("appointments_seat", "appointments", {**APPOINTMENT, "id": "apt_2"}),
    ("holds_mode_check", "holds", {**HOLD, "mode": "both"}),
    ("holds_status_check", "holds", {**HOLD, "status": "expired"}),
    ("holds_appointment_check", "holds", {**HOLD, "status": "confirmed"}),
)
# Keys of others, or only there to be referred to: a smaller key refuses each row before they do.
REFERRED_TO = {"calendar_claims_capacity", "calendar_claims_time"}
SEAT_MISSING = "appointments_claim_seat"
SEATS_OF_ONE = {"claim_seats_appointment": SEAT, "claim_seats_hold": HELD}


async def write(tx: Tx, table: str, values: dict[str, Any]) -> None:
    holders = ", ".join(f":{name}" for name in values)
    await tx.run(sql(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({holders})"), **values)


async def fill(tx: Tx) -> None:
    """A practice with one of each; in another mode the same things may be there again."""
    await write(tx, "organisations", {"id": "org_1", "name": "Calendar", "created_at": 1})
    patient = {**WHO, **ALWAYS, "id": "pat_1", "first_name": "A", "last_name": "B"}
    patient |= {"date_of_birth": "1980-01-01", "custom_fields": "{}", "status": "active"}
    patient |= dict.fromkeys(("consent_sms", "consent_email", "consent_marketing"), False)
    await write(tx, "patients", {**patient, "is_deceased": False})
    for table, values in ROWS:
        await write(tx, table, values)


async def refusal(database: Database, work: Callable[[Tx], Any]) -> str:
    with pytest.raises(Violated) as violated:
        await database.write(work)
    return violated.value.constraint


@pytest.mark.parametrize(("constraint", "table", "values"), REFUSED)
async def test_a_row_that_breaks_the_calendar_is_refused_by_name(
    database: Database, constraint: str, table: str, values: dict[str, Any]
) -> None:
    await database.write(fill)
    assert await refusal(database, lambda tx: write(tx, table, values)) == constraint


@pytest.mark.parametrize("constraint", SEATS_OF_ONE)
async def test_nobody_has_two_seats(database: Database, constraint: str) -> None:
    await database.write(fill)
    seat = {**SEATS_OF_ONE[constraint], "claim_id": "clm_2", "seat": 1}

    async def work(tx: Tx) -> None:
        await write(tx, "calendar_claims", OTHER_TIME)
        await write(tx, "claim_seats", seat)

    assert await refusal(database, work) == constraint


async def test_a_claim_may_not_move_onto_another(database: Database) -> None:
    await database.write(fill)

    async def work(tx: Tx) -> None:
        await write(tx, "calendar_claims", OTHER_TIME)
        await tx.run(
            sql("UPDATE calendar_claims SET starts = starts - 3000000000 WHERE id = 'clm_2'")
        )

    assert await refusal(database, work) == "calendar_claims_overlap"


async def test_an_appointment_may_not_leave_the_time_it_has_claimed(database: Database) -> None:
    await database.write(fill)
    moved = sql("UPDATE appointments SET start_time = start_time + 60000000 WHERE id = 'apt_1'")
    assert await refusal(database, lambda tx: tx.run(moved)) == "appointments_claim"


async def test_an_appointment_needs_a_seat_that_is_there(database: Database) -> None:
    await database.write(fill)
    values = {**APPOINTMENT, "id": "apt_2", "seat": 3}
    refused = await refusal(database, lambda tx: write(tx, "appointments", values))
    assert refused in ("appointments_claim", SEAT_MISSING)


async def test_what_touches_does_not_overlap(database: Database) -> None:
    await database.write(fill)
    before = {**CLAIM, "id": "clm_2", "starts": NINE - HOUR, "ends": NINE}
    after = {**CLAIM, "id": "clm_3", "starts": CLAIM["ends"], "ends": CLAIM["ends"] + HOUR}
    for values in (before, after):
        await database.write(lambda tx, values=values: write(tx, "calendar_claims", values))


def test_an_overlap_is_refused_of_a_connection_that_checks_no_foreign_keys(store: Store) -> None:
    statements = (
        "INSERT INTO organisations (id, name, created_at) VALUES ('org_1', 'Calendar', 1)",
        *(_text(table, values) for table, values in ROWS[:3]),
        _text("calendar_claims", CLAIM),
    )
    for statement in statements:
        store.execute(statement)
    with pytest.raises(Exception, match="calendar_claims_overlap"):
        store.execute(_text("calendar_claims", {**CLAIM, "id": "clm_2"}))
    with pytest.raises(Exception, match=r"claim_seats_(claim|seat_check)"):
        store.execute(_text("claim_seats", {**SEAT, "seat": 3, "capacity": 3}))


def _text(table: str, values: dict[str, Any]) -> str:
    held = ", ".join("NULL" if value is None else repr(value) for value in values.values())
    return f"INSERT INTO {table} ({', '.join(values)}) VALUES ({held})"


def test_every_named_constraint_of_the_calendar_is_tried_here() -> None:
    named = {next(filter(None, found)) for found in NAMED.findall(SCHEMA)}
    tried = {name for name, *_ in REFUSED} | SEATS_OF_ONE.keys() | REFERRED_TO | {SEAT_MISSING}
    assert named - tried == set()
