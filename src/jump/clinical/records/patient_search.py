"""How a patient is found: every word begins a first, preferred or last name, or is an NHS number
or a date of birth, however those are typed.

Numbers and dates must match whole, so their end is marked, in what is kept and in what is asked.
"""

import re
from collections.abc import Callable, Mapping

from jump.kit.folding import index_words, words
from jump.resources.listing import Condition
from jump.storage.sql import Value

MOST_WORDS = 8

Joined = Callable[[str, str, str], str]

_NAMES = ("first_name", "preferred_name", "last_name")
_WHOLE = ("nhs_number", "date_of_birth")
FOUND_BY = frozenset({*_NAMES, *_WHOLE})  # the fields that words to find a patient by are of
_END = "$"
_LAST = "\U0010ffff"

_NHS_NUMBER = re.compile(r"\b(\d{3})[ -]?(\d{3})[ -]?(\d{4})\b")
_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_BRITISH_DATE = re.compile(r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b")


def kept_words(patient: Mapping[str, Value]) -> set[str]:
    """The words to find this patient by."""
    found = {word for name in _NAMES for word in index_words(str(patient.get(name) or ""))}
    return found | {f"{value}{_END}" for name in _WHOLE if (value := patient.get(name))}


def matching(search: str | None) -> tuple[Condition, ...]:
    """The conditions of a search, one for each word. Raises ValueError with words for people."""
    if search is None:
        return ()
    asked = asked_words(search)
    if not asked:
        raise ValueError("Give at least one letter or digit to search for.")
    if len(asked) > MOST_WORDS:
        raise ValueError(f"Give at most {MOST_WORDS} words.")
    return tuple(_begins(number, word) for number, word in enumerate(asked))


def asked_words(search: str) -> list[str]:
    """The words of a search: numbers without spaces, dates as YYYY-MM-DD, the rest folded."""
    whole: list[str] = []
    rest = _taken(_DATE, lambda y, m, d: f"{y}-{m}-{d}", search, whole)
    rest = _taken(_BRITISH_DATE, lambda d, m, y: f"{y}-{m:0>2}-{d:0>2}", rest, whole)
    rest = _taken(_NHS_NUMBER, lambda a, b, c: a + b + c, rest, whole)
    return [f"{value}{_END}" for value in whole] + words(rest)


def _taken(pattern: re.Pattern[str], joined: Joined, text: str, whole: list[str]) -> str:
    whole += [joined(*found) for found in pattern.findall(text)]
    return pattern.sub(" ", text)


def _begins(number: int, word: str) -> Condition:
    low, high = f"word_{number}", f"word_{number}_end"
    # What begins a number or a date is not one: it finds nobody.
    only_names = "" if word.endswith(_END) else f" AND w.word NOT LIKE '%{_END}'"
    return Condition(
        "id IN (SELECT w.patient_id FROM patient_words w"  # noqa: S608 - the names are ours
        " WHERE w.organisation_id = :organisation AND w.mode = :mode"
        f" AND w.word >= :{low} AND w.word < :{high}{only_names})",
        ((low, word), (high, word + _LAST)),
    )
