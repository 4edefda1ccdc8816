"""Who did something, as pages name them."""

import pytest

from jump.console import who


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("An operator", "an operator"),
        ("Somebody who is gone", "somebody who is gone"),
        ("Ana Reyes", "Ana Reyes"),
        ("Jump", "Jump"),
    ],
)
def test_who_has_no_name_is_told_within_a_sentence_as_one_says_it(name: str, inside: str) -> None:
    assert who.within(name) == inside
