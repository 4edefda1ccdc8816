"""The REST face on a test's database, called as a client calls it."""

import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx

from jump.application.endpoints import document, routes
from jump.audit.access_log import Recorder
from jump.caller import OPERATOR, Caller, Mode, Tenant
from jump.identity import organisations
from jump.keys import issue
from jump.keys.last_used import LastUsed
from jump.keys.record import KeyRecord
from jump.keys.scopes import ALL_SCOPES
from jump.kit.clock import Clock, system_clock
from jump.kit.crash_points import never
from jump.rest.app import RestApp
from jump.rest.parts import Parts
from jump.rest.routes import Route
from jump.sealing import Keyring
from jump.storage import files
from jump.storage.database import Database
from jump.webhooks.transport.address_guard import Guard
from tests.surface import described, shapes
from tests.surface.asking import Reply

SECRET_KEY = "the secret key of the tests, long enough"
LOOPBACK = "127.0.0.1"


@dataclass
class Api:
    """Calls the API as one client at `address`, with a key of its own.

    Its answers are as the OpenAPI document says, where the addresses are `documented`.
    """

    database: Database
    parts: Parts
    app: RestApp
    routes: tuple[Route, ...]
    client: httpx.AsyncClient
    organisation: str
    folder: Path
    key: str = ""
    documented: bool = True

    def __post_init__(self) -> None:
        # Gone with the API that wrote into it.
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    async def make_key(self, *scopes: str, **about: Any) -> str:
        """A new key with these scopes, all if none are named; see `new_key`."""
        _, full = await self.new_key(*scopes, **about)
        return full

    async def new_key(
        self,
        *scopes: str,
        mode: Mode = "test",
        limit: int = 1000,
        organisation: str | None = None,
        expires_at: int | None = None,
        at: int | None = None,
    ) -> tuple[KeyRecord, str]:
        """A new key and its record."""
        caller = self.operator(mode, organisation)
        new = issue.NewKey("a key", mode, scopes or ALL_SCOPES, limit, expires_at)
        made_at = self.parts.clock() if at is None else at
        return await self.database.write(
            lambda tx: issue.create(tx, self.parts.keyring, caller, new, made_at, random_bytes)
        )

    async def new_organisation(self, name: str) -> str:
        """One more practice; its id."""
        made = await self.database.write(
            lambda tx: organisations.create(tx, OPERATOR, name, self.parts.clock())
        )
        return made.id

    def operator(self, mode: Mode = "test", organisation: str | None = None) -> Caller:
        """Whoever sits at the command line."""
        tenant = Tenant(organisation or self.organisation, mode)
        return Caller(tenant, OPERATOR, frozenset(ALL_SCOPES))

    async def settle(self) -> None:
        """Write what the access log still keeps back."""
        await self.parts.accesses.close()

    async def call(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """One request; `key=None` sends none."""
        key = kwargs.pop("key", self.key)
        base = kwargs.pop("base", "/api/v1")
        headers = dict(kwargs.pop("headers", {}))
        if key is not None:
            headers.setdefault("Authorization", f"Bearer {key}")
        response = await self.client.request(method, f"{base}{path}", headers=headers, **kwargs)
        if self.documented:
            reply = Reply(response.status_code, response.headers, response.content)
            described.assert_described(method, response.request.url.raw_path.decode(), reply)
        return response

    async def get(self, path: str, **kwargs: Any) -> httpx.Response:
        """GET."""
        return await self.call("GET", path, **kwargs)

    async def post(self, path: str, body: Any = None, **kwargs: Any) -> httpx.Response:
        """POST a JSON body."""
        return await self.call("POST", path, json=body, **kwargs)

    async def send_form(
        self, path: str, fields: Mapping[str, Any], file: bytes, name: str = "a.pdf", **kwargs: Any
    ) -> httpx.Response:
        """POST a form with a file."""
        return await self.call(
            "POST", path, data=dict(fields), files={"file": (name, file)}, **kwargs
        )

    async def patch(self, path: str, body: Any, **kwargs: Any) -> httpx.Response:
        """PATCH with a JSON body."""
        return await self.call("PATCH", path, json=body, **kwargs)


def random_bytes(count: int) -> bytes:
    """Chance, for keys."""
    return os.urandom(count)


def all_routes(keyring: Keyring | None = None) -> tuple[Route, ...]:
    """Every endpoint, as the program itself lists them."""
    return routes(keyring or Keyring(SECRET_KEY), Guard())


def client_of(app: RestApp, address: str = LOOPBACK, scheme: str = "http") -> httpx.AsyncClient:
    """A client at an address of its own."""
    transport = httpx.ASGITransport(app=app, client=(address, 50000))
    return httpx.AsyncClient(transport=transport, base_url=f"{scheme}://jump.test")


async def open_api(
    database: Database, clock: Clock = system_clock, *, trusted_proxies: tuple[str, ...] = ()
) -> Api:
    """The API on the database, with a key that has every scope."""
    last_used = LastUsed()
    folder = Path(tempfile.mkdtemp(prefix="documents-"))
    parts = Parts(
        database=database,
        keyring=Keyring(SECRET_KEY),
        clock=clock,
        accesses=Recorder(database, (last_used,)),
        last_used=last_used,
        trusted_proxies=tuple(ip_network(proxy) for proxy in trusted_proxies),
        files=files.folder(folder),
        public_url="http://jump.test",
        crash=never,
    )
    routes = all_routes(parts.keyring)
    app = RestApp(parts, routes, document())
    first = (await database.read(organisations.everyone))[0]
    api = Api(database, parts, app, routes, client_of(app), first.id, folder)
    api.key = await api.make_key()
    return api


def refused(
    response: httpx.Response, status: int, code: str, *, authenticated: bool = True
) -> dict[str, Any]:
    """The answer is this error, in the one shape of errors; the error."""
    reply = Reply(response.status_code, response.headers, response.content)
    error: dict[str, Any] = shapes.assert_refused(reply, status, code, authenticated=authenticated)
    return error
