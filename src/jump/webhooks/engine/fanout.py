"""Turns numbered events into deliveries for the webhooks that asked for them.

A delivery's id is derived from its event and webhook, so that doing it twice makes one. When it is
sent, and how often, is left to the lanes: `fan_out` finds the deliveries, `enter` writes them down,
and in between those may be chosen that are sent at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec
from msgspec import Struct

from jump.events.sequence import Batch, Numbered
from jump.kit.ids import derived_id
from jump.storage.database import Tx
from jump.storage.sql import Args, Row, bulk, sql

MOST_DELIVERIES = 500


class Fresh(Struct, frozen=True, gc=False):
    """A delivery that is to be made. `event_type` is what its webhook calls the event, `is_due`
    whether the webhook is active, and nothing is left waiting from when it was not."""

    id: str
    webhook_id: str
    event: Numbered
    event_type: str
    is_due: bool


@dataclass(frozen=True, slots=True)
class FannedOut:
    """How many events of a batch are done with, and their deliveries."""

    batch: Batch
    events: int
    deliveries: Sequence[Fresh]

    @property
    def upto(self) -> int:
        """The position of the last of the events."""
        return self.batch.events[self.events - 1].position


@dataclass(frozen=True, slots=True)
class Begun:
    """A delivery that begins to be sent as it is made: in which epoch, and when."""

    epoch: int
    at: int


# The lock: pausing, activating or deleting waits, and then finds these deliveries.
_WEBHOOKS = sql("""
    SELECT organisation_id, mode, id, events, is_active AND NOT is_releasing AS is_active
    FROM webhooks
    WHERE organisation_id IN (:organisations*) AND mode IN (:modes*) AND deleted_at IS NULL
    ORDER BY id FOR SHARE
""")
# Due from the insert on, not from when the batch began: whoever activated the webhook in between
# has made what waited due then, and this is to go behind it.
_INSERT = bulk(
    """
    INSERT INTO deliveries (organisation_id, mode, id, webhook_id, event_id, event_type, position,
      patient_id, test, state, next_trigger, attempt_count, failures, interruptions, epoch,
      next_attempt_at, started_at, created_at)
    SELECT :organisation, :mode, :id, :webhook, :event, :type, :position, :patient, FALSE,
      :state, 'auto', 0, 0, 0, :epoch,
      CASE WHEN :due THEN (SELECT jump_now()) END, :started_at, :at
    /*rows*/
    WHERE TRUE ON CONFLICT (organisation_id, mode, id) DO NOTHING
    """,
    organisation="TEXT",
    mode="TEXT",
    id="TEXT",
    webhook="TEXT",
    event="TEXT",
    type="TEXT",
    position="BIGINT",
    patient="TEXT",
    state="TEXT",
    epoch="BIGINT",
    due="BOOLEAN",
    started_at="BIGINT",
    at="BIGINT",
)


async def fan_out(tx: Tx, batch: Batch, concerned: Iterable[Row] | None = None) -> FannedOut:
    """The deliveries of its events, or of the first of them if all would be too many.

    `concerned` are the webhooks that may have asked for them, if they are known and locked.
    """
    webhooks = defaultdict[tuple[str, str], list[Row]](list)
    for row in await _webhooks_of(tx, batch.events) if concerned is None else concerned:
        webhooks[row["organisation_id"], row["mode"]].append(row)
    deliveries: list[Fresh] = []
    done = 0
    for event in batch.events:
        if len(deliveries) >= MOST_DELIVERIES:
            break
        deliveries += _deliveries(event, webhooks[event.organisation, event.mode])
        done += 1
    return FannedOut(batch, done, deliveries)


async def enter(tx: Tx, fanned_out: FannedOut, begun: Mapping[str, Begun]) -> None:
    """Make the deliveries: those of `begun`, by their ids, as being sent, the others as due.

    A paused webhook's deliveries wait, as do those behind what waits: pending, without a next
    attempt.
    """
    rows = (_row(each, begun.get(each.id), fanned_out.batch.now) for each in fanned_out.deliveries)
    await tx.later(_INSERT, *rows)


def name_for(event_type: str, alias: str | None, subscribed: frozenset[str]) -> str | None:
    """What a webhook that subscribed to these names calls the event; None if it did not ask."""
    if alias is not None and alias in subscribed:
        return alias
    return event_type if event_type in subscribed else None


async def _webhooks_of(tx: Tx, events: Sequence[Numbered]) -> list[Row]:
    return await tx.all(
        _WEBHOOKS,
        organisations=sorted({event.organisation for event in events}),
        modes=sorted({event.mode for event in events}),
    )


def _deliveries(event: Numbered, webhooks: Iterable[Row]) -> Iterator[Fresh]:
    for webhook in webhooks:
        name = name_for(event.type, event.alias, _subscribed(webhook["events"]))
        if name is not None:
            yield Fresh(
                derived_id("dlv", event.created_at, event.id, webhook["id"]),
                webhook["id"],
                event,
                name,
                bool(webhook["is_active"]),
            )


def _row(fresh: Fresh, begun: Begun | None, now: int) -> Args:
    event = fresh.event
    return {
        "organisation": event.organisation,
        "mode": event.mode,
        "id": fresh.id,
        "webhook": fresh.webhook_id,
        "event": event.id,
        "type": fresh.event_type,
        "position": event.position,
        "patient": event.patient_id,
        "state": "pending" if begun is None else "delivering",
        "epoch": 0 if begun is None else begun.epoch,
        "due": fresh.is_due and begun is None,
        "started_at": None if begun is None else begun.at,
        "at": now,
    }


@lru_cache(maxsize=4096)
def _subscribed(names: str) -> frozenset[str]:
    return frozenset(msgspec.json.decode(names, type=list[str]))
