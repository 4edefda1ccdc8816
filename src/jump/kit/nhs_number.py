"""NHS numbers: ten digits of which the last checks the others (NHS Data Dictionary, modulus 11).

Which range a mode accepts, and that a number is unique, is left to the patients.
"""

import re
from typing import Final

_SPACING: Final = re.compile(r"[ \u00a0-]")
_TEN_DIGITS: Final = re.compile(r"[0-9]{10}")
_NEVER_ISSUED_FIRST: Final = "9"
_NO_CHECK_DIGIT: Final = 10


def normalise(text: str) -> str:
    """The number without the spaces and hyphens it is often written with; checks nothing."""
    return _SPACING.sub("", text)


def is_valid(number: str) -> bool:
    """Whether a normalised number has ten digits and the right check digit."""
    return _TEN_DIGITS.fullmatch(number) is not None and int(number[9]) == _check(number[:9])


def never_issued(number: str) -> bool:
    """Whether a normalised number lies in the range, starting 9, that no person is ever given."""
    return number.startswith(_NEVER_ISSUED_FIRST)


def example(n: int) -> str:
    """The n-th valid number of the never-issued range; different for each n below ten million.

    The first hundred thousand start 999, which people know as a test number.
    """
    if not 0 <= n < 10_000_000:
        raise ValueError("There are ten million example numbers: n must be from 0 to 9,999,999.")
    first_eight = f"{_NEVER_ISSUED_FIRST}{(9_900_000 + n) % 10_000_000:07}"
    # Of two neighbours at most one has no check digit, since the ninth digit counts twice.
    first_nine = next(
        f"{first_eight}{ninth}" for ninth in "01" if _check(first_eight + ninth) != _NO_CHECK_DIGIT
    )
    return f"{first_nine}{_check(first_nine)}"


def _check(first_nine: str) -> int:
    """The tenth digit; 10 where there is none, and so no such number."""
    total = sum(int(digit) * (10 - place) for place, digit in enumerate(first_nine))
    return -total % 11
