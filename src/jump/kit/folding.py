"""Text as a search compares it: without case, accents and the ways to write an apostrophe.

Which fields are searched, and that every word must begin one of them, is left to the patients.
"""

import unicodedata
from collections.abc import Iterable
from typing import Final

# Letters that Unicode does not take apart into a plain one and a mark, as people type them.
_PLAIN: Final = str.maketrans(
    {
        "ø": "o",
        "æ": "ae",
        "œ": "oe",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ħ": "h",
        "ŧ": "t",
        "\u0131": "i",
        "ŋ": "ng",
        "ə": "e",
    }
)
# Quotation marks, primes, accents and modifier letters that stand for one.
_APOSTROPHES: Final = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201b\u02bc\u02bb\u02b9`\u00b4\u2032\uff07", "'")
)
MOST_WORDS: Final = 16
LONGEST_WORD: Final = 64


def fold(text: str) -> str:
    """The text in plain lower-case letters: `Ærøskøbing-Strauß` is `aeroskobing-strauss`.

    Spaces and punctuation stay. Folding twice is folding once.
    """
    plain = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES)).casefold()
    apart = unicodedata.normalize("NFKD", plain).translate(_APOSTROPHES)
    return "".join(filter(_kept, apart)).translate(_PLAIN)


def words(text: str) -> list[str]:
    """The words to look for, in order, none twice: `O'Brien Smith-Jones` is obrien, smith, jones.

    At most MOST_WORDS, each cut to LONGEST_WORD characters.
    """
    elided = fold(text).replace("'", "")
    return _capped(_split(elided))


def index_words(text: str) -> list[str]:
    """The words to find a name by: those of `words`, its parts apart and its parts run together.

    `O'Brien` is obrien, o, brien, and `Smith-Jones` smith, jones, smithjones, so that a name is
    found however it is typed. Every word of `words` begins one of these.
    """
    folded = fold(text)
    run_together = ["".join(_split(piece)) for piece in folded.split()]
    return _capped([*_split(folded.replace("'", "")), *_split(folded), *run_together])


def _kept(character: str) -> bool:
    # Format characters (soft hyphens, joiners, directions) come along with pasted names.
    return not unicodedata.combining(character) and unicodedata.category(character) != "Cf"


def _split(folded: str) -> list[str]:
    return "".join(character if _in_a_word(character) else " " for character in folded).split()


def _in_a_word(character: str) -> bool:
    # Some scripts write their vowels as marks; these belong to the word.
    return character.isalnum() or unicodedata.category(character)[0] == "M"


def _capped(found: Iterable[str]) -> list[str]:
    distinct = dict.fromkeys(word[:LONGEST_WORD] for word in found if word)
    return list(distinct)[:MOST_WORDS]
