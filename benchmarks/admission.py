"""What it costs to let a request in: find out whose key it is, and count the request."""

import asyncio
import time
from collections.abc import Sequence

from benchmarks.figures import Column, Table, median, p95
from benchmarks.places import Place
from benchmarks.practices import Practice, open_practice
from benchmarks.receiving import Receiver
from benchmarks.sizes import Sizes
from benchmarks.yardsticks import commit_milliseconds
from jump.keys.admit import admit

KEYS = 8  # as many callers at once, each with a key of its own


def new_table() -> Table:
    """Empty."""
    columns = (
        Column("database"),
        Column("requests", ",d"),
        Column("us each", ".0f"),
        Column("p95", ".0f"),
        Column("CPU us", ".0f"),
        Column("of database", ".0f"),
        Column(f"per second, {KEYS} at once", ",.0f"),
        Column("commit us", ".0f"),
    )
    return Table("admission: authenticating and counting one request", columns)


async def measure(table: Table, place: Place, receiver: Receiver, sizes: Sizes) -> None:
    """One row: one caller on its own, then several at once."""
    async with open_practice(place, receiver) as practice:
        keys = [await practice.add_key() for _ in range(KEYS)]
        await _admit(practice, keys[0], sizes.admissions // 10)
        cpu, spent = time.process_time(), place.cpu()
        alone = await _admit(practice, keys[0], sizes.admissions)
        cpu, spent = time.process_time() - cpu, place.cpu() - spent
        per_second = await _at_once(practice, keys, sizes.admissions)
        commit = await commit_milliseconds(place, sizes.commits)
        each = 1e6 / len(alone)
        table.rows.append(
            (
                place.kind, len(alone), median(alone), p95(alone),
                (cpu + spent) * each, spent * each, per_second, commit * 1000,
            )
        )  # fmt: skip


async def _admit(practice: Practice, key: str, count: int) -> list[float]:
    """One after the other; how many microseconds each took."""
    took = []
    for _ in range(count):
        began = time.monotonic()
        await admit(
            practice.storage.database,
            practice.storage.keyring,
            f"Bearer {key}",
            address="192.0.2.1",
            secure=True,
            request_id="req_benchmark",
            counted=True,
        )
        took.append((time.monotonic() - began) * 1e6)
    return took


async def _at_once(practice: Practice, keys: Sequence[str], count: int) -> float:
    began = time.monotonic()
    each = max(1, count // len(keys))
    await asyncio.gather(*(_admit(practice, key, each) for key in keys))
    return each * len(keys) / (time.monotonic() - began)
