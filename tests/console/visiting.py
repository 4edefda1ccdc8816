"""The console inside the test, visited as by a browser without scripts: addresses and forms.

It keeps cookies, sends forms whole, and says where they come from, unless a test wants otherwise.
"""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx

from jump.application import endpoints
from jump.console.app import ConsoleApp
from jump.console.page import Place
from jump.console.parts import Parts
from jump.console.places import PLACES
from jump.kit.clock import Clock, system_clock
from jump.storage.database import Database
from jump.webhooks.transport.address_guard import Guard
from tests.console.house import BASE
from tests.console.practice import KEYRING, PASSWORD, email

ORIGIN = "http://localhost"
# Inside one process; a field may stand in a form several times.
Pairs = list[tuple[str, str]]


@dataclass
class SentForm:
    """A form of a page: where it goes, and what its fields hold."""

    action: str
    name: str = ""
    fields: Pairs = field(default_factory=list)


class _Forms(HTMLParser):
    """Reads the forms of a page with what their fields hold, as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[SentForm] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = {name: value or "" for name, value in attrs}
        if tag == "form" and about.get("method") == "post":
            self.forms.append(SentForm(about["action"]))
        elif tag == "select":
            self._select = about["name"]
        elif tag == "option" and "selected" in about:
            self._hold(self._select, about["value"])
        elif tag == "input" and "name" in about:
            ticked = about.get("type") in ("radio", "checkbox") and "checked" not in about
            if not ticked:
                self._hold(about["name"], about.get("value", ""))

    def _hold(self, name: str, value: str) -> None:
        if not self.forms:
            return
        if name == "form":
            self.forms[-1].name = value
        self.forms[-1].fields.append((name, value))


def forms_of(page: httpx.Response) -> Iterator[SentForm]:
    """Every form that is sent by POST."""
    read = _Forms()
    read.feed(page.text)
    yield from read.forms


def form_of(page: httpx.Response, name: str) -> SentForm:
    """The form of this name."""
    found = [each for each in forms_of(page) if each.name == name]
    assert found, f"{page.url} has no form {name}: {[each.name for each in forms_of(page)]}"
    return found[0]


@dataclass
class Visitor:
    """Somebody at a browser."""

    client: httpx.AsyncClient

    async def get(self, path: str, **how: Any) -> httpx.Response:
        """A page; `path` is below the console's base, or the whole of an address of ours."""
        address = path if path.startswith((BASE, "http")) else f"{BASE}{path}"
        return await self.client.get(address, **how)

    async def send(
        self,
        page: httpx.Response,
        form: str,
        *,
        origin: str | None = ORIGIN,
        headers: dict[str, str] | None = None,
        **typed: str | None,
    ) -> httpx.Response:
        """Send a form of a page with some fields typed over; None leaves one out."""
        found = form_of(page, form)
        fields = [pair for pair in found.fields if pair[0] not in typed]
        fields += [(name, value) for name, value in typed.items() if value is not None]
        told = {"Origin": origin} if origin else {}
        return await self.client.post(
            found.action,
            content=httpx.QueryParams(fields).__str__(),
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                **told,
                **(headers or {}),
            },
        )

    async def fill(self, path: str, form: str, **typed: str | None) -> httpx.Response:
        """Open a page and send a form of it."""
        return await self.send(await self.get(path), form, **typed)

    async def follow(self, answer: httpx.Response) -> httpx.Response:
        """Where an answer leads."""
        assert answer.status_code == 303, answer.text
        return await self.client.get(answer.headers["location"])

    async def sign_in(self, role: str = "admin", password: str = PASSWORD) -> httpx.Response:
        """With an e-mail address and a password."""
        return await self.fill("/sign-in", "sign_in", email=email(role), password=password)


class Overheard:
    """What a server has said so far of answers that are still under way."""

    def __init__(self) -> None:
        self.text = ""
        self._more = asyncio.Event()

    async def more(self) -> None:
        """Until more has been said than when this was called."""
        self._more.clear()
        await self._more.wait()

    def of(self, app: ConsoleApp) -> Any:
        """The application, listened to."""

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            async def overhear(message: Any) -> None:
                await send(message)
                self.text += message.get("body", b"").decode()
                self._more.set()

            await app(scope, receive, overhear)

        return answer


@dataclass
class Site:
    """The console on a test's database; its clock can be moved by `offset`."""

    database: Database
    offset: int = 0
    _usual: tuple[Database, tuple[Place, ...], ConsoleApp] | None = field(default=None, init=False)

    def clock(self) -> int:
        """Now, for the console."""
        return system_clock() + self.offset

    def app(self, clock: Clock | None = None, **parts: Any) -> ConsoleApp:
        """The application as the composition root makes it."""
        routes = endpoints.routes(KEYRING, Guard())
        # It is to end: streams do so at once, since this browser waits for whole answers.
        ending = asyncio.Event()
        ending.set()
        made = Parts(
            database=self.database,
            keyring=KEYRING,
            clock=clock or self.clock,
            random=os.urandom,
            guard=Guard(),
            trusted_proxies=parts.pop("trusted_proxies", ()),
            public_url=parts.pop("public_url", ORIGIN),
            scopes_of_routes={(each.method, each.path): each.scope for each in routes},
            stopping=parts.pop("stopping", ending),
            **parts,
        )
        return ConsoleApp(made, PLACES)

    def visitor(
        self,
        *,
        origin: str = ORIGIN,
        address: str = "127.0.0.1",
        overheard: Overheard | None = None,
        **parts: Any,
    ) -> Visitor:
        """A new browser; those of one site share a server unless one wants `parts` of its own."""
        app: Any = self.app(**parts) if parts else self._usual_app()
        app = app if overheard is None else overheard.of(app)
        transport = httpx.ASGITransport(app=app, client=(address, 50000))
        return Visitor(httpx.AsyncClient(transport=transport, base_url=origin))

    async def signed_in(self, role: str = "admin") -> Visitor:
        """A new browser, in which the user of a role is signed in."""
        made = self.visitor()
        answer = await made.sign_in(role)
        assert answer.status_code == 303, answer.text
        return made

    def _usual_app(self) -> ConsoleApp:
        # Kept, since reading the templates takes longer than most visits.
        if self._usual is None or self._usual[:2] != (self.database, PLACES):
            self._usual = (self.database, PLACES, self.app())
        return self._usual[2]
