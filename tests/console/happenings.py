"""Events for the practice of the console's tests: a few of each kind, one of them delivered."""

import msgspec

from jump.caller import Tenant
from jump.events import catalog, record, sequence
from jump.events.record import Event
from jump.kit.clock import HOUR, MINUTE, system_clock
from jump.kit.ids import new_id
from jump.storage.database import Database, Tx
from jump.storage.sql import sql

_DELIVERED = sql("""
    INSERT INTO deliveries (organisation_id, mode, id, webhook_id, event_id, event_type, position,
      patient_id, test, body, state, next_trigger, attempt_count, failures, interruptions, epoch,
      next_attempt_at, created_at, ended_at, last_status)
    SELECT organisation_id, mode, :id, :webhook, id, type, position, patient_id, FALSE, NULL,
      'succeeded', 'auto', 1, 0, 0, 0, NULL, created_at, created_at, 204
    FROM events WHERE organisation_id = :organisation AND mode = :mode AND id = :event
""")
# Of the sample, what a stranger could have written.
NAME = b'"first_name":"Sample"'


async def happens(
    database: Database,
    tenant: Tenant,
    event_type: str,
    *,
    record_id: str = "",
    at: int | None = None,
    first_name: str = "Sample",
) -> str:
    """Something happens to a record, and has its place in the feed; the event's id.

    It is sent nowhere: there are no webhooks yet.
    """
    sample, at = catalog.sample(event_type), system_clock() if at is None else at
    prefix = msgspec.json.decode(sample.object)["id"].partition("_")[0]
    new = Event(
        type=event_type,
        alias=None,
        record_type=catalog.EVENT_TYPES[event_type].resource,
        record_id=record_id or new_id(prefix, at),
        patient_id=new_id("pat", at),
        version=1,
        object_json=sample.object.replace(NAME, b'"first_name":' + msgspec.json.encode(first_name)),
        previous=msgspec.json.decode(sample.previous) if sample.previous else None,
        at=at,
    )

    async def work(tx: Tx) -> str:
        event_id = await record.record(tx, tenant, new)
        batch = await sequence.advance(tx)
        assert batch is not None
        await sequence.save(tx, batch, batch.position)
        return event_id

    return await database.write(work)


async def add(database: Database, tenant: Tenant, first_name: str) -> list[str]:
    """Two hours of a practice, before it has webhooks; the ids, the newest first."""
    now, patient = system_clock(), new_id("pat", system_clock() - 3 * HOUR)
    kinds = [*catalog.EVENT_TYPES, "patient.updated", "appointment.created"]
    made = []
    for number, event_type in enumerate(reversed(kinds)):
        at = now - 2 * HOUR + number * 9 * MINUTE
        of_patient = patient if event_type.startswith("patient.") else ""
        made.append(
            await happens(
                database, tenant, event_type, record_id=of_patient, at=at, first_name=first_name
            )
        )
    return made[::-1]


async def deliver(database: Database, tenant: Tenant, event_id: str, webhook_id: str) -> None:
    """It was sent to a webhook, which took it."""
    delivery = new_id("dlv", system_clock())
    await database.write(
        lambda tx: tx.run(
            _DELIVERED,
            organisation=tenant.organisation,
            mode=tenant.mode,
            id=delivery,
            webhook=webhook_id,
            event=event_id,
        )
    )
