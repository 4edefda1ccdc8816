"""How a clinician is found: every word begins a first or last name or a word of a specialty.

The directory is small: its words stand in one text per clinician, each behind a space, and a
search looks through all of a practice's.
"""

from collections.abc import Sequence

from jump.kit.folding import index_words, words
from jump.resources.listing import Condition

MOST_WORDS = 8


def kept_words(first_name: str, last_name: str, specialties: Sequence[str]) -> str:
    """The words to find this clinician by."""
    texts = (first_name, last_name, *specialties)
    found = sorted({word for text in texts for word in index_words(text)})
    return "".join(f" {word}" for word in found)


def matching(search: str | None) -> tuple[Condition, ...]:
    """The conditions of a search, one for each word. Raises ValueError with words for people."""
    if search is None:
        return ()
    asked = words(search)
    if not asked:
        raise ValueError("Give at least one letter or digit to search for.")
    if len(asked) > MOST_WORDS:
        raise ValueError(f"Give at most {MOST_WORDS} words.")
    return tuple(
        # A folded word holds letters, digits and marks only: nothing that LIKE reads as a pattern.
        Condition(f"search_words LIKE :word_{number}", ((f"word_{number}", f"% {word}%"),))
        for number, word in enumerate(asked)
    )
