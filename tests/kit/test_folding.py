"""A name is found however it is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jump.kit.folding import LONGEST_WORD, MOST_WORDS, fold, index_words, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Zo\u00eb", "zoe"),
        ("Zoe\u0308", "zoe"),
        ("STRAUSS Strau\u00df", "strauss strauss"),
        ("S\u00f8ren \u00c6r\u00f8", "soren aero"),
        ("\u0141ukasz", "lukasz"),
        ("\u0110or\u0111e", "dorde"),
        ("\u00deóra", "thora"),
        ("\u0130stanbul \u0131\u015f\u0131k", "istanbul isik"),
        ("\u0152uvre", "oeuvre"),
        ("Nguy\u1ec5n", "nguyen"),
        ("\uff33\uff4d\uff49\uff54\uff48", "smith"),
        ("O\u2019Brien O\u00b4Brien O\u02bcBrien", "o'brien o'brien o'brien"),
        ("So\u00adphie", "sophie"),
        ("\u0391\u0398\u0397\u039d\u0391\u03a3", "\u03b1\u03b8\u03b7\u03bd\u03b1\u03c3"),
        ("\u4e2d\u6587", "\u4e2d\u6587"),
    ],
)
def test_case_accents_and_spellings_fall_together(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" -- '' ", []),
        ("Anna Maria", ["anna", "maria"]),
        ("O'Brien", ["obrien"]),
        ("Smith-Jones", ["smith", "jones"]),
        ("Mary_Jane", ["mary", "jane"]),
        ("Anna ANNA", ["anna"]),
        ("\u0915\u093f\u0936\u094b\u0930", ["\u0915\u093f\u0936\u094b\u0930"]),
    ],
)
def test_the_words_to_look_for(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("O'Brien", "obrien"),
        ("O'Brien", "o'brien"),
        ("O'Brien", "O\u2019Bri"),
        ("O'Brien", "o brien"),
        ("O'Brien", "brien"),
        ("Smith-Jones", "smith"),
        ("Smith-Jones", "jones"),
        ("Smith-Jones", "smith-jones"),
        ("Smith-Jones", "smith jon"),
        ("Smith-Jones", "smithjones"),
        ("Smith Jones", "smith-jones"),
        ("Anne-Marie O'Neill", "annemarie oneill"),
        ("Zo\u00eb", "zoe"),
        ("Zoe", "Zo\u00eb"),
    ],
)
def test_a_name_is_found_however_it_is_typed(name: str, typed: str) -> None:
    stored = index_words(name)
    assert all(any(word.startswith(wanted) for word in stored) for wanted in words(typed))


@pytest.mark.parametrize("typed", ["smit jane", "mith", "ones"])
def test_a_word_that_begins_no_part_of_the_name_does_not_find_it(typed: str) -> None:
    stored = index_words("Smith-Jones")
    assert not all(any(word.startswith(wanted) for word in stored) for wanted in words(typed))


@given(st.text())
def test_every_name_is_found_by_itself(name: str) -> None:
    assert set(words(name)) <= set(index_words(name))


def test_there_are_never_more_or_longer_words_than_said() -> None:
    many = " ".join(f"word{n}" for n in range(100)) + "x" * 1000
    for found in (words(many), index_words(many), words("y" * 1000)):
        assert len(found) <= MOST_WORDS
        assert all(len(word) <= LONGEST_WORD for word in found)
