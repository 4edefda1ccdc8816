"""A page of a webhook's log reads its own rows only, by every filter, however long the log is."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import apsw
import pytest

from jump.caller import Tenant
from jump.resources import listing, pages
from jump.storage.sql import Sql, Value
from jump.webhooks.history import DELIVERIES
from tests.databases import PostgresStore, SqliteStore
from tests.plans import looked_at
from tests.postgres import run_apart

TENANT, WEBHOOK = Tenant("org_1", "test"), "wh_1"
ROWS = 50
SHORT, LONG = 600, 30_000
# All that is rare is the oldest, so that a scan of the log would find it last. Where a filter
# leaves so few rows, PostgreSQL may read and sort them all.
MOST_READ = 300
SERIES = {
    "sqlite": "WITH RECURSIVE n (i) AS"
    " (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})",
    "postgresql": "WITH n (i) AS (SELECT * FROM generate_series({first}, {last}))",
}
DELIVERIES_OF = """
    {series}
    INSERT INTO deliveries (organisation_id, mode, id, webhook_id, event_id, event_type, position,
      test, state, next_trigger, attempt_count, failures, interruptions, epoch, created_at)
    SELECT 'org_1', 'test', 'dlv_' || substr(CAST(1000000000 + i AS TEXT), 2), 'wh_1',
      'evt_' || CAST(i AS TEXT),
      CASE WHEN i < 300 THEN 'patient.created' ELSE 'patient.updated' END,
      i, FALSE, CASE WHEN i < 60 THEN 'failed' WHEN i < 120 THEN 'cancelled'
        WHEN i < 180 THEN 'pending' WHEN i < 240 THEN 'delivering' ELSE 'succeeded' END,
      'auto', 1, 0, 0, 1, i FROM n
"""
FILTERS: dict[str, list[tuple[str, str]]] = {
    "nothing": [],
    **{state: [("state", state)] for state in ("failed", "cancelled", "pending", "delivering")},
    "succeeded": [("state", "succeeded")],
    "a rare type": [("event_type", "patient.created")],
    "a frequent type": [("event_type", "patient.updated")],
    "an event": [("event_id", "evt_7")],
    "no event at all": [("event_id", "evt_none")],
    "until a time": [("created_at_lte", "1970-01-01T00:00:00.000400Z")],
    "from a time": [("created_at_gte", "1970-01-01T00:00:00.000400Z")],
    "a state until a time": [
        ("state", "failed"),
        ("created_at_lte", "1970-01-01T00:00:00.000050Z"),
    ],
    "a type until a time": [
        ("event_type", "patient.created"),
        ("created_at_lte", "1970-01-01T00:00:00.000200Z"),
    ],
}


@dataclass(frozen=True)
class Asked:
    """A page's statement, and what it is given."""

    statement: Sql
    args: dict[str, Value]


def asked(given: list[tuple[str, str]]) -> Asked:
    """As `pages.page` asks for the first page."""
    query = listing.parse(DELIVERIES, [*given, ("limit", str(ROWS))])
    texts = tuple(condition.text for condition in query.conditions)
    args: dict[str, Value] = {
        "organisation": TENANT.organisation,
        "mode": TENANT.mode,
        "webhook_id": WEBHOOK,
        "rows": ROWS + 1,
        "offset": 0,
    }
    for condition in query.conditions:
        args.update(condition.args)
    return Asked(pages._planned(DELIVERIES, query.sort, query.order, texts, False), args)


def fill(execute: Callable[[str], None], kind: str, first: int, last: int) -> None:
    series = SERIES[kind].format(first=first, last=last)
    execute(DELIVERIES_OF.format(series=series))


def steps(store: SqliteStore, page: Asked) -> tuple[int, int]:
    """How many rows SQLite finds, and how many instructions of its machine that takes."""
    connection, done = apsw.Connection(str(store.path)), 0

    def step() -> bool:
        nonlocal done
        done += 1
        return False

    connection.set_progress_handler(step, 1)
    found = list(connection.execute(page.statement.sqlite, page.args))
    connection.set_progress_handler(None)
    connection.close()
    return len(found), done


def test_sqlite_does_as_much_for_a_page_of_a_long_log_as_of_a_short_one(
    sqlite_store: SqliteStore,
) -> None:
    fill(sqlite_store.execute, "sqlite", 0, SHORT - 1)
    short = {name: steps(sqlite_store, asked(given)) for name, given in FILTERS.items()}
    fill(sqlite_store.execute, "sqlite", SHORT, LONG)
    long = {name: steps(sqlite_store, asked(given)) for name, given in FILTERS.items()}
    for name, (rows, took) in short.items():
        assert long[name][0] == rows, name
        assert long[name][1] <= took + 100, name
    assert min(rows for rows, _ in short.values()) == 0
    assert short["failed"][0] == ROWS + 1


def rows_read(store: PostgresStore, page: Asked) -> int:
    """How many rows PostgreSQL looks at, those that it throws away too."""
    values = dict(zip(page.statement.names, page.statement.names, strict=True))
    text = re.sub(
        r"\$(\d+)",
        lambda match: _literal(page.args[list(values)[int(match[1]) - 1]]),
        page.statement.postgresql,
    )
    plan = run_apart(store.url, "fetchval", f"EXPLAIN (ANALYZE, FORMAT JSON) {text}")
    return looked_at(plan)


def _literal(value: Value) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


@pytest.mark.parametrize("name", FILTERS)
def test_postgresql_reads_the_rows_of_the_page_and_no_others(
    postgres_store: PostgresStore, name: str
) -> None:
    fill(postgres_store.execute, "postgresql", 0, LONG)
    postgres_store.execute("ANALYZE deliveries")
    assert rows_read(postgres_store, asked(FILTERS[name])) <= MOST_READ
