"""Reading one patient over HTTP, as fast as one `jump` process answers.

The same bytes from a bare ASGI application on the same server are the yardstick. wrk asks if the
machine has it, else a generator of our own, which is the slower one.
"""

import asyncio
import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from benchmarks.client import as_fast_as_answered, connected, http_request
from benchmarks.figures import Column, Table, median, p95
from benchmarks.latency import running
from benchmarks.places import Place, cpu_of
from benchmarks.practices import open_practice
from benchmarks.receiving import ROOT, Receiver
from benchmarks.sizes import Sizes
from tests.postgres_keeper import dies_with_us

CONNECTIONS = 8
PERCENTILES = """
function done(summary, latency, requests)
  local bad = summary.errors.status + summary.errors.connect + summary.errors.read
  print(string.format("RESULT %d %d %d %d %d", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(95), bad + summary.errors.timeout))
end
"""


def new_table() -> Table:
    """Empty."""
    columns = (
        Column("database"),
        Column("what answers"),
        Column("by"),
        Column("bytes", ",d"),
        Column("per second", ",.0f"),
        Column("median ms", ".2f"),
        Column("p95", ".2f"),
        Column("CPU us each", ".0f"),
        Column("of database", ".0f"),
    )
    return Table(f"reads: GET of one patient, {CONNECTIONS} connections", columns)


async def measure(table: Table, place: Place, receiver: Receiver, sizes: Sizes) -> None:
    """Two rows: the program, and the bare answer."""
    async with open_practice(place, receiver) as practice:
        patients = await practice.add_patients(sizes.patients)
        path = f"/api/v1/patients/{patients[0]}"
        headers = {"Authorization": f"Bearer {await practice.add_key()}"}
        with running(practice, ("serve",)) as api:
            body = _body(api.url, path, headers)
            ask = Asking(path, headers, sizes.reading_seconds, practice.place.folder)
            await _measure_one(table, ask, place, "jump serve", api.url, api.process.pid, len(body))
    with _bare(body) as (url, pid):
        await _measure_one(table, ask, place, "bare ASGI", url, pid, len(body))


async def _measure_one(
    table: Table, ask: "Asking", place: Place, name: str, url: str, pid: int, size: int
) -> None:
    await ask.of(url, ask.seconds / 8)
    cpu, spent = cpu_of(pid), place.cpu()
    answers = await ask.of(url, ask.seconds)
    cpu, spent = cpu_of(pid) - cpu, place.cpu() - spent
    each = 1e6 / answers.count
    table.rows.append(
        (
            place.kind, name, ask.by, size, answers.per_second, answers.median, answers.p95,
            (cpu + spent) * each, spent * each,
        )
    )  # fmt: skip


@dataclass(frozen=True)
class Answers:
    """How many came, how many a second, and milliseconds to each."""

    count: int
    per_second: float
    median: float
    p95: float


@dataclass(frozen=True)
class Asking:
    """One GET, over and over, on several connections."""

    path: str
    headers: dict[str, str]
    seconds: float
    folder: Path

    @property
    def by(self) -> str:
        """What asks."""
        return "wrk" if shutil.which("wrk") else "our own"

    async def of(self, url: str, seconds: float) -> Answers:
        """Ask the server at the URL. Raises RuntimeError if it refuses anything."""
        if self.by == "wrk":
            return await asyncio.to_thread(self._by_wrk, url, seconds)
        request = http_request("GET", self.path, list(self.headers.items()))
        async with connected(url, CONNECTIONS) as connections:
            exchanges = await as_fast_as_answered(connections, request, seconds)
        _check(sum(exchange.status != 200 for exchange in exchanges))
        took = [exchange.milliseconds for exchange in exchanges]
        return Answers(len(took), len(took) / seconds, median(took), p95(took))

    def _by_wrk(self, url: str, seconds: float) -> Answers:
        script = self.folder / "percentiles.lua"
        script.write_text(PERCENTILES)
        headers = [part for each in self.headers.items() for part in ("-H", ": ".join(each))]
        done = subprocess.run(
            [
                "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}", *headers,
                "-s", script, url + self.path,
            ],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT"))
        count, duration, middle, high, bad = map(int, line.split()[1:])
        _check(bad)
        return Answers(count, count / duration * 1e6, middle / 1000, high / 1000)


def _check(refused: int) -> None:
    if refused:
        raise RuntimeError(f"{refused} requests were refused or not answered.")


def _body(url: str, path: str, headers: dict[str, str]) -> bytes:
    with urlopen(Request(url + path, headers=headers)) as answer:
        body: bytes = answer.read()
        return body


@contextlib.contextmanager
def _bare(body: bytes) -> Iterator[tuple[str, int]]:
    """The URL and the process of an application that does nothing else."""
    with tempfile.TemporaryFile() as given:
        given.write(body)
        given.seek(0)
        process = subprocess.Popen(
            [*dies_with_us("KILL"), sys.executable, "-m", "benchmarks.bare_answer"],
            stdin=given, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}", process.pid
        finally:
            process.kill()
            process.communicate()
