"""Pages of a list: the query that makes one, and the way by which its rows are found.

What a page costs must not grow with the list. Databases guess whether it is cheaper to go through
a list in the order that is asked for until a page is full, or to find what a range lets through and
sort it; where they are wrong they read everything: 40 of 300,000 appointments took 300 ms. So where
a range is of another field than the order's, both are tried on a few rows first, and then on more.
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import replace

import msgspec

from jump.caller import Tenant
from jump.resources.listing import Condition, Listing, ListQuery, Order, Position
from jump.storage.database import Tx
from jump.storage.sql import Row, Sql, Value, sql, twin

# Rows that would be sorted, and rows that would be gone through: tried in this order.
FEW, AHEAD = 1_000, 2_000
MANY, FAR = 40_000, 10_000


class Page(msgspec.Struct, frozen=True):
    """One page of rows; `after` is where the next one starts, None on the last."""

    rows: list[Row]
    limit: int
    has_more: bool
    next_offset: int | None
    after: Position | None = None


async def page(tx: Tx, tenant: Tenant, listing: Listing, query: ListQuery, **fixed: Value) -> Page:
    """One page of the list. `fixed` gives the listing's fixed columns."""
    column = dict(listing.sorts)[query.sort]
    args: dict[str, Value] = {
        "organisation": tenant.organisation,
        "mode": tenant.mode,
        "rows": query.limit + 1,
        "offset": query.offset,
        **fixed,
    }
    for condition in query.conditions:
        args.update(condition.args)
    if query.after is not None:
        args["after_key"], args["after_id"] = query.after
    statement = await _statement(tx, listing, query, column, args)
    rows = await tx.all(statement, **args)
    more = len(rows) > query.limit
    rows = rows[: query.limit]
    after = (rows[-1][column], rows[-1]["id"]) if more else None
    by_offset = more and query.cursor is None
    return Page(rows, query.limit, more, query.offset + query.limit if by_offset else None, after)


async def _statement(
    tx: Tx, listing: Listing, query: ListQuery, column: str, args: Mapping[str, Value]
) -> Sql:
    texts, continued = _texts(query.conditions), query.after is not None
    ranges = _texts(each for each in query.conditions if each.bounds not in (None, column))
    if not ranges or listing.fixed or column == "id":
        return _planned(listing, column, query.order, texts, continued)
    known = _texts(each for each in query.conditions if each.bounds == column)
    shared = {each.column or each.name for each in listing.filters if each.shared}
    alone = not any(each.bounds in shared for each in query.conditions)
    choice = _choice(listing.source, column, query.order, known, ranges, continued, alone)
    end = query.offset + query.limit
    ahead, far = AHEAD + query.offset, FAR + query.offset
    row = await tx.one(choice, **args, few=FEW, many=MANY, ahead=ahead, far=far, page=end)
    assert row is not None
    if row["walks"]:
        return _walked(listing, column, query.order, texts, ranges, continued)
    return _sorted(listing, column, query.order, texts, continued)


def _texts(conditions: Iterable[Condition]) -> tuple[str, ...]:
    return tuple(each.text for each in conditions)


# Every name in the statements below comes from a Listing, never from a request. A plus sign before
# a column keeps a database from finding or sorting rows by its index.


@functools.lru_cache(maxsize=1024)
def _planned(
    listing: Listing, column: str, order: Order, conditions: tuple[str, ...], continued: bool
) -> Sql:
    """As the database thinks best."""
    return sql(_select(listing, column, order, conditions, continued))


@functools.lru_cache(maxsize=1024)
def _walked(
    listing: Listing,
    column: str,
    order: Order,
    conditions: tuple[str, ...],
    ranges: tuple[str, ...],
    continued: bool,
) -> Sql:
    """In the order that is asked for, until the page is full: PostgreSQL knows that it is soon."""
    ids = replace(listing, columns=("id",))
    hidden = tuple(f"+{each}" if each in ranges else each for each in conditions)
    return twin(
        sqlite=_of(listing, _select(ids, column, order, hidden, continued), column, order),
        postgresql=_of(listing, _select(ids, column, order, conditions, continued), column, order),
    )


@functools.lru_cache(maxsize=1024)
def _sorted(
    listing: Listing, column: str, order: Order, conditions: tuple[str, ...], continued: bool
) -> Sql:
    """By what the ranges let through, and then sorted."""
    ids = replace(listing, columns=("id",))
    return sql(
        _of(listing, _select(ids, f"+{column}", order, conditions, continued), column, order)
    )


def _of(listing: Listing, ids: str, column: str, order: Order) -> str:
    """The rows with these ids, which are found by an index alone."""
    return (
        f"SELECT {', '.join(listing.columns)} FROM {listing.source}"  # noqa: S608
        " WHERE organisation_id = :organisation AND mode = :mode"
        f" AND id IN ({ids}) ORDER BY +{column} {order}, id {order}"
    )


@functools.lru_cache(maxsize=1024)
def _choice(
    source: str,
    column: str,
    order: Order,
    known: tuple[str, ...],
    ranges: tuple[str, ...],
    continued: bool,
    alone: bool,
) -> Sql:
    """Whether to walk: by what either way would take, tried on a few rows and then on more.

    By an index `alone` walking costs no more than sorting, and less where many rows are found.
    """
    within = " AND ".join(ranges)
    # In the order of its index. PostgreSQL would go through the table, and past all of another end.
    ends = [each.split()[0] for each in ranges if " IN (" not in each]
    by = f"ORDER BY {ends[0]}" if ends else ""
    found = (
        f"SELECT 1 FROM {source} WHERE organisation_id = :organisation AND mode = :mode"  # noqa: S608
        f" AND {within} {by} LIMIT 1 OFFSET"
    )
    columns = tuple(dict.fromkeys(each.split()[0] for each in ranges))
    lists = Listing(source, columns, ())

    def near(rows: str) -> str:
        first = _select(lists, column, order, known, continued, f"LIMIT :{rows}")
        return f"SELECT 1 FROM ({first}) AS first WHERE {within} LIMIT 1 OFFSET :page"  # noqa: S608

    more = f" WHEN EXISTS ({found} :many) THEN TRUE WHEN EXISTS ({near('far')}) THEN TRUE"
    return sql(
        f"SELECT CASE WHEN NOT EXISTS ({found} :few) THEN FALSE"
        f" WHEN EXISTS ({near('ahead')}) THEN TRUE{more if alone else ''} ELSE FALSE END AS walks"
    )


def _select(
    listing: Listing,
    key: str,
    order: Order,
    conditions: tuple[str, ...],
    continued: bool,
    limit: str = "LIMIT :rows OFFSET :offset",
) -> str:
    where = ["organisation_id = :organisation", "mode = :mode"]
    where += [f"{name} = :{name}" for name in listing.fixed]
    where += conditions
    if continued:
        where.append(f"({key}, id) {'<' if order == 'desc' else '>'} (:after_key, :after_id)")
    return (
        f"SELECT {', '.join(listing.columns)} FROM {listing.source}"  # noqa: S608
        f" WHERE {' AND '.join(where)} ORDER BY {key} {order}, id {order} {limit}"
    )
