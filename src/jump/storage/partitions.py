"""PostgreSQL's partitions of what grows without end, by the time that is in every id.

A default partition takes what no other holds, so that a late upkeep can never lose a row.
"""

import re
from typing import Any

from jump.kit.clock import DAY
from jump.kit.ids import first_id

# Table, the prefix of the id it is partitioned by, and how many days a partition spans.
PARTITIONED = (
    ("events", "evt", 7),
    ("deliveries", "dlv", 7),
    ("attempts", "att", 7),
    ("access_log", "req", 30),
    ("access_log_patients", "req", 30),
)
AHEAD = 3  # partitions made before they are needed

_OF_PARTITION = re.compile(rf"({'|'.join(table for table, *_ in PARTITIONED)})_(?:rest|\d+)_(\w+)")


def name_on_table(constraint: str) -> str:
    """The name that a partition's constraint has on the whole table."""
    found = _OF_PARTITION.fullmatch(constraint)
    return f"{found[1]}_{found[2]}" if found else constraint


async def make(connection: Any, now: int) -> list[str]:
    """Make the partitions of now and of the time ahead; the names of those that are new."""
    made: list[str] = []
    for table, prefix, days in PARTITIONED:
        made += await _ensure(connection, f"{table}_rest", f"{table} DEFAULT")
        span = days * DAY
        first = now // span
        for number in range(first, first + AHEAD):
            low, high = first_id(prefix, number * span), first_id(prefix, (number + 1) * span)
            bounds = f"{table} FOR VALUES FROM ('{low}') TO ('{high}')"
            made += await _ensure(connection, f"{table}_{number * days}", bounds)
    return made


async def _ensure(connection: Any, name: str, of: str) -> list[str]:
    if await connection.fetchval("SELECT to_regclass($1)", name) is not None:
        return []
    await connection.execute(f"CREATE TABLE {name} PARTITION OF {of}")
    return [name]
