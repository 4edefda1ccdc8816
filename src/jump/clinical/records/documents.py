"""Documents: files of a patient, with what is said of them. Their content comes once and never
changes.

A document without content is pending, and makes no events until it is there. How a file arrives and
leaves is left to document_uploads and to REST, where it lies to storage.files.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, get_args

from jump.caller import Tenant
from jump.clinical import crud, in_error, links
from jump.clinical.definition import Link, Registered, Resource
from jump.clinical.records import document_uploads
from jump.clinical.records.consultations import CONSULTATION
from jump.clinical.records.document_fields import CHANGES, NEW, Document, Status
from jump.clinical.records.document_uploads import Content
from jump.clinical.records.patients import PATIENT
from jump.clinical.sub_lists import sub_list
from jump.errors import Conflict, FieldError, ValidationFailed
from jump.resources.definition import Answer, Call, Documentation, Operation
from jump.resources.listing import Filter, Listing
from jump.storage.database import Tx
from jump.storage.sql import Row

ONE: Final = "/documents/{id}"
READ: Final = "read_documents"
WRITE: Final = "write_documents"

_DERIVED: Final = {
    "file_path": lambda _: None,
    "uploaded_by": lambda row: row["created_by"],
}

LIST = Listing(
    source="documents",
    columns=tuple(name for name in Document.__struct_fields__ if name not in _DERIVED),
    filters=(
        Filter("id", "text"),
        Filter("patient_id", "text"),
        Filter("consultation_id", "text"),
        Filter("document_type", "text", shared=True),
        Filter("mime_type", "text", shared=True),
        Filter("status", "text", choices=get_args(Status)),
        Filter("entered_in_error", "bool"),
        Filter("created_at", "instant"),
        Filter("updated_at", "instant"),
    ),
    extras=(in_error.INCLUDED,),
)

DOCUMENT: Final = Resource(
    name="document",
    path="/documents",
    prefix="doc",
    table="documents",
    record=Document,
    body=NEW,
    listing=LIST,
    read_scope=READ,
    write_scope=WRITE,
    patient="patient_id",
    defaults={"status": "pending", "entered_in_error": False},
    derived=_DERIVED,
    hidden=("content_name", "error_reason"),
    links=(
        Link("patient_id", "patients", "patient", "documents_patient"),
        Link(
            "consultation_id", "consultations", "consultation", "documents_consultation",
            of_patient=True,
        ),
    ),
    about="Files of a patient: letters, results, images. Their content comes once and stays.",
    created_event="document.created",
    updated_event="document.updated",
)  # fmt: skip
# Until its content is there, nobody is told of a document.
PENDING: Final = replace(DOCUMENT, created_event=None, updated_event=None)


async def page(tx: Tx, call: Call) -> Answer:
    """Documents; those entered in error only when asked for."""
    return await crud.page(tx, DOCUMENT, call)


async def fetch(tx: Tx, call: Call) -> Answer:
    """What is said of one document."""
    return await crud.fetch(tx, DOCUMENT, call)


async def create(tx: Tx, call: Call) -> Answer:
    """A new document whose content is yet to come."""
    await check_links(tx, call.caller.tenant, call.body)
    return await crud.create(tx, PENDING, call, _sent(call.body))


async def create_with_content(tx: Tx, call: Call, document_id: str, content: Content) -> Answer:
    """A new document with its content."""
    await document_uploads.take(tx, content.upload)
    await check_links(tx, call.caller.tenant, call.body)
    values = _sent(call.body)
    return await crud.create(
        tx, DOCUMENT, call, {"id": document_id, **values, **_arrived(content, values)}
    )


async def add_content(tx: Tx, call: Call, content: Content) -> Answer:
    """The content of a pending document: from here on others are told of it."""
    await document_uploads.take(tx, content.upload)
    row = await load_to_fill(tx, call)
    done = await crud.update(tx, PENDING, call, row, _arrived(content, row), "content_added")
    await crud.announce_created(tx, DOCUMENT, call, await crud.load(tx, DOCUMENT, call))
    return done


async def update(tx: Tx, call: Call) -> Answer:
    """Change what is said of a document."""
    row = await crud.load_to_change(tx, DOCUMENT, call)
    in_error.check_not_marked(DOCUMENT, row)
    if call.body.get("patient_id", row["patient_id"]) != row["patient_id"]:
        words = "A document keeps its patient: mark it as entered in error and send it again."
        raise ValidationFailed([FieldError("patient_id", words)])
    if "consultation_id" in call.body:
        await check_links(tx, call.caller.tenant, {**row, **call.body})
    return await crud.update(tx, _as_known(row), call, row, call.body)


async def mark_in_error(tx: Tx, call: Call) -> Answer:
    """It never should have been: it stays readable and leaves lists."""
    row = await crud.load_to_change(tx, DOCUMENT, call)
    return await in_error.mark(tx, _as_known(row), call, row)


async def load_to_fill(tx: Tx, call: Call) -> Row:
    """The locked document. Raises Conflict unless its content is still to come."""
    row = await crud.load_to_change(tx, DOCUMENT, call)
    in_error.check_not_marked(DOCUMENT, row)
    if row["status"] != "pending":
        raise Conflict(
            "This document is available: its content never changes. Make a new document instead."
        )
    return row


async def load_to_download(tx: Tx, call: Call) -> Row:
    """The document. Raises Conflict while its content is yet to come."""
    row = await crud.load(tx, DOCUMENT, call)
    if row["status"] != "available":
        raise Conflict(f"This document is pending: send its content first, by PUT {ONE}/content.")
    return row


async def check_links(tx: Tx, tenant: Tenant, record: Mapping[str, Any]) -> None:
    """Raises ValidationFailed when a record that is named is not there, or is another patient's.

    As long as the patient is not known, nothing else is.
    """
    if record.get("patient_id") is None:
        return
    if errors := await links.check(tx, tenant, DOCUMENT, record):
        raise ValidationFailed(errors)


def _as_known(row: Row) -> Resource:
    return PENDING if row["status"] == "pending" else DOCUMENT


def _sent(body: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(body)
    if values.get("sha256") is not None:
        values["sha256"] = values["sha256"].lower()
    return values


def _arrived(content: Content, said: Mapping[str, Any]) -> dict[str, Any]:
    """What the content is, as fields. Raises ValidationFailed where something else was said."""
    found = {"file_size": content.file_size, "sha256": content.sha256}
    errors = [
        FieldError(name, "The content that came is not of this: it was cut, or is another file.")
        for name, value in found.items()
        if said.get(name) not in (None, value)
    ]
    if errors:
        raise ValidationFailed(errors)
    return {
        **found,
        "mime_type": content.mime_type,
        "status": "available",
        "content_name": content.upload.content_name,
    }


DOCUMENTS = Registered(
    DOCUMENT,
    (
        Operation("GET", "/documents", page, READ, "List documents", listing=LIST),
        sub_list(PATIENT, DOCUMENT, "patient_id"),
        sub_list(CONSULTATION, DOCUMENT, "consultation_id"),
        Operation("GET", ONE, fetch, READ, "Read what is said of a document"),
        Operation(
            "PATCH",
            ONE,
            update,
            WRITE,
            "Change what is said of a document",
            writes=True,
            body=CHANGES,
            event="document.updated",
            documentation=Documentation(
                details="It makes no event before the content is there.",
                refuses={ValidationFailed: "`patient_id` stays as it is."},
            ),
        ),
        Operation(
            "POST",
            f"{ONE}/mark-in-error",
            mark_in_error,
            WRITE,
            "Mark a document as entered in error",
            writes=True,
            body=in_error.BODY,
            event="document.updated",
        ),
    ),
)
