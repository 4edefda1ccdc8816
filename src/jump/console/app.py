"""The console as one ASGI application: finds the page, checks who asks, shows it or does its form.

Every answer leaves through here, with the headers that keep strangers' text, frames and scripts
out. What a page shows and does is left to the pages.
"""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from jump import telemetry
from jump.console import answering, arriving
from jump.console.acting import Acting
from jump.console.addresses import BASE, Addresses
from jump.console.guarding import is_safe_way
from jump.console.navigation import HOME
from jump.console.page import Feed, Place
from jump.console.pages import part_gallery
from jump.console.parts import Parts
from jump.console.refusals import NotAllowed
from jump.console.templating import Templates
from jump.console.visit import Visit
from jump.errors import InternalError, MethodNotAllowed, NotFound, Problem, Unavailable
from jump.look import safety
from jump.look.assets import Assets
from jump.storage.database import StorageUnavailable

_STATIC: Final = Path(__file__).parent / "static"
_PREFIX: Final = f"{BASE}/static/"
# Addresses that only lead to the console.
_LEADING_HERE: Final = frozenset({"/", "/settings", "/settings/", f"{BASE}/"})
_NOTHING_HERE: Final = (
    "The address is wrong, or what was here is gone, or it is in the other mode: see Test and Live."
)
_AWAY: Final = "Nothing is lost. Try again in a moment."


def takes(path: str) -> bool:
    """Whether a path is the console's."""
    return path in _LEADING_HERE or path == BASE or path.startswith(f"{BASE}/")


class ConsoleApp:
    """Answers every HTTP request for the console."""

    def __init__(self, parts: Parts, places: Iterable[Place]) -> None:
        self._parts = parts
        shown = (*places, *part_gallery.PAGES) if parts.development else places
        self._addresses: Addresses[Place] = Addresses(shown)
        self._assets = Assets(_PREFIX, _STATIC)
        self._templates = Templates(self._assets)
        self._acting = Acting(self._templates)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One ASGI exchange."""
        if scope["type"] != "http":
            return
        began = time.perf_counter()
        visit = arriving.begin(self._parts, self._addresses, Request(scope, receive))
        response = await self._answer(visit)
        told = safety.headers(visit.id, visit.nonce, secure=visit.secure)
        for name, value in told.items():
            response.headers.setdefault(name, value)
        if scope["method"] == "HEAD":
            response.body = b""
        telemetry.request(scope["method"], f"console {visit.name}", response.status_code, began)
        await response(scope, receive, send)

    async def _answer(self, visit: Visit) -> Response:
        """Whatever happens, in a page of the same look."""
        try:
            return await self._answer_or_raise(visit)
        except StorageUnavailable as away:
            telemetry.unavailable(str(away), visit.id)
            return answering.problem(self._templates, visit, Unavailable(_AWAY))
        except Problem as problem:
            return answering.problem(self._templates, visit, problem)
        except Exception as fault:
            telemetry.fault(fault, visit.id, f"console {visit.name}")
            told = f"This is a fault of ours, and it was noted. Tell us this number: {visit.id}."
            return answering.problem(self._templates, visit, InternalError(told))

    async def _answer_or_raise(self, visit: Visit) -> Response:
        if visit.path.startswith(_PREFIX):
            return self._assets.answer(visit.path)
        if not is_safe_way(visit):
            return answering.page(self._templates, visit, "not_safe", {}, 403)
        if visit.path in _LEADING_HERE:
            return RedirectResponse(self._addresses.path(HOME, {}), 307)
        arriving.read_address(visit)
        found = self._addresses.find(visit.path)
        of_script = found is not None and isinstance(found.place, Feed)
        await arriving.recognise(visit, is_asked_by_scripts=of_script)
        if found is None:
            raise NotFound(_NOTHING_HERE)
        visit.name, visit.ids = found.place.name, found.ids
        return await self._answer_at(visit, found.place)

    async def _answer_at(self, visit: Visit, place: Place) -> Response:
        """Once the place is found: who may come here, and by which method."""
        method, methods = visit.request.method, place.methods
        if method not in methods:
            raise MethodNotAllowed(methods)
        if place.needs != "nobody" and visit.sign_in is None:
            return await self._acting.ask_to_sign_in(visit)
        if not visit.may(place.needs):
            raise NotAllowed
        if isinstance(place, Feed):
            return await place.answer(visit)
        if method == "POST":
            return await self._acting.act(visit, place)
        return await self._acting.show(visit, place)
