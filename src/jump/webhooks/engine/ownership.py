"""How a process signs the lanes it holds, so that others on its machine can tell that it died.

A name tells nothing of processes on other machines, or in other containers: their leases lapse.
"""

import os
import uuid
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class _Name:
    """Where a process runs (machine since its boot, process namespace), and which one it is."""

    place: str
    pid: str
    started: str
    nonce: str


def own_name(nonce: str) -> str:
    """The name of this process; `nonce` keeps several owners in one process apart."""
    pid = os.getpid()
    name = _Name(_place(), str(pid), _started(pid) or "unknown", nonce)
    return " ".join((name.place, name.pid, name.started, name.nonce))


def is_dead(owner: str) -> bool:
    """Whether the owner certainly runs no more; False wherever that cannot be known."""
    parts = owner.split(" ")
    if len(parts) != 4 or not parts[1].isdecimal():
        return False
    name = _Name(*parts)
    if name.place != _place():
        return False
    started = _started(int(name.pid))
    # What we may not read may be running all the same.
    return not _exists(int(name.pid)) if started is None else started != name.started


def _place() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        # Two containers on one machine count their processes apart.
        return f"{boot}/{os.readlink(_PROC / 'self/ns/pid')}"
    except OSError:
        return f"{uuid.getnode():x}"


def _started(pid: int) -> str | None:
    """When a process began, in the kernel's ticks since boot; None where that cannot be read."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    # The name of the program, in parentheses, may hold anything; the fields follow the last one.
    fields = stat.rpartition(")")[2].split()
    # A process that is dead but not yet waited for runs no more.
    return "dead" if fields[0] in "ZX" else fields[19]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
