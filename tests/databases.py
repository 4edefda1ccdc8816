"""A migrated database of a test's own, SQLite or PostgreSQL, opened as often as the test likes.

Its clock can be moved: on SQLite by an offset, on PostgreSQL by the setting that jump_now() reads.
"""

import asyncio
from pathlib import Path
from typing import Protocol

import apsw

from jump.kit.clock import Clock, system_clock
from jump.storage.database import Database
from jump.storage.migrate import migrate_postgres, migrate_sqlite
from jump.storage.postgresql import PostgresDatabase, open_postgres
from jump.storage.sql import sql
from jump.storage.sqlite import SqliteDatabase
from tests.postgres import PostgresServer, run_apart

KINDS = ("sqlite", "postgresql")
COUNT_BUSY = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()
"""
SET_OFFSET = sql("SELECT set_config('jump.clock_offset', CAST(:offset AS TEXT), FALSE)")


class Store(Protocol):
    """Where the data lies. Each `open` is what one more process would have of it."""

    @property
    def url(self) -> str:
        """The address for `JUMP_DATABASE_URL`."""

    def open(self, clock: Clock = system_clock, connections: int = 8) -> Database:
        """One more way in; the test closes it. `clock` is SQLite's, PostgreSQL has its own."""

    async def set_clock(self, database: Database, at: int) -> None:
        """Let `database`, opened with one connection, believe that it is `at` now.

        In microseconds; time goes on from there.
        """

    def execute(self, statement: str) -> None:
        """Run a statement behind the program's back, with the rights of the program."""

    def is_at_rest(self) -> bool:
        """Whether nobody is in the middle of a transaction that writes."""


class SqliteStore:
    """A file in the test's folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "jump.db"
        self.url = f"sqlite:///{self.path}"
        self.offset = 0
        migrate_sqlite(self.path, system_clock)

    def open(self, clock: Clock = system_clock, connections: int = 8) -> Database:
        """See Store."""
        return SqliteDatabase(self.path, lambda: clock() + self.offset)

    async def set_clock(self, database: Database, at: int) -> None:
        """See Store."""
        self.offset = at - system_clock()

    def execute(self, statement: str) -> None:
        """See Store."""
        connection = apsw.Connection(str(self.path))
        connection.set_busy_timeout(5_000)
        try:
            connection.execute(statement)
        finally:
            connection.close()

    def is_at_rest(self) -> bool:
        """See Store."""
        connection = apsw.Connection(str(self.path))
        try:
            connection.execute("BEGIN IMMEDIATE; ROLLBACK")
        except apsw.BusyError:
            return False
        finally:
            connection.close()
        return True


class PostgresStore:
    """A database of the run's server, copied from a migrated template."""

    def __init__(self, server: PostgresServer) -> None:
        self.url = server.create_database(server.template("migrated", migrate))

    def open(self, clock: Clock = system_clock, connections: int = 8) -> Database:
        """See Store."""
        return open_postgres(self.url, connections=connections)

    async def set_clock(self, database: Database, at: int) -> None:
        """See Store."""
        assert isinstance(database, PostgresDatabase)
        assert database._connections.most == 1, "open it with one connection to move its clock"
        offset = at - system_clock()
        await database.count(lambda tx: tx.one(SET_OFFSET, offset=str(offset)))

    def execute(self, statement: str) -> None:
        """See Store."""
        run_apart(self.url, "execute", statement)

    def is_at_rest(self) -> bool:
        """See Store."""
        busy: int = run_apart(self.url, "fetchval", COUNT_BUSY)
        return busy == 0


def migrate(url: str) -> None:
    """Bring an empty PostgreSQL database to the program's shape."""
    asyncio.run(migrate_postgres(url, system_clock))
