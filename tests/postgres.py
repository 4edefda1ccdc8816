"""A real PostgreSQL for the tests: one cluster for a whole run, and as many databases as wanted.

All workers of a run share the cluster; tests/postgres_keeper.py starts it for the first of them and
stops it after the last. What stands in a database is left to the tests.
"""

import asyncio
import fcntl
import json
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

KEEPER = "tests.postgres_keeper"
ROOT = Path(__file__).parents[1]
MAINTENANCE = "postgres"


class PostgresUnavailable(Exception):
    """No PostgreSQL could be started; a test that needs one fails with these words."""


@dataclass(frozen=True)
class PostgresServer:
    """A running cluster. The role `jump` owns its databases and is no superuser.

    `lock` is a file by which the workers of a run take turns in making templates.
    """

    port: int
    socket_directory: Path
    version: str
    programs: Path
    keeper_pid: int
    server_pid: int
    lock: Path

    def url(self, database: str) -> str:
        """The address of a database for the program under test."""
        return f"postgresql://jump@127.0.0.1:{self.port}/{database}"

    def admin_url(self, database: str = MAINTENANCE) -> str:
        """The same for the superuser."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create_database(self, template: str = "template1") -> str:
        """A new database, a copy of `template`, under a name of its own; returns its address."""
        name = f"test_{uuid.uuid4().hex}"
        # Copies the files, as every version before 15 does: half the work of logging each page.
        strategy = "" if int(self.version.split(".")[0]) < 15 else " STRATEGY file_copy"
        self.execute(f"CREATE DATABASE {name} OWNER jump TEMPLATE {template}{strategy}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drops the database at `url`, whoever is still connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {database_name(url)} WITH (FORCE)")

    def template(self, name: str, prepare: Callable[[str], None]) -> str:
        """The name of a template that `prepare(url)` has filled, once for the whole run.

        When `prepare` raises, the half-made template goes, and the next asker tries again.
        """
        template = f"template_{name}"
        with locked(self.lock):
            if self.fetch(
                "SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate", template
            ):
                return template
            self.execute(f"CREATE DATABASE {template} OWNER jump")
            try:
                prepare(self.url(template))
            except BaseException:
                self.drop(template)
                raise
            self.execute(f"ALTER DATABASE {template} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false")
        return template

    def execute(self, statement: str, *, database: str = MAINTENANCE) -> None:
        """Runs one statement as the superuser, outside a transaction."""
        run_apart(self.admin_url(database), "execute", statement)

    def fetch(self, query: str, *arguments: object, database: str = MAINTENANCE) -> list[Any]:
        """The rows of one query, asked as the superuser."""
        rows: list[Any] = run_apart(self.admin_url(database), "fetch", query, *arguments)
        return rows


def database_name(url: str) -> str:
    """The name of the database that a URL points at (or the name itself)."""
    return urlsplit(url).path.lstrip("/") or url


def run_apart(url: str, method: str, *arguments: object) -> Any:
    """One statement on a connection of its own, in a thread: the caller may be inside a loop."""
    answer: list[Any] = []

    async def ask() -> None:
        connection = await asyncpg.connect(url)
        try:
            answer.append(await getattr(connection, method)(*arguments))
        finally:
            await connection.close()

    def work() -> None:
        try:
            asyncio.run(ask())
        except Exception as problem:
            answer.append(problem)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if isinstance(answer[-1], Exception):
        raise answer[-1]
    return answer[-1]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds a lock that other processes respect; it is gone with the process that holds it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def running(shared: Path, *, fsync: bool = True) -> Iterator[PostgresServer]:
    """The cluster of all who name the same `shared` folder, started by the first of them.

    Whoever leaves last waits until it has stopped.
    """
    with locked(shared / "postgres.lock"):
        holder = hold(shared) or hold(shared, start=True, fsync=fsync)
        assert holder is not None
        connection, about = holder
        server = PostgresServer(
            port=about["port"],
            socket_directory=Path(about["socket"]),
            version=about["version"],
            programs=Path(about["programs"]),
            keeper_pid=about["keeper"],
            server_pid=about["server"],
            lock=shared / "templates.lock",
        )
        if not server.fetch("SELECT 1 FROM pg_roles WHERE rolname = 'jump'"):
            server.execute("CREATE ROLE jump LOGIN")
    try:
        yield server
    finally:
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
        connection.close()


def hold(
    shared: Path, *, start: bool = False, fsync: bool = True
) -> tuple[socket.socket, dict[str, Any]] | None:
    """A connection to the keeper and what it says of its server; None where no keeper answers."""
    address = shared / "postgres.control"
    if start:
        address.write_text(start_keeper(fsync))
    if not address.exists():
        return None
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address.read_text())
        line = connection.makefile().readline()
    except OSError:
        line = ""
    if not line:
        connection.close()
        return None
    return connection, json.loads(line)


def start_keeper(fsync: bool) -> str:
    """Starts a cluster, with the keeper detached from us; returns the path of its socket."""
    started = subprocess.run(
        [sys.executable, "-m", KEEPER, "on" if fsync else "off"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    if not started.stdout:
        raise PostgresUnavailable("The process that keeps PostgreSQL died at its start.")
    line: dict[str, str] = json.loads(started.stdout)
    if "error" in line:
        raise PostgresUnavailable(line["error"])
    return line["control"]
