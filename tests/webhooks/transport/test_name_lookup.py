"""Looking names up: a slow name holds up nobody, a burst asks once, nothing outlives a second."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_address

import pytest

from jump.kit.clock import SECOND
from jump.webhooks.transport.address_guard import IPAddress
from jump.webhooks.transport.name_lookup import (
    MOST_THREADS,
    NameLookup,
    NameNotFound,
    system_look_up,
)

ONE, TWO = ip_address("192.0.2.1"), ip_address("192.0.2.2")


class Names:
    """A resolver whose answers a test chooses, and a clock that it moves."""

    def __init__(self) -> None:
        self.answers: dict[str, Sequence[IPAddress] | Exception] = {}
        self.slow: dict[str, threading.Event] = {}
        self.asked: Counter[str] = Counter()
        self.now = 0

    def look_up(self, name: str) -> Sequence[IPAddress]:
        self.asked[name] += 1
        if name in self.slow:
            self.slow[name].wait()
        answer = self.answers.get(name, [ONE])
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
async def lookup(names: Names) -> AsyncIterator[NameLookup]:
    lookup = NameLookup(names.look_up, lambda: names.now)
    yield lookup
    lookup.close()
    for slow in names.slow.values():
        slow.set()


async def test_every_address_is_returned_once_in_order(names: Names, lookup: NameLookup) -> None:
    names.answers["a.example"] = [TWO, ONE, TWO]
    assert await lookup.addresses("a.example") == (TWO, ONE)


async def test_a_burst_to_one_name_asks_once(names: Names, lookup: NameLookup) -> None:
    names.slow["a.example"] = threading.Event()
    waiting = [asyncio.create_task(lookup.addresses("a.example")) for _ in range(20)]
    await asyncio.sleep(0)
    names.slow["a.example"].set()
    assert await asyncio.gather(*waiting) == [(ONE,)] * 20
    assert await lookup.addresses("a.example") == (ONE,)
    assert names.asked == {"a.example": 1}


@pytest.mark.parametrize("step", [1 * SECOND, -1])
async def test_an_answer_serves_for_a_second_and_never_a_clock_that_stepped_back(
    names: Names, lookup: NameLookup, step: int
) -> None:
    await lookup.addresses("a.example")
    names.answers["a.example"] = [TWO]
    names.now += 1 * SECOND - 1 if step > 0 else 0
    assert await lookup.addresses("a.example") == (ONE,)
    names.now += step
    assert await lookup.addresses("a.example") == (TWO,)


async def test_slow_names_hold_up_no_other(names: Names, lookup: NameLookup) -> None:
    slow = [f"slow{number}.example" for number in range(MOST_THREADS - 1)]
    names.slow = {name: threading.Event() for name in slow}
    waiting = [asyncio.create_task(lookup.addresses(name)) for name in slow for _ in range(3)]
    await asyncio.sleep(0)
    assert await lookup.addresses("quick.example") == (ONE,)
    assert not any(task.done() for task in waiting)
    for event in names.slow.values():
        event.set()
    await asyncio.gather(*waiting)


async def test_who_gives_up_takes_the_answer_from_nobody(names: Names, lookup: NameLookup) -> None:
    names.slow["a.example"] = threading.Event()
    impatient = asyncio.create_task(lookup.addresses("a.example"))
    patient = asyncio.create_task(lookup.addresses("a.example"))
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.wait([impatient])
    names.slow["a.example"].set()
    assert await patient == (ONE,)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (OSError(-2, "Name or service not known"), "Name or service not known"),
        (OSError(), "no answer"),
        (UnicodeError("label too long"), "the lookup failed"),
        ([], "no addresses"),
    ],
)
async def test_a_name_without_addresses_says_why_and_is_asked_for_again(
    names: Names, lookup: NameLookup, answer: Sequence[IPAddress] | Exception, why: str
) -> None:
    names.answers["a.example"] = answer
    for _ in range(2):
        with pytest.raises(NameNotFound, match=why):
            await lookup.addresses("a.example")
    names.answers["a.example"] = [ONE]
    assert await lookup.addresses("a.example") == (ONE,)
    assert names.asked["a.example"] == 3


async def test_closing_leaves_nobody_waiting_and_no_thread_in_the_way(names: Names) -> None:
    lookup = NameLookup(names.look_up, lambda: 0)
    names.slow["a.example"] = threading.Event()
    waiting = asyncio.create_task(lookup.addresses("a.example"))
    await asyncio.sleep(0)
    lookup.close()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    # A process that ends does not wait for a daemon.
    threads = [thread for thread in threading.enumerate() if thread.name == "name lookup"]
    assert threads
    assert all(thread.daemon for thread in threads)
    names.slow["a.example"].set()
    for thread in threads:
        thread.join()


def test_the_system_knows_this_machine() -> None:
    assert ip_address("127.0.0.1") in system_look_up("localhost")


def test_the_system_is_asked_for_the_name_as_it_is() -> None:
    # Python would read the full-width digits as 127.0.0.1.
    with pytest.raises(UnicodeEncodeError):
        system_look_up("１２７.0.0.1")  # noqa: RUF001
