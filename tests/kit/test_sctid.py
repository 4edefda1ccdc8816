"""SNOMED CT identifiers: the check digit finds a wrong digit and neighbours that changed places."""

import pytest

from jump.kit.sctid import is_valid

# From SNOMED CT itself: diabetes, asthma, infarction, the root, a module, a UK extension's module.
REAL = (
    "44054006", "195967001", "22298006", "138875005", "900000000000207008", "999000011000000103",
)  # fmt: skip


@pytest.mark.parametrize("code", REAL)
def test_real_identifiers_are_valid(code: str) -> None:
    assert is_valid(code)


@pytest.mark.parametrize("code", REAL)
def test_any_one_wrong_digit_is_found(code: str) -> None:
    for place, digit in enumerate(code):
        for other in set("0123456789") - {digit}:
            assert not is_valid(code[:place] + other + code[place + 1 :])


@pytest.mark.parametrize("code", REAL)
def test_neighbours_that_changed_places_are_found(code: str) -> None:
    for place in range(len(code) - 1):
        one, two = code[place : place + 2]
        if one != two:
            assert not is_valid(code[:place] + two + one + code[place + 2 :])


@pytest.mark.parametrize(
    "text",
    ["", "0", "44054", "044054006", "44054006\n", " 44054006", "+44054006", "4405400a", "1" * 19],
)
def test_what_is_no_identifier_is_not_valid(text: str) -> None:
    assert not is_valid(text)
