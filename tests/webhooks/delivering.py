"""An engine at work for tests: the real one, on a real database, sending to a real receiver.

A `Desk` is one practice and its receiver: it makes webhooks and events and looks at what became of
them. Time moves only where a test moves it; chance is nought.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from jump.events import catalog, record
from jump.kit.clock import Clock, system_clock
from jump.kit.crash_points import Reach, never
from jump.kit.ids import new_id
from jump.storage.database import Database, Tx
from jump.storage.sql import Row, sql
from jump.webhooks.engine.engine import Engine
from jump.webhooks.transport.address_guard import Guard
from jump.webhooks.transport.transport import Transport
from jump.webhooks.webhook import WebhookParts
from tests.databases import Store
from tests.office import Office
from tests.patience import PATIENCE
from tests.receiver import Received, Receiver
from tests.webhooks.sending import LOOPBACK

SCHEDULE = (60, 300)


@dataclass
class Desk:
    """One practice, its database and the receiver of all its webhooks."""

    store: Store
    office: Office
    receiver: Receiver
    patients: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def on(cls, store: Store, database: Database, receiver: Receiver) -> "Desk":
        """The organisation that came with the database."""
        office = await Office.on(database)
        guard = Guard(LOOPBACK, frozenset({receiver.port}))
        parts = WebhookParts(office.parts.keyring, guard, os.urandom)
        return cls(store, replace(office, parts=parts), receiver)

    async def webhook(self, path: str = "/hook", *events: str, **fields: Any) -> dict[str, Any]:
        """A webhook that sends to a path of the receiver."""
        return await self.office.webhook(*events, url=self.receiver.url_of(path), **fields)

    async def happens(self, *names: str, event_type: str = "patient.updated") -> list[str]:
        """Something happens to each of these patients, in one transaction; the events' ids.

        Names that come again are the same patient.
        """
        return await self.office.database.write(lambda tx: self.record(tx, names, event_type))

    async def record(
        self, tx: Tx, names: tuple[str, ...], event_type: str = "patient.updated"
    ) -> list[str]:
        """The same in a transaction of the test's."""
        ids = []
        for name in names:
            patient = self.patients.setdefault(name, new_id("pat", system_clock()))
            event = record.Event(
                type=event_type,
                alias=None,
                record_type=catalog.EVENT_TYPES[event_type].resource,
                record_id=patient,
                patient_id=patient,
                version=len(self.patients),
                object_json=msgspec.json.encode({"id": patient, "name": name}),
                previous=None if event_type.endswith("created") else {"name": "-"},
                at=system_clock(),
            )
            ids.append(await record.record(tx, self.office.caller.tenant, event))
        return ids

    async def deliveries(self, webhook: dict[str, Any], *columns: str) -> list[Any]:
        """Columns of a webhook's deliveries in order: values of one, rows of several."""
        names = ", ".join(columns)
        rows = await self.rows(
            f"SELECT {names} FROM deliveries WHERE webhook_id = :webhook ORDER BY position, id",
            webhook=webhook["id"],
        )
        return [row[columns[0]] if len(columns) == 1 else dict(row) for row in rows]

    async def attempts(self, webhook: dict[str, Any]) -> list[Row]:
        """A webhook's attempts in order."""
        return await self.rows(
            "SELECT * FROM attempts WHERE webhook_id = :webhook ORDER BY delivery_id, number",
            webhook=webhook["id"],
        )

    async def rows(self, text: str, **args: Any) -> list[Row]:
        """What stands in the database."""
        return await self.office.rows(text, **args)

    async def change(self, text: str, **args: Any) -> int:
        """Arrange what only time would bring."""
        return await self.office.change(text, **args)

    async def until(self, text: str, **args: Any) -> list[Row]:
        """The rows of a query as soon as there are any. What engines record is not announced."""
        async with asyncio.timeout(PATIENCE):
            while not (rows := await self.rows(text, **args)):
                await self.nudge()
        return rows

    async def nudge(self) -> None:
        """Let every engine look at once, rather than within a second."""

        async def announce(tx: Tx) -> None:
            await tx.one(sql("SELECT 1 AS one"))
            tx.announce()

        await self.office.database.write(announce)

    async def pass_time(self, database: Database, seconds: float) -> None:
        """Let an engine's database, opened with one connection, believe that time has passed."""
        await self.store.set_clock(database, system_clock() + int(seconds * 1_000_000))
        await self.nudge()


@dataclass(frozen=True)
class Working:
    """An engine that runs, and the database it alone uses."""

    engine: Engine
    database: Database
    task: asyncio.Task[None]

    async def stop(self) -> None:
        """Finish what is in the air and record it."""
        await self.engine.stop()
        await self.task


@asynccontextmanager
async def working(
    desk: Desk,
    *,
    clock: Clock = system_clock,
    chance: Callable[[], float] = lambda: 0.0,
    crash: Reach = never,
    most_in_air: int = 512,
    schedule: tuple[int, ...] = SCHEDULE,
    beside: bool = False,
    total_timeout: float = 10.0,
) -> AsyncIterator[Working]:
    """An engine on a database of its own; stopped at the end, if the test has not done so.

    `beside`: in the process that makes the changes, which has one way to the database for both.
    """
    database = desk.office.database if beside else desk.store.open(clock, connections=1)
    guard = Guard(LOOPBACK, frozenset({desk.receiver.port}))
    transport = Transport(guard, desk.receiver.ca_file, clock, total_timeout=total_timeout)
    keyring = desk.office.parts.keyring
    engine = Engine(
        database, transport, keyring, clock, chance, schedule, crash, most_in_air=most_in_air
    )
    task = asyncio.create_task(engine.run())
    try:
        yield Working(engine, database, task)
    finally:
        await engine.stop()
        await asyncio.gather(task, return_exceptions=True)
        await transport.close()
        if not beside:
            await database.close()


def names(requests: list[Received]) -> list[str]:
    """Which patient each request is about."""
    return [request.json()["data"]["object"]["name"] for request in requests]
