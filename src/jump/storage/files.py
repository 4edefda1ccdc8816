"""Files by name, in a folder or in a bucket, by the same code: written, read and removed in pieces.

A file is there whole or not at all, and never changes. Which files there are to be, and what a
name means, is left to the callers; credentials come from the usual AWS_* variables alone.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from jump.storage.database import StorageUnavailable

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

T = TypeVar("T")

READ_BYTES: Final = 524_288
GIVEN_BYTES: Final = 32_768
FOLDER_PART_BYTES: Final = 262_144
BUCKET_PART_BYTES: Final = 5_242_880  # the least that S3 takes as a part

_FAILURES: Final = (BaseError, OSError)
_ERRNO: Final = re.compile(r"\(os error (\d+)\)")
_STATUS: Final = re.compile(r"\b([45]\d\d) [A-Z][a-z]+")
# A store that is away is told of soon: whoever waits holds a request open.
_RETRIES: Final["RetryConfig"] = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
_CLIENT: Final["ClientConfig"] = {
    "connect_timeout": timedelta(seconds=3),
    "timeout": timedelta(seconds=60),
}


class FileMissing(Exception):
    """A file is not there, or not whole, though it should be."""


class Files:
    """One store of files. Raises StorageUnavailable, in one clear line, when it is out of reach.

    The line names no file, no address and no credential.
    """

    def __init__(self, store: LocalStore | S3Store, part_bytes: int, folder: Path | None) -> None:
        self._store = store
        self._part_bytes = part_bytes
        self._folder = folder

    async def write(self, name: str, content: AsyncIterator[bytes]) -> None:
        """Keep what comes, a part at a time in memory; it is there once this returns.

        What `content` raises leaves nothing behind, and goes on to the caller.
        """
        writer = obstore.open_writer_async(
            self._store, name, buffer_size=self._part_bytes, max_concurrency=1
        )
        try:
            async for chunk in content:
                await _told(writer.write(chunk))
        except BaseException as error:
            # Else the parts that have arrived would stay in the bucket, unseen and paid for.
            with suppress(*_FAILURES):
                await writer.__aexit__(type(error), error, None)
            raise
        await _told(writer.close())
        if self._folder is not None:
            await _told(asyncio.to_thread(_make_durable, self._folder, name))

    async def read(self, name: str, end: int, start: int = 0) -> AsyncIterator[bytes]:
        """The bytes before `end` in pieces, all of them or from `start` on.

        Raises FileMissing, and StorageUnavailable before the first piece.

        Each piece is asked for when the one before is gone: a client that takes its time keeps
        nothing in memory, and no connection to a bucket open.
        """
        first = await self._piece(name, start, end)
        return self._pieces(name, start, end, first)

    async def remove(self, name: str) -> None:
        """Remove the file and what a process that died has left of it; it may be gone already."""
        try:
            await obstore.delete_async(self._store, name)
        except FileNotFoundError:
            pass
        except _FAILURES as error:
            raise StorageUnavailable(_why(error)) from error
        if self._folder is not None:
            await _told(asyncio.to_thread(_remove_leftovers, self._folder / name))

    async def _pieces(self, name: str, start: int, end: int, first: bytes) -> AsyncIterator[bytes]:
        for piece in _small(first):
            yield piece
        for place in range(start + READ_BYTES, end, READ_BYTES):
            for piece in _small(await self._piece(name, place, end)):
                yield piece

    async def _piece(self, name: str, start: int, end: int) -> bytes:
        length = min(READ_BYTES, end - start)
        try:
            found = await obstore.get_range_async(self._store, name, start=start, length=length)
        except FileNotFoundError as error:
            raise FileMissing from error
        except _FAILURES as error:
            raise StorageUnavailable(_why(error)) from error
        if len(found) != length:
            raise FileMissing
        return bytes(found)


def folder(path: Path) -> Files:
    """The files of a folder, which is made if it is not there. Raises OSError.

    Nobody but the owner of the process may look into it.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(path, os.W_OK | os.X_OK):
        raise PermissionError(13, "It may not be written to")
    return Files(LocalStore(path), FOLDER_PART_BYTES, path)


def bucket(url: str, *, allow_http: bool = False) -> Files:
    """The files below `s3://bucket/prefix`, reached as the AWS_* variables say. Raises ValueError.

    Whether the bucket answers is not asked. `allow_http` lets an endpoint be one without TLS.
    """
    name, _, prefix = url.removeprefix("s3://").partition("/")
    try:
        store = S3Store(
            name,
            prefix=prefix or None,
            # One by one: every server that speaks S3 knows that.
            disable_bulk_delete=True,
            client_options={**_CLIENT, "allow_http": allow_http},
            retry_config=_RETRIES,
        )
    except BaseError as error:
        raise ValueError("One of the AWS_* variables is not good for a bucket.") from error
    return Files(store, BUCKET_PART_BYTES, None)


async def _told(step: Awaitable[T]) -> T:
    """The step's result; what the store refuses, in our words."""
    try:
        return await step
    except _FAILURES as error:
        raise StorageUnavailable(_why(error)) from error


def _small(piece: bytes) -> Iterator[bytes]:
    # A server keeps a few pieces for each client that is slow.
    return (piece[start : start + GIVEN_BYTES] for start in range(0, len(piece), GIVEN_BYTES))


def _why(error: Exception) -> str:
    # Its own words may hold an address, a name of a file or what a bucket answered.
    number = _ERRNO.search(str(error))
    status = _STATUS.search(str(error))
    if number is not None:
        reason = os.strerror(int(number[1]))
    elif isinstance(error, OSError) and error.errno is not None:
        reason = os.strerror(error.errno)
    elif status is not None:
        reason = f"it answers with {status[1]}"
    else:
        reason = "it does not answer"
    return f"The store of documents cannot be used: {reason}."


def _make_durable(root: Path, name: str) -> None:
    """See to it that a file which is said to be there also is after a loss of power."""
    path = root / name
    above = [each for each in path.parents if each.is_relative_to(root)]
    for each in (path, *above):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove_leftovers(path: Path) -> None:
    # Until a file is whole it lies beside its place, with a number behind its name.
    for part in path.parent.glob(f"{path.name}#*"):
        part.unlink(missing_ok=True)
