"""A transport for tests whose names, clock and patience a test chooses; the rest of it is real."""

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address, ip_network
from typing import Self

from jump.kit.clock import SECOND
from jump.webhooks.phases import Answered, Broken, NotSent
from jump.webhooks.transport.address_guard import Guard, IPAddress
from jump.webhooks.transport.transport import Transport
from tests.receiver import Receiver

HEADERS = (("Content-Type", "application/json"), ("User-Agent", "Jump-Webhooks/1"))
LOOPBACK = (ip_network("127.0.0.0/8"),)
HOST = "hooks.example.com"


class Names:
    """Stands in for the resolver, and for time: names not listed lead to 127.0.0.1."""

    def __init__(self) -> None:
        self.addresses: dict[str, Sequence[str]] = {HOST: ["127.0.0.1"]}
        self.now = 0

    def look_up(self, name: str) -> Sequence[IPAddress]:
        """Answer as the test has arranged."""
        if name not in self.addresses:
            raise OSError(-2, "Name or service not known")
        return [ip_address(text) for text in self.addresses[name]]

    def lead_to(self, *addresses: str, name: str = HOST) -> None:
        """Let the name lead elsewhere, and every answer given so far run out."""
        self.addresses[name] = addresses
        self.now += 2 * SECOND

    def clock(self) -> int:
        """Microseconds; it moves only with the names."""
        return self.now


class Trap:
    """A listening socket that nobody should come to."""

    def __init__(self, address: str = "127.0.0.1", port: int = 0) -> None:
        self._socket = socket.create_server((address, port))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    @property
    def visitors(self) -> int:
        """How many have connected since it was last asked."""
        count = 0
        while True:
            try:
                visitor, _ = self._socket.accept()
            except BlockingIOError:
                return count
            visitor.close()
            count += 1


@asynccontextmanager
async def transport(
    *ports: int,
    ca_file: str | None = None,
    names: Names | None = None,
    guard: Guard | None = None,
    connect_timeout: float = 5.0,
    total_timeout: float = 10.0,
) -> AsyncIterator[Transport]:
    """A transport that may call these ports of this machine, or whatever `guard` allows."""
    names = names or Names()
    sending = Transport(
        guard or Guard(LOOPBACK, frozenset(ports)),
        ca_file,
        names.clock,
        connect_timeout,
        total_timeout,
        names.look_up,
    )
    try:
        yield sending
    finally:
        await sending.close()


async def send_once(
    receiver: Receiver, body: bytes = b"{}", url: str | None = None
) -> Answered | NotSent | Broken:
    """One POST to the receiver over a connection of its own."""
    async with transport(receiver.port, ca_file=receiver.ca_file) as sending:
        return await sending.send(url or receiver.url, HEADERS, body)
