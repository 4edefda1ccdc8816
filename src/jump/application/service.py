"""A running process as parts to be chosen: the faces, the engine, and what runs beside them."""

import asyncio
import contextlib
import os
import random
from collections.abc import Callable
from typing import Any

from jump.application.documenting import documentation
from jump.application.endpoints import document, guard_of, routes
from jump.application.opening import Storage
from jump.audit.access_log import Recorder
from jump.console import app as console
from jump.console.parts import Parts as ConsoleParts
from jump.console.places import PLACES
from jump.docs import app as docs
from jump.identity import afterwards
from jump.keys.last_used import LastUsed
from jump.kit.crash_points import crash_at
from jump.rest.app import OperationsApp, RestApp
from jump.rest.parts import Parts
from jump.settings import Settings
from jump.storage.files import Files
from jump.upkeep import jobs
from jump.upkeep import table as upkeep_jobs
from jump.upkeep.jobs import Job
from jump.webhooks.engine.engine import Engine
from jump.webhooks.transport.transport import Transport


class Faces:
    """The API, the console and the documentation at one port, as one ASGI application."""

    def __init__(self, api: RestApp, pages: console.ConsoleApp, told: docs.DocsApp) -> None:
        self._api = api
        self._pages = pages
        self._told = told

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One ASGI exchange."""
        path = scope["path"] if scope["type"] == "http" else ""
        if console.takes(path):
            await self._pages(scope, receive, send)
        elif docs.takes(path):
            await self._told(scope, receive, send)
        else:
            await self._api(scope, receive, send)


class Service:
    """One process of the program: the API, the delivery engine, or both."""

    def __init__(
        self, settings: Settings, storage: Storage, files: Files, *, api: bool, work: bool
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._files = files
        self._last_used = LastUsed()
        self._accesses = Recorder(storage.database, (self._last_used,))
        self._stopping = asyncio.Event()
        crash = crash_at(os.environ.get("CRASH_AT"))
        self._transport = self._make_transport() if work else None
        self._engine = self._make_engine(self._transport, crash) if self._transport else None
        self.app: Any = self._make_app(crash) if api else self._operations()
        self.tasks: list[asyncio.Task[None]] = []
        self._ending: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start what runs beside the requests."""
        self._accesses.start()
        upkeep = jobs.keep_up(self._storage.database, self._jobs())
        self.tasks.append(asyncio.create_task(upkeep, name="upkeep"))
        if self._engine is not None:
            self.tasks.append(asyncio.create_task(self._engine.run(), name="engine"))

    def begin_to_stop(self) -> None:
        """Start nothing more: requests that wait for events are answered, deliveries land."""
        self._stopping.set()
        if self._engine is not None and self._ending is None:
            self._ending = asyncio.create_task(self._engine.stop())

    async def stop(self) -> None:
        """Finish what is in the air, record it, let go of everything. Within 15 seconds."""
        self.begin_to_stop()
        if self._ending is not None:
            await self._ending
        if self._transport is not None:
            await self._transport.close()
        for task in self.tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._accesses.close()
        await afterwards.settled()
        await self._storage.database.close()

    def _make_app(self, crash: Callable[[str], None]) -> "Faces":
        settings, storage, guard = self._settings, self._storage, guard_of(self._settings)
        endpoints = routes(storage.keyring, guard)
        parts = Parts(
            database=storage.database,
            keyring=storage.keyring,
            clock=storage.clock,
            accesses=self._accesses,
            last_used=self._last_used,
            trusted_proxies=settings.trusted_proxies,
            files=self._files,
            public_url=settings.public_url,
            crash=crash,
            stopping=self._stopping,
        )
        pages = ConsoleParts(
            database=storage.database,
            keyring=storage.keyring,
            clock=storage.clock,
            random=os.urandom,
            guard=guard,
            trusted_proxies=settings.trusted_proxies,
            public_url=settings.public_url,
            scopes_of_routes={(each.method, each.path): each.scope for each in endpoints},
            stopping=self._stopping,
            development="CONSOLE_PARTS" in os.environ,
        )
        told = documentation(settings, storage.clock, endpoints)
        return Faces(RestApp(parts, endpoints, document()), console.ConsoleApp(pages, PLACES), told)

    def _operations(self) -> OperationsApp:
        return OperationsApp(self._storage.database, self._settings.trusted_proxies)

    def _make_transport(self) -> Transport:
        ca_file = self._settings.webhook_ca_file
        authorities = None if ca_file is None else str(ca_file)
        return Transport(guard_of(self._settings), authorities, self._storage.clock)

    def _make_engine(self, transport: Transport, crash: Callable[[str], None]) -> Engine:
        settings, storage = self._settings, self._storage
        return Engine(
            database=storage.database,
            transport=transport,
            keyring=storage.keyring,
            clock=storage.clock,
            chance=random.SystemRandom().random,
            schedule=settings.retry_schedule,
            crash=crash,
        )

    def _jobs(self) -> list[Job]:
        settings = self._settings
        days = settings.retention_days, settings.access_log_days
        return upkeep_jobs.table(*days, self._storage.clock, self._files)
