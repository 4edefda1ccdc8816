"""Live views of the access log: all those of one tenant share one look at it a second.

The same second asks whether each of their people is still signed in and may see logs; whoever is
not is told and let go. Nobody may have many open, and a process holds only so many. What is sent to
a browser, and in which words, is left to `pages.logs_tail`.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from jump import telemetry
from jump.audit import looking
from jump.audit.looking import Sought
from jump.caller import Tenant
from jump.errors import RateLimited
from jump.identity import roles, sign_ins
from jump.keys import record
from jump.kit.clock import SECOND, Clock
from jump.kit.ids import first_id
from jump.storage.database import Database, StorageUnavailable, Tx
from jump.storage.sql import Row

EVERY: Final = 1.0  # seconds between two looks
# A browser opens six connections to one place at most: the other two are for pages.
PER_SIGN_IN: Final = 4
PER_PROCESS: Final = 100
# A request has the id of when it came, and is written when it was answered: so much later at most,
# the longest wait for events and the recorder's delay together.
WINDOW: Final = 40 * SECOND
_SLACK: Final = 2 * SECOND
MOST: Final = 2_000  # rows of one look
SHOWN: Final = 200  # rows given to one view at once
_WAITING: Final = 10  # of these, for a browser that takes them slowly

Why = Literal["signed_out", "not_allowed", "stopping"]


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests that were written since the last one, oldest first, and their keys' names by id.

    `at` is the instant from which on to ask for more. Unless `is_whole`, there were others too.
    """

    rows: Sequence[Row]
    names: Mapping[str, str]
    at: int
    is_whole: bool


@dataclass(eq=False, slots=True)
class Tail:
    """One open live view: which requests it wants, and since when. `ended` says why it is over."""

    sign_in: str
    sought: Sought
    since: int
    ended: Why | None = None
    is_new: bool = True
    _batches: deque[Batch] = field(default_factory=deque)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def following(self, within: float) -> Batch | None:
        """The next requests; None if there are none within so many seconds, or it has ended."""
        if not self._batches and self.ended is None:
            self._woken.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await self._woken.wait()
        return self._batches.popleft() if self._batches else None

    def give(self, rows: Sequence[Row], names: Mapping[str, str], at: int, *, whole: bool) -> None:
        """Leave those of these rows, newest first, that it wants."""
        fitting = [row for row in rows if self.sought.fits(row)]
        whole = whole and len(fitting) <= SHOWN
        if len(self._batches) == _WAITING:
            self._batches.popleft()
            whole = False
        if fitting or not whole:
            self._batches.append(Batch(fitting[:SHOWN][::-1], names, at, whole))
            self._woken.set()

    def end(self, why: Why) -> None:
        """Nothing more comes."""
        self.ended = why
        self._woken.set()


class Tails:
    """The live views that are open in this process."""

    def __init__(self) -> None:
        self._watches: dict[Tenant, _Watch] = {}
        self._open: set[Tail] = set()

    def open(
        self, database: Database, clock: Clock, stopping: asyncio.Event, tenant: Tenant, tail: Tail
    ) -> None:
        """Begin to give a view what is new to it; `close` it. Raises RateLimited."""
        going = [each for each in self._open if each.ended is None]
        mine = sum(each.sign_in == tail.sign_in for each in going)
        if mine >= PER_SIGN_IN:
            words = f"You have {mine} live views open. Close one of them, then reload this page."
            raise RateLimited(words, retry_after=10)
        if len(going) >= PER_PROCESS:
            raise RateLimited("Too many live views are open here. Try again in a minute.", 60)
        self._open.add(tail)
        watch = self._watches.get(tenant)
        if watch is None or watch.is_over:
            watch = self._watches[tenant] = _Watch(database, clock, stopping, tenant)
        watch.tails.add(tail)

    def close(self, tenant: Tenant, tail: Tail) -> None:
        """Let go of a view; it may be gone already."""
        self._open.discard(tail)
        watch = self._watches.get(tenant)
        if watch is not None:
            watch.tails.discard(tail)
        for each in [of for of, watch in self._watches.items() if watch.is_over]:
            del self._watches[each]


class _Watch:
    """Looks at one tenant's log every second as long as somebody watches."""

    def __init__(
        self, database: Database, clock: Clock, stopping: asyncio.Event, tenant: Tenant
    ) -> None:
        self.tails: set[Tail] = set()
        self._database, self._clock, self._stopping = database, clock, stopping
        self._tenant = tenant
        self._seen: set[str] = set()
        self._names: dict[str, str] = {}
        self._task = asyncio.create_task(self._run(), name="live log")

    @property
    def is_over(self) -> bool:
        """Whether it looks no more."""
        return self._task.done()

    async def _run(self) -> None:
        why: Why = "stopping"
        try:
            while self.tails and not self._stopping.is_set():
                with contextlib.suppress(StorageUnavailable):
                    await self._look()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(EVERY):
                        await self._stopping.wait()
        except Exception as fault:
            telemetry.fault(fault, None, "live log")
        for tail in tuple(self.tails):
            tail.end(why)

    async def _look(self) -> None:
        now, tails = self._clock(), await self._still_good()
        oldest = min([now, *(tail.since for tail in tails if tail.is_new)])
        rows = await self._database.read(lambda tx: self._read(tx, oldest - WINDOW))
        fresh = [row for row in rows if row["id"] not in self._seen]
        is_full = len(rows) == MOST
        for tail in tails:
            if tail.is_new:
                tail.is_new = False
                after = tail.since - _SLACK
                new = [row for row in rows if _answered_at(row) > after]
                tail.give(new, self._names, now, whole=not is_full or len(new) < len(rows))
            else:
                tail.give(fresh, self._names, now, whole=not is_full or len(fresh) < len(rows))
        first = first_id("req", now - WINDOW)
        self._seen = {each for each in self._seen if each >= first} | {row["id"] for row in rows}

    async def _read(self, tx: Tx, since: int) -> list[Row]:
        rows = await looking.since(tx, self._tenant, since, MOST)
        unknown = {row["key_id"] for row in rows} - self._names.keys()
        if unknown:
            self._names |= await record.names(tx, self._tenant.organisation, unknown)
        return rows

    async def _still_good(self) -> list[Tail]:
        """Those whose people may still watch; the others are told why not."""
        organisation, tails = self._tenant.organisation, tuple(self.tails)
        ids = {tail.sign_in for tail in tails}
        found = await sign_ins.roles_of(self._database, organisation, ids, self._clock())
        good = []
        for tail in tails:
            role = found.get(tail.sign_in)
            if role is not None and roles.may(role, "see_logs"):
                good.append(tail)
            else:
                self.tails.discard(tail)
                tail.end("signed_out" if role is None else "not_allowed")
        return good


def _answered_at(row: Row) -> int:
    return int(row["at"]) + 1_000 * int(row["milliseconds"])
