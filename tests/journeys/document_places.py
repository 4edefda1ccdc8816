"""Where documents lie for real processes, a folder or a bucket, and what lies about there.

The processes are told of the place by its `settings`; tests look at it behind their backs.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from jump.storage.sql import Sql, sql
from tests.bucket import Bucket
from tests.databases import Store

KINDS = ("folder", "bucket")
_AWAITED = sql("SELECT content_name FROM document_uploads ORDER BY content_name")
_HELD = sql("SELECT content_name FROM documents ORDER BY content_name")


@dataclass(frozen=True)
class Place:
    """`whole` names the files that can be read, and their sizes; `begun` counts all others.

    `outlives_upkeep` is how many of the latter stay when their process was killed: the parts in a
    bucket go by the bucket's own rule, which is not part of the tests.
    """

    settings: Mapping[str, str]
    whole: Callable[[], dict[str, int]]
    begun: Callable[[], int]
    content: Callable[[str], bytes]
    outlives_upkeep: int

    def is_empty(self) -> bool:
        """Whether nothing lies there, to be read or not."""
        return not self.whole() and not self.begun()


def place_of(kind: str, request: pytest.FixtureRequest, folder: Path) -> Place:
    """An empty one; `folder` is where processes keep documents that are told of no place."""
    if kind == "folder":
        return _in_folder(folder)
    bucket: Bucket = request.getfixturevalue("bucket")
    bucket.empty()
    return _in_bucket(bucket)


def awaited(store: Store) -> list[str]:
    """The files that the database takes to be on their way."""
    return asyncio.run(_names(store, _AWAITED))


def held(store: Store) -> list[str]:
    """The files that the database says a document has."""
    return asyncio.run(_names(store, _HELD))


def _in_folder(folder: Path) -> Place:
    def every() -> list[Path]:
        return [each for each in folder.rglob("*") if each.is_file()]

    def whole() -> dict[str, int]:
        # What has a number behind its name is on its way.
        return {each.name: each.stat().st_size for each in every() if "#" not in each.name}

    def content(name: str) -> bytes:
        (found,) = folder.rglob(name)
        return found.read_bytes()

    return Place({}, whole, lambda: len(every()) - len(whole()), content, outlives_upkeep=0)


def _in_bucket(bucket: Bucket) -> Place:
    def whole() -> dict[str, int]:
        return {name.rpartition("/")[2]: size for name, size in bucket.files.items()}

    def content(name: str) -> bytes:
        (found,) = [each for each in bucket.files if each.endswith(f"/{name}")]
        return bucket.content(found)

    settings = {"JUMP_DOCUMENTS_URL": bucket.url, **bucket.variables}
    return Place(settings, whole, lambda: bucket.unfinished, content, outlives_upkeep=1)


async def _names(store: Store, statement: Sql) -> list[str]:
    database = store.open(connections=1)
    try:
        return [row["content_name"] for row in await database.read(lambda tx: tx.all(statement))]
    finally:
        await database.close()
