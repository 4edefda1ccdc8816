"""SNOMED CT identifiers: 6 to 18 digits of which the last checks the others, by Verhoeff's method.

After SNOMED International's Technical Implementation Guide ("SCTID" and its appendix "Check-digit
computation"). Whether a release has the code is left to whoever sends it.
"""

import re
from typing import Final

_DIGITS: Final = re.compile(r"[1-9][0-9]{5,17}")
# Each place from the right permutes its digit once more than the one before it.
_PERMUTATION: Final = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def is_valid(text: str) -> bool:
    """Whether a text is an identifier with the right check digit."""
    if _DIGITS.fullmatch(text) is None:
        return False
    checked = 0
    for place, digit in enumerate(reversed(text)):
        checked = _multiply(checked, _permuted(int(digit), place % 8))
    return checked == 0


def _permuted(digit: int, times: int) -> int:
    for _ in range(times):
        digit = _PERMUTATION[digit]
    return digit


def _multiply(one: int, other: int) -> int:
    """The product of two symmetries of a pentagon: 0 to 4 turn it, 5 to 9 turn and mirror it."""
    turned = one - other if one >= 5 else one + other
    return turned % 5 + (5 if (one >= 5) != (other >= 5) else 0)
