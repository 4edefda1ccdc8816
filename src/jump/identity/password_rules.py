"""Which passwords are refused. Pure.

Length is what counts (NIST SP 800-63B, section 5.1.1.2): no rule asks for digits or signs. Refused
is what is guessed first: common words, digits and rows of keys, and the user's own names.
"""

import re
from typing import Final

from jump.kit.folding import fold

SHORTEST: Final = 12
LONGEST: Final = 1_024
# What must remain beside what is guessed first: a letter counts 2, a digit 1. So a common word and
# a date are not enough, and digits that nobody can guess are.
_LEFT_OVER: Final = 9
_DIFFERENT: Final = 5
_SHORTEST_NAME: Final = 4

_COMMON: Final = """\
access account admin administrator baseball batman charlie chelsea chocolate christmas clinic
computer console default demo developer doctor dragon england family flower football freedom friday
hello hospital hunter iloveyou internet jennifer jordan jump letmein liverpool london login love
manager master michael michelle monday monkey mustang nurse ninja office passphrase passw0rd
password patient pepper please pokemon practice princess robert samsung secret shadow soccer spring
starwars summer sunday sunshine superman surgery system temp test thomas thunder trustno1 user
welcome whatever winter
"""
_ROWS: Final = (
    "qwertyuiop",
    "qwertz",
    "azerty",
    "asdfghjkl",
    "zxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
)
_ROW_LENGTHS: Final = range(4, 27)
# Signs and digits that stand for letters, read back before common words are looked for.
_STANDING_FOR: Final = str.maketrans("0134578@$!", "oieastbasi")


def _pieces_of_rows() -> set[str]:
    return {
        piece
        for row in _ROWS
        for length in _ROW_LENGTHS
        for start in range(len(row) - length + 1)
        for piece in (row[start : start + length], row[start : start + length][::-1])
    }


_GUESSED_FIRST: Final = frozenset(_COMMON.split()) | _pieces_of_rows()


def problem(password: str, email: str, organisation: str) -> str | None:
    """What is wrong with a new password of this user and practice, in words, or None."""
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters. A few words in a row are easy to remember."
    if len(password) > LONGEST:
        return f"Use at most {LONGEST:,} characters."
    folded = fold(password)
    own = _own_words(email, organisation)
    if any(word in folded for word in own) and _remains(folded, own) < _LEFT_OVER:
        return "Use something other than your e-mail address or the name of the practice."
    readings = (folded, folded.translate(_STANDING_FOR))
    if len(set(folded)) < _DIFFERENT or any(
        _remains(each, _GUESSED_FIRST | own) < _LEFT_OVER for each in readings
    ):
        return "This is guessed too easily: use words that do not usually stand together."
    return None


def _own_words(email: str, organisation: str) -> frozenset[str]:
    local, _, domain = fold(email).partition("@")
    name = fold(organisation)
    # The words one by one would refuse too much: "Hill Practice" forbids no hill.
    whole = {fold(email), local, domain, name, re.sub(r"\W", "", name)}
    return frozenset(word for word in whole if len(word) >= _SHORTEST_NAME)


def _remains(folded: str, guessed: frozenset[str]) -> int:
    """What the letters and digits count that are left when what is guessed first is taken out."""
    pattern = "|".join(re.escape(word) for word in sorted(guessed, key=len, reverse=True))
    left = re.sub(pattern, " ", folded)
    return sum(2 if character.isalpha() else character.isdigit() for character in left)
