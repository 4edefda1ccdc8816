"""Brings a database to the shape this program knows: numbered files, forward only.

Each migration names the oldest program that still works on it, so that new and old processes can
run side by side; only a program older than that refuses to start, or turns unready.
"""

import contextlib
import os
import re
import tempfile
import time
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

import apsw
import asyncpg

from jump.kit.clock import Clock
from jump.kit.ids import new_id
from jump.storage import partitions
from jump.storage.database import StorageUnavailable, Tx
from jump.storage.postgresql import split_options
from jump.storage.postgresql_reach import why_not_connected
from jump.storage.schema import SqliteSchema
from jump.storage.sql import sql
from jump.storage.sqlite import counters_path

Kind = Literal["sqlite", "postgresql"]

FIRST_ORGANISATION = "Practice"

_OLDEST = re.compile(r"^-- oldest-program: (\d+)$", re.MULTILINE)
_SECTION = re.compile(r"^-- \[(both|sqlite|postgresql|counters)\]$", re.MULTILINE)
_COMMENT = re.compile(r"^--.*$", re.MULTILINE)
_ONLY_POSTGRESQL = re.compile(r"/\*postgresql (.*?)\*/", re.DOTALL)
PATIENCE_MS = 10_000  # to wait for another process that migrates the same file
_PAUSE_MS = 10
_LOCK = 7_241_630_551  # any number: who holds it migrates, others wait

_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
  version BIGINT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  oldest_program BIGINT NOT NULL,
  applied_at BIGINT NOT NULL
)"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    version: int
    name: str
    text: str

    @property
    def oldest_program(self) -> int:
        """The lowest program number that works on a database with this migration."""
        found = _OLDEST.search(self.text)
        if found is None:
            raise ValueError(f"migration {self.name} does not name the oldest program")
        return int(found[1])

    def script(self, kind: Kind) -> str:
        """What this database is to run."""
        keep = {"both", kind} | ({"counters"} if kind == "postgresql" else set())
        return "".join(
            _dialect(kind, name, text) for name, text in self._sections() if name in keep
        )

    def counters(self) -> str:
        """What SQLite's file of counters is to run."""
        return "".join(text for name, text in self._sections() if name == "counters")

    def _sections(self) -> list[tuple[str, str]]:
        pieces = _SECTION.split(self.text)
        return [("both", pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a database has: the last migration, and the oldest program that works on it."""

    version: int
    oldest_program: int


def migrations() -> list[Migration]:
    """Every migration this program ships with, in order."""
    folder = resources.files("jump.storage.migrations")
    files = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [
        Migration(int(name[:4]), name.removesuffix(".sql"), (folder / name).read_text("utf-8"))
        for name in files
    ]


# The number of this program is the last migration it ships with.
PROGRAM = migrations()[-1].version


def problem_with(shape: Shape | None) -> str | None:
    """Why this program cannot work on that database, in one line, or None."""
    if shape is None or shape.version == 0:
        return "The database is empty. Run `jump migrate`."
    if shape.oldest_program > PROGRAM:
        return "The database was migrated by a newer program. Update this one."
    if shape.version < PROGRAM:
        return "The database needs a migration. Run `jump migrate`."
    return None


READ_SHAPE = sql(
    "SELECT max(version) AS version, max(oldest_program) AS oldest_program FROM schema_migrations"
)


async def read_shape(tx: Tx) -> Shape:
    """The shape of a database that has a ledger."""
    row = await tx.one(READ_SHAPE)
    if row is None or row["version"] is None:
        return Shape(0, 0)
    return Shape(row["version"], row["oldest_program"])


def migrate_sqlite(path: Path, clock: Clock, *, only_if_empty: bool = False) -> list[str]:
    """Apply what is missing to the file at `path`, made if need be; the names of what was applied.

    With `only_if_empty` a database that has a shape already is left as it is.
    Raises StorageUnavailable.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_file(path)
        _make_file(counters_path(path))
        connection = apsw.Connection(str(path))
    except (OSError, apsw.Error) as error:
        raise StorageUnavailable("The database file cannot be opened.") from error
    try:
        connection.set_busy_timeout(PATIENCE_MS)
        _use_wal(connection)
        connection.execute("BEGIN IMMEDIATE")
        applied = _migrate_connection(connection, path, clock, only_if_empty=only_if_empty)
        connection.execute("COMMIT")
        return applied
    except apsw.Error as error:
        refusal = SqliteSchema({}).translate(error)
        if isinstance(refusal, StorageUnavailable):
            raise refusal from error
        raise StorageUnavailable(f"The database cannot be migrated: {error}.") from error
    finally:
        connection.close()


def _make_file(path: Path) -> None:
    """An empty file that its owner alone may read: patients' records will be in it.

    One that is there keeps the rights that it has. What SQLite puts beside it gets the same ones.
    """
    if path.exists():
        return
    # Never opened under its own name: closing it would free what SQLite has locked meanwhile.
    handle, draft = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    os.close(handle)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.unlink(draft)


def _use_wal(connection: apsw.Connection) -> None:
    """SQLite does not wait here by itself: of several that meet on a new file all but one fail."""
    for _ in range(PATIENCE_MS // _PAUSE_MS):
        try:
            connection.pragma("journal_mode", "wal")
        except apsw.BusyError:
            time.sleep(_PAUSE_MS / 1000)
        else:
            return
    connection.pragma("journal_mode", "wal")


def _migrate_connection(
    connection: apsw.Connection, path: Path, clock: Clock, *, only_if_empty: bool
) -> list[str]:
    connection.execute(_LEDGER)
    applied = connection.execute("SELECT max(version) FROM schema_migrations").get or 0
    missing = [] if only_if_empty and applied else [m for m in migrations() if m.version > applied]
    for migration in missing:
        connection.execute(migration.script("sqlite"))
        connection.execute(
            "INSERT INTO schema_migrations VALUES (?, ?, ?, ?)",
            (migration.version, migration.name, migration.oldest_program, clock()),
        )
    if missing and not applied:
        connection.execute(
            "INSERT INTO organisations (id, name, created_at) VALUES (?, ?, ?)",
            (new_id("org", clock()), FIRST_ORGANISATION, clock()),
        )
    _make_counters(path)
    return [migration.name for migration in missing]


def _make_counters(path: Path) -> None:
    counters = apsw.Connection(str(counters_path(path)))
    try:
        counters.set_busy_timeout(PATIENCE_MS)
        _use_wal(counters)
        for migration in migrations():
            text = migration.counters().replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS")
            counters.execute(text)
    finally:
        counters.close()


async def migrate_postgres(url: str, clock: Clock, *, only_if_empty: bool = False) -> list[str]:
    """Apply what is missing to the database at `url`; the names of what was applied.

    With `only_if_empty` a database that has a shape already is left as it is.
    Raises StorageUnavailable.
    """
    address, _ = split_options(url)
    try:
        connection = await asyncpg.connect(address, timeout=10, statement_cache_size=0)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise StorageUnavailable(why_not_connected(error)) from error
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            return await _migrate_postgres(connection, clock, only_if_empty=only_if_empty)
    except asyncpg.PostgresError as error:
        raise StorageUnavailable(f"The database cannot be migrated: {error}.") from error
    finally:
        await connection.close()


async def _migrate_postgres(
    connection: "asyncpg.Connection[asyncpg.Record]", clock: Clock, *, only_if_empty: bool
) -> list[str]:
    await connection.execute(_LEDGER)
    applied = await connection.fetchval("SELECT max(version) FROM schema_migrations") or 0
    missing = [] if only_if_empty and applied else [m for m in migrations() if m.version > applied]
    for migration in missing:
        script = migration.script("postgresql")
        # What is SQLite's alone leaves no statement here, and asyncpg fails on none.
        if _COMMENT.sub("", script).strip():
            await connection.execute(script)
        await connection.execute(
            "INSERT INTO schema_migrations VALUES ($1, $2, $3, $4)",
            migration.version,
            migration.name,
            migration.oldest_program,
            clock(),
        )
    if missing and not applied:
        await connection.execute(
            "INSERT INTO organisations (id, name, created_at) VALUES ($1, $2, $3)",
            new_id("org", clock()),
            FIRST_ORGANISATION,
            clock(),
        )
    await partitions.make(connection, clock())
    return [migration.name for migration in missing]


def _dialect(kind: Kind, section: str, text: str) -> str:
    if kind == "sqlite" or section == "postgresql":
        return text
    text = _ONLY_POSTGRESQL.sub(r"\1", text)
    text = re.sub(r"\bTEXT\b", 'TEXT COLLATE "C"', text)
    return text.replace("CREATE TABLE", "CREATE UNLOGGED TABLE") if section == "counters" else text
