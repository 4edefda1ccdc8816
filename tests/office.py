"""A practice for tests of webhooks and events: it asks the API's own operations, without HTTP.

Events are recorded, numbered and fanned out by the real parts; only the engine is played, by
`end`, so that a test decides how a delivery went.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from msgspec import structs

from jump.caller import Actor, Caller, Mode, Tenant
from jump.events import catalog, record, sequence
from jump.keys.scopes import ALL_SCOPES
from jump.kit.clock import system_clock
from jump.kit.ids import new_id
from jump.resources import listing, validation
from jump.resources.definition import Answer, Call, Operation
from jump.rest import webhooks
from jump.sealing import Keyring
from jump.storage.database import Database, Tx
from jump.storage.sql import Row, Value, sql
from jump.webhooks.engine import fanout, numbering
from jump.webhooks.transport.address_guard import Guard
from jump.webhooks.webhook import WebhookParts

URL = "https://hooks.example.com/jump"
KEY = "key_0000000000000000"

_ORGANISATION = sql("SELECT id FROM organisations ORDER BY created_at LIMIT 1")
_ADD_ORGANISATION = sql("INSERT INTO organisations (id, name, created_at) VALUES (:id, :id, 0)")
_END = sql("""
    UPDATE deliveries SET state = :state, next_attempt_at = NULL, ended_at = :at, last_status = 500,
      attempt_count = attempt_count + 1, failures = 6, last_error = 'The server answered 500.'
    WHERE organisation_id = :organisation AND mode = :mode AND id = :id
""")
_ATTEMPT = sql("""
    INSERT INTO attempts (organisation_id, mode, id, delivery_id, webhook_id, number, attempted_at,
      ended_at, trigger, url, succeeded, status, error, request_headers, response_headers,
      response_body, duration_ms)
    SELECT :organisation, :mode, :attempt, id, webhook_id, attempt_count, :at, :at, 'auto', :url,
      FALSE, 500, 'The server answered 500.', '[["X-Webhook-Attempt","1"]]', '[["a","b"]]', 'oh',
      '{"dns":null,"connect":1.5,"tls":2.5,"first_byte":3.5,"total":8.0}'
    FROM deliveries WHERE organisation_id = :organisation AND mode = :mode AND id = :id
""")


@dataclass(frozen=True)
class Reply:
    """What an operation answered, decoded."""

    answer: Answer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def data(self) -> Any:
        return msgspec.json.decode(self.answer.data)


def _parts() -> WebhookParts:
    return WebhookParts(Keyring("x" * 32), Guard(), os.urandom)


@dataclass(frozen=True)
class Office:
    """One caller of one practice, and the database."""

    database: Database
    caller: Caller
    parts: WebhookParts = field(default_factory=_parts)

    @classmethod
    async def on(cls, database: Database, mode: Mode = "test") -> "Office":
        """A key with every scope, of the organisation that came with the database."""
        found = await database.read(lambda tx: tx.one(_ORGANISATION))
        assert found is not None
        tenant = Tenant(found["id"], mode)
        return cls(database, Caller(tenant, Actor("key", KEY), frozenset(ALL_SCOPES), "req_1"))

    def only(self, *scopes: str) -> "Office":
        """A key with no scopes but these."""
        return replace(self, caller=replace(self.caller, scopes=frozenset(scopes)))

    def without(self, *scopes: str) -> "Office":
        """A key that lacks these scopes."""
        return self.only(*(self.caller.scopes - set(scopes)))

    def as_actor(self, actor: Actor) -> "Office":
        """Somebody else of the same practice."""
        return replace(self, caller=replace(self.caller, actor=actor))

    def in_mode(self, mode: Mode) -> "Office":
        """The same in the other mode."""
        tenant = replace(self.caller.tenant, mode=mode)
        return replace(self, caller=replace(self.caller, tenant=tenant))

    async def neighbour(self) -> "Office":
        """Another organisation."""
        organisation = new_id("org", system_clock())
        await self.database.write(lambda tx: tx.run(_ADD_ORGANISATION, id=organisation))
        tenant = replace(self.caller.tenant, organisation=organisation)
        return replace(self, caller=replace(self.caller, tenant=tenant))

    async def ask(
        self, method: str, path: str, /, if_match: int | None = None, query: str = "", **body: Any
    ) -> Reply:
        """Run the operation of that address. `query` is `a=b&c=d`."""
        operation, ids = self._operation(method, path)
        assert operation.scope is None or self.caller.may(operation.scope)
        call = Call(self.caller, system_clock(), ids)
        if if_match is not None:
            call = structs.replace(call, if_match=frozenset({if_match}))
        if operation.listing is not None:
            pairs = [(name, value) for name, _, value in map(_pair, query.split("&")) if name]
            call = structs.replace(call, query=listing.parse(operation.listing, pairs))
        if operation.body is not None:
            sent = msgspec.json.encode(body)
            partial = method == "PATCH"
            checked = validation.check(operation.body, sent, partial=partial)
            call = structs.replace(call, body=checked)
        reads = not operation.writes or (operation.only_reads and operation.only_reads(call))
        run = self.database.read if reads else self.database.write
        return Reply(await run(lambda tx: operation.run(tx, call)))

    async def webhook(self, *events: str, **fields: Any) -> dict[str, Any]:
        """A new webhook, as the answer to its creation shows it."""
        names = list(events) or ["patient.created", "patient.updated"]
        body = {"url": URL, "events": names, **fields}
        made: dict[str, Any] = (await self.ask("POST", "/webhooks", **body)).data
        return made

    async def happens(
        self, event_type: str = "patient.created", alias: str | None = None, at: int | None = None
    ) -> str:
        """Something happens to the sample record, and its deliveries are made; the event's id."""
        sample = catalog.sample(event_type)
        event = record.Event(
            type=event_type,
            alias=alias,
            record_type=catalog.EVENT_TYPES[event_type].resource,
            record_id=msgspec.json.decode(sample.object)["id"],
            patient_id="pat_00000000000000000000000001",
            version=1,
            object_json=sample.object,
            previous=msgspec.json.decode(sample.previous) if sample.previous else None,
            at=system_clock() if at is None else at,
        )

        async def work(tx: Tx) -> str:
            event_id = await record.record(tx, self.caller.tenant, event)
            batch, concerned = await numbering.advance(tx, "nobody", ())
            assert batch is not None
            await fanout.enter(tx, await fanout.fan_out(tx, batch, concerned.webhooks), {})
            await sequence.save(tx, batch, batch.position)
            return event_id

        return await self.database.write(work)

    async def end(self, delivery_id: str, state: str = "failed", at: int | None = None) -> None:
        """The engine's part: one attempt is made, and the delivery has ended."""
        names: dict[str, Value] = {**self.tenant, "id": delivery_id}
        ended = system_clock() if at is None else at

        async def work(tx: Tx) -> None:
            await tx.run(_END, **names, state=state, at=ended)
            attempt = new_id("att", ended)
            await tx.run(_ATTEMPT, **names, attempt=attempt, at=ended, url=URL)

        await self.database.write(work)

    async def deliveries(self, webhook_id: str, query: str = "") -> list[dict[str, Any]]:
        """A webhook's deliveries, oldest first."""
        path = f"/webhooks/{webhook_id}/deliveries"
        listed: list[dict[str, Any]] = (await self.ask("GET", path, query=query)).data
        return listed[::-1]

    async def rows(self, text: str, **args: Value) -> list[Row]:
        """What stands in the database, for what no answer shows."""
        return await self.database.read(lambda tx: tx.all(sql(text), **args))

    async def change(self, text: str, **args: Value) -> int:
        """Arrange something in the database that only time would bring."""
        return await self.database.write(lambda tx: tx.run(sql(text), **args))

    @property
    def tenant(self) -> dict[str, str]:
        """The names that statements know the tenant by."""
        tenant = self.caller.tenant
        return {"organisation": tenant.organisation, "mode": tenant.mode}

    def _operation(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        given = path.split("/")
        for operation in webhooks.operations(self.parts):
            names = operation.path.split("/")
            if operation.method == method and len(names) == len(given):
                pairs = list(zip(names, given, strict=True))
                if all(name == word or name.startswith("{") for name, word in pairs):
                    ids = {name[1:-1]: word for name, word in pairs if name.startswith("{")}
                    return operation, ids
        raise AssertionError(f"there is no {method} {path}")


_pair: Callable[[str], tuple[str, str, str]] = lambda text: text.partition("=")  # noqa: E731
