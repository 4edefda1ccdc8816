"""Makes a practice ready, by the real functions: patients, a key, webhooks, waiting deliveries."""

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from benchmarks.places import Place
from benchmarks.receiving import Receiver
from jump import settings as configuration
from jump.application.endpoints import guard_of
from jump.application.opening import Storage, open_storage
from jump.caller import Caller
from jump.cli.operating import operator
from jump.clinical.loading import sandbox
from jump.events import catalog, sequence
from jump.events.record import Event, record
from jump.keys import issue
from jump.keys.scopes import ALL_SCOPES
from jump.kit.ids import new_id
from jump.settings import Settings
from jump.storage.database import Tx
from jump.storage.sql import sql
from jump.webhooks import webhook
from jump.webhooks.engine.fanout import enter, fan_out
from jump.webhooks.webhook import WebhookParts
from tests.processes import Jump

EVENT = "patient.updated"
EVENTS_TOGETHER = 100

_PATIENTS = sql("""
    SELECT id FROM patients WHERE organisation_id = :organisation AND mode = :mode ORDER BY id
""")


@dataclass(frozen=True)
class Practice:
    """An open database, and the operator of its practice in the test mode."""

    place: Place
    settings: Settings
    storage: Storage
    caller: Caller
    environment: Mapping[str, str] = field(repr=False)

    @contextmanager
    def jump(self) -> Iterator[Jump]:
        """`jump` processes that use the same database; they end with the block."""
        jump = Jump(self.environment, self.place.folder)
        try:
            yield jump
        finally:
            jump.stop()

    async def add_patients(self, count: int) -> list[str]:
        """Invented patients; the ids of all there are. No event tells of them."""
        storage = self.storage
        await sandbox.load(
            storage.database, self.caller, count=count, seed=1, at=storage.clock()
        )  # fmt: skip
        return await self.patients()

    async def patients(self) -> list[str]:
        """The ids of all patients."""
        storage, tenant = self.storage, self.caller.tenant
        rows = await storage.database.read(
            lambda tx: tx.all(_PATIENTS, organisation=tenant.organisation, mode=tenant.mode)
        )
        return [row["id"] for row in rows]

    async def add_key(self) -> str:
        """A key that may do everything, as often as can be had."""
        new = issue.NewKey("benchmark", "test", ALL_SCOPES, issue.HIGHEST_LIMIT)
        at, keyring = self.storage.clock(), self.storage.keyring
        _, full = await self.storage.database.write(
            lambda tx: issue.create(tx, keyring, self.caller, new, at, os.urandom)
        )
        return full

    async def add_webhooks(self, receiver: Receiver, count: int) -> None:
        """Webhooks that hear of every change of a patient, each at a path of its own."""
        parts = WebhookParts(self.storage.keyring, guard_of(self.settings), os.urandom)
        for number in range(count):
            sent = {"url": receiver.url(f"/hook-{number}"), "events": [EVENT]}

            async def work(tx: Tx, sent: Mapping[str, object] = sent) -> None:
                await webhook.create(tx, self.caller, self.storage.clock(), sent, parts)

            await self.storage.database.write(work)

    async def add_deliveries(self, events: int) -> None:
        """So many changes, each of another patient, as deliveries that are due: nothing sends yet.

        No `jump` process may run on the database.
        """
        database = self.storage.database
        for done in range(0, events, EVENTS_TOGETHER):
            together = min(EVENTS_TOGETHER, events - done)

            async def work(tx: Tx, together: int = together) -> None:
                for _ in range(together):
                    await record(tx, self.caller.tenant, sample_event(self.storage.clock()))

            await database.write(work)
        while await database.write(_deliver_next):
            pass


def sample_event(at: int) -> Event:
    """A change of a patient of its own, as large as the catalogue's sample."""
    sample = catalog.sample(EVENT)
    patient = new_id("pat", at)
    previous = {"city": "Leeds"}
    return Event(EVENT, None, "patient", patient, patient, 2, sample.object, previous, at)


async def _deliver_next(tx: Tx) -> bool:
    batch = await sequence.advance(tx)
    if batch is None:
        return False
    done = await fan_out(tx, batch)
    await enter(tx, done, {})
    await sequence.save(tx, batch, batch.events[done.events - 1].position)
    return True


@asynccontextmanager
async def open_practice(place: Place, receiver: Receiver) -> AsyncIterator[Practice]:
    """The practice that every new database has."""
    environment = {**place.settings(), **receiver.settings()}
    settings = configuration.load(environment, place.folder)
    storage = await open_storage(settings)
    try:
        caller = await operator(storage, None, "test")
        yield Practice(place, settings, storage, caller, environment)
    finally:
        await storage.database.close()
