"""What a key was used for: by minute, by hour, by route, and never more than the bound costs."""

from collections.abc import Sequence

import pytest

from jump.audit import access_log, requests, usage
from jump.audit.access_log import Access
from jump.audit.usage import RouteUse, Slot
from jump.caller import Tenant
from jump.kit.clock import DAY, HOUR, MINUTE, SECOND, system_clock
from jump.kit.ids import first_id, new_id
from jump.resources import listing
from jump.storage.database import Database

TENANT, OTHER = Tenant("org_1", "test"), Tenant("org_1", "live")
KEY = "key_1"
NOW = system_clock() // HOUR * HOUR + 40 * MINUTE


def access(
    at: int,
    status: int = 200,
    route: str = "/patients",
    *,
    key: str = KEY,
    tenant: Tenant = TENANT,
    missing: str | None = None,
    took: int = 3,
) -> Access:
    return Access(
        tenant=tenant,
        request_id=new_id("req", at),
        at=at,
        key_id=key,
        address="203.0.113.7",
        method="GET",
        route=route,
        status=status,
        error_code=None,
        missing_scope=missing,
        milliseconds=took,
    )


async def write(database: Database, *accesses: Access) -> None:
    await database.write(lambda tx: access_log.write(tx, accesses))


async def test_requests_are_counted_by_minute_and_outcome(database: Database) -> None:
    minute = NOW // MINUTE * MINUTE
    await write(
        database,
        *(access(minute + SECOND, status) for status in (200, 201, 304, 401, 422, 429, 500, 503)),
        access(minute - 59 * MINUTE),
        access(minute - 59 * MINUTE - SECOND),
        access(minute, key="key_2"),
        access(minute, tenant=OTHER),
    )
    counted = await database.read(lambda tx: usage.by_minute(tx, TENANT, KEY, NOW))
    assert counted.is_whole
    assert counted.slots == [
        Slot(minute - 59 * MINUTE, done=1),
        Slot(minute, done=3, refused=2, limited=1, failed=2),
    ]


async def test_requests_are_counted_by_hour_for_seven_days(database: Database) -> None:
    hour = NOW // HOUR * HOUR
    await write(
        database,
        access(hour - 7 * DAY),
        access(hour - 7 * DAY - SECOND),
        access(hour - HOUR, 429),
        access(hour + MINUTE),
        access(hour + 2 * MINUTE),
    )
    counted = await database.read(lambda tx: usage.by_hour(tx, TENANT, KEY, NOW))
    assert counted.slots == [
        Slot(hour - 7 * DAY, done=1),
        Slot(hour - HOUR, limited=1),
        Slot(hour, done=2),
    ]


async def test_a_busy_key_is_counted_up_to_the_bound_and_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "MOST", 3)
    minute = NOW // MINUTE * MINUTE
    await write(database, *(access(minute - number * MINUTE) for number in range(4)))
    counted = await database.read(lambda tx: usage.by_minute(tx, TENANT, KEY, NOW))
    assert not counted.is_whole
    assert [slot.begins_at for slot in counted.slots] == [
        minute - number * MINUTE for number in (2, 1, 0)
    ]


async def test_the_last_day_of_every_key_is_counted_by_hour_with_its_median(
    database: Database,
) -> None:
    hour = NOW // HOUR * HOUR
    await write(
        database,
        access(NOW - DAY - SECOND, took=900),
        access(NOW - DAY + SECOND, 503, took=40),
        access(hour - HOUR, 429, took=1),
        access(hour, 422, key="key_2", took=7),
        access(hour + SECOND, took=9, key="key_2"),
        access(NOW, tenant=OTHER, took=900),
    )
    day = await database.read(lambda tx: usage.last_day(tx, TENANT, NOW))
    assert day.counted.is_whole
    assert day.counted.slots == [
        Slot((NOW - DAY) // HOUR * HOUR, failed=1),
        Slot(hour - HOUR, limited=1),
        Slot(hour, done=1, refused=1),
    ]
    assert day.median_milliseconds == 7  # of 1, 7, 9 and 40
    quiet = await database.read(lambda tx: usage.last_day(tx, Tenant("org_2", "test"), NOW))
    assert (quiet.counted.slots, quiet.median_milliseconds) == ([], None)


async def test_a_busy_day_is_counted_up_to_its_bound_and_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "MOST_OF_A_DAY", 3)
    await write(database, *(access(NOW - at * SECOND, took=at) for at in range(4)))
    day = await database.read(lambda tx: usage.last_day(tx, TENANT, NOW))
    assert not day.counted.is_whole
    assert [slot.done for slot in day.counted.slots] == [3]
    assert day.median_milliseconds == 1


async def test_routes_are_counted_where_the_key_was_let_through(database: Database) -> None:
    await write(
        database,
        access(NOW - 3, route="/a"),
        access(NOW - 2, route="/a"),
        access(NOW - 1, 404, route="/b"),
        access(NOW, 401, route="/c"),
        access(NOW, 429, route="/d"),
        access(NOW, 403, route="/e", missing="read_patients"),
        access(NOW - HOUR, route="/f"),
    )
    since = NOW - MINUTE
    routes = await database.read(lambda tx: usage.by_route(tx, TENANT, KEY, since))
    assert routes == [RouteUse("GET", "/a", 2, NOW - 2), RouteUse("GET", "/b", 1, NOW - 1)]
    missing = await database.read(lambda tx: usage.missing_scopes(tx, TENANT, KEY, since))
    assert missing == {"read_patients": 1}


async def ids(database: Database, given: Sequence[tuple[str, str]], *, of_key: bool) -> list[str]:
    if of_key:
        query = listing.parse(requests.OF_KEY, given)
        page = await database.read(lambda tx: requests.page_of_key(tx, TENANT, KEY, query))
    else:
        query = listing.parse(requests.ALL, given)
        page = await database.read(lambda tx: requests.page(tx, TENANT, query))
    return [row["id"] for row in page.rows]


async def test_the_log_is_read_newest_first_of_one_key_or_of_all(database: Database) -> None:
    old, new = access(NOW - HOUR), access(NOW, 429)
    other, live = access(NOW - 1, key="key_2"), access(NOW, tenant=OTHER)
    await write(database, old, new, other, live)
    assert await ids(database, (), of_key=True) == [new.request_id, old.request_id]
    assert await ids(database, (), of_key=False) == [
        new.request_id,
        *sorted([other.request_id], reverse=True),
        old.request_id,
    ]
    assert await ids(database, (("status", "429"),), of_key=True) == [new.request_id]
    assert await ids(database, (("key_id", "key_2"),), of_key=False) == [other.request_id]


async def test_the_first_request_since_an_instant_is_not_a_refused_one(
    database: Database,
) -> None:
    early, refused, first = access(NOW - HOUR), access(NOW, 401), access(NOW + SECOND, 403)
    await write(database, early, refused)
    since = first_id("req", NOW)
    assert await database.read(lambda tx: requests.first_since(tx, TENANT, KEY, since)) is None
    await write(database, first, access(NOW + 2 * SECOND))
    row = await database.read(lambda tx: requests.first_since(tx, TENANT, KEY, since))
    assert row is not None
    assert row["id"] == first.request_id
