"""From a change to its arrival at the receiver, while changes come at a steady rate.

Real processes: `jump serve`, and on PostgreSQL also `jump api` with `jump work`. One webhook hears
of every change. Both ends are timed by one clock.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice

from benchmarks.client import at_a_rate, connected, http_request
from benchmarks.figures import Aim, Column, Table, median, p95
from benchmarks.places import Place
from benchmarks.practices import Practice, open_practice
from benchmarks.receiving import Receiver
from benchmarks.sizes import Sizes
from benchmarks.yardsticks import (
    commit_milliseconds,
    post_milliseconds,
    round_trips_milliseconds,
)
from tests.processes import Running

CONNECTIONS = 16
WARM_UP_RATE = 50
AIMED_AT = 200  # changes a second
STEP_TAKES = 4  # round trips to PostgreSQL, from a fresh event to its first attempt
ARRIVED_WITHIN = 30.0  # seconds
SLOWEST_PACE = 0.02  # seconds between two measurements of a yardstick
SHAPES = {"sqlite": (("serve",),), "postgresql": (("serve",), ("api", "work"))}


def new_table() -> Table:
    """Empty."""
    columns = (
        Column("database"),
        Column("processes"),
        Column("changes/s", ",d"),
        Column("changes", ",d"),
        Column("arrived", ",d"),
        Column("answer ms", ".2f"),
        Column("answer p95", ".2f"),
        Column("arrival ms", ".2f"),
        Column("arrival p95", ".2f"),
        Column("commit ms", ".2f"),
        Column("POST ms", ".2f"),
    )
    title = "latency: from a PATCH being sent to its answer, and to the arrival at the receiver"
    return Table(title, columns)


@dataclass(frozen=True)
class Change:
    """A request that changes a patient, and the number it leaves in the record."""

    number: int
    request: bytes


@dataclass(frozen=True)
class Taken:
    """How long changes took, in milliseconds: to their answers, and to the arrivals there were."""

    answers: list[float]
    arrivals: list[float]


async def measure(table: Table, place: Place, receiver: Receiver, sizes: Sizes) -> None:
    """A row for each shape of processes and each rate."""
    async with open_practice(place, receiver) as practice:
        patients = await practice.add_patients(sizes.patients)
        await practice.add_webhooks(receiver, 1)
        changes = changes_of(await practice.add_key(), patients)
        for shape in SHAPES[place.kind]:
            with running(practice, shape) as api:
                await _measure_shape(
                    table, place, receiver, sizes, changes, api.url, " + ".join(shape)
                )


def changes_of(key: str, patients: Sequence[str]) -> Iterator[Change]:
    """Changes without end, of one patient after the other, each to a city of its own."""
    headers = (("Authorization", f"Bearer {key}"),)
    for number in count():
        path = f"/api/v1/patients/{patients[number % len(patients)]}"
        body = b'{"city":"Town %d"}' % number
        yield Change(number, http_request("PATCH", path, headers, body))


@contextmanager
def running(practice: Practice, shape: Sequence[str]) -> Iterator[Running]:
    """Processes of these names; the first of them has the API."""
    with practice.jump() as jump:
        started = [jump.start(name) for name in shape]
        yield started[0]
        for process in reversed(started):
            process.terminate()


async def _measure_shape(
    table: Table,
    place: Place,
    receiver: Receiver,
    sizes: Sizes,
    changes: Iterator[Change],
    url: str,
    name: str,
) -> None:
    await _change(url, receiver, list(islice(changes, sizes.warm_up)), WARM_UP_RATE)
    for rate in sizes.rates:
        some = list(islice(changes, max(1, round(rate * sizes.seconds))))
        taken = await _change(url, receiver, some, rate)
        # At the pace of the changes: a machine that was idle in between wakes up slowly.
        every = min(1 / rate, SLOWEST_PACE)
        commit = await commit_milliseconds(place, sizes.paced, every)
        post = await post_milliseconds(receiver, sizes.paced, every)
        answer, arrival = median(taken.answers), median(taken.arrivals)
        table.rows.append(
            (
                place.kind, name, rate, len(some), len(taken.arrivals),
                answer, p95(taken.answers), arrival, p95(taken.arrivals),
                commit, post,
            )
        )  # fmt: skip
        if rate == AIMED_AT:
            most = answer + commit + 2 * post
            words = f"{place.kind}, {name}, {rate} changes/s, median arrival"
            table.aims.append(Aim(words, arrival, most, "ms"))
            if place.kind == "postgresql":
                table.notes.append(await _bare_step(place, name, sizes.paced, every))


async def _bare_step(place: Place, name: str, count: int, every: float) -> str:
    """What the round trips of a step take that has nothing else to do, in words."""
    took = await round_trips_milliseconds(place, STEP_TAKES, count, every)
    return (
        f"{place.kind}, {name}: {STEP_TAKES} round trips with next to nothing in them {took:.2f} ms"
    )


async def _change(url: str, receiver: Receiver, changes: Sequence[Change], rate: float) -> Taken:
    receiver.take()
    # New connections each time: the server lets go of those that are idle for half a minute.
    async with connected(url, CONNECTIONS) as connections:
        exchanges = await at_a_rate(connections, [change.request for change in changes], rate)
    refused = [exchange.status for exchange in exchanges if exchange.status != 200]
    if refused:
        raise RuntimeError(f"{len(refused)} changes were refused, the first with {refused[0]}.")
    await receiver.wait_for(len(exchanges), ARRIVED_WITHIN)
    first = receiver.take().first
    arrivals = [
        (first[change.number] - exchange.sent) * 1000
        for change, exchange in zip(changes, exchanges, strict=True)
        if change.number in first
    ]
    return Taken([exchange.milliseconds for exchange in exchanges], arrivals)
