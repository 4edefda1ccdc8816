"""Good passwords are long and not what is guessed first; nothing else is asked of them."""

import pytest

from jump.identity.password_rules import problem

EMAIL = "ada.lovelace@engines.example"
PRACTICE = "Riverside Surgery"


@pytest.mark.parametrize(
    "password",
    [
        "four words in any order",
        "correct horse battery staple",
        "k7#Qz!9vT2$m",
        "8f3a90b1d2e7",
        "847263948172",
        "кошка собака дом",
        "a long one with ada.lovelace in it",
        "the river and its other side",
        "x7" + "ab3c" * 255 + "yz",
    ],
)
def test_long_ones_that_nobody_guesses_are_taken(password: str) -> None:
    assert problem(password, EMAIL, PRACTICE) is None


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "at least 12"),
        ("four words!", "at least 12"),
        ("long enough " * 86, "at most 1,024"),
        ("ada.lovelace@engines.example", "e-mail address"),
        ("Ada.Lovelace1", "e-mail address"),
        ("Riverside Surgery", "name of the practice"),
        ("riversidesurgery!", "name of the practice"),
        ("engines.example", "e-mail address"),
        ("password1234", "too easily"),
        ("Passw0rd!2024", "too easily"),
        ("p4ssw0rd1987", "too easily"),
        ("letmein letmein", "too easily"),
        ("welcome, admin", "too easily"),
        ("password19870101", "too easily"),
        ("123456789012", "too easily"),
        ("qwertyuiopas", "too easily"),
        ("poiuytrewq!!", "too easily"),
        ("abcdefghijkl", "too easily"),
        ("aaaaaaaaaaaa", "too easily"),
        ("121212121212", "too easily"),
        ("!!!!!!!!!!!!", "too easily"),
    ],
)
def test_what_is_guessed_first_is_refused_in_words(password: str, words: str) -> None:
    said = problem(password, EMAIL, PRACTICE)
    assert said is not None
    assert words in said
    assert not password or password not in said


def test_a_short_name_of_one_s_own_forbids_nothing() -> None:
    assert problem("a hill and another hill", "al@hi.example", "Hi") is None
