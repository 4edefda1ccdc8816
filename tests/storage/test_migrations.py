"""A database is brought to this program's shape once, by whoever comes first, and only forward."""

import asyncio
import stat
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw
import pytest

from jump.kit.clock import system_clock
from jump.storage import migrate
from jump.storage.database import Database, StorageUnavailable
from jump.storage.migrate import (
    FIRST_ORGANISATION,
    PROGRAM,
    Migration,
    Shape,
    migrate_postgres,
    migrate_sqlite,
    migrations,
    problem_with,
)
from jump.storage.postgresql import open_postgres
from jump.storage.readiness import readiness
from jump.storage.sql import sql
from jump.storage.sqlite import SqliteDatabase
from tests.databases import Store
from tests.postgres import run_apart


@contextmanager
def open_files(path: Path) -> Iterator[list[Path]]:
    """The files of a database and what lies beside it while it is written to."""
    writer = apsw.Connection(str(path))
    writer.execute("CREATE TABLE scratch (id TEXT)")
    yield list(path.parent.iterdir())
    writer.close()


EVERY = [migration.name for migration in migrations()]
LEDGER = sql("SELECT version, name, oldest_program FROM schema_migrations ORDER BY version")
ORGANISATIONS = sql("SELECT name FROM organisations")
BROKEN = Migration(
    9_999, "9999_broken", "-- oldest-program: 1\nCREATE TABLE half (id TEXT);\nCREATE NONSENSE;"
)


@dataclass
class Place:
    """Where a database may be made, of either kind."""

    migrate: Callable[..., Awaitable[list[str]]]
    open: Callable[[], Database]
    execute: Callable[[str], None]


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty place: no file, or a database with nothing in it."""
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgres")

        async def on_postgres(**options: bool) -> list[str]:
            return await migrate_postgres(url, system_clock, **options)

        yield Place(
            on_postgres, lambda: open_postgres(url), lambda text: run_apart(url, "execute", text)
        )
        return
    path = tmp_path / "in a new folder" / "jump.db"

    async def on_sqlite(**options: bool) -> list[str]:
        return await asyncio.to_thread(migrate_sqlite, path, system_clock, **options)

    def execute(text: str) -> None:
        connection = apsw.Connection(str(path))
        connection.execute(text)
        connection.close()

    yield Place(on_sqlite, lambda: SqliteDatabase(path, system_clock), execute)


async def names(place: Place) -> tuple[list[str], list[str]]:
    """The migrations in the ledger, and the organisations."""
    database = place.open()
    ledger = await database.read(lambda tx: tx.all(LEDGER))
    organisations = await database.read(lambda tx: tx.all(ORGANISATIONS))
    await database.close()
    return [row["name"] for row in ledger], [row["name"] for row in organisations]


async def test_an_empty_place_gets_every_migration_and_one_organisation_once(place: Place) -> None:
    assert await place.migrate() == EVERY
    assert await place.migrate() == []
    assert await names(place) == (EVERY, [FIRST_ORGANISATION])


async def test_a_first_start_migrates_what_is_empty_and_leaves_all_else_alone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_older_program = migrations()[:1]
    with monkeypatch.context() as older:
        older.setattr(migrate, "migrations", lambda: an_older_program)
        assert await place.migrate(only_if_empty=True) == EVERY[:1]
    assert await place.migrate(only_if_empty=True) == []
    assert await names(place) == (EVERY[:1], [FIRST_ORGANISATION])
    assert await place.migrate() == EVERY[1:]
    assert await names(place) == (EVERY, [FIRST_ORGANISATION])


async def test_several_that_start_at_once_migrate_once(place: Place) -> None:
    applied = await asyncio.gather(*(place.migrate(only_if_empty=True) for _ in range(4)))
    assert sorted(applied) == [[], [], [], EVERY]
    assert await names(place) == (EVERY, [FIRST_ORGANISATION])


def test_several_processes_that_make_the_same_file_at_once_all_get_it(tmp_path: Path) -> None:
    def make(number: int) -> list[str]:
        path = tmp_path / f"{number // 4}" / "jump.db"
        return migrate_sqlite(path, system_clock, only_if_empty=True)

    with ThreadPoolExecutor(4) as threads:
        applied = list(threads.map(make, range(32)))
    assert applied.count(EVERY) == 8
    assert applied.count([]) == 24


def test_a_new_file_that_another_process_is_writing_to_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "jump.db"
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as thread:
        migrating = thread.submit(migrate_sqlite, path, system_clock)
        with pytest.raises(TimeoutError):
            migrating.result(timeout=0.2)
        other.execute("COMMIT")
        assert migrating.result() == EVERY
    other.close()


def test_what_sqlite_keeps_of_patients_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "jump.db"
    migrate_sqlite(path, system_clock)
    with open_files(path) as files:
        assert {each.name for each in files} >= {"jump.db", "jump.db-wal", "jump-counters.db"}
        assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}


def test_a_database_whose_rights_an_operator_has_changed_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "jump.db"
    migrate_sqlite(path, system_clock)
    path.chmod(0o660)
    migrate_sqlite(path, system_clock)
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


async def test_a_migration_that_fails_leaves_nothing_of_itself(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await place.migrate()
    with monkeypatch.context() as newer:
        newer.setattr(migrate, "migrations", lambda: [*migrations(), BROKEN])
        with pytest.raises(StorageUnavailable, match=r"^The database cannot be migrated: .*\.$"):
            await place.migrate()
    assert await names(place) == (EVERY, [FIRST_ORGANISATION])
    place.execute("CREATE TABLE half (id TEXT)")


async def test_one_that_fails_at_the_first_start_leaves_an_empty_place(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(migrate, "migrations", lambda: [*migrations(), BROKEN])
        with pytest.raises(StorageUnavailable):
            await place.migrate()
    assert await place.migrate() == EVERY
    assert await names(place) == (EVERY, [FIRST_ORGANISATION])


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (None, "is empty"),
        (Shape(0, 0), "is empty"),
        (Shape(PROGRAM, PROGRAM), None),
        (Shape(PROGRAM, 1), None),
        (Shape(PROGRAM - 1, 1), "needs a migration"),
        (Shape(PROGRAM + 1, 1), None),
        (Shape(PROGRAM + 1, PROGRAM), None),
        (Shape(PROGRAM + 1, PROGRAM + 1), "newer program"),
        (Shape(PROGRAM + 7, PROGRAM + 3), "newer program"),
    ],
)
def test_a_database_is_refused_only_by_a_program_that_cannot_work_on_it(
    shape: Shape | None, words: str | None
) -> None:
    problem = problem_with(shape)
    assert (problem is None) == (words is None)
    assert words is None or words in str(problem)


async def test_a_program_turns_unready_when_the_database_outgrows_it(store: Store) -> None:
    database = store.open()
    assert await readiness(database) is None
    store.execute(f"INSERT INTO schema_migrations VALUES ({PROGRAM + 1}, 'next', {PROGRAM}, 0)")
    assert await readiness(database) is None
    store.execute(
        f"INSERT INTO schema_migrations VALUES ({PROGRAM + 2}, 'later', {PROGRAM + 2}, 0)"
    )
    assert await readiness(database) == (
        "The database was migrated by a newer program. Update this one."
    )
    # One that is older in its ledger, but asks for less, takes nothing back.
    store.execute(f"INSERT INTO schema_migrations VALUES ({PROGRAM + 3}, 'last', 1, 0)")
    assert await readiness(database) is not None
    await database.close()


async def test_a_program_that_meets_a_newer_database_migrates_nothing(store: Store) -> None:
    store.execute(f"INSERT INTO schema_migrations VALUES ({PROGRAM + 1}, 'next', 1, 0)")
    database = store.open()
    if database.kind == "sqlite":
        path = Path(store.url.removeprefix("sqlite:///"))
        assert migrate_sqlite(path, system_clock) == []
    else:
        assert await migrate_postgres(store.url, system_clock) == []
    await database.close()


async def test_readiness_tells_of_a_database_without_a_shape(place: Place, tmp_path: Path) -> None:
    await place.migrate()
    place.execute("DROP TABLE schema_migrations")
    database = place.open()
    assert await readiness(database) == "The database is empty. Run `jump migrate`."
    await database.close()


def test_every_migration_is_numbered_in_order_and_names_the_oldest_program() -> None:
    found = migrations()
    assert [migration.version for migration in found] == list(range(1, len(found) + 1))
    for migration in found:
        assert 1 <= migration.oldest_program <= migration.version
