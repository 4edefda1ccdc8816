"""An id sorts by its time, tells its time, and is told from any other text."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jump.kit import ids
from jump.kit.clock import MILLISECOND

JANUARY = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
instants = st.integers(min_value=0, max_value=(1 << 48) * MILLISECOND - 1)


def test_an_id_is_a_lower_case_ulid_behind_its_prefix() -> None:
    # The example of the ULID specification: time 1469918176385.
    at = 1_469_918_176_385 * MILLISECOND
    assert ids.first_id("pat", at) == "pat_01aryz6s41" + "0" * 16
    assert ids.new_id("pat", at, lambda size: b"\xff" * size) == "pat_01aryz6s41" + "z" * 16


@given(instants, instants)
def test_the_order_of_ids_is_the_order_of_their_milliseconds(one: int, other: int) -> None:
    first, second = sorted((one, other))
    if first // MILLISECOND != second // MILLISECOND:
        assert ids.new_id("evt", first) < ids.new_id("evt", second)


@given(instants)
def test_an_id_tells_its_time(at: int) -> None:
    assert ids.time_of(ids.new_id("evt", at)) == at // MILLISECOND * MILLISECOND


@given(instants)
def test_no_id_of_an_instant_is_below_the_first(at: int) -> None:
    first = ids.first_id("evt", at)
    assert first <= ids.new_id("evt", at, bytes) <= ids.new_id("evt", at, os.urandom)


def test_two_new_ids_of_one_instant_differ() -> None:
    assert ids.new_id("evt", JANUARY) != ids.new_id("evt", JANUARY)


def test_a_derived_id_is_the_same_for_the_same_parts_and_another_for_others() -> None:
    made = ids.derived_id("dlv", JANUARY, "evt_1", "wh_1")
    assert made == ids.derived_id("dlv", JANUARY, "evt_1", "wh_1")
    others = {
        ids.derived_id("dlv", JANUARY, "evt_1", "wh_2"),
        ids.derived_id("dlv", JANUARY, "evt_1w", "h_1"),
        ids.derived_id("dlv", JANUARY, "evt_1"),
        ids.derived_id("dlv", JANUARY + MILLISECOND, "evt_1", "wh_1"),
        ids.derived_id("att", JANUARY, "evt_1", "wh_1").replace("att", "dlv"),
    }
    assert len(others) == 5
    assert made not in others


def test_a_derived_id_has_the_time_it_was_given_and_stays_what_it_was() -> None:
    made = ids.derived_id("dlv", JANUARY, "evt_1", "wh_1")
    assert ids.time_of(made) == JANUARY
    # Written down: ids in a database must come out alike in every later version.
    assert made == "dlv_01kdvdna00wmc8wx44jrft2z50"


@pytest.mark.parametrize("prefix", ids.PREFIXES)
def test_every_prefix_makes_ids_of_its_own(prefix: str) -> None:
    made = ids.new_id(prefix, JANUARY)
    assert [other for other in ids.PREFIXES if ids.is_id(other, made)] == [prefix]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pat",
        "pat_",
        "pat_01kdvdna000000000000000000\n",
        "pat_01kdvdna00000000000000000",
        "pat_01kdvdna0000000000000000000",
        "pat_01KDVDNA000000000000000000",
        "pat_81kdvj52000000000000000000",
        "pat_01kdvdna00000000000000000u",
        "pat_01kdvdna00000000000000000l",
        "pat_01kdvdna00000000000000000\u0660",
        "apt_01kdvdna000000000000000000",
        "pat-01kdvdna000000000000000000",
    ],
)
def test_anything_else_is_no_id(text: str) -> None:
    assert not ids.is_id("pat", text)


def test_the_time_of_something_else_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValueError, match="not an id") as refused:
        ids.time_of("pat_O'Brien")
    assert "O'Brien" not in str(refused.value)


@pytest.mark.parametrize("at", [-1, (1 << 48) * MILLISECOND])
def test_an_instant_that_an_id_cannot_hold_is_refused(at: int) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        ids.new_id("pat", at)


def test_a_sample_id_has_the_right_shape_and_no_clock_that_runs_makes_it() -> None:
    sample = ids.sample_id("pat")
    assert ids.is_id("pat", sample)
    assert ids.time_of(sample) == 0
    assert sample < ids.first_id("pat", MILLISECOND)
