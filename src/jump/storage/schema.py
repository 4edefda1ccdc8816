"""Gives SQLite's refusals the names PostgreSQL gives them, so that a constraint has one name."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import apsw

from jump.storage.database import StorageUnavailable, Violated

_UNIQUE = "UNIQUE constraint failed: "

_REFUSALS: tuple[tuple[type[apsw.Error], str], ...] = (
    (apsw.BusyError, "The database is locked by another process."),
    (apsw.LockedError, "The database is locked by another process."),
    (apsw.FullError, "The disk is full: the database cannot grow."),
    (apsw.ReadOnlyError, "The database is read-only."),
    (apsw.CantOpenError, "The database file cannot be opened."),
    (apsw.PermissionsError, "The database file may not be used: check its permissions."),
    (apsw.IOError, "The disk failed while the database was read or written."),
    (apsw.CorruptError, "The database file is damaged."),
    (apsw.NotADBError, "The file is not an SQLite database."),
    (apsw.ConnectionClosedError, "The database was closed."),
)


@dataclass(frozen=True, slots=True)
class SqliteSchema:
    """`unique` maps "table.column, table.column" to the name of the index that guards them."""

    unique: dict[str, str]

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Raise `Violated` and `StorageUnavailable` instead of the driver's errors."""
        try:
            yield
        except apsw.Error as error:
            raise self.translate(error) from error

    def translate(self, error: apsw.Error) -> Exception:
        """The driver's error as one of ours; what is a fault of the program stays as it is."""
        for kind, message in _REFUSALS:
            if isinstance(error, kind):
                return StorageUnavailable(message)
        if isinstance(error, apsw.ConstraintError):
            return Violated(self._name(str(error)))
        return error

    def _name(self, message: str) -> str:
        if message.startswith(_UNIQUE):
            columns = message.removeprefix(_UNIQUE)
            return self.unique.get(columns, columns)
        # "CHECK constraint failed: name", or what RAISE(ABORT, name) said.
        return message.rpartition(": ")[2]


def read_schema(*connections: apsw.Connection) -> SqliteSchema:
    """Look up every unique index's name and columns, in the file of each connection."""
    return SqliteSchema({name: index for each in connections for name, index in _unique(each)})


def _unique(connection: apsw.Connection) -> Iterator[tuple[str, str]]:
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        for _, index, is_unique, origin, *_ in connection.execute(f'PRAGMA index_list("{table}")'):
            if not is_unique:
                continue
            columns = [row[2] for row in connection.execute(f'PRAGMA index_info("{index}")')]
            named = ", ".join(f"{table}.{column}" for column in columns)
            yield named, f"{table}_pkey" if origin == "pk" else str(index)
