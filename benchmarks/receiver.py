"""A quick receiver in a process of its own: TLS 1.3, kept alive, every request answered 200.

It remembers when each request had come whole, by the clock that all processes of a machine share
(CLOCK_MONOTONIC), and the number that stands in `Town <number>` in the body. Its parent asks it by
a line on standard input and it ends with its parent.
"""

import asyncio
import json
import re
import ssl
import sys
import time
from typing import Any

import uvloop

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
NUMBER = re.compile(rb'"Town (\d+)"')
END_OF_HEAD = b"\r\n\r\n"


class Arrivals:
    """What has come since it was last asked: (number or None, monotonic seconds) of each.

    While `held`, nobody is answered: whoever waits is kept in it.
    """

    def __init__(self) -> None:
        self.all: list[tuple[int | None, float]] = []
        self.held: list[Any] | None = None

    def add(self, body: bytes, transport: Any) -> None:
        found = NUMBER.search(body)
        self.all.append((int(found[1]) if found else None, time.monotonic()))
        if self.held is None:
            transport.write(ANSWER)
        else:
            self.held.append(transport)

    def answer(self, question: bytes) -> dict[str, object]:
        """How many have come (`take`: all of them, forgotten here), and our own CPU."""
        about: dict[str, object] = {"count": len(self.all), "cpu": time.process_time()}
        if question == b"take":
            about["arrivals"] = self.all
            self.all = []
        elif question == b"hold":
            self.held = []
        elif question == b"release":
            for transport in self.held or ():
                transport.write(ANSWER)
            self.held = None
        return about


class Talk(asyncio.Protocol):
    """One connection."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._left = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._left += data
        while (head := self._left.find(END_OF_HEAD)) >= 0:
            length = LENGTH.search(self._left, 0, head + 1)
            begin = head + len(END_OF_HEAD)
            end = begin + (int(length[1]) if length else 0)
            if len(self._left) < end:
                return
            body, self._left = self._left[begin:end], self._left[end:]
            self._arrivals.add(body, self._transport)


class Questions(asyncio.Protocol):
    """Standard input, a question on each line; its end is ours."""

    def __init__(self, arrivals: Arrivals, over: asyncio.Event) -> None:
        self._arrivals = arrivals
        self._over = over

    def data_received(self, data: bytes) -> None:
        for question in data.split():
            print(json.dumps(self._arrivals.answer(question)), flush=True)

    def connection_lost(self, problem: Exception | None) -> None:
        self._over.set()


async def serve(certificate: str) -> None:
    """Take requests on a free port, which is the first line printed."""
    arrivals, over = Arrivals(), asyncio.Event()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Talk(arrivals), "127.0.0.1", 0, ssl=context, backlog=1000
    )
    await loop.connect_read_pipe(lambda: Questions(arrivals, over), sys.stdin)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await over.wait()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
