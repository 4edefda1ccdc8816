"""The REST face as one ASGI application: the three bases of the API, the links to
documents, and the operators' addresses.

Routing is ours, so that an unknown address and a wrong method are answered like everything else.
"""

from collections.abc import Iterable
from typing import Any

from jump.kit.client_address import Network
from jump.kit.clock import Clock, system_clock
from jump.rest import downloads, operations, published, unit
from jump.rest.exchange import begin
from jump.rest.parts import Parts
from jump.rest.routes import Route, Routes, below_base, path_of
from jump.storage.database import Database


class RestApp:
    """Answers every HTTP request that reaches it. `document` is the API's own description."""

    def __init__(self, parts: Parts, routes: Iterable[Route], document: bytes) -> None:
        self._parts = parts
        self._document = document
        self._routes = Routes(routes)
        self._operations = OperationsApp(parts.database, parts.trusted_proxies, parts.clock)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One ASGI exchange."""
        if scope["type"] != "http":
            return
        whole = path_of(scope)
        path = below_base(whole)
        if path is None and not whole.startswith(downloads.BELOW):
            await self._operations(scope, receive, send)
            return
        exchange = begin(self._parts, scope, receive, whole if path is None else path)
        if path is None:
            token = whole.removeprefix(downloads.BELOW)
            response = await unit.respond(exchange, downloads.answer(exchange, token))
        elif path == published.PATH:
            response = await published.answer(exchange, self._document)
        else:
            response = await unit.answer(exchange, self._routes)
        await response(scope, receive, send)


class OperationsApp:
    """Only `/healthz`, `/readyz` and `/metrics`, for a process that has no API."""

    def __init__(
        self, database: Database, trusted: tuple[Network, ...], clock: Clock = system_clock
    ) -> None:
        self._database = database
        self._trusted = trusted
        self._clock = clock

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One ASGI exchange."""
        if scope["type"] != "http":
            return
        response = await operations.answer(scope, self._database, self._trusted, self._clock())
        await response(scope, receive, send)
