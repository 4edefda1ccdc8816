"""Real `jump` processes for tests: started, waited for, killed, and their output kept in files.

What the commands do is the tests' affair; the settings come from whoever makes a `Jump`.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ports import free_port
from tests.postgres_keeper import dies_with_us

COMMAND = [sys.executable, "-m", "jump.cli.main"]
SOURCE = Path(__file__).parents[1] / "src"
READY_WITHIN_SECONDS = 30
LOOK_EVERY_SECONDS = 0.02
RUN_WITHIN_SECONDS = 60


class NotReady(Exception):
    """A process ended, or took too long, before it took requests; the words hold its output."""


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit status (negative for a signal) and how long it took."""

    status: int
    seconds: float


@dataclass(frozen=True)
class Answer:
    """What a command that ran to its end said."""

    status: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        """Standard output as JSON (for `--json`); a command that failed raises with its words."""
        if self.status != 0:
            raise AssertionError(f"exit status {self.status}: {self.errors or self.output}")
        return json.loads(self.output)


@dataclass(frozen=True)
class Running:
    """One `jump serve`, `api` or `work` that takes requests at `url`."""

    process: subprocess.Popen[bytes]
    url: str
    output_file: Path
    errors_file: Path

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self.output_file.read_text()

    @property
    def errors(self) -> str:
        """What it has written to standard error so far."""
        return self.errors_file.read_text()

    def kill(self) -> None:
        """SIGKILL to it and all processes it started, as when the machine loses power."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def terminate(self, within_seconds: float = RUN_WITHIN_SECONDS) -> Ended:
        """SIGTERM, as an operator stops it; waits for the end and tells how it went."""
        began = time.monotonic()
        self.process.terminate()
        status = self.process.wait(within_seconds)
        return Ended(status, time.monotonic() - began)


@dataclass
class Jump:
    """The `jump` command with some settings; it works, and keeps its files, in `folder`."""

    settings: Mapping[str, str]
    folder: Path
    running: list[Running] = field(default_factory=list)

    def environment(self, **more: str) -> dict[str, str]:
        """Our environment with these settings, and none that a developer may have set."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("JUMP_")}
        # What one that is killed leaves goes with the folders of the run.
        ours |= {"PYTHONPATH": str(SOURCE), "TMPDIR": str(self.folder.parent)}
        return {**ours, **self.settings, **more}

    def run(self, *arguments: str, given: str | None = None, **settings: str) -> Answer:
        """Runs a command to its end, with `given` on standard input (nothing by default)."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            input=given or "", capture_output=True, text=True, timeout=RUN_WITHIN_SECONDS,
            cwd=self.folder, env=self.environment(**settings),
        )  # fmt: skip
        return Answer(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, port: int = 0, **settings: str) -> Running:
        """Starts `serve`, `api` or `work`, on a free port if none is given; returns once `/readyz`
        says yes.
        """
        port = port or free_port()
        name = f"{arguments[0]}-{len(self.running)}"
        output, errors = self.folder / f"{name}.out", self.folder / f"{name}.err"
        listen = {"JUMP_WORK_PORT" if arguments[0] == "work" else "JUMP_PORT": str(port)}
        with output.open("wb") as out, errors.open("wb") as err:
            process = subprocess.Popen(
                [*dies_with_us("KILL"), *COMMAND, *arguments],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                cwd=self.folder, env=self.environment(**listen, **settings),
                start_new_session=True,
            )  # fmt: skip
        started = Running(process, f"http://127.0.0.1:{port}", output, errors)
        self.running.append(started)
        wait_until_ready(started, port)
        return started

    def stop(self) -> None:
        """Kills whatever still runs."""
        for started in self.running:
            started.kill()


def wait_until_ready(started: Running, port: int) -> None:
    """Asks `/readyz` until it answers 200: the one polling loop in the tests."""
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while started.process.poll() is None and time.monotonic() < deadline:
        if answers_ready(port):
            return
        time.sleep(LOOK_EVERY_SECONDS)
    status = started.process.poll()
    happened = "took too long to be ready" if status is None else f"ended with status {status}"
    started.kill()
    raise NotReady(f"jump {happened}.\n{started.output}{started.errors}")


def answers_ready(port: int) -> bool:
    """Whether something on the port says that it is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=READY_WITHIN_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
