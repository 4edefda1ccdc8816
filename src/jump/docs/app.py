"""The documentation as one ASGI application: public pages, their search, their schemas and files.

Nothing here asks the database, takes a key or keeps anything of whoever reads.
"""

import asyncio
import base64
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from jump import telemetry
from jump.clinical import event_schemas
from jump.docs.navigation import BASE
from jump.docs.source import Source
from jump.errors import InternalError, InvalidRequest, MethodNotAllowed, NotFound, Problem
from jump.events.catalog import EVENT_TYPES
from jump.kit import client_address
from jump.kit.client_address import Network
from jump.kit.clock import Clock
from jump.kit.ids import new_id
from jump.look import safety
from jump.look.assets import Assets
from jump.look.templating import environment

if TYPE_CHECKING:
    from jump.docs.library import Library

_FOLDER: Final = Path(__file__).parent
_STATIC: Final = f"{BASE}/static/"
_SEARCH: Final = f"{BASE}/search"
_SCHEMAS: Final = f"{BASE}/webhooks/schemas/"
_METHODS: Final = ("GET", "HEAD")
_NONCE_BYTES: Final = 18
_HEADINGS: Final = {
    400: "This address does not read right",
    404: "There is no such page",
    405: "This page is only for reading",
}


@dataclass(frozen=True, slots=True)
class Parts:
    """What the documentation is given: its source, and how this process sees the world."""

    source: Source
    trusted_proxies: tuple[Network, ...]
    clock: Clock
    random: Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: its id, the nonce of its scripts, and what the search's field holds."""

    request: Request
    id: str
    nonce: str
    secure: bool

    @property
    def path(self) -> str:
        """The path, decoded."""
        return str(self.request.scope["path"])

    @property
    def wanted(self) -> str:
        """What is searched for."""
        return self.request.query_params.get("q", "").strip()


def takes(path: str) -> bool:
    """Whether a path is the documentation's."""
    return path == BASE or path.startswith(f"{BASE}/")


class DocsApp:
    """Answers every HTTP request for the documentation."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._assets = Assets(_STATIC, _FOLDER / "static")
        self._templates = environment(_FOLDER / "templates")
        self._templates.globals.update(asset=self._assets.address, base=BASE, search=_SEARCH)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One ASGI exchange."""
        if scope["type"] != "http":
            return
        began = time.perf_counter()
        visit = self._begin(Request(scope, receive))
        response = await self._answer(visit)
        milliseconds = round((time.perf_counter() - began) * 1000)
        response.headers.setdefault("X-Response-Time", f"{milliseconds}ms")
        told = safety.headers(visit.id, visit.nonce, secure=visit.secure)
        for name, value in told.items():
            response.headers.setdefault(name, value)
        if scope["method"] == "HEAD":
            response.body = b""
        telemetry.request(scope["method"], "docs", response.status_code, began)
        await response(scope, receive, send)

    @functools.cached_property
    def _library(self) -> "Library":
        # What it loads is for readers only, so that starting costs nothing.
        found: Library = import_module("jump.docs.library").Library(self._parts.source)
        return found

    def _begin(self, request: Request) -> Visit:
        parts = self._parts
        _, scheme = client_address.client(
            request.client.host if request.client else client_address.UNKNOWN,
            request.scope.get("scheme", "http"),
            request.headers.getlist("x-forwarded-for"),
            request.headers.get("x-forwarded-proto"),
            parts.trusted_proxies,
        )
        nonce = base64.urlsafe_b64encode(parts.random(_NONCE_BYTES)).decode()
        request_id = new_id("req", parts.clock(), parts.random)
        return Visit(request, request_id, nonce, scheme == "https")

    async def _answer(self, visit: Visit) -> Response:
        """Whatever happens, in a page of the same look."""
        try:
            return await self._answer_or_raise(visit)
        except Problem as problem:
            refused = problem
        except Exception as fault:
            telemetry.fault(fault, visit.id, "docs")
            told = f"This is a fault of ours, and it was noted. Tell us this number: {visit.id}."
            return Response(told, 500, media_type="text/plain")
        return await asyncio.to_thread(self._refusal, visit, refused)

    async def _answer_or_raise(self, visit: Visit) -> Response:
        if visit.request.method not in _METHODS:
            raise MethodNotAllowed(_METHODS)
        path = visit.path
        if path.startswith(_STATIC):
            return self._assets.answer(path)
        if path.startswith(_SCHEMAS):
            return _schema(path.removeprefix(_SCHEMAS))
        if path == f"{BASE}/":
            return RedirectResponse(BASE, 307)
        if path == _SEARCH:
            return await asyncio.to_thread(self._found, visit)
        # In a thread: making a page for the first time takes longer than other requests may wait.
        return await asyncio.to_thread(self._page, visit)

    def _page(self, visit: Visit) -> Response:
        page = self._library.page(visit.path)
        if page is None:
            raise NotFound("The address is wrong, or the page has moved. Look for it by a word.")
        before, after = self._library.around(page.path)
        return self._show(visit, "page", 200, page=page, before=before, after=after)

    def _found(self, visit: Visit) -> Response:
        unknown = set(visit.request.query_params) - {"q"}
        if unknown:
            raise InvalidRequest("The search takes q, the words to look for, and nothing else.")
        return self._show(visit, "search", 200, page=None, found=self._library.search(visit.wanted))

    def _refusal(self, visit: Visit, refused: Problem) -> Response:
        heading = _HEADINGS.get(refused.status, InternalError.code)
        context = {"page": None, "heading": heading, "message": refused.message}
        response = self._show(visit, "problem", refused.status, **context)
        response.headers.update(refused.headers)
        return response

    def _show(self, visit: Visit, template: str, status: int, **context: Any) -> Response:
        text = self._templates.get_template(f"{template}.html").render(
            visit=visit, navigation=self._library.navigation, **context
        )
        return Response(text, status, media_type="text/html")


def _schema(file: str) -> Response:
    name = file.removesuffix(".json")
    found = event_schemas.schema(name) if name in EVENT_TYPES and file != name else None
    if found is None:
        raise NotFound("There is no schema of this name.")
    body = msgspec.json.format(msgspec.json.encode(found), indent=2)
    return Response(body, 200, media_type="application/schema+json")
