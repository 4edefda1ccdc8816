"""A page reads what it needs, wherever in the order the rows lie that a range lets through."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

import apsw

from jump.caller import Tenant
from jump.resources import listing, pages
from jump.resources.listing import Filter, Listing
from jump.resources.pages import AHEAD, FAR, FEW, MANY, Page
from jump.storage.database import Tx
from jump.storage.sql import Row, Sql, Value
from tests.databases import PostgresStore, SqliteStore, Store
from tests.plans import looked_at
from tests.postgres import run_apart

TENANT = Tenant("org_1", "test")
THINGS = Listing(
    source="things",
    columns=("id", "size", "created_at", "note"),
    filters=(
        Filter("id", "text"),
        Filter("size", "int"),
        Filter("place", "text", shared=True),
        Filter("created_at", "instant"),
    ),
    sorts=(("created_at", "created_at"),),
)
ALL = 200_000
# A thing is as large as it is new, so that a range of sizes lies at one end of the order; and so do
# those of a place that was there at last.
LATE = 60_000
MAKE = (
    """
    CREATE TABLE things (organisation_id TEXT, mode TEXT, id TEXT, size BIGINT, place TEXT,
      created_at BIGINT, note TEXT, PRIMARY KEY (organisation_id, mode, id))
    """,
    f"""
    INSERT INTO things
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {ALL - 1})
    SELECT 'org_1', 'test', 'thing_' || CAST({ALL} + i AS TEXT), i,
      CASE WHEN i < {ALL - LATE} THEN 'early' ELSE 'late' END, i, '{"new " * 50}' FROM n
    """,
    "CREATE INDEX things_created ON things (organisation_id, mode, created_at, id, size)",
    "CREATE INDEX things_by_size ON things (organisation_id, mode, size, id, created_at)",
    "CREATE INDEX things_by_place ON things (organisation_id, mode, place, created_at, id)",
)
LIMIT = 20
END = ALL - 9_000
# What is asked for, oldest first; the sizes that are found; and how many rows may be looked at: of
# each way what is tried of it, what is sorted or gone through, and the page.
PAGE = 100
TRIED = FEW + AHEAD + FAR
CASES: dict[str, tuple[str, range, int]] = {
    "few at the far end": (f"size_gte={ALL - 500}", range(ALL - 500, ALL), 2 * 500 + PAGE),
    "few values": (f"size_in={ALL - 7},7", range(7, ALL, ALL - 14), PAGE),
    "none": (f"size_gte={ALL}", range(0), PAGE),
    "many at the near end": (f"size_lte={END}", range(END + 1), FEW + PAGE),
    "many at the far end": (f"size_gte={END}", range(END, ALL), TRIED + 2 * 9_000 + PAGE),
    "many at the far end, from an instant on": (
        f"size_gte={END}&created_at_gte=1970-01-01T00:00:00.191Z",
        range(END, ALL),
        FEW + PAGE,
    ),
    "many after some": (
        f"size_gte={2 * AHEAD}&size_lte={2 * AHEAD + 30_000}",
        range(2 * AHEAD, 2 * AHEAD + 30_001),
        FEW + AHEAD + 30_000 + 2 * 2 * AHEAD + PAGE,
    ),
    "very many after some": (
        f"size_gte={2 * AHEAD}",
        range(2 * AHEAD, ALL),
        FEW + AHEAD + MANY + 2 * AHEAD + PAGE,
    ),
    "very many ids not far away": (
        f"id_gte=thing_{ALL + 2 * FAR}&id_lte=thing_{ALL + 2 * FAR + MANY}",
        range(2 * FAR, 2 * FAR + MANY + 1),
        FEW + AHEAD + MANY + 2 * FAR + PAGE,
    ),
    "nearly all after very many": (
        f"size_gte={4 * FAR}",
        range(4 * FAR, ALL),
        FEW + AHEAD + MANY + 4 * FAR + PAGE,
    ),
    "those of a place at the far end": (
        "place_in=late,nowhere",
        range(ALL - LATE, ALL),
        # A row that is gone through is looked up, too.
        FEW + 2 * AHEAD + LATE + PAGE,
    ),
}
# Instructions of SQLite's machine.
STEPS_FOR_A_ROW = 9
EXPLAIN = "EXPLAIN (ANALYZE, FORMAT JSON)"


class Watched:
    """A transaction that remembers what it ran."""

    def __init__(self, tx: Tx) -> None:
        self.tx = tx
        self.ran: list[tuple[Sql, dict[str, Value]]] = []

    async def one(self, query: Sql, **args: Value) -> Row | None:
        self.ran.append((query, args))
        return await self.tx.one(query, **args)

    async def all(self, query: Sql, **args: Value) -> list[Row]:
        self.ran.append((query, args))
        return await self.tx.all(query, **args)


async def read(store: Store, query: str) -> tuple[Page, Watched]:
    """A page, and what was run for it."""
    parsed = listing.parse(THINGS, [*parse_qsl(query), ("order", "asc"), ("limit", str(LIMIT))])
    database = store.open()

    async def work(tx: Tx) -> tuple[Page, Watched]:
        watched: Any = Watched(tx)
        return await pages.page(watched, TENANT, THINGS, parsed), watched

    try:
        return await database.read(work)
    finally:
        await database.close()


def rows_read(store: Store, watched: Watched) -> float:
    """How many rows were looked at, in all."""
    if isinstance(store, PostgresStore):
        return sum(
            looked_at(
                run_apart(
                    store.url, "fetchval", f"{EXPLAIN} {query.postgresql}", *query.positional(args)
                )
            )
            for query, args in watched.ran
        )
    assert isinstance(store, SqliteStore)
    with counting(store) as (connection, steps):
        for query, args in watched.ran:
            connection.execute(query.sqlite, query.bound(args)).fetchall()
        return len(steps) / STEPS_FOR_A_ROW


@contextmanager
def counting(store: SqliteStore) -> Iterator[tuple[apsw.Connection, list[None]]]:
    """A connection that adds to the list at each of its steps."""
    connection, steps = apsw.Connection(str(store.path)), list[None]()
    connection.execute("SELECT 1 FROM things LIMIT 1").fetchall()  # reads what tables there are
    connection.set_progress_handler(lambda: bool(steps.append(None)), 1)
    yield connection, steps
    connection.close()


async def test_a_page_reads_what_it_needs_wherever_a_range_lies_in_the_order(store: Store) -> None:
    for statement in MAKE:
        store.execute(statement)
    if isinstance(store, PostgresStore):
        # Which it does by itself, and soon. SQLite is asked while it knows nothing of the rows.
        store.execute("VACUUM ANALYZE things")
    for name, (query, expected, most) in CASES.items():
        page, watched = await read(store, query)
        assert [row["size"] for row in page.rows] == list(expected[:LIMIT]), name
        assert page.has_more == (len(expected) > LIMIT), name
        assert rows_read(store, watched) <= most, name
