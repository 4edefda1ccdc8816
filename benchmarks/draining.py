"""A backlog: deliveries that are due already, to several webhooks, sent by one `jump work`.

Counted from when the process is ready until the last is recorded: deliveries a second, and the CPU
of each, of the whole process and of the whole database, beside that of a bare POST.
"""

import asyncio
import time
from dataclasses import dataclass
from itertools import count

from benchmarks.figures import Aim, Column, Table
from benchmarks.places import Place, cpu_of
from benchmarks.practices import Practice, open_practice
from benchmarks.receiving import Receiver
from benchmarks.sizes import Sizes
from benchmarks.yardsticks import post_cpu_microseconds
from jump.storage.database import Database
from jump.storage.sql import Sql, sql
from tests.postgres import database_name

AIMS = {"sqlite": 4, "postgresql": 8}  # times the CPU of a bare POST
SENT_WITHIN = 180.0  # seconds
RECORDED_WITHIN = 10.0
LOOK_EVERY_SECONDS = 0.02

_DUE = sql("SELECT count(*) AS answer FROM deliveries WHERE next_attempt_at IS NOT NULL")
_IS_LEFT = sql("""
    SELECT EXISTS (SELECT 1 FROM deliveries WHERE next_attempt_at IS NOT NULL)
      OR EXISTS (SELECT 1 FROM deliveries WHERE state = 'delivering') AS answer
""")
_SUCCEEDED = sql("SELECT count(*) AS answer FROM deliveries WHERE state = 'succeeded'")


def new_table() -> Table:
    """Empty."""
    columns = (
        Column("database"),
        Column("deliveries", ",d"),
        Column("webhooks", ",d"),
        Column("succeeded", ",d"),
        Column("per second", ",.0f"),
        Column("CPU us each", ".0f"),
        Column("of jump", ".0f"),
        Column("of database", ".0f"),
        Column("receiver busy %", ".0f"),
        Column("bare POST us", ".1f"),
        Column("ratio", ".1f"),
    )
    return Table("draining: deliveries that were due, sent by one jump work", columns)


async def measure(table: Table, place: Place, receiver: Receiver, sizes: Sizes) -> None:
    """One row."""
    async with open_practice(place, receiver) as practice:
        await practice.add_webhooks(receiver, sizes.webhooks)
        await practice.add_deliveries(sizes.events)
        if place.server:
            # What autovacuum does within a minute of such a load.
            place.server.execute("ANALYZE", database=database_name(place.url))
        deliveries = sizes.events * sizes.webhooks
        before = await post_cpu_microseconds(receiver, sizes.posts)
        cost = await _drain(practice, receiver)
        after = await post_cpu_microseconds(receiver, sizes.posts)
        bare, each = (before + after) / 2, cost.jump + cost.database
        table.rows.append(
            (
                place.kind, deliveries, sizes.webhooks, cost.succeeded, cost.per_second,
                each, cost.jump, cost.database, 100 * cost.receiver_busy,
                bare, each / bare,
            )
        )  # fmt: skip
        words = f"{place.kind}, CPU of a delivery"
        table.aims.append(Aim(words, each / bare, AIMS[place.kind], "bare POSTs"))


@dataclass(frozen=True)
class Reading:
    """The clocks at one moment, all in seconds, and how many deliveries had been sent by then."""

    at: float
    jump: float
    database: float
    receiver: float
    sent: int


@dataclass(frozen=True)
class Cost:
    """CPU in microseconds for each delivery; `receiver_busy` is its share of one core."""

    succeeded: int
    per_second: float
    jump: float
    database: float
    receiver_busy: float


async def _drain(practice: Practice, receiver: Receiver) -> Cost:
    place, database = practice.place, practice.storage.database

    def read(pid: int) -> Reading:
        sent = receiver.count()
        return Reading(time.monotonic(), cpu_of(pid), place.cpu(), receiver.cpu(), sent)

    due = await _ask(database, _DUE)
    # What it takes to start is no delivery's: until then nothing is answered, so that no more is
    # sent than fits in the air.
    receiver.hold()
    with practice.jump() as jump:
        work = jump.start("work")
        first = read(work.process.pid)
        receiver.release()
        await receiver.wait_for(due, SENT_WITHIN)
        await _recorded(database)
        last = read(work.process.pid)
        work.terminate()
    sent, seconds = last.sent - first.sent, last.at - first.at
    return Cost(
        succeeded=await _ask(database, _SUCCEEDED),
        per_second=sent / seconds,
        jump=(last.jump - first.jump) / sent * 1e6,
        database=(last.database - first.database) / sent * 1e6,
        receiver_busy=(last.receiver - first.receiver) / seconds,
    )


async def _recorded(database: Database) -> None:
    """Wait until nothing is due or in the air any more."""
    deadline = time.monotonic() + RECORDED_WITHIN
    for _ in count():
        if time.monotonic() > deadline or not await _ask(database, _IS_LEFT):
            return
        await asyncio.sleep(LOOK_EVERY_SECONDS)


async def _ask(database: Database, question: Sql) -> int:
    row = await database.read(lambda tx: tx.one(question))
    assert row is not None
    return int(row["answer"])
