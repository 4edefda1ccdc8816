"""Times, numbers and names as people read them."""

import pytest

from jump.console import words
from jump.kit.clock import DAY, HOUR, MINUTE, SECOND
from jump.kit.instants import parse_instant

NOW = parse_instant("2027-02-22T14:02:11Z")


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        (0, "just now"),
        (-999_999, "just now"),
        (-SECOND, "1 second ago"),
        (-59 * SECOND, "59 seconds ago"),
        (-MINUTE, "1 minute ago"),
        (-3 * HOUR - MINUTE, "3 hours ago"),
        (-30 * DAY, "30 days ago"),
        (-31 * DAY, "22 Jan 2027"),
        (2 * SECOND, "in 2 seconds"),
        (DAY, "in 1 day"),
        (31 * DAY, "25 Mar 2027"),
    ],
)
def test_an_instant_is_told_by_its_distance(distance: int, expected: str) -> None:
    assert words.relative(NOW + distance, NOW) == expected


def test_an_instant_is_told_exactly() -> None:
    assert words.exact(NOW) == "22 Feb 2027, 14:02:11 UTC"
    assert words.clock_time(NOW) == "14:02:11"


@pytest.mark.parametrize(
    ("count", "expected"), [(0, "0 requests"), (1, "1 request"), (1204, "1,204 requests")]
)
def test_things_are_counted(count: int, expected: str) -> None:
    assert words.counted(count, "request") == expected


def test_names_are_listed() -> None:
    assert [words.listed(list("abc")[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]


def test_fields_and_actions_are_named() -> None:
    assert words.field_words("old_password") == "Current password"
    assert words.field_words("next_attempt") == "Next attempt"
    assert words.field_words("scopes") == "Permissions"
    assert words.action_words("key.limit_changed") == "Limit changed"


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/156.0 Safari/537.36 Edg/156.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15) Firefox/150.0", "Firefox on Mac"),
        ("Mozilla/5.0 (iPhone; like Mac OS X) Version/19.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/156.0 Safari/537.36", "Chrome on Android"),
        ("Firefox/150.0", "Firefox"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "Not said"),
    ],
)
def test_a_browser_is_named_as_people_know_it(agent: str, expected: str) -> None:
    assert words.browser_words(agent) == expected


@pytest.mark.parametrize(
    ("status", "kind"), [(200, "ok"), (304, "ok"), (404, "info"), (429, "warn"), (503, "bad")]
)
def test_a_status_is_shown_as_what_it_means(status: int, kind: str) -> None:
    assert words.status_kind(status) == kind


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("key.limit_changed", "API key limit changed"),
        ("event.viewed", "Event viewed"),
        ("appointment.marked_in_error", "Appointment marked in error"),
    ],
)
def test_a_change_is_told_in_words(action: str, told: str) -> None:
    assert words.change_words(action) == told
