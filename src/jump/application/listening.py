"""The port of a process: taken before anything is started, then served by Granian in its loop.

The port is this process's alone. Granian would open it for others to share (SO_REUSEPORT), so that
of two programs started on one port at the same time each would get a part of the other's requests.
"""

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.net import SocketHolder  # type: ignore[attr-defined]
from granian.server.embed import Server

from jump.application.refusals import PortBusy

ANSWERED_WITHIN = 10.0  # seconds that requests under way are given when the process ends
BACKLOG = 1024  # connections that may wait to be taken
MOST_CONNECTIONS = 10_000  # that are open at once; others wait
FEWEST_CONNECTIONS = 128


def take_port(host: str, port: int, setting: str = "JUMP_PORT") -> socket.socket:
    """The address that `setting` names, bound: nobody else can serve on it; none is answered yet.

    Raises PortBusy, with what to do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        raise _busy(host, port, setting, error) from error
    return taken


@contextlib.asynccontextmanager
async def serving(
    app: Any, taken: socket.socket, setting: str = "JUMP_PORT"
) -> AsyncIterator["asyncio.Task[None]"]:
    """The task that answers on the port; leaving waits, for a while, for the requests under way.

    Who connects from now on is answered, or waits until Granian has started. Raises PortBusy when
    another, who had bound it too, was quicker.
    """
    host, port = taken.getsockname()[:2]
    try:
        taken.listen(BACKLOG)
    except OSError as error:
        raise _busy(host, port, setting, error) from error
    server = _Server(
        app,
        taken,
        interface=Interfaces.ASGINL,
        # A connection of HTTP/2 that is silent would be kept for ever.
        http=HTTPModes.http1,
        # One that only waits counts too, also one that says nothing: those are closed after 30 s.
        backpressure=_make_room(),
        websockets=False,
        log_enabled=False,
    )
    serve = asyncio.create_task(server.serve(), name="server")
    try:
        yield serve
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait([serve], timeout=ANSWERED_WITHIN)
        # Somebody who never finishes a request may not keep the process from ending.
        serve.cancel()
        await asyncio.wait([serve])


def room(soft: int, hard: int) -> tuple[int, int]:
    """Out of the limits of open files: which to ask for, and how many connections to take then.

    A quarter stays free for the database, webhooks and documents: whoever connects much may not
    keep these from being opened.
    """
    wanted = MOST_CONNECTIONS * 4 // 3 + 1
    if soft == resource.RLIM_INFINITY:
        return soft, MOST_CONNECTIONS
    asked = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    asked = max(soft, asked)
    return asked, max(FEWEST_CONNECTIONS, min(MOST_CONNECTIONS, asked * 3 // 4))


def _make_room() -> int:
    """How many connections may be open at once, with what the process may open raised for them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    asked, connections = room(soft, hard)
    if asked != soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (asked, hard))
    return connections


class _Server(Server):
    """Granian on a socket that is open already, as it has it where there is no SO_REUSEPORT."""

    def __init__(self, app: Any, taken: socket.socket, **options: Any) -> None:
        host, port = taken.getsockname()[:2]
        super().__init__(app, address=host, port=port, **options)
        self._taken = taken

    def _init_shared_socket(self) -> None:
        self._taken.setblocking(False)
        is_unix = False
        # The holder closes the socket from now on.
        holder: Any = SocketHolder(self._taken.detach(), is_unix, BACKLOG)  # type: ignore[call-arg]
        self._shd = holder


def _busy(host: str, port: int, setting: str, error: OSError) -> PortBusy:
    return PortBusy(
        f"Port {port} on {host} cannot be had: {error.strerror or 'in use'}."
        f" Set {setting} to another, or end the program that has it."
    )
