"""Chooses which due deliveries a lane starts now, and marks them as being delivered.

In order of (due, position), never two of one patient at once, and no more than there is room for.
The lanes must be locked by the transaction; sending is left to the engine, after the commit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from jump.events import envelope
from jump.storage.database import Tx
from jump.storage.sql import Args, Row, bulk, twin
from jump.webhooks.engine.fanout import Fresh
from jump.webhooks.engine.lanes import Lane
from jump.webhooks.phases import Claimed

AT_ONCE = 8  # in the air for each lane
_SPARE = 4  # rows read beyond the room there is, since some of them may be of one patient


@dataclass(frozen=True, slots=True)
class Room:
    """What a lane may start: how many, in which epoch, and not of the patients in the air."""

    lane: Lane
    epoch: int
    slots: int
    busy: frozenset[str]
    secrets: tuple[str, ...]


@dataclass(slots=True)
class Started:
    """What was started. `first_attempts` are the instants of the events that never were tried.

    In lanes that are `hot` more may be started at once, in those that are `blocked` only when one
    of their attempts has ended.
    """

    claimed: list[Claimed] = field(default_factory=list)
    first_attempts: list[int] = field(default_factory=list)
    hot: set[str] = field(default_factory=set)
    blocked: set[str] = field(default_factory=set)

    def add(self, other: "Started") -> None:
        """Take in what was started of other lanes."""
        self.claimed += other.claimed
        self.first_attempts += other.first_attempts
        self.hot |= other.hot
        self.blocked |= other.blocked


_COLUMNS = """d.organisation_id, d.mode, d.id, d.webhook_id, d.event_id, d.event_type, d.position,
      d.patient_id, d.test, d.body, d.next_trigger, d.attempt_count, d.failures, d.interruptions,
      d.next_attempt_at"""
# By the webhook alone, which is what the index of due deliveries begins with. Due by now, and not
# by when the lane was locked: the fresh ones were entered since.
_NEXT = """FROM deliveries AS d
      WHERE d.webhook_id = l.webhook_id AND d.next_attempt_at <= (SELECT jump_now())
        AND NOT (COALESCE(d.webhook_id || d.patient_id, '') IN (:busy*))
      ORDER BY d.next_attempt_at, d.position LIMIT :most"""
_CANDIDATES = """
    SELECT {columns}, e.type AS type, e.body AS full_body, e.thin_body, e.created_at AS happened_at
    FROM lanes AS l CROSS JOIN {next}
    LEFT JOIN events AS e ON e.organisation_id = d.organisation_id AND e.mode = d.mode
      AND e.id = d.event_id
    WHERE l.webhook_id IN (:webhooks*)
    ORDER BY d.webhook_id, d.next_attempt_at, d.position
"""
_FIND = twin(
    sqlite=_CANDIDATES.format(
        columns=_COLUMNS, next=f"deliveries AS d ON d.rowid IN (SELECT d.rowid {_NEXT})"
    ),
    postgresql=_CANDIDATES.format(columns="d.*", next=f"LATERAL (SELECT {_COLUMNS} {_NEXT}) AS d"),
)
_START = bulk(
    """
    UPDATE deliveries AS d SET state = 'delivering', epoch = :epoch, started_at = :now,
      next_attempt_at = NULL
    /*rows*/
    WHERE d.organisation_id = :organisation AND d.mode = :mode AND d.id = :id
      AND d.state = 'pending'
    """,
    epoch="BIGINT",
    now="BIGINT",
    organisation="TEXT",
    mode="TEXT",
    id="TEXT",
)
_CANCEL = bulk(
    """
    UPDATE deliveries AS d SET state = 'cancelled', ended_at = :now, next_attempt_at = NULL,
      last_error = 'The event is no longer kept.'
    /*rows*/
    WHERE d.organisation_id = :organisation AND d.mode = :mode AND d.id = :id
      AND d.state = 'pending'
    """,
    now="BIGINT",
    organisation="TEXT",
    mode="TEXT",
    id="TEXT",
)


async def start(tx: Tx, rooms: Mapping[str, Room], most: int) -> Started:
    """Start up to `most` deliveries, the lanes taking turns; `rooms` are by webhook."""
    started = Started()
    if not rooms:
        return started
    most_each = max(room.slots for room in rooms.values()) + _SPARE
    turns: list[tuple[int, Row]] = []
    for webhook, found in (await _candidates(tx, rooms, most_each)).items():
        room = rooms[webhook]
        chosen = _choose(found, room.slots)
        turns += enumerate(chosen)
        if len(found) == most_each and len(chosen) < room.slots:
            started.hot.add(webhook)
        elif len(found) > len(chosen) or room.busy:
            started.blocked.add(webhook)
    await _begin(tx, started, _take_turns(started, turns, most), rooms)
    return started


def start_fresh(
    rooms: Mapping[str, Room], fresh: Mapping[str, Sequence[Fresh]], most: int
) -> Started:
    """Start up to `most` of these deliveries, which the caller is about to enter as begun.

    For lanes in which nothing else is due, and whose deliveries are all there with their payloads:
    the same choice as `start` would make, were they entered and searched for.
    """
    started = Started()
    turns: list[tuple[int, Row]] = []
    for webhook, room in rooms.items():
        rows = [_fresh_row(each) for each in fresh[webhook]]
        chosen = _choose([row for row in rows if row["patient_id"] not in room.busy], room.slots)
        turns += enumerate(chosen)
        if len(rows) > len(chosen):
            started.blocked.add(webhook)
    for row in _take_turns(started, turns, most):
        room = rooms[row["webhook_id"]]
        body = _body(row, room)
        assert body is not None
        started.claimed.append(_claimed(row, room, body))
        started.first_attempts.append(row["happened_at"])
    return started


def _take_turns(started: Started, turns: list[tuple[int, Row]], most: int) -> list[Row]:
    """The first of every lane, then the second of every lane: whoever is cut off, it is fair."""
    turns.sort(key=lambda turn: turn[0])
    for _, row in turns[most:]:
        started.hot.add(row["webhook_id"])
        started.blocked.discard(row["webhook_id"])
    return [row for _, row in turns[:most]]


def _fresh_row(fresh: Fresh) -> Row:
    """As `_FIND` would find it."""
    event = fresh.event
    return {
        "organisation_id": event.organisation,
        "mode": event.mode,
        "id": fresh.id,
        "webhook_id": fresh.webhook_id,
        "event_id": event.id,
        "event_type": fresh.event_type,
        "position": event.position,
        "patient_id": event.patient_id,
        "test": False,
        "body": None,
        "next_trigger": "auto",
        "attempt_count": 0,
        "failures": 0,
        "interruptions": 0,
        "type": event.type,
        "full_body": event.body,
        "thin_body": event.thin_body,
        "happened_at": event.created_at,
    }


async def _candidates(tx: Tx, rooms: Mapping[str, Room], most_each: int) -> dict[str, list[Row]]:
    rows = await tx.all(
        _FIND,
        webhooks=sorted(rooms),
        busy=[webhook + patient for webhook, room in rooms.items() for patient in room.busy],
        most=most_each,
    )
    found: dict[str, list[Row]] = {webhook: [] for webhook in rooms}
    for row in rows:
        found[row["webhook_id"]].append(row)
    return found


def _choose(rows: Iterable[Row], slots: int) -> list[Row]:
    chosen: list[Row] = []
    patients = set[str]()
    for row in rows:
        if len(chosen) == slots:
            break
        patient = row["patient_id"]
        if patient is None or patient not in patients:
            chosen.append(row)
            patients.add(patient)
    return chosen


async def _begin(tx: Tx, started: Started, rows: Iterable[Row], rooms: Mapping[str, Room]) -> None:
    begun: list[Args] = []
    lost: list[Args] = []
    for row in rows:
        room = rooms[row["webhook_id"]]
        body = _body(row, room)
        args: Args = {
            "organisation": row["organisation_id"],
            "mode": row["mode"],
            "id": row["id"],
            "epoch": room.epoch,
            "now": room.lane.now,
        }
        (lost if body is None else begun).append(args)
        if body is not None:
            started.claimed.append(_claimed(row, room, body))
        if row["attempt_count"] == 0 and row["happened_at"] is not None:
            started.first_attempts.append(row["happened_at"])
    await tx.later(_START, *begun)
    await tx.later(_CANCEL, *lost)


def _body(row: Row, room: Room) -> bytes | None:
    """The bytes to send, or None when the event is gone. A test delivery has its own."""
    if row["body"] is not None:
        return str(row["body"]).encode()
    text = row["thin_body"] if room.lane.payload == "thin" else row["full_body"]
    if text is None:
        return None
    body = str(text).encode()
    named = row["event_type"]
    return body if named == row["type"] else envelope.renamed(body, row["type"], named)


def _claimed(row: Row, room: Room, body: bytes) -> Claimed:
    return Claimed(
        organisation=row["organisation_id"],
        mode=row["mode"],
        delivery_id=row["id"],
        webhook_id=row["webhook_id"],
        event_id=row["event_id"],
        event_type=row["event_type"],
        patient_id=row["patient_id"],
        url=room.lane.url,
        body=body,
        secrets=room.secrets,
        number=row["attempt_count"] + 1,
        failures=row["failures"],
        interruptions=row["interruptions"],
        trigger=row["next_trigger"],
        test=bool(row["test"]),
        epoch=room.epoch,
    )
