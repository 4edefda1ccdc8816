"""One file on its way from a request into the store, refused as early as it can be.

Unless the change that takes it is written, nothing of it stays. What a document is, and when it is
one, is left to `jump.clinical`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from jump.clinical.records import document_uploads
from jump.clinical.records.document_fields import MOST_BYTES
from jump.clinical.records.document_uploads import Content, Upload
from jump.errors import Problem
from jump.resources.definition import Call
from jump.rest import bodies
from jump.rest.exchange import Exchange, Rendered
from jump.storage.database import Tx

CONTENT_SECONDS: Final = 900  # 25 MiB by 233 kbit/s
MOST_FORM: Final = MOST_BYTES + 1_048_576
_HEARD_OUT_SECONDS: Final = 10

Check = Callable[[Tx], Awaitable[None]]


async def take_in(
    exchange: Exchange,
    call: Call,
    document_id: str,
    check: Check,
    work: Callable[[Upload], Awaitable[Rendered]],
) -> Rendered:
    """Do the work, which is to `receive` the file and write the change that takes it.

    `check` is asked first, in a transaction of its own, and refuses what is known to be wrong.
    """
    parts = exchange.parts
    upload = document_uploads.new_upload(call.caller.tenant, document_id)
    await document_uploads.begin(parts.database, upload, check)
    try:
        return await work(upload)
    finally:
        # Refused, broken off, or the repeat of a request that has its answer.
        if not exchange.recorded:
            await document_uploads.abandon(parts.database, parts.files, upload)


async def receive(exchange: Exchange, upload: Upload, chunks: AsyncIterator[bytes]) -> Content:
    """The file in the store, whole."""
    content = await document_uploads.receive(exchange.parts.files, upload, chunks)
    exchange.parts.crash("document_before_record")
    return content


async def heard_out(exchange: Exchange, work: Awaitable[Rendered]) -> Rendered:
    """The work; what is refused is told when the body has been read, within bounds.

    Most clients read no answer while they send, and a few cannot any more when they have been hung
    up on.
    """
    try:
        return await work
    except Problem:
        await bodies.discard(exchange.request, MOST_FORM, _HEARD_OUT_SECONDS)
        raise
