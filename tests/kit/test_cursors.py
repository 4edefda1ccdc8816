"""A cursor comes back as it went out, for its own query and key alone."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jump.kit import cursors

KEY = b"k" * 32
QUERY = "GET /patients?order=asc&sort=created_at"
POSITION = (1_767_225_600_000_000, "pat_01kdvdna000000000000000000")

integers = st.integers(min_value=-(2**63), max_value=2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
positions = st.lists(integers | texts, max_size=4).map(tuple)


@given(positions, texts)
def test_a_position_comes_back(position: cursors.Position, query: str) -> None:
    assert cursors.decode([KEY], query, cursors.encode(KEY, query, position)) == position


def test_a_cursor_needs_no_escaping_in_an_address() -> None:
    token = cursors.encode(KEY, QUERY, (2**62 + 1, "?>~" * 20))
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


def test_a_cursor_of_another_query_is_refused() -> None:
    token = cursors.encode(KEY, QUERY, POSITION)
    assert cursors.decode([KEY], QUERY + "&status=active", token) is None


def test_a_cursor_made_with_another_key_is_refused() -> None:
    assert cursors.decode([b"j" * 32], QUERY, cursors.encode(KEY, QUERY, POSITION)) is None


def test_query_and_position_cannot_be_traded_for_each_other() -> None:
    token = cursors.encode(KEY, "a", ("bc",))
    assert cursors.decode([KEY], "ab", token) is None


def test_a_cursor_with_any_character_changed_is_refused() -> None:
    token = cursors.encode(KEY, QUERY, POSITION)
    for place, character in enumerate(token):
        other = "A" if character != "A" else "B"
        assert cursors.decode([KEY], QUERY, token[:place] + other + token[place + 1 :]) is None


def test_only_the_spelling_that_was_handed_out_is_taken_back() -> None:
    token = cursors.encode(KEY, QUERY, ("ab",))
    raw = base64.urlsafe_b64decode(token + "==")
    padded = base64.urlsafe_b64encode(raw).decode()
    assert padded != token, "the test needs a cursor whose length asks for padding"
    for spelling in (padded, token + "\n", f" {token}", token[:5] + "!" + token[5:]):
        assert cursors.decode([KEY], QUERY, spelling) is None


@pytest.mark.parametrize(
    "token", ["", "A", "AAAA", "A" * 5000, "caf\u00e9", "null", "....", "=" * 8]
)
def test_any_other_text_is_refused(token: str) -> None:
    assert cursors.decode([KEY], QUERY, token) is None


def test_a_cursor_longer_than_any_of_ours_is_not_even_read() -> None:
    assert cursors.decode([KEY], QUERY, cursors.encode(KEY, QUERY, ("x" * 2_000,))) is None


@given(st.text())
def test_no_text_is_an_error(token: str) -> None:
    assert cursors.decode([KEY], QUERY, token) is None
