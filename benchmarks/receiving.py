"""Starts the receiver and asks it what has come."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme

ROOT = Path(__file__).parents[1]
LOOK_EVERY_SECONDS = 0.1


@dataclass(frozen=True)
class Taken:
    """What came: when each numbered request first did (monotonic seconds), and how many in all."""

    first: dict[int, float]
    count: int


@dataclass(frozen=True)
class Receiver:
    """A receiver that runs. `ca_file` is the authority of its certificate, as a PEM file."""

    process: subprocess.Popen[str]
    port: int
    ca_file: Path

    def url(self, path: str = "/hook") -> str:
        """Where to POST to."""
        return f"https://127.0.0.1:{self.port}{path}"

    def settings(self) -> dict[str, str]:
        """What lets `jump` send to it."""
        return {
            "JUMP_WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8",
            "JUMP_WEBHOOK_ALLOW_PORTS": str(self.port),
            "JUMP_WEBHOOK_CA_FILE": str(self.ca_file),
        }

    def count(self) -> int:
        """How many requests have come since `take`."""
        return int(self._ask("count")["count"])

    def cpu(self) -> float:
        """The CPU seconds it has used."""
        return float(self._ask("count")["cpu"])

    def take(self) -> Taken:
        """What has come; forgotten there."""
        arrivals = self._ask("take")["arrivals"]
        first: dict[int, float] = {}
        for number, at in arrivals:
            if number is not None:
                first.setdefault(number, at)
        return Taken(first, len(arrivals))

    def hold(self) -> None:
        """Answer nobody until `release`."""
        self._ask("hold")

    def release(self) -> None:
        """Answer those who wait, and everybody from now on."""
        self._ask("release")

    async def wait_for(self, count: int, within: float) -> bool:
        """Wait until so many have come; False when they have not within so many seconds."""
        deadline = time.monotonic() + within
        while self.count() < count:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        return True

    def _ask(self, question: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{question}\n")
        self.process.stdin.flush()
        return self._listen()

    def _listen(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("The receiver ended by itself.")
        said: dict[str, Any] = json.loads(line)
        return said


@contextmanager
def receiver(folder: Path) -> Iterator[Receiver]:
    """A receiver whose certificate and authority are made in the folder."""
    authority = trustme.CA()
    ca_file, certificate = folder / "ca.pem", folder / "receiver.pem"
    authority.cert_pem.write_to_path(ca_file)
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(certificate)
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.receiver", certificate],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        started = json.loads(process.stdout.readline() or "{}")
        yield Receiver(process, started["port"], ca_file)
    finally:
        process.communicate()
