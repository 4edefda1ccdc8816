"""Writes an event, with its finished payloads, in the transaction of the change it tells of.

Nothing is sent here and nothing queued: an event past the sequencer's cursor is a job. What the
record looks like, and what changed in it, is left to the caller.
"""

from collections.abc import Mapping

import msgspec

from jump.caller import Tenant
from jump.events import envelope
from jump.kit.ids import new_id
from jump.storage.database import Tx
from jump.storage.sql import Args, sql


class Event(msgspec.Struct, frozen=True):
    """What happened to a record.

    `alias` is the name of the real Jump for this event, if it has one. `object_json` is the record
    as the API returns it, `previous` the old values of what an update changed (None: created), as
    they would be in JSON. `at` is the instant of the change, in microseconds.
    """

    type: str
    alias: str | None
    record_type: str
    record_id: str
    patient_id: str | None
    version: int
    object_json: bytes
    previous: Mapping[str, object] | None
    at: int


_RECORD = sql("""
    INSERT INTO events (organisation_id, mode, id, type, alias, record_type, record_id, patient_id,
      body, thin_body, created_at)
    VALUES (:organisation, :mode, :id, :type, :alias, :record_type, :record_id, :patient_id,
      :body, :thin_body, :at)
""")


async def record(tx: Tx, tenant: Tenant, event: Event) -> str:
    """Write the event and wake whoever delivers it; its id."""
    event_id = new_id("evt", event.at)
    head = envelope.Head(event_id, event.type, event.at, tenant.organisation, tenant.mode)
    previous = None if event.previous is None else msgspec.json.encode(event.previous)
    changed = tuple(event.previous or ())
    thin = envelope.thin(head, event.record_type, event.record_id, event.version, changed)
    row: Args = {
        "organisation": tenant.organisation,
        "mode": tenant.mode,
        "id": event_id,
        "type": event.type,
        "alias": event.alias,
        "record_type": event.record_type,
        "record_id": event.record_id,
        "patient_id": event.patient_id,
        "body": envelope.full(head, event.object_json, previous).decode(),
        "thin_body": thin.decode(),
        "at": event.at,
    }
    await tx.later(_RECORD, row)
    tx.announce()
    return event_id
