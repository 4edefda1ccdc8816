"""The check digit follows the NHS Data Dictionary, and every example is a valid test number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jump.kit import nhs_number


def test_spaces_and_hyphens_fall_away() -> None:
    assert nhs_number.normalise(" 943 476-5919\u00a0") == "9434765919"


# By hand: 9x10 + 4x9 + 3x8 + 4x7 + 7x6 + 6x5 + 5x4 + 9x3 + 1x2 = 299,
# which leaves 2, so that the check digit is 11 - 2 = 9.
# For 987654321 the sum is 330, which leaves 0, and 11 - 0 is written 0.
@pytest.mark.parametrize("number", ["9434765919", "9876543210", "4010232137", "0000000000"])
def test_a_number_with_the_right_check_digit_is_valid(number: str) -> None:
    assert nhs_number.is_valid(number)


@given(st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(place: int, shift: int) -> None:
    digits = [int(digit) for digit in "9434765919"]
    digits[place] = (digits[place] + shift) % 10
    assert not nhs_number.is_valid("".join(map(str, digits)))


@pytest.mark.parametrize("place", range(9))
def test_two_swapped_neighbours_are_noticed(place: int) -> None:
    number = "9434765919"
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert swapped == number or not nhs_number.is_valid(swapped)


@pytest.mark.parametrize("last", "0123456789")
def test_a_number_whose_check_would_be_ten_does_not_exist(last: str) -> None:
    # 2 x 6 = 12, and 12 leaves 1: the tenth digit would have to be 10.
    assert not nhs_number.is_valid(f"000000006{last}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "943476591",
        "94347659190",
        "943 476 5919",
        "943476591X",
        "9434765919\n",
        "\u0669434765919",
    ],
)
def test_anything_but_ten_digits_is_not_valid(text: str) -> None:
    assert not nhs_number.is_valid(text)


def test_the_range_that_is_never_issued_starts_with_nine() -> None:
    assert nhs_number.never_issued("9434765919")
    assert not nhs_number.never_issued("4010232137")


@given(st.integers(0, 9_999_999))
def test_every_example_is_valid_and_never_issued(n: int) -> None:
    number = nhs_number.example(n)
    assert nhs_number.is_valid(number)
    assert nhs_number.never_issued(number)


def test_examples_differ_and_the_first_hundred_thousand_start_999() -> None:
    numbers = [nhs_number.example(n) for n in range(99_000, 101_000)]
    assert len(set(numbers)) == 2_000
    assert all(number.startswith("999") for number in numbers[:1_000])
    assert nhs_number.example(0).startswith("999")


@pytest.mark.parametrize("n", [-1, 10_000_000])
def test_there_are_no_more_examples_than_that(n: int) -> None:
    with pytest.raises(ValueError, match="ten million"):
        nhs_number.example(n)
