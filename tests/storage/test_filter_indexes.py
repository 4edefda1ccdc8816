"""Every filter of a list has an index that finds its rows, however many records a practice has."""

import re
from collections.abc import Iterator

import apsw
import pytest

from jump.clinical.registry import RESOURCES
from jump.resources.listing import Filter
from tests.databases import SqliteStore

OF_THE_TENANT = ["organisation_id", "mode"]
# A practice has tens of these, not thousands; a list below a record is found by the record.
SMALL = {"appointment_types", "clinicians", "locations"}
# So many rows have either value that a page of them is found on the way.
COMMON = {
    ("patients", "consent_sms"),
    ("patients", "consent_email"),
    ("patients", "consent_marketing"),
}
LARGE = {
    each.resource.listing.source: each.resource.listing
    for each in RESOURCES
    if each.resource.listing.source not in SMALL and "{id}" not in each.resource.path
}


@pytest.mark.parametrize("table", LARGE)
def test_every_filter_of_a_list_that_grows_has_an_index(
    table: str, sqlite_store: SqliteStore
) -> None:
    # The indexes are the same on both databases.
    found = list(indexes(sqlite_store, table))
    missing = [
        each.name
        for each in LARGE[table].filters
        if (table, each.name) not in COMMON and not any(serves(one, each) for one in found)
    ]
    assert missing == [], (
        f"CREATE INDEX ... ON {table} (organisation_id, mode, <each of these>, id)"
    )


def indexes(store: SqliteStore, table: str) -> Iterator[tuple[list[str], str]]:
    """The columns of each index, and its condition."""
    connection = apsw.Connection(str(store.path))
    for _, name, *_ in connection.execute(f"PRAGMA index_list({table})").fetchall():
        columns = [row[2] for row in connection.execute(f"PRAGMA index_info({name})")]
        row = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
        condition = re.search(r" WHERE (.*)", (row and row[0]) or "")
        yield columns, condition[1] if condition else ""
    connection.close()


def serves(index: tuple[list[str], str], flt: Filter) -> bool:
    """Whether an index finds what the filter asks for: one of the few, for a boolean."""
    columns, condition = index
    column = flt.column or flt.name
    if columns[:2] != OF_THE_TENANT:
        return False
    if flt.kind == "bool":
        return condition == column
    return columns[2] == column and condition in ("", f"{column} IS NOT NULL")
