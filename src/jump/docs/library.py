"""Every page of the documentation by its path: made when it is first asked for, then kept.

Loading this takes the tools that make HTML of Markdown and code, so it waits for a first reader.
"""

import functools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from jump.docs import fillings, links
from jump.docs.chaptering import chapter_html, has_trials, rules_of, sections_of
from jump.docs.expanding import expand
from jump.docs.markup import Link, Section, mark_up
from jump.docs.navigation import BASE, GROUPS, REFERENCE, address
from jump.docs.reference import Chapter, chapters
from jump.docs.searching import Entry, Found, Prepared, find, prepare
from jump.docs.source import Source

FOLDER: Final = Path(__file__).parent / "pages"


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its path, what it opens with, its HTML and what can be found in it."""

    path: str
    title: str
    lead: str
    html: Markup
    sections: tuple[Section, ...]
    has_trials: bool = False

    @property
    def contents(self) -> list[Section]:
        """What is listed beside the page."""
        return [each for each in self.sections if each.level == 2]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page as the navigation has it."""

    path: str
    title: str


class Library:
    """All pages. Safe to be asked by several threads."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._fillings = fillings.all_of(source.opened, source.settings)
        self._lock = threading.Lock()
        self._pages: dict[str, Page] = {}
        self._rules = rules_of(text_of(links.RECORDS))

    @functools.cached_property
    def names(self) -> Mapping[str, str]:
        """The name of each written page, by its path."""
        return {address(name): name for group in GROUPS for name in group.pages}

    @functools.cached_property
    def navigation(self) -> Sequence[tuple[str, Sequence[Listed]]]:
        """Every heading with its pages, in order."""
        written = [
            (group.title, [Listed(address(name), _title_of(name)) for name in group.pages])
            for group in GROUPS
        ]
        generated = [Listed(path, each.title) for path, each in self._chapters.items()]
        return [*written[:-1], (REFERENCE, generated), written[-1]]

    @functools.cached_property
    def _document(self) -> Mapping[str, Any]:
        return self._source.document()

    @functools.cached_property
    def _chapters(self) -> Mapping[str, Chapter]:
        found = chapters(self._document, self._source.public_url)
        return {f"{BASE}/reference/{each.name}": each for each in found}

    def page(self, path: str) -> Page | None:
        """The page at a path, or None."""
        with self._lock:
            return self._page(path)

    def around(self, path: str) -> tuple[Listed | None, Listed | None]:
        """The page before this one and the one after it."""
        every = [None, *(each for _, listed in self.navigation for each in listed), None]
        at = next(i for i, each in enumerate(every) if each is not None and each.path == path)
        return every[at - 1], every[at + 1]

    def search(self, wanted: str) -> list[Found]:
        """The sections in which every word occurs, best first."""
        with self._lock:
            return find(self._entries, wanted)

    @functools.cached_property
    def _entries(self) -> list[Prepared]:
        paths = [each.path for _, listed in self.navigation for each in listed]
        pages = [page for path in paths if (page := self._page(path)) is not None]
        return [
            prepare(Entry(page.path, page.title, each.id, each.title, each.text))
            for page in pages
            for each in page.sections
        ]

    def _page(self, path: str) -> Page | None:
        if path not in self._pages and path in self.names:
            self._pages[path] = self._written(path, self.names[path])
        elif path not in self._pages and path in self._chapters:
            self._pages[path] = self._chapter(path, self._chapters[path])
        return self._pages.get(path)

    def _chapter(self, path: str, chapter: Chapter) -> Page:
        rules = self._rules.get(chapter.name, "")
        base_path = self._document["servers"][0]["url"]
        html = chapter_html(chapter, rules, self._link(links.RECORDS), base_path)
        found = sections_of(chapter, rules)
        return Page(path, chapter.title, chapter.lead, html, found, has_trials(chapter))

    def _link(self, page: str) -> Link:
        known = set(self.names.values())
        return lambda href: links.rewrite(href, page, known)

    def _written(self, path: str, name: str) -> Page:
        text = expand(text_of(name), self._fillings)
        text = text.replace(DEFAULT_URL, self._source.public_url)
        marked = mark_up(text, self._link(name))
        return Page(path, marked.title, marked.lead, marked.html, marked.sections)


DEFAULT_URL: Final = "http://127.0.0.1:8000"
"""What the files write for the address of this installation: that of `jump serve` as it is."""


def text_of(name: str) -> str:
    """The text of a written page, as it stands in its file."""
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def _title_of(name: str) -> str:
    first, _, _ = text_of(name).partition("\n")
    return first.removeprefix("# ")
