"""Requests of the access log are found again, and no look goes through more rows than it may."""

import pytest
from msgspec.structs import replace

from jump.audit import access_log, looking
from jump.audit.access_log import Access
from jump.audit.looking import EVERY, Sought
from jump.caller import Tenant
from jump.kit.clock import SECOND
from jump.kit.ids import first_id
from jump.storage.database import Database

NOON = 1_800_000_000 * SECOND
TENANT = Tenant("org_1", "test")
FIRST = Access(
    tenant=TENANT,
    request_id=first_id("req", NOON),
    at=NOON,
    key_id="key_1",
    address="203.0.113.7",
    method="GET",
    route="/patients",
    status=200,
    error_code=None,
    missing_scope=None,
    milliseconds=3,
)
ROWS = (
    FIRST,
    replace(FIRST, method="POST", status=422, error_code="VALIDATION_FAILED"),
    replace(FIRST, key_id="key_2", route="/me", status=503, error_code="UNAVAILABLE"),
    replace(FIRST, status=404, error_code="NOT_FOUND"),
    replace(FIRST, tenant=Tenant("org_1", "live")),
    replace(FIRST, tenant=Tenant("org_2", "test")),
)


def request_id(number: int) -> str:
    return first_id("req", NOON + number * SECOND)


async def fill(database: Database) -> None:
    """A row for each second."""
    placed = [
        replace(row, request_id=request_id(number), at=NOON + number * SECOND)
        for number, row in enumerate(ROWS)
    ]
    await database.write(lambda tx: access_log.write(tx, placed))


async def seen(
    database: Database, sought: Sought, rows: int = 10, before: str | None = None, most: int = 100
) -> tuple[list[str], str | None]:
    found = await database.read(lambda tx: looking.look(tx, TENANT, sought, rows, before, most))
    return [row["id"] for row in found.rows], found.before


SOUGHT = pytest.mark.parametrize(
    ("sought", "numbers"),
    [
        (EVERY, [3, 2, 1, 0]),
        (Sought(key_id="key_2"), [2]),
        (Sought(method="POST"), [1]),
        (Sought(route="/me"), [2]),
        (Sought(status_from=400, status_to=499), [3, 1]),
        (Sought(error_code="NOT_FOUND"), [3]),
        (Sought(request_id=request_id(1)), [1]),
        (Sought(key_id="key_1", status_from=500), []),
    ],
)


@SOUGHT
async def test_requests_of_the_tenant_are_found_by_what_they_were(
    database: Database, sought: Sought, numbers: list[int]
) -> None:
    await fill(database)
    assert await seen(database, sought) == ([request_id(number) for number in numbers], None)


@SOUGHT
async def test_a_request_that_was_read_fits_where_the_query_finds_it(
    database: Database, sought: Sought, numbers: list[int]
) -> None:
    await fill(database)
    rows = await database.read(lambda tx: looking.since(tx, TENANT, NOON, 10))
    assert [row["id"] for row in rows if sought.fits(row)] == [request_id(n) for n in numbers]


async def test_the_newest_requests_since_an_instant_are_bounded(database: Database) -> None:
    await fill(database)

    async def since(at: int, most: int) -> list[str]:
        rows = await database.read(lambda tx: looking.since(tx, TENANT, at, most))
        return [row["id"] for row in rows]

    assert await since(NOON + 2 * SECOND, 10) == [request_id(3), request_id(2)]
    assert await since(NOON, 1) == [request_id(3)]
    assert await since(NOON + 60 * SECOND, 10) == []


async def test_a_look_goes_on_where_the_one_before_ended(database: Database) -> None:
    await fill(database)
    first, before = await seen(database, EVERY, rows=3)
    second, end = await seen(database, EVERY, rows=3, before=before)
    assert first + second == [request_id(number) for number in (3, 2, 1, 0)]
    assert end is None


@pytest.mark.parametrize("key_id", [None, "key_1"])
async def test_a_look_for_what_is_rare_ends_and_says_where(
    database: Database, key_id: str | None
) -> None:
    await fill(database)
    sought = Sought(key_id=key_id, method="POST")
    nothing, before = await seen(database, sought, most=1)
    assert (nothing, before) == ([], request_id(3))
    found, _ = await seen(database, sought, before=before)
    assert found == [request_id(1)]
