"""Wakes those who wait for a commit: everybody in this process at once, and each second anyway."""

import asyncio
import weakref
from enum import IntEnum

LONGEST_SLEEP = 1.0  # seconds: what was missed is found by looking


class News(IntEnum):
    """What a commit means to those who wait: nothing, something to read, or something to do."""

    NONE = 0
    TO_READ = 1
    TO_DO = 2


class Waiter:
    """Yields once for any number of wakes since the last time, and at least every second.

    It listens from the moment it is made, so that what happens between making it and the first
    wait is not missed. Dropping it is enough to end it.
    """

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Let the waiter go on."""
        self._event.set()

    def __aiter__(self) -> "Waiter":
        return self

    async def __anext__(self) -> None:
        try:
            async with asyncio.timeout(LONGEST_SLEEP):
                await self._event.wait()
        except TimeoutError:
            return
        finally:
            self._event.clear()


class Wakes:
    """Any number of waiters, each woken by `wake`."""

    def __init__(self) -> None:
        self._waiters: weakref.WeakSet[Waiter] = weakref.WeakSet()

    def wake(self) -> None:
        """Let every waiter go on."""
        for waiter in tuple(self._waiters):
            waiter.wake()

    def are_awaited(self) -> bool:
        """Whether there is any waiter."""
        return bool(self._waiters)

    def waiter(self) -> Waiter:
        """A new waiter, listening from now on."""
        waiter = Waiter()
        self._waiters.add(waiter)
        return waiter
