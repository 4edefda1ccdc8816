"""The documentation inside the test, asked as a browser without scripts asks it."""

from collections import deque
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx

from jump import settings as configuration
from jump.application.documenting import documentation
from jump.application.endpoints import routes
from jump.docs.app import DocsApp
from jump.kit.clock import system_clock
from jump.sealing import Keyring
from jump.webhooks.transport.address_guard import Guard

PUBLIC_URL = "https://jump.example.org"


def make_app(folder: Path, **environ: str) -> DocsApp:
    """The face as the composition root makes it, with these settings."""
    given = {"JUMP_SECRET_KEY": "x" * 32, "JUMP_PUBLIC_URL": PUBLIC_URL, **environ}
    settings = configuration.load(given, folder)
    return documentation(settings, system_clock, routes(Keyring("x" * 32), Guard()))


def browser(app: DocsApp, client: str = "203.0.113.9") -> httpx.AsyncClient:
    """Somebody who reads it."""
    transport = httpx.ASGITransport(app=app, client=(client, 50000))
    return httpx.AsyncClient(transport=transport, base_url="http://jump.test")


@dataclass
class Seen(HTMLParser):
    """What stands in a page: its ids, where it leads, what it loads, and what runs inside it."""

    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)
    _open: deque[str] = field(default_factory=deque)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in one element."""
        about = {name: value or "" for name, value in attrs}
        self.ids += [about["id"]] if "id" in about else []
        if tag == "nav":
            self._open.append(about.get("aria-label", ""))
        if tag == "a":
            self.links.append(about["href"])
            self.listed += [about["href"]] if "Documentation" in self._open else []
        self.loaded += [about["src"]] if "src" in about else []
        self.loaded += [about["href"]] if tag == "link" else []
        self.inline += [tag] if tag == "style" or (tag == "script" and "src" not in about) else []
        self.inline += [name for name in about if name == "style" or name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        """Leave it."""
        if tag == "nav":
            self._open.pop()


def seen(page: httpx.Response) -> Seen:
    """The page, taken apart."""
    found: Any = Seen()
    found.feed(page.text)
    return found
