"""Finds the addresses of a name without letting a slow name hold up the others.

Lookups run in threads of their own, one at a time for each name, and an answer serves for a second.
Whether an address may be called is left to the guard.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from queue import SimpleQueue

from jump.kit.clock import SECOND, Clock
from jump.webhooks.transport.address_guard import IPAddress

LookUp = Callable[[str], Sequence[IPAddress]]
"""Blocks until the name's addresses are known; raises OSError when there are none."""

MOST_THREADS = 64
KEPT_FOR = 1 * SECOND
_MOST_KEPT = 1024


class NameNotFound(Exception):
    """The name has no addresses; the text says why, in the resolver's words."""


def system_look_up(name: str) -> Sequence[IPAddress]:
    """Ask the system's resolver for every address of `name`, IPv4 and IPv6, in its order."""
    # As bytes, the name reaches the resolver as it is: Python would fold other digits into ASCII.
    found = socket.getaddrinfo(name.encode("ascii"), None, type=socket.SOCK_STREAM)
    return [ip_address(str(address[0])) for *_, address in found]


@dataclass(frozen=True, slots=True)
class _Kept:
    addresses: tuple[IPAddress, ...]
    at: int


class NameLookup:
    """Looks names up for one event loop; `close` lets go of the threads without waiting for them.

    An answer is kept for one second, so that a burst to one name asks once. That is no opening for
    DNS rebinding: whoever gets it connects to just the addresses that the guard has seen.
    """

    def __init__(self, look_up: LookUp, clock: Clock) -> None:
        self._look_up = look_up
        self._clock = clock
        self._asked: dict[str, asyncio.Future[tuple[IPAddress, ...]]] = {}
        self._kept: dict[str, _Kept] = {}
        self._names: SimpleQueue[str | None] = SimpleQueue()
        self._threads = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    def recent(self, name: str) -> tuple[IPAddress, ...] | None:
        """Return the addresses of `name` if they were found within the last second."""
        kept = self._kept.get(name)
        if kept is not None and 0 <= self._clock() - kept.at < KEPT_FOR:
            return kept.addresses
        return None

    async def addresses(self, name: str) -> tuple[IPAddress, ...]:
        """Return every address of `name`. Raises NameNotFound; sets no deadline of its own."""
        recent = self.recent(name)
        if recent is not None:
            return recent
        asked = self._asked.get(name)
        if asked is None:
            asked = self._ask(name)
        # Shielded, because others may wait for the same answer after this one has given up.
        return await asyncio.shield(asked)

    def close(self) -> None:
        """Let the threads end when they can; nobody is left waiting."""
        for asked in self._asked.values():
            asked.cancel()
        self._asked.clear()
        self._loop = None
        for _ in range(self._threads):
            self._names.put(None)

    def _ask(self, name: str) -> asyncio.Future[tuple[IPAddress, ...]]:
        self._loop = asyncio.get_running_loop()
        asked = self._asked[name] = self._loop.create_future()
        if len(self._asked) > self._threads < MOST_THREADS:
            self._threads += 1
            # Daemons, unlike an executor's: the resolver may take half a minute over a name, and
            # the process must be able to end in the meantime.
            threading.Thread(target=self._work, name="name lookup", daemon=True).start()
        self._names.put(name)
        return asked

    def _work(self) -> None:
        while (name := self._names.get()) is not None:
            try:
                answer: Sequence[IPAddress] | str = self._look_up(name)
            except OSError as problem:
                answer = problem.strerror or "no answer"
            except Exception:
                answer = "the lookup failed"
            loop = self._loop
            if loop is None:
                return
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self._settle, name, answer)

    def _settle(self, name: str, answer: Sequence[IPAddress] | str) -> None:
        asked = self._asked.pop(name, None)
        if asked is None or asked.done():
            return
        if isinstance(answer, str) or not answer:
            asked.set_exception(NameNotFound(answer or "no addresses"))
            asked.exception()  # whoever asked may have given up; nobody has to hear of it
            return
        addresses = tuple(dict.fromkeys(answer))
        self._keep(name, addresses)
        asked.set_result(addresses)

    def _keep(self, name: str, addresses: tuple[IPAddress, ...]) -> None:
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[name] = _Kept(addresses, self._clock())
