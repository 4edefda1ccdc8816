"""What the tables of documents refuse, on both databases, whoever writes."""

import re
from typing import Any, Final

import pytest

from jump.storage.database import Database, Tx
from jump.storage.migrate import migrations
from jump.storage.sql import sql
from tests.storage import test_record_constraints as records
from tests.storage.test_calendar_constraints import ALWAYS, WHO, refusal, write

(SCHEMA,) = [each.text for each in migrations() if each.name.endswith("_documents")]
NAMED = re.compile(r"(?:CONSTRAINT (\w+) (?:CHECK|FOREIGN)|CREATE UNIQUE INDEX (\w+))")
# SQLite does not say which of them.
UNNAMED: Final = "FOREIGN KEY constraint failed"

PENDING = {**WHO, **ALWAYS, "id": "doc_1", "patient_id": "pat_1", "document_type": "letter"}
PENDING |= {"title": "Letter", "consultation_id": "con_done", "status": "pending"}
PENDING |= {"entered_in_error": False, "error_reason": None, "content_name": None}
CONTENT = {"mime_type": "text/plain", "file_size": 1, "sha256": "x"}
DONE = {**PENDING, **CONTENT, "id": "doc_2", "status": "available", "content_name": "doc_2-0"}
UPLOAD = {**WHO, "content_name": "doc_1-0", "started_at": 1, "abandoned_at": None}
OTHER, ANOTHER = {**PENDING, "id": "doc_x"}, {**DONE, "id": "doc_x", "content_name": "doc_x-0"}

REFUSED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("documents_pkey", "documents", PENDING),
    ("documents_mode_check", "documents", {**OTHER, "mode": "both", "consultation_id": None}),
    ("documents_status_check", "documents", {**ANOTHER, "status": "gone", "content_name": None}),
    ("documents_error_check", "documents", {**OTHER, "entered_in_error": True}),
    ("documents_error_check", "documents", {**OTHER, "error_reason": "x"}),
    ("documents_content_check", "documents", {**OTHER, "content_name": "doc_x-0"}),
    ("documents_content_check", "documents", {**ANOTHER, "content_name": None}),
    *(("documents_content_check", "documents", {**ANOTHER, name: None}) for name in CONTENT),
    ("documents_content", "documents", {**ANOTHER, "content_name": "doc_2-0"}),
    ("documents_consultation", "documents", {**OTHER, "patient_id": "pat_2"}),
    ("documents_consultation", "documents", {**OTHER, "consultation_id": "con_none"}),
    ("document_uploads_pkey", "document_uploads", UPLOAD),
    ("document_uploads_mode_check", "document_uploads", {**UPLOAD, "mode": "both"}),
)
MISSING = ("documents_patient", {**OTHER, "patient_id": "pat_none", "consultation_id": None})
KEPT = (
    *(f"UPDATE documents SET {name} = NULL WHERE id = 'doc_2'" for name in CONTENT),
    "UPDATE documents SET sha256 = 'y' WHERE id = 'doc_2'",
    "UPDATE documents SET content_name = 'another' WHERE id = 'doc_2'",
    "UPDATE documents SET patient_id = 'pat_2', consultation_id = NULL WHERE id = 'doc_2'",
    "UPDATE documents SET status = 'pending', content_name = NULL WHERE id = 'doc_2'",
    "DELETE FROM documents WHERE id = 'doc_2'",
)


async def fill(tx: Tx) -> None:
    await records.fill(tx)
    for table, values in (
        ("documents", PENDING),
        ("documents", DONE),
        ("document_uploads", UPLOAD),
    ):
        await write(tx, table, values)


async def test_a_row_that_does_not_agree_is_refused_by_name(database: Database) -> None:
    await database.write(fill)
    for constraint, table, values in REFUSED:
        refused = await refusal(database, lambda tx, t=table, v=values: write(tx, t, v))
        assert refused == constraint, values
    constraint, values = MISSING
    refused = await refusal(database, lambda tx: write(tx, "documents", values))
    assert refused == (UNNAMED if database.kind == "sqlite" else constraint)


async def test_the_content_of_a_document_is_kept_and_the_rest_may_change(
    database: Database,
) -> None:
    await database.write(fill)
    for text in KEPT:
        refused = await refusal(database, lambda tx, each=text: tx.run(sql(each)))
        assert refused == "documents_content_kept", text
    for text in (
        "UPDATE documents SET title = 'Another', consultation_id = NULL WHERE id = 'doc_2'",
        "UPDATE documents SET entered_in_error = TRUE, error_reason = 'x' WHERE id = 'doc_2'",
        "UPDATE documents SET status = 'available', content_name = 'doc_1-0', mime_type = 'a',"
        " file_size = 1, sha256 = 'x' WHERE id = 'doc_1'",
    ):
        changed = await database.write(lambda tx, each=text: tx.run(sql(each)))  # type: ignore[misc]
        assert changed == 1, text


async def test_who_a_document_refers_to_keeps_the_patient(database: Database) -> None:
    await database.write(fill)
    linked = sql("UPDATE documents SET consultation_id = 'con_draft' WHERE id = 'doc_1'")
    assert await database.write(lambda tx: tx.run(linked)) == 1
    moved = "UPDATE consultations SET appointment_id = NULL, patient_id = 'pat_2'"
    refused = await refusal(database, lambda tx: tx.run(sql(f"{moved} WHERE id = 'con_draft'")))
    assert refused == (UNNAMED if database.kind == "sqlite" else "documents_consultation")


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_documents_are_not_emptied_either(database: Database) -> None:
    await database.write(fill)
    refused = await refusal(database, lambda tx: tx.run(sql("TRUNCATE documents")))
    assert refused == "documents_content_kept"


def test_every_named_constraint_of_these_tables_is_tried_here() -> None:
    named = {next(filter(None, found)) for found in NAMED.findall(SCHEMA)}
    assert named - {name for name, *_ in (*REFUSED, MISSING)} == set()
