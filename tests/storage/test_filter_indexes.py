"""Every filter of a list has an index that finds its rows, however many records a practice has."""

import re
from collections.abc import Iterator

import apsw
import pytest

from jump.clinical import in_error
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
# Ids tell when their record came: a range of them is a range of time, as one of dates is.
COMES_WITH_TIME = {"patient_id", "consultation_id", "appointment_id"}
OF_ONE_RECORD = {"id", "hold_id"}
LARGE = {
    each.resource.listing.source: each.resource.listing
    for each in RESOURCES
    if each.resource.listing.source not in SMALL and "{id}" not in each.resource.path
}
MARKED = [each for each in LARGE if in_error.INCLUDED in LARGE[each].extras]


@pytest.mark.parametrize("table", LARGE)
def test_every_filter_of_a_list_that_grows_has_an_index(
    table: str, sqlite_store: SqliteStore
) -> None:
    # The indexes are the same on both databases.
    found = list(indexes(sqlite_store, table))
    missing = [
        wanted(table, each)
        for each in LARGE[table].filters
        if (table, each.name) not in COMMON and not any(serves(one, each) for one in found)
    ]
    assert not missing, "\n" + "\n".join(missing)


@pytest.mark.parametrize("table", LARGE)
def test_what_many_records_have_has_an_index_in_the_order_of_their_changes_too(
    table: str, sqlite_store: SqliteStore
) -> None:
    found = [columns for columns, _ in indexes(sqlite_store, table)]
    missing = [
        create(table, f"by_{each.name}_updated", [column_of(each), "updated_at", "id"])
        for each in LARGE[table].filters
        if many_have(each)
        and not any(
            one[:5] == [*OF_THE_TENANT, column_of(each), "updated_at", "id"] for one in found
        )
    ]
    assert not missing, "\n" + "\n".join(missing)


@pytest.mark.parametrize("table", MARKED)
def test_what_is_found_by_a_filter_is_sorted_by_an_index_alone(
    table: str, sqlite_store: SqliteStore
) -> None:
    found = list(indexes(sqlite_store, table))
    missing = [
        wanted(table, each)
        for each in LARGE[table].filters
        if lies_at_one_end(each) or many_have(each)
        for _, order in LARGE[table].sorts
        if not any(
            serves(one, each) and {"id", "entered_in_error", order} <= set(one[0]) for one in found
        )
    ]
    assert not missing, "\n" + "\n".join(missing)


@pytest.mark.parametrize("table", MARKED)
def test_what_a_filter_leaves_out_is_passed_by_the_index_of_the_order_alone(
    table: str, sqlite_store: SqliteStore
) -> None:
    found = [columns for columns, _ in indexes(sqlite_store, table)]
    filters = LARGE[table].filters
    needed = {column_of(each) for each in filters if each.kind != "bool" and not each.shared}
    missing = [
        create(table, order.partition("_")[0], [order, "id", "entered_in_error", *sorted(needed)])
        for _, order in LARGE[table].sorts
        if not any(
            one[:5] == [*OF_THE_TENANT, order, "id", "entered_in_error"] and needed <= set(one)
            for one in found
        )
    ]
    assert not missing, "\n" + "\n".join(missing)


@pytest.mark.parametrize("table", LARGE)
def test_only_what_many_records_have_is_left_to_sorting(table: str) -> None:
    wrong = [each.name for each in LARGE[table].filters if each.shared and not many_have(each)]
    assert not wrong


def column_of(flt: Filter) -> str:
    """Where it is kept."""
    return flt.column or flt.name


def many_have(flt: Filter) -> bool:
    """Whether it has few values, each of many records."""
    return flt.kind == "text" and flt.name not in COMES_WITH_TIME | OF_ONE_RECORD


def lies_at_one_end(flt: Filter) -> bool:
    """Whether its values come with time."""
    return flt.name in COMES_WITH_TIME or flt.kind in ("date", "instant")


def wanted(table: str, flt: Filter) -> str:
    """The index of a filter, as its migration would have it."""
    listing = LARGE[table]
    column = column_of(flt)
    if column == "id":
        return f"PRIMARY KEY ({', '.join(OF_THE_TENANT)}, id)"
    orders = [each for _, each in listing.sorts]
    columns = [] if flt.kind == "bool" else [column]
    columns += ["id"] if column in orders else [orders[0], "id"]
    if table in MARKED and flt.kind != "bool":
        columns += ["entered_in_error", *orders]
    condition = f" WHERE {column}" if flt.kind == "bool" else ""
    return create(table, f"by_{flt.name}", columns, condition)


def create(table: str, name: str, columns: list[str], condition: str = "") -> str:
    """The statement that makes an index."""
    unique = ", ".join(dict.fromkeys([*OF_THE_TENANT, *columns]))
    return f"CREATE INDEX {table}_{name} ON {table} ({unique}){condition};"


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
    column = column_of(flt)
    if columns[:2] != OF_THE_TENANT:
        return False
    if flt.kind == "bool":
        return condition == column
    return columns[2] == column and condition in ("", f"{column} IS NOT NULL")
