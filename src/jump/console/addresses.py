"""Addresses of the console's pages: made from a page's name, and found by a path. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar
from urllib.parse import quote, urlencode

BASE: Final = "/settings/developers"


class Addressed(Protocol):
    """What has a name and a path below the base, with `{id}` for each part that varies."""

    @property
    def name(self) -> str:
        """A short name that no other has."""

    @property
    def path(self) -> str:
        """Its path below the base, empty or with a slash before it."""


P = TypeVar("P", bound=Addressed)


@dataclass(frozen=True, slots=True)
class Found(Generic[P]):
    """A place, and the ids that its path has here."""

    place: P
    ids: Mapping[str, str]


class Addresses(Generic[P]):
    """Every place of the console, by name and by path."""

    def __init__(self, places: Iterable[P]) -> None:
        self.all = tuple(places)
        self._by_name = {place.name: place for place in self.all}
        paths = {place.path for place in self.all}
        if not len(self._by_name) == len(paths) == len(self.all):
            raise ValueError("Two pages have one name or one path.")

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def named(self, name: str) -> P:
        """The place of this name. KeyError."""
        return self._by_name[name]

    def find(self, path: str) -> Found[P] | None:
        """The place at this path (the base is part of it), or None; fixed parts win over ids."""
        if not path.startswith(BASE):
            return None
        parts = path[len(BASE) :].split("/")
        matches = [
            Found(place, ids)
            for place in self.all
            if (ids := _ids(place.path.split("/"), parts)) is not None
        ]
        return min(matches, key=_how_many_ids, default=None)

    def path(self, name: str, ids: Mapping[str, str]) -> str:
        """The path of a place. KeyError for an unknown name or a missing id."""
        template = self._by_name[name].path
        return BASE + "/".join(
            quote(ids[part[1:-1]], safe="") if part.startswith("{") else part
            for part in template.split("/")
        )

    def address(
        self, name: str, ids: Mapping[str, str], query: Iterable[tuple[str, str]] = ()
    ) -> str:
        """The path with a query string; empty values are left out."""
        encoded = urlencode([pair for pair in query if pair[1]])
        return self.path(name, ids) + (f"?{encoded}" if encoded else "")


def is_ours(address: str) -> bool:
    """Whether an address leads to a page of the console and nowhere else: safe to be sent on to."""
    if not address.startswith(BASE) or not address.isascii() or not address.isprintable():
        return False
    return address[len(BASE) :][:1] in ("", "/", "?") and "\\" not in address


def _how_many_ids(found: Found[P]) -> int:
    return len(found.ids)


def _ids(template: list[str], parts: list[str]) -> dict[str, str] | None:
    if len(template) != len(parts):
        return None
    ids: dict[str, str] = {}
    for wanted, part in zip(template, parts, strict=True):
        if wanted.startswith("{"):
            if not part:
                return None
            ids[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return ids
