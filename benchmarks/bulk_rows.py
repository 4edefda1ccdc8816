"""Writes many rows past the program, where its own functions would take too long to load them."""

from collections.abc import Sequence
from typing import Any

import apsw
import asyncpg

from benchmarks.places import Place
from tests.postgres import database_name


async def write(
    place: Place, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Write these rows, in one transaction."""
    if place.kind == "sqlite":
        connection = apsw.Connection(place.url.removeprefix("sqlite:///"))
        connection.set_busy_timeout(5_000)
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        with connection:
            connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
        connection.close()
        return
    server = await asyncpg.connect(place.url)
    try:
        await server.copy_records_to_table(table, columns=columns, records=rows)
    finally:
        await server.close()


def settle(place: Place) -> None:
    """Let the database know its tables, as one does that has run for a while."""
    if place.server:
        place.server.execute("VACUUM ANALYZE", database=database_name(place.url))
