"""A database of the program before the console takes sign-ins once it is migrated."""

from pathlib import Path

import pytest

from jump.kit.clock import system_clock
from jump.storage import migrate
from jump.storage.database import Database
from jump.storage.migrate import migrate_postgres, migrate_sqlite, migrations
from jump.storage.postgresql import open_postgres
from jump.storage.sqlite import SqliteDatabase
from tests.identity.people import enter, joined, resume

BEFORE_THE_CONSOLE = migrations()[:1]


async def signs_in(database: Database) -> None:
    await joined(database)
    begun = await enter(database)
    assert await resume(database, begun.token) == begun.sign_in
    await database.close()


async def test_on_sqlite_with_new_tables_in_the_file_of_counters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "jump.db"
    with monkeypatch.context() as older:
        older.setattr(migrate, "migrations", lambda: BEFORE_THE_CONSOLE)
        migrate_sqlite(path, system_clock)
    assert migrate_sqlite(path, system_clock)[0] == "0002_console"
    await signs_in(SqliteDatabase(path, system_clock))


async def test_on_postgresql(empty_postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(migrate, "migrations", lambda: BEFORE_THE_CONSOLE)
        await migrate_postgres(empty_postgres, system_clock)
    assert (await migrate_postgres(empty_postgres, system_clock))[0] == "0002_console"
    await signs_in(open_postgres(empty_postgres))


def test_the_program_of_before_goes_on_working_meanwhile() -> None:
    assert migrations()[1].oldest_program == 1
