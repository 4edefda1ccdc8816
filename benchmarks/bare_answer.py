"""A bare ASGI application on Granian, as the program runs it: it answers what it was given.

Its parent writes the body on standard input; it prints its port, and ends when it is terminated.
"""

import asyncio
import sys
from typing import Any

import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server

from tests.ports import free_port


async def serve(body: bytes) -> None:
    """Answer every request with the body."""
    length = str(len(body)).encode()
    start = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"application/json"), (b"content-length", length)],
    }

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start)
        await send({"type": "http.response.body", "body": body})

    port = free_port()
    server = Server(
        app,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGINL,
        websockets=False,
        log_enabled=False,
    )
    serving = asyncio.create_task(server.serve())
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
            continue
        writer.close()
        break
    print(port, flush=True)
    await serving


if __name__ == "__main__":
    uvloop.run(serve(sys.stdin.buffer.read()))
