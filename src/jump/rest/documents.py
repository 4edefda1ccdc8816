"""`/documents` where bodies are more than JSON: by form, by JSON and then the bytes, and the link.

How bytes pass is left to `uploads` and `downloads`, what a document is to `jump.clinical`.
"""

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from jump.clinical.records import documents
from jump.clinical.records.document_fields import (
    MOST_BYTES,
    NEW,
    NUMBERS,
    Document,
    DocumentDownload,
)
from jump.clinical.records.document_names import named_by_sender
from jump.clinical.records.document_uploads import Content, Upload
from jump.errors import (
    Conflict,
    FieldError,
    InvalidRequest,
    PayloadTooLarge,
    UnsupportedMediaType,
    ValidationFailed,
)
from jump.kit.ids import new_id, sample_id
from jump.resources import validation
from jump.resources.definition import Answer, Call, Documentation
from jump.rest import bodies, downloads, forms, unit, uploads
from jump.rest.exchange import Exchange, Rendered
from jump.rest.forms import Form
from jump.rest.routes import Direct, Route
from jump.storage.database import Tx

_NO_FORM: Final = b""  # for one that is refused: what is kept is of another


async def create(exchange: Exchange, call: Call) -> Rendered:
    """A document by form, with its content, or by JSON, without."""
    if bodies.media_type(exchange.request) == forms.MEDIA_TYPE:
        try:
            return await uploads.heard_out(exchange, _create_by_form(exchange, call))
        except (ValidationFailed, UnsupportedMediaType) as wrong:
            return await unit.refuse(exchange, call, _NO_FORM, wrong)
    return await unit.write(exchange, call, exchange.digest, documents.create)


async def put_content(exchange: Exchange, call: Call) -> Rendered:
    """The content of a pending document: the body of the request, as it is."""
    return await uploads.heard_out(exchange, _put_content(exchange, call))


async def link(exchange: Exchange, call: Call) -> Answer:
    """An address to download a document from."""
    row = await exchange.parts.database.read(lambda tx: documents.load_to_download(tx, call))
    made = downloads.link(exchange, call.path["id"])
    return Answer(msgspec.json.encode(made), patients=(row["patient_id"],))


async def _create_by_form(exchange: Exchange, call: Call) -> Rendered:
    form = Form(exchange.request, uploads.MOST_FORM, uploads.CONTENT_SECONDS)
    document_id = new_id(documents.DOCUMENT.prefix, call.at)
    # What stands behind the file is checked behind it, too.
    early = _fields(form, partial=await form.to_file())

    async def check(tx: Tx) -> None:
        await documents.check_links(tx, call.caller.tenant, early)

    async def work(upload: Upload) -> Rendered:
        content = await uploads.receive(exchange, upload, form.content())
        await form.to_end()
        body = _fields(form, partial=False)
        digest = _digest(form, content)
        body.setdefault("file_name", named_by_sender(form.file_name))
        run = partial(documents.create_with_content, document_id=document_id, content=content)
        return await unit.write(exchange, replace(call, body=body), digest, run)

    return await uploads.take_in(exchange, call, document_id, check, work)


async def _put_content(exchange: Exchange, call: Call) -> Rendered:
    _check_plain(exchange)
    chunks = bodies.chunks(exchange.request, MOST_BYTES, uploads.CONTENT_SECONDS)

    async def check(tx: Tx) -> None:
        await documents.load_to_fill(tx, call)

    async def work(upload: Upload) -> Rendered:
        content = await uploads.receive(exchange, upload, chunks)
        run = partial(documents.add_content, content=content)
        return await unit.write(exchange, call, bytes.fromhex(content.sha256), run)

    return await uploads.take_in(exchange, call, call.path["id"], check, work)


def _fields(form: Form, *, partial: bool) -> dict[str, Any]:
    """The fields that have arrived, decoded. Raises ValidationFailed with every wrong one."""
    errors = list(form.errors)
    values: dict[str, Any] = {}
    try:
        values = validation.check(NEW, msgspec.json.encode(_typed(form.fields)), partial=partial)
    except ValidationFailed as wrong:
        errors += wrong.details
    if not partial and not form.has_file:
        errors.append(FieldError(forms.FILE, "Send the file in a part of this name."))
    if errors:
        raise ValidationFailed(errors)
    return values


def _typed(fields: Mapping[str, str]) -> dict[str, Any]:
    """A form has text only."""
    return {
        name: int(text) if name in NUMBERS and text.isascii() and text.isdigit() else text
        for name, text in fields.items()
    }


def _digest(form: Form, content: Content) -> bytes:
    """What makes a repeated form the same one: the boundary differs each time."""
    sent = {"fields": form.fields, "sha256": content.sha256}
    return hashlib.sha256(msgspec.json.encode(sent, order="sorted")).digest()


def _check_plain(exchange: Exchange) -> None:
    if bodies.media_type(exchange.request).startswith("multipart/"):
        raise UnsupportedMediaType("Send the bytes of the file themselves here, not a form.")
    if "content-range" in exchange.request.headers:
        raise InvalidRequest("Send the whole file in one request, without Content-Range.")


_NO_DOCUMENT: Final = (
    "The file is none of PDF, PNG, JPEG, TIFF, plain text in UTF-8, RTF and DOCX without macros."
)

OPERATIONS: Final[tuple[Route, ...]] = (
    Direct(
        "POST",
        "/documents",
        create,
        documents.WRITE,
        "Create a document: by form with its file, or by JSON, before its content",
        writes=True,
        body=NEW,
        event="document.created",
        streams=(forms.MEDIA_TYPE,),
        documentation=Documentation(
            details="By form, the file is the part `file`, of at most 25 MiB, and the fields may"
            " stand before and behind it. By JSON the document is `pending`: send its content to"
            " `PUT /documents/{id}/content`; before that it makes no event.",
            result=Document,
            example={
                "patient_id": sample_id("pat"),
                "document_type": "letter",
                "title": "Discharge letter",
                "file_name": "discharge-letter.pdf",
            },
            refuses={
                PayloadTooLarge: "A document has at most 26,214,400 bytes, the fields 262,144.",
                UnsupportedMediaType: _NO_DOCUMENT,
                ValidationFailed: "What is referred to is not there, or is of another patient. The"
                " file is missing, empty, or not of the `file_size` or `sha256` that was sent.",
            },
        ),
    ),
    Direct(
        "PUT",
        f"{documents.ONE}/content",
        put_content,
        documents.WRITE,
        "Send the content of a pending document",
        writes=True,
        event="document.created",
        streams=("application/octet-stream",),
        documentation=Documentation(
            details="The body is the file, of at most 25 MiB. What it is, its content says and not"
            " its media type. It comes once and never changes.",
            result=Document,
            refuses={
                Conflict: "The document is available already, or marked as entered in error.",
                PayloadTooLarge: "A document has at most 26,214,400 bytes.",
                UnsupportedMediaType: _NO_DOCUMENT,
                ValidationFailed: "The file is empty, or not what its record says: `file_size` or"
                " `sha256` differ.",
            },
        ),
    ),
    Direct(
        "GET",
        f"{documents.ONE}/download",
        link,
        documents.READ,
        "Get an address to download a document from",
        documentation=Documentation(
            details="The address answers to GET, with `Range` too, and HEAD, for five minutes and"
            " this key only. It needs no `Authorization` header; each use counts as a request of"
            " the key and is recorded. It ends with the key, or with the secret that asked for it.",
            result=DocumentDownload,
            refuses={Conflict: "The content of the document is yet to come."},
        ),
    ),
)
