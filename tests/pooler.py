"""A connection pooler in transaction mode (PgBouncer) in front of the tests' PostgreSQL.

Its settings are PgBouncer's own, so that what works here works behind one that an operator set up.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port
from tests.postgres import PostgresServer, database_name
from tests.postgres_keeper import as_server_user, dies_with_us, environment, says

PLACES = "/usr/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin"
CONFIGURATION = """
[databases]
* = host=127.0.0.1 port={server_port} user=jump

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 10
max_client_conn = 500
"""


class PoolerUnavailable(Exception):
    """PgBouncer could not be started; a test that needs it fails with these words."""


@dataclass(frozen=True)
class Pooler:
    """A pooler that takes connections to any database of its server."""

    port: int

    def url(self, database: str) -> str:
        """The address of a database (its name, or its own URL) by way of the pooler."""
        name = database_name(database)
        return f"postgresql://jump@127.0.0.1:{self.port}/{name}?pooler=transaction"


def is_installed() -> bool:
    """Whether this machine has PgBouncer."""
    return shutil.which("pgbouncer", path=PLACES) is not None


@contextmanager
def transaction_pooler(server: PostgresServer) -> Iterator[Pooler]:
    """Runs PgBouncer, and stops it at the end."""
    program = shutil.which("pgbouncer", path=PLACES)
    if program is None:
        raise PoolerUnavailable("This test needs PgBouncer. On Debian: apt-get install pgbouncer")
    with tempfile.TemporaryDirectory(prefix="jump-pooler-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        process, port = start(program, server, folder)
        try:
            yield Pooler(port)
        finally:
            process.kill()
            process.wait()


def start(program: str, server: PostgresServer, folder: Path) -> tuple[subprocess.Popen[str], int]:
    """Starts PgBouncer on a free port and returns once it takes connections."""
    settings, log = folder / "pgbouncer.ini", folder / "log"
    for _ in range(5):
        port = free_port()
        settings.write_text(CONFIGURATION.format(server_port=server.port, port=port))
        process = subprocess.Popen(
            [*dies_with_us("KILL"), program, settings],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            cwd="/", env=environment(), **as_server_user(),
        )  # fmt: skip
        assert process.stderr is not None
        if says("process up", process.stderr, log):
            return process, port
        process.wait()
    raise PoolerUnavailable(f"PgBouncer does not start: {log.read_text()[-2000:]}")
