"""Invented appointments could all have been made: with random sessions, types and diaries."""

import random
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from jump.clinical.loading import sandbox_calendar as calendar
from jump.clinical.loading.sandbox_calendar import Block, Diary, Kind, Planned, Stretch
from jump.clinical.scheduling.slots import Span
from jump.kit.clock import DAY, HOUR, MINUTE

NOW = 20_000 * DAY + 12 * HOUR

minutes = st.integers(0, 90).map(lambda each: each * MINUTE)
kinds = st.builds(
    Kind,
    id=st.sampled_from("abc"),
    duration=st.integers(5, 90).map(lambda each: each * MINUTE),
    buffer_before=minutes,
    buffer_after=minutes,
    capacity=st.integers(1, 8),
    is_remote=st.booleans(),
)
spans = st.builds(
    lambda start, length: Span(start, start + length),
    st.integers(-10 * 24 * 60, 10 * 24 * 60).map(lambda each: NOW + each * MINUTE),
    st.integers(1, 600).map(lambda each: each * MINUTE),
)
stretches = st.builds(
    Stretch,
    clinician_id=st.sampled_from(["ada", "ben"]),
    location_id=st.just("main"),
    span=spans,
    kinds=st.lists(kinds, min_size=1, max_size=3),
)
blocks = st.builds(lambda span, before, after: Block(span.starts, span.ends, before, after),
                   spans, minutes, minutes)  # fmt: skip


def taken(clinician: str, planned: list[Planned], before: list[Block]) -> list[Block]:
    mine = [
        Block(each.starts, each.ends, each.kind.buffer_before, each.kind.buffer_after)
        for each in planned
        if each.clinician_id == clinician and set(each.statuses) != {"cancelled"}
    ]
    return sorted([*mine, *before], key=lambda each: each.starts)


@given(
    seed=st.integers(),
    every=st.lists(stretches, max_size=6),
    before=st.lists(blocks, max_size=4),
    full=st.floats(0.2, 1.0),
)
def test_what_is_planned_fits_its_session_and_comes_near_nothing(
    seed: int, every: list[Stretch], before: list[Block], full: float
) -> None:
    diary = Diary()
    for clinician in ("ada", "ben"):
        for block in before:
            diary.add(clinician, block)
    chance = random.Random(seed)
    to_come = list(calendar.ahead(chance, every, diary, NOW, full))
    gone = list(calendar.past(chance, every, diary, NOW, full))
    assert all(each.starts >= NOW + HOUR for each in to_come)
    assert all(each.ends <= NOW for each in gone)
    for each in (*to_come, *gone):
        left = calendar.LEFT_FREE if each in to_come else 0
        assert each.starts % MINUTE == 0
        assert 1 <= len(each.statuses) <= each.kind.capacity
        assert any(
            stretch.clinician_id == each.clinician_id
            and stretch.span.starts <= each.starts
            and each.ends <= stretch.span.ends - left
            and each.kind in stretch.kinds
            for stretch in every
        )
    for clinician in ("ada", "ben"):
        mine = set(taken(clinician, [*to_come, *gone], []))
        for one, other in combinations(taken(clinician, [*to_come, *gone], before), 2):
            if one in mine or other in mine:
                gap = max(one.buffer_after, other.buffer_before)
                assert one.ends + gap <= other.starts


@given(weekly=st.integers(0, 20_000), wanted=st.integers(0, 500_000))
def test_so_many_weeks_are_enough_for_so_many_appointments(weekly: int, wanted: int) -> None:
    weeks, full = calendar.density(weekly, wanted)
    assert weeks >= 26
    assert 0 < full < 1


def test_the_time_ahead_is_emptier_the_further_it_is() -> None:
    kind = Kind("gp", 15 * MINUTE, 0, 0, 1, False)
    weeks = []
    for week in (0, 3):
        starts = NOW + week * calendar.WEEK + DAY
        stretch = Stretch("ada", "main", Span(starts, starts + 200 * HOUR), [kind])
        diary, chance = Diary(), random.Random(1)
        weeks.append(len(list(calendar.ahead(chance, [stretch], diary, NOW, 0.9))))
    assert weeks[0] > 1.3 * weeks[1] > 0
