"""Whichever way a page's rows are looked for, a list is what sorting it in Python gives."""

import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from operator import ge, le
from typing import Any
from urllib.parse import parse_qsl

import pytest

from jump.caller import Tenant
from jump.resources import listing, pages
from jump.resources.listing import Filter, Listing
from jump.storage.database import Database, Tx
from jump.storage.sql import Row
from tests.databases import Store

TENANT = Tenant("org_1", "test")
THINGS = Listing(
    source="things",
    columns=("id", "size", "place", "created_at", "updated_at"),
    filters=(
        Filter("id", "text"),
        Filter("size", "int"),
        Filter("place", "text", shared=True),
        Filter("created_at", "instant"),
        Filter("updated_at", "instant"),
    ),
)
TABLE = """
    CREATE TABLE things (organisation_id TEXT, mode TEXT, id TEXT, size BIGINT, place TEXT,
      created_at BIGINT, updated_at BIGINT, PRIMARY KEY (organisation_id, mode, id))
"""
INDEXES = (
    "things_created ON things (organisation_id, mode, created_at, id, updated_at, size)",
    "things_updated ON things (organisation_id, mode, updated_at, id, created_at, size)",
    "things_by_size ON things (organisation_id, mode, size, created_at, id, updated_at)",
    "things_by_place ON things (organisation_id, mode, place, created_at, id)",
)
# As few rows as this and as many are tried: by each of these something else decides.
TRIED = {
    "few are sorted": (1_000, 0, 0, 0),
    "the page is near": (0, 1_000, 0, 0),
    "very many are found": (0, 0, 0, 0),
    "many are found": (0, 0, 1_000, 0),
    "the page is not far": (0, 0, 1_000, 1_000),
    "it depends": (5, 8, 14, 20),
}
Thing = Mapping[str, Any]
Condition = Callable[[Thing], bool]


def made(chance: random.Random) -> list[dict[str, Any]]:
    """Some, many of them alike in one thing or another."""
    return [
        {
            "organisation_id": "org_1" if number % 9 else "org_2",
            "mode": "test",
            "id": f"thing_{number:02}",
            "size": chance.choice((None, 1, 2, 3, number)),
            "place": chance.choice("abc"),
            "created_at": (created := number // 3),
            "updated_at": created + chance.choice((0, 0, 1, 20)),
        }
        for number in range(48)
    ]


def conditions(chance: random.Random) -> Iterator[tuple[str, Condition]]:
    """What a list may be narrowed by, a field at a time."""
    values: dict[str, tuple[Callable[[int], Any], Callable[[Any], str]]] = {
        "id": (lambda number: f"thing_{number:02}", str),
        "size": (lambda number: number // 12, str),
        "place": (lambda number: "abc"[number % 3], str),
        "created_at": (lambda number: number // 3, as_instant),
        "updated_at": (lambda number: number // 3, as_instant),
    }
    for field, (value, written) in values.items():
        some = [value(chance.randrange(48)) for _ in range(4)]
        yield f"{field}_in={','.join(map(written, some))}", among(field, some)
        for suffix, compare in (("gte", ge), ("lte", le)):
            yield f"{field}_{suffix}={written(some[0])}", compared(field, compare, some[0])


def as_instant(at: int) -> str:
    """So many microseconds after the beginning."""
    return f"1970-01-01T00:00:00.{at:06}Z"


def among(field: str, values: list[Any]) -> Condition:
    """Whether a thing has one of these."""
    return lambda thing: thing[field] in values


def compared(field: str, compare: Callable[[Any, Any], bool], value: Any) -> Condition:
    """Whether a thing's value lies on this side."""
    return lambda thing: thing[field] is not None and compare(thing[field], value)


def both(first: Condition, second: Condition) -> Condition:
    """Whether a thing meets the two."""
    return lambda thing: first(thing) and second(thing)


async def paged(database: Database, query: str, limit: int) -> list[Row]:
    """All rows, page by page."""

    async def work(tx: Tx) -> list[Row]:
        asked = listing.parse(THINGS, [*parse_qsl(query), ("limit", str(limit))])
        rows: list[Row] = []
        while True:
            page = await pages.page(tx, TENANT, THINGS, asked)
            rows.extend(page.rows)
            if page.after is None:
                return rows
            asked = replace(asked, after=page.after)

    return await database.read(work)


@pytest.fixture
def things(store: Store) -> list[dict[str, Any]]:
    """Them, in the database too."""
    store.execute(TABLE)
    for each in INDEXES:
        store.execute(f"CREATE INDEX {each}")
    all_of_them = made(random.Random(7))
    rows = [
        "({organisation_id!r}, {mode!r}, {id!r}, {size}, {place!r}, {created_at}, {updated_at})"
        .format(**{**each, "size": "NULL" if each["size"] is None else each["size"]})
        for each in all_of_them
    ]  # fmt: skip
    store.execute(f"INSERT INTO things VALUES {', '.join(rows)}")
    return [each for each in all_of_them if each["organisation_id"] == TENANT.organisation]


@pytest.mark.parametrize("tried", TRIED)
async def test_a_list_is_what_sorting_it_gives_however_its_rows_are_looked_for(
    store: Store, things: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tried: str
) -> None:
    for name, rows in zip(("FEW", "AHEAD", "MANY", "FAR"), TRIED[tried], strict=True):
        monkeypatch.setattr(pages, name, rows)
    chance = random.Random(tried)
    asked = list(conditions(chance))
    asked += [
        (f"{one}&{other}", both(first, second))
        for (one, first), (other, second) in itertools.combinations(asked, 2)
        if one.partition("=")[0] != other.partition("=")[0]
    ]
    database = store.open()
    try:
        for query, wanted in asked:
            sort, order = (
                chance.choice(("created_at", "updated_at")),
                chance.choice(("asc", "desc")),
            )
            expected = sorted(
                filter(wanted, things),
                key=lambda thing, sort=sort: (thing[sort], thing["id"]),
                reverse=order == "desc",
            )
            whole = f"{query}&sort={sort}&order={order}"
            found = await paged(database, whole, chance.choice((3, 7)))
            assert [each["id"] for each in found] == [each["id"] for each in expected], whole
    finally:
        await database.close()
