"""What the table of prescriptions refuses, on both databases, whoever writes: also what the program
would never try, written past it by a connection that checks nothing of its own."""

import re
from typing import Any

import pytest

from jump.storage.database import Database, Tx, Violated
from jump.storage.migrate import migrations
from jump.storage.sql import sql
from tests.databases import Store
from tests.storage.test_calendar_constraints import ALWAYS, CLINICIAN, WHO, write

SCHEMA = next(each.text for each in migrations() if each.name.endswith("_prescriptions"))
NAMED = re.compile(r"CONSTRAINT (\w+) (?:CHECK|FOREIGN)")
FIXED = "prescriptions_fixed"

PATIENT = {**WHO, **ALWAYS, "id": "pat_1", "first_name": "A", "last_name": "B"}
PATIENT |= {"date_of_birth": "1980-01-01", "custom_fields": "{}", "status": "active"}
PATIENT |= dict.fromkeys(("consent_sms", "consent_email", "consent_marketing"), False)
PATIENT |= {"is_deceased": False}
OTHER = {**PATIENT, "id": "pat_2"}
CONSULTATION = {**WHO, **ALWAYS, "id": "con_1", "patient_id": "pat_1", "clinician_id": "cli_1"}
CONSULTATION |= {"consultation_date": "2026-03-02", "status": "draft", "entered_in_error": False}
COURSE = {**WHO, **ALWAYS, "id": "rx_1", "patient_id": "pat_1", "prescriber_id": "cli_1"}
COURSE |= {"consultation_id": "con_1", "medication_name": "Amoxicillin", "display_name": "A"}
COURSE |= {"dosage": "500", "dosage_unit": "mg", "frequency": "daily", "route": "oral"}
COURSE |= {"quantity": "21", "refills": 0, "start_date": "2026-03-02", "end_date": "2026-03-09"}
COURSE |= {"instructions": "x", "notes": "x", "status": "active", "entered_in_error": False}
COURSE |= {"stopped_at": None, "stop_reason": None, "error_reason": None}
STOPPED = {"status": "stopped", "stopped_at": 5, "stop_reason": "rash", "end_date": "2026-03-04"}
IN_ERROR = {"entered_in_error": True, "error_reason": "x"}

ROWS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("clinicians", CLINICIAN),
    ("patients", PATIENT),
    ("patients", OTHER),
    ("consultations", CONSULTATION),
    ("prescriptions", COURSE),
    ("prescriptions", {**COURSE, **STOPPED, "id": "rx_stopped"}),
    ("prescriptions", {**COURSE, "status": "completed", "id": "rx_completed"}),
    ("prescriptions", {**COURSE, **IN_ERROR, "id": "rx_in_error"}),
)
REFUSED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("prescriptions_pkey", {"id": "rx_1"}),
    ("prescriptions_mode_check", {"mode": "both", "consultation_id": None}),
    ("prescriptions_status_check", {"status": "paused"}),
    ("prescriptions_refills_check", {"refills": -1}),
    ("prescriptions_refills_check", {"refills": 101}),
    ("prescriptions_dates_check", {"end_date": "2026-03-01"}),
    ("prescriptions_stopped_check", {"stopped_at": 5}),
    ("prescriptions_stopped_check", {"status": "stopped"}),
    ("prescriptions_reason_check", {"stop_reason": "rash"}),
    ("prescriptions_error_check", {"entered_in_error": True}),
    ("prescriptions_error_check", {"error_reason": "x"}),
    ("prescriptions_consultation", {"patient_id": "pat_2"}),
    ("prescriptions_consultation", {"consultation_id": "con_2"}),
)
# By its own name on PostgreSQL only: SQLite's foreign keys have none, and the program looks first.
KEYS = {"prescriptions_patient": "patient_id", "prescriptions_prescriber": "prescriber_id"}

# What of a prescription may not change, with another value for each.
OTHERWISE: dict[str, Any] = {
    "mode": "live", "id": "rx_2", "patient_id": "pat_2", "prescriber_id": "cli_2",
    "consultation_id": None, "medication_name": "B", "display_name": "B", "dosage": "400",
    "dosage_unit": None, "frequency": "hourly", "route": None, "quantity": "22", "refills": None,
    "start_date": "2026-03-01", "end_date": None, "instructions": None, "created_at": 2,
    "created_by": "x",
}  # fmt: skip
FREE = {"notes": "y", "updated_at": 9, "version": 9}


def assigned(change: dict[str, Any]) -> str:
    return ", ".join(f"{name} = {_literal(value)}" for name, value in change.items())


def _literal(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "TRUE", False: "FALSE"}[value]
    return repr(value)


async def fill(tx: Tx) -> None:
    await write(tx, "organisations", {"id": "org_1", "name": "Surgery", "created_at": 1})
    for table, values in ROWS:
        await write(tx, table, values)


async def refused_by(database: Database, statement: str) -> str:
    with pytest.raises(Violated) as violated:
        await database.write(lambda tx: tx.run(sql(statement)))
    return violated.value.constraint


async def test_a_row_that_cannot_be_is_refused_by_name(database: Database) -> None:
    await database.write(fill)
    for constraint, wrong in REFUSED:
        values = {**COURSE, "id": "rx_9", **wrong}
        with pytest.raises(Violated) as violated:
            await database.write(lambda tx, values=values: write(tx, "prescriptions", values))
        assert violated.value.constraint == constraint, wrong
    for constraint, field in KEYS.items():
        values = {**COURSE, "id": "rx_9", "consultation_id": None, field: "nobody"}
        with pytest.raises(Violated) as violated:
            await database.write(lambda tx, values=values: write(tx, "prescriptions", values))
        assert database.kind == "sqlite" or violated.value.constraint == constraint


async def test_what_was_prescribed_never_changes_whoever_writes(database: Database) -> None:
    await database.write(fill)
    for name, value in OTHERWISE.items():
        for row in ("rx_1", "rx_stopped", "rx_completed"):
            change = assigned({**FREE, name: value})
            statement = f"UPDATE prescriptions SET {change} WHERE id = '{row}'"
            assert await refused_by(database, statement) == FIXED, (row, name)
    kept = set(COURSE) - set(OTHERWISE) - set(FREE) - set(STOPPED) - set(IN_ERROR)
    assert kept == {"organisation_id"}


async def test_a_prescription_ends_once_and_what_belongs_to_it_is_said_then_only(
    database: Database,
) -> None:
    await database.write(fill)
    for row, change in (
        ("rx_1", {"stopped_at": 5, "stop_reason": "x"}),
        ("rx_1", {"status": "completed", "end_date": "2026-03-04"}),
        ("rx_stopped", {"status": "active", "stopped_at": None, "stop_reason": None}),
        ("rx_stopped", {"status": "completed", "stopped_at": None, "stop_reason": None}),
        ("rx_stopped", {"stop_reason": "another"}),
        ("rx_stopped", {"stopped_at": 6}),
        ("rx_stopped", {"end_date": "2026-03-05"}),
        ("rx_completed", {"status": "active"}),
        ("rx_completed", STOPPED),
    ):
        statement = f"UPDATE prescriptions SET {assigned(change)} WHERE id = '{row}'"
        assert await refused_by(database, statement) == FIXED, (row, change)


async def test_nothing_changes_of_what_was_entered_in_error(database: Database) -> None:
    await database.write(fill)
    for change in (FREE, {"entered_in_error": False, "error_reason": None}, STOPPED):
        statement = f"UPDATE prescriptions SET {assigned(change)} WHERE id = 'rx_in_error'"
        assert await refused_by(database, statement) == FIXED


async def test_none_is_ever_deleted_or_replaced(database: Database) -> None:
    await database.write(fill)
    assert await refused_by(database, "DELETE FROM prescriptions WHERE id = 'rx_1'") == FIXED
    columns = ", ".join(COURSE)
    again = f"INSERT INTO prescriptions ({columns}) SELECT {columns} FROM prescriptions"
    upsert = f"{again} WHERE id = 'rx_1' ON CONFLICT (organisation_id, mode, id)"
    refusals = {
        await refused_by(database, f"{upsert} DO UPDATE SET dosage = '1'"),
        await refused_by(database, "TRUNCATE prescriptions")
        if database.kind == "postgresql"
        else await refused_by(database, again.replace("INSERT", "INSERT OR REPLACE")),
    }
    assert refusals <= {FIXED, "prescriptions_pkey"}
    left = await database.read(lambda tx: tx.all(sql("SELECT dosage FROM prescriptions")))
    assert [row["dosage"] for row in left] == ["500"] * 4


async def test_the_program_s_own_changes_are_taken(database: Database) -> None:
    await database.write(fill)
    for change in (FREE, {**FREE, **STOPPED}, {"notes": "z"}, IN_ERROR):
        text = f"UPDATE prescriptions SET {assigned(change)} WHERE id = 'rx_1'"
        assert await database.write(lambda tx, text=text: tx.run(sql(text))) == 1
    for change in (FREE, {"status": "completed"}):
        text = f"UPDATE prescriptions SET {assigned(change)} WHERE id = 'rx_completed'"
        assert await database.write(lambda tx, text=text: tx.run(sql(text))) == 1


async def test_links_agree_for_a_connection_that_checks_no_foreign_keys(store: Store) -> None:
    database = store.open()
    await database.write(fill)
    await database.close()
    with pytest.raises(Exception, match=f"{FIXED}|never changes"):
        store.execute("UPDATE prescriptions SET patient_id = 'pat_2' WHERE id = 'rx_1'")
    moved = {**COURSE, "id": "rx_9", "patient_id": "pat_2"}
    values = ", ".join(_literal(value) for value in moved.values())
    with pytest.raises(Exception, match="prescriptions_consultation"):
        store.execute(f"INSERT INTO prescriptions ({', '.join(moved)}) VALUES ({values})")
    with pytest.raises(Exception, match="prescriptions_consultation"):
        store.execute("UPDATE consultations SET patient_id = 'pat_2' WHERE id = 'con_1'")


def test_every_named_constraint_of_prescriptions_is_tried_here() -> None:
    tried = {name for name, _ in REFUSED} | set(KEYS)
    assert set(NAMED.findall(SCHEMA)) - tried == set()
    assert set(re.findall(r"CONSTRAINT = '(\w+)'", SCHEMA)) == {FIXED}
