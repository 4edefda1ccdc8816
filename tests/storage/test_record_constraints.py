"""What the tables of consultations and problems refuse, on both databases, whoever writes: what the
program would never try, and what a connection tries that checks nothing of its own."""

import re
from typing import Any

import apsw
import pytest

from jump.clinical.records.consultations import CONSULTATION
from jump.clinical.representation import columns
from jump.storage.database import Database, Tx
from jump.storage.migrate import migrations
from jump.storage.sql import sql
from tests.databases import SqliteStore
from tests.storage import test_calendar_constraints as calendar
from tests.storage.test_calendar_constraints import ALWAYS, CANCELLED, WHO, refusal, write

SCHEMA = next(each.text for each in migrations() if each.name == "0005_consultations_and_problems")
NAMED = re.compile(r"(?:CONSTRAINT (\w+) (?:CHECK|FOREIGN)|CREATE UNIQUE INDEX (\w+))")
# SQLite does not say which of them.
UNNAMED = "FOREIGN KEY constraint failed"

PATIENT = {**WHO, **ALWAYS, "id": "pat_2", "first_name": "C", "last_name": "D"}
PATIENT |= {"date_of_birth": "1980-01-01", "custom_fields": "{}", "status": "active"}
PATIENT |= dict.fromkeys(("consent_sms", "consent_email", "consent_marketing"), False)
PATIENT |= {"is_deceased": False}
THEIRS = {**CANCELLED, "id": "apt_theirs", "patient_id": "pat_2"}

DRAFT = {**WHO, **ALWAYS, "id": "con_draft", "patient_id": "pat_1", "clinician_id": "cli_1"}
DRAFT |= {"appointment_id": "apt_1", "location_id": "loc_1", "consultation_date": "2026-01-05"}
DRAFT |= {"summary": "A cold.", "status": "draft", "entered_in_error": False, "error_reason": None}
DONE = {**DRAFT, "id": "con_done", "status": "completed"}
AMENDMENT = {**WHO, **ALWAYS, "id": "con_amendment", "consultation_id": "con_done"}
AMENDMENT |= {"patient_id": "pat_1", "reason": "Wrong.", "text": "Right."}
PROBLEM = {**WHO, **ALWAYS, "id": "prb_1", "patient_id": "pat_1", "problem_name": "Asthma"}
PROBLEM |= {"consultation_id": "con_done", "status": "active", "severity": "mild"}
PROBLEM |= {"onset_date": "2024-05-01", "end_date": None}
PROBLEM |= {"entered_in_error": False, "error_reason": None}
OTHER, ANOTHER = {**DRAFT, "id": "con_x"}, {**PROBLEM, "id": "prb_x"}

ROWS = (
    ("patients", PATIENT),
    ("appointments", THEIRS),
    ("consultations", DRAFT),
    ("consultations", DONE),
    ("consultation_amendments", AMENDMENT),
    ("problems", PROBLEM),
)
REFUSED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "consultations_mode_check",
        "consultations",
        {**OTHER, "mode": "both", "appointment_id": None},
    ),
    ("consultations_status_check", "consultations", {**OTHER, "status": "final"}),
    ("consultations_error_check", "consultations", {**OTHER, "error_reason": "x"}),
    ("consultations_error_check", "consultations", {**OTHER, "entered_in_error": True}),
    ("consultations_appointment", "consultations", {**OTHER, "appointment_id": "apt_theirs"}),
    ("consultations_appointment", "consultations", {**OTHER, "appointment_id": "apt_none"}),
    ("consultation_amendments_pkey", "consultation_amendments", AMENDMENT),
    (
        "consultation_amendments_consultation",
        "consultation_amendments",
        {**AMENDMENT, "id": "x", "patient_id": "pat_2"},
    ),
    (
        "consultation_amendments_consultation",
        "consultation_amendments",
        {**AMENDMENT, "id": "x", "consultation_id": "con_draft"},
    ),
    (
        "consultation_amendments_consultation",
        "consultation_amendments",
        {**AMENDMENT, "id": "x", "consultation_id": "con_none"},
    ),
    ("problems_mode_check", "problems", {**ANOTHER, "mode": "both", "consultation_id": None}),
    ("problems_status_check", "problems", {**ANOTHER, "status": "cured"}),
    ("problems_severity_check", "problems", {**ANOTHER, "severity": "fatal"}),
    ("problems_error_check", "problems", {**ANOTHER, "entered_in_error": True}),
    (
        "problems_dates_check",
        "problems",
        {**ANOTHER, "status": "resolved", "end_date": "2024-04-30"},
    ),
    ("problems_ended_check", "problems", {**ANOTHER, "end_date": "2024-05-02"}),
    ("problems_consultation", "problems", {**ANOTHER, "patient_id": "pat_2"}),
    ("problems_consultation", "problems", {**ANOTHER, "consultation_id": "con_none"}),
)
# Whether there is what they name: SQLite's keys have no names.
MISSING: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "consultations_patient",
        "consultations",
        {**OTHER, "patient_id": "pat_none", "appointment_id": None},
    ),
    ("consultations_clinician", "consultations", {**OTHER, "clinician_id": "cli_none"}),
    ("consultations_location", "consultations", {**OTHER, "location_id": "loc_none"}),
    (
        "problems_patient",
        "problems",
        {**ANOTHER, "patient_id": "pat_none", "consultation_id": None},
    ),
)
# Of those only there to be referred to a smaller key refuses each row before they do.
REFERRED_TO = {"appointments_of_patient", "consultations_of_patient", "problems_of_patient"}

MARKED = "entered_in_error = TRUE, error_reason = 'x', version = version + 1, updated_at = 2"
SAID_WHEN_MARKED = {"entered_in_error", "error_reason", "updated_at", "version"}
FORBIDDEN: tuple[tuple[str, str], ...] = (
    ("consultations_completed", "UPDATE consultations SET summary = 'x' WHERE id = 'con_done'"),
    ("consultations_completed", "UPDATE consultations SET notes = '' WHERE id = 'con_done'"),
    ("consultations_completed", "UPDATE consultations SET status = 'draft' WHERE id = 'con_done'"),
    ("consultations_completed", "UPDATE consultations SET created_by = 'x' WHERE id = 'con_done'"),
    ("consultations_completed", "UPDATE consultations SET location_id = NULL"),
    ("consultations_completed", "DELETE FROM consultations WHERE id = 'con_done'"),
    (
        "consultations_completed",
        f"UPDATE consultations SET {MARKED}, summary = 'x' WHERE id = 'con_done'",
    ),
    (
        "consultation_amendments_append_only",
        "UPDATE consultation_amendments SET text = 'x' WHERE id = 'con_amendment'",
    ),
    (
        "consultation_amendments_append_only",
        "DELETE FROM consultation_amendments WHERE id = 'con_amendment'",
    ),
    (
        "consultations_appointment",
        "UPDATE consultations SET appointment_id = 'apt_theirs' WHERE id = 'con_draft'",
    ),
    (
        "consultations_appointment",
        "UPDATE consultations SET patient_id = 'pat_2' WHERE id = 'con_draft'",
    ),
    (
        "consultations_appointment",
        "UPDATE appointments SET patient_id = 'pat_2' WHERE id = 'apt_1'",
    ),
    ("problems_consultation", "UPDATE problems SET patient_id = 'pat_2' WHERE id = 'prb_1'"),
    ("problems_consultation", "UPDATE problems SET consultation_id = 'x' WHERE id = 'prb_1'"),
)  # fmt: skip


async def fill(tx: Tx) -> None:
    await calendar.fill(tx)
    for table, values in ROWS:
        await write(tx, table, values)


async def run(database: Database, text: str) -> int:
    return await database.write(lambda tx: tx.run(sql(text)))


async def refused_change(database: Database, text: str) -> str:
    return await refusal(database, lambda tx: tx.run(sql(text)))


async def refused_row(database: Database, table: str, values: dict[str, Any]) -> str:
    return await refusal(database, lambda tx: write(tx, table, values))


async def test_a_row_that_does_not_agree_is_refused_by_name(database: Database) -> None:
    await database.write(fill)
    for constraint, table, values in REFUSED:
        assert await refused_row(database, table, values) == constraint
    for constraint, table, values in MISSING:
        expected = UNNAMED if database.kind == "sqlite" else constraint
        assert await refused_row(database, table, values) == expected


async def test_what_never_changes_is_kept_by_name(database: Database) -> None:
    await database.write(fill)
    for constraint, text in FORBIDDEN:
        assert await refused_change(database, text) == constraint, text


async def test_who_a_problem_refers_to_keeps_the_patient(database: Database) -> None:
    await database.write(fill)
    await run(database, "UPDATE problems SET consultation_id = 'con_draft' WHERE id = 'prb_1'")
    moved = "UPDATE consultations SET appointment_id = NULL, patient_id = 'pat_2'"
    refused = await refused_change(database, f"{moved} WHERE id = 'con_draft'")
    assert refused == "problems_consultation"


async def test_a_completed_consultation_is_marked_in_error_once_and_for_good(
    database: Database,
) -> None:
    await database.write(fill)
    assert await run(database, f"UPDATE consultations SET {MARKED} WHERE id = 'con_done'") == 1
    for change in (
        "entered_in_error = FALSE, error_reason = NULL",
        "error_reason = 'y'",
        "version = version + 1",
    ):
        text = f"UPDATE consultations SET {change} WHERE id = 'con_done'"
        assert await refused_change(database, text) == "consultations_completed"


async def test_a_completed_consultation_keeps_each_of_its_columns(database: Database) -> None:
    await database.write(fill)
    alone = {**DONE, "id": "con_alone", "appointment_id": None}
    await database.write(lambda tx: write(tx, "consultations", alone))
    others = {"mode": "'live'", "status": "'draft'", "appointment_id": "'apt_1'"}
    others |= {"patient_id": "'pat_2'", "created_at": "created_at + 1"}
    for name in {*WHO, *columns(CONSULTATION)} - SAID_WHEN_MARKED:
        other = others.get(name, f"COALESCE({name}, '') || 'x'")
        text = f"UPDATE consultations SET {name} = {other} WHERE id = 'con_alone'"
        assert await refused_change(database, text) == "consultations_completed", name


async def test_what_never_changes_is_not_written_over_either(database: Database) -> None:
    await database.write(fill)
    for constraint, table, values in (
        ("consultations_completed", "consultations", DONE),
        ("consultation_amendments_append_only", "consultation_amendments", AMENDMENT),
    ):
        names = ", ".join(values)
        row = f"INTO {table} ({names}) SELECT {names} FROM {table} WHERE id = '{values['id']}'"
        upsert = f"INSERT {row} ON CONFLICT (organisation_id, mode, id) DO UPDATE SET id = 'x'"
        assert await refused_change(database, upsert) == constraint
        if database.kind == "sqlite":
            assert await refused_change(database, f"INSERT OR REPLACE {row}") == constraint


async def test_no_draft_takes_the_place_of_what_is_completed(sqlite_store: SqliteStore) -> None:
    database = sqlite_store.open()
    await database.write(fill)
    moved = "UPDATE OR REPLACE consultations SET id = 'con_done' WHERE id = 'con_draft'"
    assert await refused_change(database, moved) == "consultations_completed"
    await database.close()


async def test_a_draft_changes_is_completed_and_can_be_deleted(database: Database) -> None:
    await database.write(fill)
    draft = {**OTHER, "appointment_id": None}
    await database.write(lambda tx: write(tx, "consultations", draft))
    assert await run(database, "UPDATE consultations SET summary = 'x' WHERE id = 'con_x'") == 1
    assert await run(database, "DELETE FROM consultations WHERE id = 'con_x'") == 1
    done = "UPDATE consultations SET status = 'completed', summary = 'y' WHERE id = 'con_draft'"
    assert await run(database, done) == 1


@pytest.mark.parametrize(
    ("table", "constraint"),
    [
        ("consultations", "consultations_completed"),
        ("consultation_amendments", "consultation_amendments_append_only"),
    ],
)
@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_what_never_changes_is_not_emptied_either(
    database: Database, table: str, constraint: str
) -> None:
    await database.write(fill)
    refused = await refused_change(database, f"TRUNCATE {table} CASCADE")
    assert refused in (constraint, "consultation_amendments_append_only")


def test_a_connection_that_checks_no_foreign_keys_is_refused_too(sqlite_store: SqliteStore) -> None:
    start = "INSERT INTO organisations (id, name, created_at) VALUES ('org_1', 'Calendar', 1)"
    rows = (("patients", {**PATIENT, "id": "pat_1"}), *calendar.ROWS, *ROWS)
    for statement in (start, *(calendar._text(table, values) for table, values in rows)):
        sqlite_store.execute(statement)
    for constraint, table, values in REFUSED:
        with pytest.raises(apsw.ConstraintError, match=constraint.replace("_pkey", r"\.")):
            sqlite_store.execute(calendar._text(table, values))
    for constraint, text in FORBIDDEN:
        with pytest.raises(apsw.ConstraintError, match=constraint):
            sqlite_store.execute(text)


def test_every_named_constraint_of_these_tables_is_tried_here() -> None:
    named = {next(filter(None, found)) for found in NAMED.findall(SCHEMA)}
    tried = {name for name, *_ in (*REFUSED, *MISSING)} | REFERRED_TO
    assert named - tried == set()
