"""Where a benchmark's data lies: a new SQLite file, or a new database of a PostgreSQL of our own.

Both lie on the file system of the system's folder for temporary files (TMPDIR).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from tests.postgres import PostgresServer

SECRET_KEY = "the secret key of the benchmarks, long enough"
Kind = Literal["sqlite", "postgresql"]


@dataclass(frozen=True)
class Place:
    """One database. `server` is the PostgreSQL it is in."""

    kind: Kind
    url: str
    folder: Path
    server: PostgresServer | None = None

    def settings(self) -> dict[str, str]:
        """What makes `jump` use it."""
        return {"JUMP_DATABASE_URL": self.url, "JUMP_SECRET_KEY": SECRET_KEY}

    def cpu(self) -> float:
        """The CPU seconds of the database's own processes so far: SQLite has none."""
        return cpu_of(self.server.server_pid) if self.server else 0.0


@contextmanager
def new_place(kind: Kind, folder: Path, server: PostgresServer | None) -> Iterator[Place]:
    """An empty database, gone afterwards; `jump` makes its tables at the first start."""
    if kind == "sqlite":
        yield Place(kind, f"sqlite:///{folder / 'jump.db'}", folder)
        return
    assert server is not None
    url = server.create_database()
    try:
        yield Place(kind, url, folder, server)
    finally:
        server.drop(url)


def cpu_of(pid: int) -> float:
    """The CPU seconds of a process and of all it has started, those that have ended included."""
    while True:
        try:
            root = psutil.Process(pid)
            return sum(_seconds(each) for each in [root, *root.children(recursive=True)])
        except psutil.NoSuchProcess:
            if not psutil.pid_exists(pid):
                raise


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    spent: float = times.user + times.system + times.children_user + times.children_system
    return spent
