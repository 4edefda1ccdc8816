"""The rate limit: exact when many ask at once, never early and at most a minute late."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jump.errors import RateLimited
from jump.keys.quota import UNUSED, Counter, Quota, quota
from jump.kit.clock import HOUR, MINUTE, SECOND
from jump.storage.database import Database
from tests.databases import Store
from tests.keys.holders import new_key, send

MIDNIGHT = 30_000_000 * MINUTE


class SlowCount:
    """The rule in the plainest way: every instant that was counted, kept for ever."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.instants: list[int] = []

    def used(self, now: int) -> int:
        """Counted in this minute or the 60 before it."""
        return sum(at // MINUTE >= now // MINUTE - 60 for at in self.instants)

    def ask(self, now: int) -> bool:
        """Whether one more may, and count it if so."""
        if self.used(now) >= self.limit:
            return False
        self.instants.append(now)
        return True

    def next_possible(self, now: int) -> int:
        """The first minute in which one more may."""
        minute = now // MINUTE
        while self.used(minute * MINUTE) >= self.limit:
            minute += 1
        return max(now, minute * MINUTE)


async def ask(database: Database, key: str) -> Quota | None:
    """What remains after one more request, or None if it was refused."""
    try:
        return (await send(database, key)).quota
    except RateLimited:
        return None


async def test_callers_of_two_processes_get_exactly_the_limit_together(
    store: Store, database: Database
) -> None:
    other = store.open()
    _, key = await new_key(database, limit=60)

    async def caller(through: Database) -> int:
        return sum([await ask(through, key) is not None for _ in range(10)])

    passed = await asyncio.gather(*(caller((database, other)[n % 2]) for n in range(24)))
    await other.close()
    assert sum(passed) == 60


async def test_two_keys_do_not_share_a_limit(database: Database) -> None:
    keys = [(await new_key(database, limit=1))[1] for _ in range(2)]
    assert [await ask(database, key) is not None for key in keys] == [True, True]
    assert [await ask(database, key) for key in keys] == [None, None]


async def test_quota_returns_a_minute_late_at_most_and_never_early(store: Store) -> None:
    database = store.open(connections=1)
    spent_at = MIDNIGHT + 40 * SECOND
    await store.set_clock(database, spent_at)
    _, key = await new_key(database, limit=2)
    assert await ask(database, key)
    await store.set_clock(database, spent_at + 30 * SECOND)
    assert await ask(database, key)
    returns = []
    for seconds in range(0, 2 * 61 * 60, 10):
        await store.set_clock(database, spent_at + seconds * SECOND)
        looked = await send(database, key, counted=False)
        returns.append((seconds, looked.quota.remaining))
    await database.close()
    first = next(seconds for seconds, remaining in returns if seconds > 30 and remaining == 1)
    second = next(seconds for seconds, remaining in returns if remaining == 2)
    assert 3600 <= first <= 3600 + 60
    assert 3600 + 30 <= second <= 3600 + 30 + 60


async def test_the_answer_that_is_refused_tells_when_to_come_back(store: Store) -> None:
    database = store.open(connections=1)
    await store.set_clock(database, MIDNIGHT + 15 * SECOND)
    _, key = await new_key(database, limit=1)
    await send(database, key)
    with pytest.raises(RateLimited) as caught:
        await send(database, key)
    back = MIDNIGHT + 61 * MINUTE
    wait = int(caught.value.headers["Retry-After"])
    await store.set_clock(database, back - SECOND)
    still = await ask(database, key)
    await store.set_clock(database, back)
    again = await ask(database, key)
    await database.close()
    assert back - 2 * SECOND <= MIDNIGHT + (15 + wait) * SECOND <= back + SECOND
    assert still is None
    assert again is not None


async def test_a_clock_that_goes_back_gives_nothing_back(store: Store) -> None:
    database = store.open(connections=1)
    await store.set_clock(database, MIDNIGHT)
    _, key = await new_key(database, limit=2)
    assert await ask(database, key)
    await store.set_clock(database, MIDNIGHT - HOUR)
    assert await ask(database, key)
    assert await ask(database, key) is None
    # Both were counted in the later minute, so that both leave with it.
    await store.set_clock(database, MIDNIGHT + 60 * MINUTE)
    assert await ask(database, key) is None
    await store.set_clock(database, MIDNIGHT + 61 * MINUTE)
    assert await ask(database, key)
    await database.close()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [0, 1, 20, 59, 60, 61, 600, 3540, 3599, 3600, 3601, 3659, 3660, 7200, 90_000]
        ),
        st.integers(1, 4),
    ),
    min_size=1,
    max_size=25,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, limit=st.integers(1, 6))
async def test_counting_agrees_with_the_plainest_way_to_count(
    store: Store, steps: list[tuple[int, int]], limit: int
) -> None:
    database = store.open(connections=1)
    model = SlowCount(limit)
    now = MIDNIGHT
    await store.set_clock(database, now)
    _, key = await new_key(database, limit=limit)
    for seconds, requests in steps:
        now += seconds * SECOND
        await store.set_clock(database, now)
        for _ in range(requests):
            answer = await ask(database, key)
            assert (answer is not None) == model.ask(now)
            looked = (await send(database, key, counted=False)).quota
            assert looked.used == model.used(now)
            assert looked.remaining == limit - model.used(now)
            if looked.remaining == 0:
                assert looked.reset_at == model.next_possible(now)
    await database.close()


def test_with_a_lowered_limit_more_than_the_oldest_minute_has_to_leave() -> None:
    # One request in each of the last three minutes.
    history = "".join(f"{total:012}" for total in (2, 1, *[0] * 59))
    spent = Counter(1_000, 3, history)
    at = 1_000 * MINUTE + 1
    assert quota(spent, 3, at).reset_at == (998 + 61) * MINUTE
    assert quota(spent, 1, at).reset_at == (1_000 + 61) * MINUTE
    assert quota(spent, 4, at).reset_at == at
    assert quota(spent, 1, at).remaining == 0


def test_a_key_that_was_never_used_has_its_whole_limit() -> None:
    assert quota(UNUSED, 7, MIDNIGHT) == Quota(7, 0, 7, MIDNIGHT, MIDNIGHT)


def test_waiting_is_rounded_up_to_whole_seconds() -> None:
    assert Quota(1, 1, 0, 1_000_001, 0).retry_after == 2
    assert Quota(1, 0, 1, 5, 5).retry_after == 0
