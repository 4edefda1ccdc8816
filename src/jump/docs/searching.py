"""The search of the documentation: which sections hold every word, and what is around it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jump.kit import folding

MOST_FOUND: Final = 30
LONGEST_QUERY: Final = 200
_AROUND: Final = 90


@dataclass(frozen=True, slots=True)
class Entry:
    """One section of a page; an empty `id` is the page's opening."""

    path: str
    page: str
    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """A section that was found: where it is, and pieces of text, every second one a hit."""

    address: str
    page: str
    title: str
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A section as it is looked through: everything folded once, not for every search."""

    entry: Entry
    title: str
    page: str
    text: str


def prepare(entry: Entry) -> Prepared:
    """A section, ready to be looked through."""
    return Prepared(entry, *map(folding.fold, (entry.title, entry.page, entry.text)))


def find(sections: Sequence[Prepared], wanted: str) -> list[Found]:
    """The sections in which every word occurs, those with the words in their titles first."""
    words = [folding.fold(word) for word in wanted[:LONGEST_QUERY].split()]
    if not words:
        return []
    scored = [(_score(section, words), section.entry) for section in sections]
    hits = sorted((each for each in scored if each[0]), key=lambda each: -each[0])
    return [_found(entry, words) for _, entry in hits[:MOST_FOUND]]


def _score(section: Prepared, words: Sequence[str]) -> int:
    title, page, text = section.title, section.page, section.text
    if not all(word in title or word in page or word in text for word in words):
        return 0
    return 1 + sum(
        8 * (word in title) + 3 * (word in page) + min(3, text.count(word)) for word in words
    )


def _found(entry: Entry, words: Sequence[str]) -> Found:
    address = f"{entry.path}#{entry.id}" if entry.id else entry.path
    return Found(address, entry.page, entry.title, _pieces(entry.text, words))


def _pieces(text: str, words: Sequence[str]) -> tuple[str, ...]:
    """The text around the first word that occurs, cut at the word."""
    line = " ".join(text.split())
    low = line.lower()
    at, word = min(
        ((place, word) for word in words if (place := low.find(word)) >= 0), default=(-1, "")
    )
    if at < 0:
        return (_cut(line[: 2 * _AROUND], len(line) > 2 * _AROUND),)
    start = max(0, at - _AROUND)
    end = at + len(word)
    before = ("… " if start else "") + line[start:at]
    return before, line[at:end], _cut(line[end : end + _AROUND], len(line) > end + _AROUND)


def _cut(text: str, is_cut: bool) -> str:
    return f"{text} …" if is_cut else text
