"""Files in a folder and in a bucket: whole or not there, in little memory, refused in a line."""

import asyncio
import os
import tracemalloc
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from jump.storage import files
from jump.storage.database import StorageUnavailable
from jump.storage.files import BUCKET_PART_BYTES, READ_BYTES, FileMissing, Files
from tests import bucket as buckets
from tests.bucket import Bucket
from tests.ports import free_port

CHUNK = b"0123456789abcdef" * 4_096
MANY = 200  # chunks: more than two parts of a bucket's
NAME = "org_1/test/doc_1-00"


class Broken(Exception):
    """What brings a file breaks off."""


@dataclass
class Place:
    """Where files are kept; `kept` says which are there, `rest` what else lies about."""

    files: Files
    kept: Callable[[], dict[str, int]]
    rest: Callable[[], int]


def in_folder(path: Path) -> Place:
    def every() -> list[Path]:
        return [each for each in path.rglob("*") if each.is_file()]

    def kept() -> dict[str, int]:
        whole = [each for each in every() if "#" not in each.name]
        return {str(each.relative_to(path)): each.stat().st_size for each in whole}

    return Place(files.folder(path), kept, lambda: len(every()) - len(kept()))


def in_bucket(bucket: Bucket) -> Place:
    def kept() -> dict[str, int]:
        return {name.removeprefix("live/"): size for name, size in bucket.files.items()}

    return Place(open_bucket(bucket), kept, lambda: bucket.unfinished)


def open_bucket(bucket: Bucket) -> Files:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in bucket.variables.items():
            patch.setenv(name, value)
        return files.bucket(bucket.url, allow_http=True)


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        return in_folder(tmp_path / "documents")
    bucket: Bucket = request.getfixturevalue("bucket")
    bucket.empty()
    return in_bucket(bucket)


async def pieces(count: int, then: Exception | None = None) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield CHUNK
    if then is not None:
        raise then


async def whole(store: Files, name: str, size: int, start: int = 0) -> bytes:
    return b"".join([piece async for piece in await store.read(name, size, start)])


@pytest.mark.parametrize("count", [1, MANY])
async def test_a_file_comes_back_as_it_was_and_is_gone_once_removed(
    place: Place, count: int
) -> None:
    size = count * len(CHUNK)
    await place.files.write(NAME, pieces(count))
    assert place.kept() == {NAME: size}
    assert await whole(place.files, NAME, size) == CHUNK * count
    assert await whole(place.files, NAME, size - 3, 7) == (CHUNK * count)[7:-3]
    await place.files.remove(NAME)
    await place.files.remove(NAME)
    assert (place.kept(), place.rest()) == ({}, 0)
    with pytest.raises(FileMissing):
        await place.files.read(NAME, size)


@pytest.mark.parametrize("count", [1, MANY])
async def test_a_file_that_breaks_off_never_was_there(place: Place, count: int) -> None:
    with pytest.raises(Broken):
        await place.files.write(NAME, pieces(count, Broken()))
    assert (place.kept(), place.rest()) == ({}, 0)


async def test_a_file_is_not_there_before_it_is_whole(place: Place) -> None:
    goes_on, is_late = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        async for piece in pieces(MANY):
            yield piece
        is_late.set()
        await goes_on.wait()

    writing = asyncio.create_task(place.files.write(NAME, slow()))
    await is_late.wait()
    assert place.kept() == {}
    with pytest.raises(FileMissing):
        await place.files.read(NAME, 1)
    goes_on.set()
    await writing
    assert place.kept() == {NAME: MANY * len(CHUNK)}


async def test_a_writer_that_is_cancelled_leaves_nothing(place: Place) -> None:
    is_late = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        async for piece in pieces(MANY):
            yield piece
        is_late.set()
        await asyncio.Event().wait()

    writing = asyncio.create_task(place.files.write(NAME, endless()))
    await is_late.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert (place.kept(), place.rest()) == ({}, 0)


async def test_a_file_passes_through_little_memory(place: Place) -> None:
    tracemalloc.start()
    try:
        await place.files.write(NAME, pieces(MANY))
        async for _ in await place.files.read(NAME, MANY * len(CHUNK)):
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * READ_BYTES < BUCKET_PART_BYTES


async def test_a_file_that_was_cut_short_behind_our_back_is_missing(tmp_path: Path) -> None:
    place = in_folder(tmp_path)
    await place.files.write(NAME, pieces(MANY))
    os.truncate(tmp_path / NAME, READ_BYTES + 10)
    with pytest.raises(FileMissing):
        await whole(place.files, NAME, MANY * len(CHUNK))


async def test_what_a_process_that_died_left_beside_a_file_goes_with_it(tmp_path: Path) -> None:
    place = in_folder(tmp_path)
    for number in (1, 2):
        part = tmp_path / f"{NAME}#{number}"
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(CHUNK)
    await place.files.remove(NAME)
    assert place.rest() == 0


async def test_a_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    files.folder(tmp_path / "var" / "documents")
    assert (tmp_path / "var" / "documents").stat().st_mode & 0o777 == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="exists"):
        files.folder(tmp_path / "file")


async def test_a_folder_that_is_gone_is_told_in_one_line(tmp_path: Path) -> None:
    place = in_folder(tmp_path / "documents")
    (tmp_path / "documents").rmdir()
    (tmp_path / "documents").touch()
    for refused in (place.files.write(NAME, pieces(1)), place.files.read(NAME, 1)):
        with pytest.raises(StorageUnavailable, match=r"^The store of documents cannot be used: \S"):
            await refused


async def test_a_bucket_that_is_away_is_told_in_one_line_without_a_secret(bucket: Bucket) -> None:
    away = open_bucket(Bucket(free_port()))
    nowhere = open_bucket(Bucket(bucket.port, "s3://no-such-bucket/live"))
    for store, words in ((away, "it does not answer"), (nowhere, "it answers with 404")):
        with pytest.raises(StorageUnavailable) as refused:
            await store.write(NAME, pieces(1))
        assert str(refused.value) == f"The store of documents cannot be used: {words}."
        assert buckets.SECRET not in str(refused.value.__cause__)
    with pytest.raises(StorageUnavailable, match="it does not answer"):
        await away.read(NAME, 1)
    with pytest.raises(StorageUnavailable, match="it does not answer"):
        await away.remove(NAME)
