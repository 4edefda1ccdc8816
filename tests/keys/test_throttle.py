"""Who keeps failing is slowed down; whoever holds a valid key is not."""

import pytest

from jump.errors import RateLimited
from jump.keys import throttle
from jump.kit.clock import DAY, MINUTE, SECOND
from jump.storage.database import Database
from jump.storage.sql import sql
from tests.databases import Store
from tests.keys.holders import ADDRESS, new_key, send

MIDNIGHT = 30_000_000 * MINUTE
ALL = sql("SELECT minute, address, refused FROM address_failures ORDER BY minute, address")


async def failures(database: Database) -> list[tuple[int, str, int]]:
    rows = await database.count(lambda tx: tx.all(ALL))
    return [(row["minute"], row["address"], row["refused"]) for row in rows]


async def test_past_twenty_failures_in_a_minute_the_address_is_told_to_wait(store: Store) -> None:
    database = store.open(connections=1)
    await store.set_clock(database, MIDNIGHT + 15 * SECOND)
    for _ in range(20):
        await throttle.failed(database, ADDRESS)
    with pytest.raises(RateLimited) as caught:
        await throttle.failed(database, ADDRESS)
    await throttle.failed(database, "203.0.113.8")
    _, key = await new_key(database)
    admission = await send(database, key)
    await store.set_clock(database, MIDNIGHT + MINUTE)
    await throttle.failed(database, ADDRESS)
    counted = await failures(database)
    await database.close()
    assert 44 <= int(caught.value.headers["Retry-After"]) <= 45
    assert admission.caller.address == ADDRESS
    # Refused ones count too: this is the record of requests without a known key.
    assert counted == [
        (30_000_000, ADDRESS, 21),
        (30_000_000, "203.0.113.8", 1),
        (30_000_001, ADDRESS, 1),
    ]


async def test_another_process_goes_on_with_the_same_count(
    store: Store, database: Database
) -> None:
    other = store.open()
    outcomes = []
    for number in range(60):
        try:
            await throttle.failed((database, other)[number % 2], ADDRESS)
            outcomes.append(number)
        except RateLimited:
            pass
    await other.close()
    # Twenty, or forty if a minute happened to end in between.
    assert len(outcomes) in (20, 40)


async def test_old_minutes_are_purged(store: Store) -> None:
    database = store.open(connections=1)
    await store.set_clock(database, MIDNIGHT)
    await throttle.failed(database, ADDRESS)
    await store.set_clock(database, MIDNIGHT + MINUTE)
    await throttle.failed(database, ADDRESS)
    now = MIDNIGHT + MINUTE + DAY
    gone = await database.count(lambda tx: throttle.purge(tx, now))
    left = await failures(database)
    await database.close()
    assert gone == 1
    assert [minute for minute, _, _ in left] == [30_000_001]


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:", "unknown"),
        ("", "unknown"),
    ],
)
def test_one_customer_is_one_address(address: str, counted_as: str) -> None:
    assert throttle.network(address) == counted_as
