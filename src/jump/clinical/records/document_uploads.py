"""Files on their way from a client into the store, and what becomes of those that never arrive.

A row is written before the first byte, and the transaction that gives the file to a document takes
it away. So whatever a process leaves that dies in between is known, and only a file that no
transaction can take any more is removed.
"""

import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from jump.caller import Tenant
from jump.clinical.records.document_content import Sniffer
from jump.clinical.records.document_fields import MOST_BYTES
from jump.errors import FieldError, PayloadTooLarge, Unavailable, ValidationFailed
from jump.kit.clock import HOUR
from jump.storage.database import Database, StorageUnavailable, Tx
from jump.storage.files import Files
from jump.storage.sql import Value, sql

GIVEN_UP_AFTER: Final = HOUR  # far longer than any request may last
_TOGETHER: Final = 500


@dataclass(frozen=True, slots=True)
class Upload:
    """A place in the store that nothing else has or will have."""

    tenant: Tenant
    content_name: str

    @property
    def file_name(self) -> str:
        """Where the file lies in the store."""
        return f"{self.tenant.organisation}/{self.tenant.mode}/{self.content_name}"

    def args(self) -> dict[str, Value]:
        """As arguments of the statements below."""
        return {
            "organisation": self.tenant.organisation,
            "mode": self.tenant.mode,
            "name": self.content_name,
        }


@dataclass(frozen=True, slots=True)
class Content:
    """A file that is whole, and what it was found to be."""

    upload: Upload
    mime_type: str
    file_size: int
    sha256: str


_BEGIN = sql(
    "INSERT INTO document_uploads (organisation_id, mode, content_name, started_at)"
    " VALUES (:organisation, :mode, :name, jump_now())"
)
_TAKE = sql(
    "DELETE FROM document_uploads WHERE organisation_id = :organisation AND mode = :mode"
    " AND content_name = :name AND abandoned_at IS NULL"
)
_ABANDON = sql(
    "UPDATE document_uploads SET abandoned_at = jump_now() WHERE organisation_id = :organisation"
    " AND mode = :mode AND content_name = :name AND abandoned_at IS NULL"
)
_HOLDER = sql(
    "SELECT id FROM documents WHERE organisation_id = :organisation AND mode = :mode"
    " AND content_name = :name"
)
_FORGET = sql(
    "DELETE FROM document_uploads WHERE organisation_id = :organisation AND mode = :mode"
    " AND content_name = :name AND abandoned_at IS NOT NULL"
)
_ABANDON_OLD = sql(
    "UPDATE document_uploads SET abandoned_at = jump_now()"
    " WHERE started_at <= jump_now() - :age AND abandoned_at IS NULL"
)
_ABANDONED = sql(
    "SELECT organisation_id, mode, content_name FROM document_uploads"
    " WHERE abandoned_at IS NOT NULL ORDER BY started_at LIMIT :most"
)


def new_upload(
    tenant: Tenant, document_id: str, random: Callable[[int], bytes] = os.urandom
) -> Upload:
    """A place for content of this document. There may have been others, that never were whole."""
    return Upload(tenant, f"{document_id}-{random(8).hex()}")


async def begin(database: Database, upload: Upload, check: Callable[[Tx], Awaitable[None]]) -> None:
    """Write down that a file is to come, unless `check` raises."""

    async def work(tx: Tx) -> None:
        await check(tx)
        await tx.run(_BEGIN, **upload.args())

    await database.write(work)


async def receive(files: Files, upload: Upload, chunks: AsyncIterator[bytes]) -> Content:
    """Take the file into the store as it arrives.

    Raises PayloadTooLarge, UnsupportedMediaType, ValidationFailed, and what `chunks` raises; then
    nothing of it can ever be read.
    """
    sniffer, digest, size, mime_type = Sniffer(), hashlib.sha256(), 0, ""

    async def passing() -> AsyncIterator[bytes]:
        nonlocal size, mime_type
        async for chunk in chunks:
            size += len(chunk)
            if size > MOST_BYTES:
                raise PayloadTooLarge(f"A document has at most {MOST_BYTES:,} bytes (25 MiB).")
            sniffer.take(chunk)
            digest.update(chunk)
            yield chunk
        # Before the store is told that this was all: what is refused never is there.
        if size == 0:
            raise ValidationFailed([FieldError("file", "The file is empty.")])
        mime_type = sniffer.end()

    await files.write(upload.file_name, passing())
    return Content(upload, mime_type, size, digest.hexdigest())


async def take(tx: Tx, upload: Upload) -> None:
    """The file is a document's from here on. Raises Unavailable when it was given up before."""
    if not await tx.run(_TAKE, **upload.args()):
        raise Unavailable("The upload took too long and was given up. Send the document again.")


async def abandon(database: Database, files: Files, upload: Upload) -> None:
    """Remove the file, unless a document has it; then nothing happens. Never raises.

    What the store or the database does not let us do now, `sweep` does later.
    """

    async def give_up(tx: Tx) -> bool:
        await tx.run(_ABANDON, **upload.args())
        # From here on nobody can take it who has not yet.
        return await tx.one(_HOLDER, **upload.args()) is None

    try:
        if await database.write(give_up):
            await _remove(database, files, upload)
    except StorageUnavailable:
        return


async def sweep(database: Database, files: Files) -> None:
    """Remove what processes that died have left in the store."""
    await database.write(lambda tx: tx.run(_ABANDON_OLD, age=GIVEN_UP_AFTER))
    for row in await database.read(lambda tx: tx.all(_ABANDONED, most=_TOGETHER)):
        tenant = Tenant(row["organisation_id"], row["mode"])
        await _remove(database, files, Upload(tenant, row["content_name"]))


async def _remove(database: Database, files: Files, upload: Upload) -> None:
    await files.remove(upload.file_name)
    await database.write(lambda tx: tx.run(_FORGET, **upload.args()))
