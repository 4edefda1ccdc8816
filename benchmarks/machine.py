"""What the figures were measured on, and what else was running there."""

import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import apsw
import psutil
import pycurl

from benchmarks.places import cpu_of
from tests.postgres import PostgresServer


def describe(folder: Path, server: PostgresServer | None) -> dict[str, str]:
    """By name, in words; `folder` is where the databases lie."""
    libraries = pycurl.version.split()
    about = {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{os.cpu_count()} cores, {_processor()}, Linux {platform.release()}",
        "disk": _file_system(folder),
        "python": f"{platform.python_version()}, Granian {version('granian')},"
        f" uvloop {version('uvloop')}, {', '.join(libraries[1:3])}",
        "sqlite": apsw.sqlite_lib_version(),
    }
    if server is not None:
        about["postgresql"] = server.version
    return about


@contextmanager
def watched(server: PostgresServer | None) -> Iterator[Callable[[], float]]:
    """Tells, after the block, which part of the machine's CPU others than us took in it."""
    first = _moment(server)
    last: list[_Moment] = []

    def others() -> float:
        seconds = (last[0].at - first.at) * (os.cpu_count() or 1)
        return max(0.0, last[0].busy - first.busy - last[0].ours + first.ours) / seconds

    yield others
    last.append(_moment(server))


@dataclass(frozen=True)
class _Moment:
    """Seconds: of the clock, of all cores being busy, and of that for us and our PostgreSQL."""

    at: float
    busy: float
    ours: float


def _moment(server: PostgresServer | None) -> _Moment:
    times = psutil.cpu_times()
    # Guests are in the time of users already.
    idle = times.idle + times.iowait + times.guest + times.guest_nice
    ours = cpu_of(os.getpid()) + (cpu_of(server.server_pid) if server else 0.0)
    return _Moment(time.monotonic(), sum(times) - idle, ours)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _file_system(folder: Path) -> str:
    holds = [
        part
        for part in psutil.disk_partitions(all=True)
        if folder.resolve().is_relative_to(part.mountpoint)
    ]
    return max(holds, key=lambda part: len(part.mountpoint)).fstype if holds else "unknown"
