"""Failing tries wait longer and longer, and nobody is ever kept out for good."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from jump.errors import RateLimited
from jump.identity import credentials, tries
from jump.identity.sign_ins import Begun, WrongSignIn
from jump.kit.clock import DAY, HOUR, MINUTE, SECOND, system_clock
from jump.storage.database import Database
from jump.storage.sql import sql
from tests.databases import Store
from tests.identity.people import ADA, BOB, ELSEWHERE, HOME, NOW, PASSWORD, enter, joined

WRONG = "not the right words"
SUBJECTS = sql("SELECT subject FROM sign_in_tries")
FORGET_ADDRESSES = sql("DELETE FROM known_addresses")


@dataclass
class Door:
    """A database whose clock a test puts forward, and those who try to come in."""

    store: Store
    database: Database
    forward: int = 0

    @property
    def now(self) -> int:
        return system_clock() + self.forward

    async def move(self, by: int) -> None:
        self.forward += by
        await self.store.set_clock(self.database, self.now)

    async def enter(self, email: str = ADA, address: str = HOME, **given: str) -> Begun:
        return await enter(self.database, email, address=address, at=self.now, **given)

    async def fail(self, address: str = ELSEWHERE, email: str = ADA) -> None:
        with pytest.raises(WrongSignIn):
            await self.enter(email, address, password=WRONG)

    async def fail_often(self, times: int, address: str = ELSEWHERE, email: str = ADA) -> None:
        """So many failures, each after the wait of the one before."""
        for _ in range(times):
            await self.move(5 * MINUTE)
            await self.fail(address, email)

    async def wait(self, address: str = ELSEWHERE, email: str = ADA, password: str = WRONG) -> int:
        """How many seconds a try is told to wait."""
        with pytest.raises(RateLimited) as told:
            await self.enter(email, address, password=password)
        return int(told.value.headers["Retry-After"])


@pytest.fixture
async def door(store: Store) -> AsyncIterator[Door]:
    opened = Door(store, store.open(connections=1))
    await opened.move(0)
    await joined(opened.database)
    yield opened
    await opened.database.close()


async def test_the_first_failures_cost_no_wait_and_then_waits_grow(door: Door) -> None:
    for _ in range(6):
        await door.fail()
    await door.fail_often(3)
    # Time goes on while the test runs: some seconds less is the same wait.
    for seconds in (8, 16, 32, 64, 128, 256, 300, 300):
        place = f"2001:db8:{seconds:x}::1"
        assert seconds - 5 <= await door.wait(place) <= seconds
        await door.move(seconds * SECOND)
        await door.fail(place)


async def test_while_it_waits_the_right_password_is_not_looked_at_from_elsewhere(
    door: Door,
) -> None:
    await door.fail_often(10)
    assert await door.wait(password=PASSWORD) > 1


async def test_tries_that_are_told_to_wait_do_not_make_it_longer(door: Door) -> None:
    await door.fail_often(10)
    longest = await door.wait()
    for _ in range(50):
        assert await door.wait() <= longest
    await door.move(longest * SECOND)
    assert (await door.enter(address=ELSEWHERE)).token


async def test_from_a_known_address_a_right_password_gets_in_whatever_strangers_do(
    door: Door,
) -> None:
    await door.enter()
    for number in range(20):
        await door.fail_often(1, f"198.51.100.{number}")
    assert await door.wait("198.51.100.200") > 1
    assert await door.wait(ELSEWHERE, password=PASSWORD) > 1
    assert (await door.enter()).token


async def test_from_a_known_address_no_wait_is_longer_than_a_second(door: Door) -> None:
    await door.enter()
    waits = []
    for _ in range(60):
        try:
            await door.fail(HOME)
        except RateLimited as told:
            waits.append(told.headers["Retry-After"])
    assert set(waits) == {"1"}
    await door.move(SECOND)
    assert (await door.enter()).token


async def test_an_address_is_known_for_ninety_days(door: Door) -> None:
    await door.enter()
    for days, known in ((89, True), (91, False)):
        person = await credentials.by_email(door.database, ADA, HOME, NOW + days * DAY)
        assert person is not None
        assert person.known is known


async def test_what_is_known_of_one_user_is_not_known_of_another(door: Door) -> None:
    await joined(door.database, BOB)
    await door.enter()
    for email, known in ((ADA, True), (BOB, False)):
        person = await credentials.by_email(door.database, email, HOME, NOW)
        assert person is not None
        assert person.known is known


async def test_a_right_password_wipes_the_slate_of_its_user_only(door: Door) -> None:
    await joined(door.database, BOB)
    for number in range(10):
        for email in (ADA, BOB):
            await door.fail_often(1, f"198.51.100.{number}", email)
    await door.move(5 * MINUTE)
    await door.enter(address=ELSEWHERE)
    for number in range(5):
        await door.fail(f"192.0.2.{number}")
    await door.fail("192.0.2.6", BOB)
    assert await door.wait("192.0.2.7", BOB) > 1


async def test_one_address_that_tries_many_users_waits_too(door: Door) -> None:
    for number in range(26):
        await door.fail_often(1, email=f"user{number}@example.org")
    assert await door.wait(email="another@example.org") > 1
    await door.fail("192.0.2.1", email="another@example.org")


async def test_signing_in_oneself_in_between_buys_no_tries(door: Door) -> None:
    await joined(door.database, BOB)
    for number in range(26):
        await door.fail_often(1, email=f"user{number}@example.org")
        await door.move(5 * MINUTE)
        await door.enter(BOB, ELSEWHERE)
        await door.move(-5 * MINUTE)
        # As if it were always the first time from there.
        await door.database.write(lambda tx: tx.run(FORGET_ADDRESSES))
    assert await door.wait(email="another@example.org") > 1


async def test_addresses_of_one_ipv6_network_are_one(door: Door) -> None:
    for number in range(26):
        await door.fail_often(1, f"2001:db8::{number:x}", f"user{number}@example.org")
    assert await door.wait("2001:db8::ffff", email="another@example.org") > 1


async def test_somebody_unknown_is_slowed_like_a_user(door: Door) -> None:
    for email in (ADA, "nobody@example.org", "no address\ud800"):
        for number in range(8):
            await door.fail_often(1, f"198.51.100.{number}", email)
        assert 1 < await door.wait("198.51.100.77", email) <= 4


async def test_an_hour_without_a_failure_is_forgotten(door: Door) -> None:
    await door.fail_often(8)
    await door.move(HOUR + 10 * MINUTE)
    for _ in range(5):
        await door.fail()


async def test_many_tries_at_once_get_no_further_than_one_after_another(
    store: Store, database: Database
) -> None:
    await joined(database)
    other = store.open()
    outcomes = await asyncio.gather(
        *(enter((database, other)[n % 2], password=WRONG, address=f"198.51.100.{n}")
          for n in range(40)),
        return_exceptions=True,
    )  # fmt: skip
    await other.close()
    looked_at = [each for each in outcomes if isinstance(each, WrongSignIn)]
    assert len(looked_at) in (6, 7)  # a second may have ended among them
    assert len(looked_at) + sum(isinstance(each, RateLimited) for each in outcomes) == 40


async def test_what_is_counted_tells_neither_who_nor_where(door: Door) -> None:
    await door.fail()
    rows = await door.database.count(lambda tx: tx.all(SUBJECTS))
    kept = [bytes(row["subject"]) for row in rows]
    assert len(kept) == 2
    assert all(len(each) == 32 for each in kept)


async def test_old_counts_are_purged(door: Door) -> None:
    await door.fail()
    later = door.now + HOUR
    assert await door.database.count(lambda tx: tries.purge(tx, later - MINUTE)) == 0
    assert await door.database.count(lambda tx: tries.purge(tx, later + MINUTE)) == 2
