"""What a name that people give, to a practice or to a key, may look like. Pure."""

import unicodedata
from typing import Final

LONGEST_NAME: Final = 100
# Controls, surrogates, and the two separators that break a line.
_REFUSED: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})


def name_problem(name: str) -> str | None:
    """What is wrong with a name, in words for people, or None. Spaces at its ends are cut first."""
    if not 1 <= len(name) <= LONGEST_NAME:
        return f"Use 1 to {LONGEST_NAME} characters."
    if any(unicodedata.category(character) in _REFUSED for character in name):
        return "Use one line of text, without control characters."
    return None
