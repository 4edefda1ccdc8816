"""Every address of the API, found by its segments: no pattern is tried one after the other."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import msgspec

from jump.kit.nearest import nearest
from jump.resources.definition import (
    PLAIN,
    Answer,
    Call,
    Documentation,
    Method,
    Operation,
    Shape,
)
from jump.resources.listing import Listing
from jump.rest.exchange import Exchange, Rendered

BASES = ("/api/v1", "/functions/v1/api-v1", "/api-v1")

_ENCODED_SLASH = re.compile(rb"%2[Ff]")


@dataclass(frozen=True, slots=True)
class Direct:
    """An operation that is more than one transaction: it streams, waits, or asks no database.

    Its `handle` gets the exchange itself, and may answer what `unit.write` did. `streams` are the
    media types of bodies that it reads itself, `*/*` for any. Everything else is as in `Operation`.
    """

    method: Method
    path: str
    handle: Callable[[Exchange, Call], Awaitable[Answer | Rendered]]
    scope: str | None
    summary: str
    writes: bool = False
    body: Shape | None = None
    listing: Listing | None = None
    flags: Mapping[str, str] = field(default_factory=dict)
    event: str | None = None
    counted: bool = True
    documentation: Documentation = PLAIN
    streams: tuple[str, ...] = ()


Route = Operation | Direct


@dataclass(slots=True)
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    parameter: str | None = None
    routes: dict[str, Route] = field(default_factory=dict)


class Match(msgspec.Struct, frozen=True):
    """What stands at a path: its routes by method, the template, and the ids of the address."""

    template: str
    ids: Mapping[str, str]
    routes: Mapping[str, Route]

    @property
    def methods(self) -> list[str]:
        """What the place answers to; where there is GET there is HEAD (RFC 9110, 9.3.2)."""
        return sorted({*self.routes, *(("HEAD",) if "GET" in self.routes else ())})


class Routes:
    """The tree of all routes below one base."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.all = tuple(routes)
        self._root = _Node()
        for route in self.all:
            self._add(route)

    def match(self, path: str) -> Match | None:
        """The place at this path, or None. A trailing slash is another path."""
        if "\x00" in path:
            return None  # no id has one, and PostgreSQL takes none
        node, ids, template = self._root, {}, []
        for segment in path.split("/")[1:]:
            found = node.children.get(segment)
            if found is None or segment == "{}":
                found = node.children.get("{}")
                if found is None or found.parameter is None or not segment:
                    return None
                ids[found.parameter] = segment
                template.append(f"{{{found.parameter}}}")
            else:
                template.append(segment)
            node = found
        return Match("/" + "/".join(template), ids, node.routes) if node.routes else None

    def nearest(self, path: str) -> str | None:
        """The address that was probably meant by a path at which nothing is, as a template."""
        node, template = self._root, ""
        for segment in path.split("/")[1:]:
            name = segment if segment in node.children else "{}"
            if name not in node.children:
                meant = nearest(segment, [known for known in node.children if known != "{}"])
                return f"{template}/{meant}" if meant else None
            node = node.children[name]
            template += f"/{segment if name != '{}' else f'{{{node.parameter}}}'}"
        return None

    def _add(self, route: Route) -> None:
        node = self._root
        for segment in route.path.split("/")[1:]:
            name = "{}" if segment.startswith("{") else segment
            node = node.children.setdefault(name, _Node())
            if name == "{}":
                node.parameter = segment[1:-1]
        if route.method in node.routes:
            raise ValueError(f"{route.method} {route.path} is there twice")
        node.routes[route.method] = route


def path_of(scope: Mapping[str, Any]) -> str:
    """The path of an ASGI request, decoded, but for its encoded slashes: they stand in an id."""
    raw: bytes = scope.get("raw_path") or b""
    if b"%2f" not in raw.lower():
        return str(scope["path"])
    kept = _ENCODED_SLASH.sub(b"%252F", raw.partition(b"?")[0])
    return unquote(kept.decode("ascii", "replace"), errors="replace")


def below_base(path: str) -> str | None:
    """The path below whichever base it has, or None outside the API."""
    for base in BASES:
        if path.startswith(base + "/") or path == base:
            return path[len(base) :] or "/"
    return None
