"""Instants as people write and read them."""

import pytest

from jump.cli.when import exact_and_relative, gone_by, relative, to_come
from jump.kit.clock import DAY, HOUR, MINUTE, SECOND
from jump.kit.instants import parse_instant

NOW = parse_instant("2026-01-31T09:30:00Z")


@pytest.mark.parametrize(
    ("text", "length"),
    [("90d", 90 * DAY), ("12h", 12 * HOUR), ("30m", 30 * MINUTE), ("45s", 45 * SECOND)],
)
def test_a_length_of_time_counts_from_now(text: str, length: int) -> None:
    assert to_come(text, NOW) == NOW + length
    assert gone_by(text, NOW) == NOW - length


def test_dates_are_midnight_utc_and_instants_are_themselves() -> None:
    assert to_come("2026-02-01", NOW) == parse_instant("2026-02-01T00:00:00Z")
    assert gone_by("2026-01-31T09:00:00+01:00", NOW) == parse_instant("2026-01-31T08:00:00Z")


@pytest.mark.parametrize("text", ["", "soon", "-1d", "1w", "2026-02-30", "2026-01-31T09:00:00"])
def test_anything_else_is_told_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r"^Write a length of time such as 90d"):
        to_come(text, NOW)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (0, "now"),
        (-3 * MINUTE, "3 min ago"),
        (-59 * SECOND, "59 s ago"),
        (-DAY, "1 day ago"),
        (-2 * DAY - HOUR, "2 days ago"),
        (5 * HOUR, "in 5 h"),
    ],
)
def test_instants_are_told_by_how_far_they_are(distance: int, words: str) -> None:
    assert relative(NOW + distance, NOW) == words


def test_an_instant_is_told_exactly_too() -> None:
    assert exact_and_relative(NOW - MINUTE, NOW) == "2026-01-31T09:29:00Z (1 min ago)"
    assert exact_and_relative(None, NOW, "never") == "never"
