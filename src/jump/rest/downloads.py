"""`/downloads/{token}`: a document's content for whoever has the link, for five minutes.

A link is sealed: it holds the document and the proof of the key that asked for it, and no more can
be read of it than that it is one. Each use is a request of that key, admitted and recorded like any
other; what it answers can run in nobody's browser.
"""

import base64
import binascii
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from jump import telemetry
from jump.caller import Mode
from jump.clinical.records import document_names, documents
from jump.clinical.records.document_content import TEXT
from jump.clinical.records.document_fields import DocumentDownload
from jump.clinical.records.document_uploads import Upload
from jump.errors import MethodNotAllowed, NotFound, Unauthorized
from jump.keys.admit import KeyRefused, Proof, QuotaSpent, admit_again, prove
from jump.keys.format import parse_key, record_id
from jump.kit.clock import MINUTE, SECOND
from jump.kit.instants import format_second
from jump.resources.definition import Call
from jump.rest import bodies, ranges
from jump.rest.exchange import Exchange, Rendered
from jump.sealing import CannotOpen
from jump.storage.database import StorageUnavailable
from jump.storage.sql import Row

BELOW: Final = "/downloads/"
TEMPLATE: Final = "/downloads/{token}"
GOOD_FOR: Final = 5 * MINUTE

_PURPOSE: Final = "document-link"
_LONGEST_TOKEN: Final = 1_024
_SAFE: Final = {
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Accept-Ranges": "bytes",
}
_NO_LINK: Final = (
    "This link does not lead anywhere, or not any more. Get a new one by GET"
    " /api/v1/documents/{id}/download."
)


class _Link(msgspec.Struct, array_like=True):
    document_id: str
    key_id: str
    mode: Mode
    hashes: tuple[bytes, ...]
    expires_at: int


def link(exchange: Exchange, document_id: str) -> DocumentDownload:
    """A new link, for the key of the exchange and no other."""
    keyring = exchange.parts.keyring
    presented = ", ".join(exchange.request.headers.getlist("authorization"))
    proof = prove(keyring, presented, secure=exchange.secure)
    # In whole seconds, as it is told.
    expires_at = (exchange.at + GOOD_FOR) // SECOND * SECOND
    sealed = _Link(document_id, proof.key_id, proof.mode, proof.hashes, expires_at)
    token = keyring.seal(_PURPOSE, msgspec.msgpack.encode(sealed), b"")
    text = base64.urlsafe_b64encode(token).rstrip(b"=").decode()
    url = f"{exchange.parts.public_url}{BELOW}{text}"
    return DocumentDownload(url, format_second(expires_at))


async def answer(exchange: Exchange, token: str) -> Rendered:
    """The document that the link leads to. Whatever is wrong with a link looks the same."""
    exchange.template = TEMPLATE
    request = exchange.request
    bodies.refuse_key_in_query(request)
    opened = _open(exchange, token)
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed(("GET", "HEAD"))
    bodies.flags({}, bodies.query_params(request))
    await _admit(exchange, opened)
    assert exchange.admission is not None
    caller = exchange.admission.caller
    if not caller.may(documents.READ):
        raise NotFound(_NO_LINK)
    call = Call(caller, exchange.at, {"id": opened.document_id})
    row = await exchange.parts.database.read(lambda tx: documents.load_to_download(tx, call))
    return await _served(exchange, row)


def _open(exchange: Exchange, token: str) -> _Link:
    try:
        sealed = base64.b64decode(
            token[:_LONGEST_TOKEN] + "=" * (-len(token) % 4), altchars=b"-_", validate=True
        )
        plain = exchange.parts.keyring.open(_PURPOSE, sealed, b"")
    except (ValueError, binascii.Error, CannotOpen) as error:
        raise NotFound(_NO_LINK) from error
    opened = msgspec.msgpack.decode(plain, type=_Link)
    is_late = exchange.at >= opened.expires_at
    in_clear = opened.mode == "live" and not exchange.secure
    if is_late or in_clear or _is_anothers(exchange, opened):
        raise NotFound(_NO_LINK)
    return opened


def _is_anothers(exchange: Exchange, opened: _Link) -> bool:
    """Whether the request comes with a key that is not the link's; it needs none at all."""
    sent = exchange.request.headers.getlist("authorization")
    keys = [parse_key(text.rpartition(" ")[2]) for text in sent]
    return any(key is None or record_id(key.id) != opened.key_id for key in keys)


async def _admit(exchange: Exchange, opened: _Link) -> None:
    """The link's key as it is now: revoked, or its secret replaced, it takes the link along."""
    parts = exchange.parts
    proof = Proof(opened.key_id, opened.mode, opened.hashes)
    try:
        exchange.admission = await admit_again(
            parts.database, proof, address=exchange.address, request_id=exchange.id, counted=True
        )
    except Unauthorized as refused:
        if isinstance(refused, KeyRefused):
            exchange.known = refused.admission
        raise NotFound(_NO_LINK) from refused
    except QuotaSpent as spent:
        exchange.admission = exchange.known = spent.admission
        raise
    exchange.known = exchange.admission
    parts.last_used.note(exchange.admission, exchange.at)


async def _served(exchange: Exchange, row: Row) -> Rendered:
    assert exchange.admission is not None
    size, mime_type, patients = row["file_size"], row["mime_type"], (row["patient_id"],)
    headers = {
        **_SAFE,
        "Content-Type": f"{mime_type}; charset=utf-8" if mime_type == TEXT else mime_type,
        "Content-Length": str(size),
        "Content-Disposition": document_names.attachment(row["file_name"], mime_type),
        # Of the content, which never changes, and not of the record.
        "ETag": f'"{row["sha256"]}"',
    }
    if exchange.request.method == "HEAD":
        return Rendered(200, b"", headers, patients)
    status, start, end = 200, 0, size
    part = _part(exchange, headers["ETag"], size)
    if part is not None:
        status, start, end = 206, part.start, part.end
        headers |= {"Content-Length": str(end - start), "Content-Range": part.content_range}
    upload = Upload(exchange.admission.caller.tenant, row["content_name"])
    pieces = await exchange.parts.files.read(upload.file_name, end, start)
    return Rendered(status, b"", headers, patients, stream=_watched(exchange, pieces))


def _part(exchange: Exchange, etag: str, size: int) -> ranges.Part | None:
    """What is asked for, None for all of it."""
    sent = exchange.request.headers
    # A header that comes twice is a list (RFC 9110, 5.3).
    asked = [", ".join(sent.getlist(name)) or None for name in ("range", "if-range")]
    return ranges.wanted(asked[0], asked[1], etag, size)


async def _watched(exchange: Exchange, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces; what goes wrong on the way is told in the log, and the client sees it broken."""
    try:
        async for piece in pieces:
            yield piece
    except StorageUnavailable as refusal:
        telemetry.unavailable(str(refusal), exchange.id)
        raise
    except Exception as fault:
        telemetry.fault(fault, exchange.id, exchange.template)
        raise
