"""A gate in front of a server: while it is shut nobody comes through, and whoever was is out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.ports import free_port


class Gate:
    """Takes connections on `port` while it is open, and carries their bytes to the server."""

    def __init__(self, port: int, server_port: int) -> None:
        self.port = port
        self._server_port = server_port
        self._listener: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Let everybody through."""
        self._listener = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def shut(self) -> None:
        """Refuse every connection, and end those there are."""
        if self._listener is not None:
            self._listener.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        if self._listener is not None:
            await self._listener.wait_closed()
            self._listener = None

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        beyond = await asyncio.open_connection("127.0.0.1", self._server_port)
        both = {writer, beyond[1]}
        self._writers |= both
        await asyncio.gather(_copy(reader, beyond[1]), _copy(beyond[0], writer))
        self._writers -= both


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@asynccontextmanager
async def gate_to(server_port: int) -> AsyncIterator[Gate]:
    """An open gate, shut at the end."""
    gate = Gate(free_port(), server_port)
    await gate.open()
    try:
        yield gate
    finally:
        await gate.shut()
