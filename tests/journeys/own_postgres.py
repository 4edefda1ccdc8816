"""A PostgreSQL of one test's own, on a port that stays, so that a test may stop and start it."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from jump.storage.database import Database
from jump.storage.postgresql import open_postgres
from tests.ports import free_port
from tests.postgres import run_apart
from tests.postgres_keeper import (
    READY,
    Programs,
    as_server_user,
    dies_with_us,
    environment,
    find_programs,
    initialise,
    says,
)


@dataclass
class OwnPostgres:
    """A cluster in `folder`, with a database `jump` that the role `jump` owns."""

    programs: Programs
    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None

    def url(self, role: str = "jump", database: str = "jump") -> str:
        """Its address; by default the one for `JUMP_DATABASE_URL`."""
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"

    def open(self) -> Database:
        """One more way in; whoever asks for it closes it."""
        return open_postgres(self.url(), connections=2)

    def start(self) -> None:
        """Return once it takes connections."""
        self.process = subprocess.Popen(
            [
                *dies_with_us("QUIT"), self.programs.folder / "postgres",
                "-D", self.folder / "data", "-p", str(self.port),
                "-c", "listen_addresses=127.0.0.1",
                "-c", f"unix_socket_directories={self.folder / 'socket'}",
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            cwd=self.folder, env=environment(), **as_server_user(),
        )  # fmt: skip
        assert self.process.stderr is not None
        log = self.folder / "server.log"
        assert says(READY, self.process.stderr, log), log.read_text()[-2000:]

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Break off what runs there; SIGINT writes everything down first, SIGQUIT does not."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """Run one, and leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="jump-own-postgres-"))
    folder.chmod(0o711)
    own = OwnPostgres(find_programs(), folder)
    try:
        initialise(own.programs, folder)
        own.start()
        for statement in ("CREATE ROLE jump LOGIN", "CREATE DATABASE jump OWNER jump"):
            run_apart(own.url("postgres", "postgres"), "execute", statement)
        yield own
    finally:
        own.stop(signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)
