"""Prepares a practice by way of the API inside the test, where that is not what a journey is about:
commands would take half a second each.
"""

import asyncio
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Protocol

from jump.application.endpoints import document, routes
from jump.rest.app import RestApp
from jump.storage.database import Database
from jump.webhooks.transport.address_guard import Guard
from tests.receiver import Receiver
from tests.rest.api import Api, client_of, open_api

PATIENT = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
MANY = 1_000_000


@dataclass(frozen=True)
class Practice:
    """A full key of the test mode, patients, and webhooks that hear of events of patients."""

    key: str
    patients: list[str]
    webhooks: list[str]


class Opens(Protocol):
    """What a database is opened from."""

    def open(self) -> Database:
        """One more way in."""


def prepare(
    store: Opens,
    receiver: Receiver,
    *,
    patients: int,
    paths: tuple[str, ...] = ("/hook",),
    events: tuple[str, ...] = ("patient.updated",),
    limit: int = MANY,
) -> Practice:
    """Make it, with a webhook for each path of the receiver. No process may be running yet."""
    hooks = [{"url": receiver.url_of(path), "events": list(events), "name": path} for path in paths]
    return asyncio.run(_prepare(store, receiver, patients, hooks, limit))


async def _prepare(
    store: Opens, receiver: Receiver, patients: int, hooks: list[dict[str, object]], limit: int
) -> Practice:
    database = store.open()
    try:
        api = _may_call(await open_api(database), receiver)
        made = [await _made(api, "/patients", PATIENT) for _ in range(patients)]
        webhooks = [await _made(api, "/webhooks", hook) for hook in hooks]
        return Practice(await api.make_key(limit=limit), made, webhooks)
    finally:
        await database.close()


def _may_call(api: Api, receiver: Receiver) -> Api:
    guard = Guard((ip_network("127.0.0.0/8"),), frozenset({receiver.port}))
    app = RestApp(api.parts, routes(api.parts.keyring, guard), document())
    return replace(api, app=app, client=client_of(app))


async def _made(api: Api, path: str, body: dict[str, object]) -> str:
    answer = await api.post(path, body)
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["data"]["id"]
    return made
