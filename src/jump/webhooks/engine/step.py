"""One step of the engine: a single transaction that does everything that is ready.

It records what has ended, numbers and fans out new events, takes and renews lanes and starts what
is due, so that a fresh event costs one commit until its first attempt. It changes nothing but
through its `tx`; what it did is told in `Done`, and takes effect in the engine after the commit.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jump.events import sequence
from jump.kit.crash_points import Reach
from jump.storage.database import Tx
from jump.webhooks import pausing
from jump.webhooks.engine import bookkeeping, claims, lanes, numbering, recovery, suspension
from jump.webhooks.engine.bookkeeping import Ended, Verdict
from jump.webhooks.engine.claims import AT_ONCE, Room
from jump.webhooks.engine.fanout import Begun, FannedOut, Fresh, enter, fan_out
from jump.webhooks.engine.lanes import LEASE, RENEWED_EVERY, Lane, Lease
from jump.webhooks.engine.retry_schedule import Schedule
from jump.webhooks.phases import Claimed

MOST_STARTED = 100


@dataclass(frozen=True, slots=True)
class Held:
    """What the engine knows of a lane it holds: its epoch, how many it has in the air and of which
    patients, and whether something may be due in it."""

    epoch: int
    in_air: int
    busy: frozenset[str]
    hot: bool


_NEW = Held(epoch=0, in_air=0, busy=frozenset(), hot=True)


@dataclass(frozen=True, slots=True)
class Means:
    """What every step works with; `secrets_of` opens a lane's signing secrets."""

    owner: str
    schedule: Schedule
    chance: Callable[[], float]
    secrets_of: Callable[[Lane], tuple[str, ...]]
    crash: Reach


@dataclass(frozen=True, slots=True)
class Plan:
    """What one step is to do.

    `held` are the lanes of the engine, by webhook. `lock` are webhooks whose lanes to lock beside
    those that need it: to take, to renew; `release` those to let go. `dead` are owners known to run
    no more. `free` is how many attempts may be started over all lanes. `known` is given when a
    commit may have gone unheard: the deliveries that the engine knows to be its own; whatever else
    is being delivered in its lanes was never sent.
    """

    ended: Sequence[Ended] = ()
    held: Mapping[str, Held] = field(default_factory=dict)
    lock: frozenset[str] = frozenset()
    release: frozenset[str] = frozenset()
    dead: frozenset[str] = frozenset()
    known: frozenset[str] | None = None
    free: int = 0
    number: bool = False
    search: bool = False


@dataclass(slots=True)
class Done:
    """What a step did.

    `epochs` are the lanes held now and locked in this step, `lost` those that are another's,
    `passed_over` those that somebody had locked. `cold` lanes have nothing more due; see
    `claims.Started` for those that are hot or blocked. `events_left`: there is more to number.
    """

    epochs: dict[str, int] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    passed_over: set[str] = field(default_factory=set)
    settled: list[Ended] = field(default_factory=list)
    dropped: list[Ended] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    taken_over: Mapping[str, int] = field(default_factory=dict)
    paused: dict[str, str] = field(default_factory=dict)
    started: claims.Started = field(default_factory=claims.Started)
    cold: set[str] = field(default_factory=set)
    due: set[str] = field(default_factory=set)
    events: int = 0
    events_left: bool = False


async def take_step(tx: Tx, plan: Plan, means: Means) -> Done:
    """Do all of the plan that can be done now."""
    done = Done()
    fresh, at_hand = await _number(tx, plan, done, means) if plan.number else (None, {})
    if plan.search:
        done.due.update(await lanes.due(tx, means.owner, plan.dead))
    locked = await _lock(tx, plan, done, means, at_hand)
    if done.due - locked.keys():
        # Some lanes are another engine's.
        tx.announce()
    for name, lane in locked.items():
        done.epochs[name] = lane.epoch + (lane.owner != means.owner)
    await _record(tx, plan, done, means, locked)
    since = await _suspend(tx, done, locked)
    means.crash("after_record_before_commit")
    await _start(tx, plan, done, means, locked, fresh)
    await lanes.save(tx, _leases(plan, done, means, locked, since))
    means.crash("after_claim_before_commit")
    return done


async def _number(
    tx: Tx, plan: Plan, done: Done, means: Means
) -> tuple[FannedOut | None, Mapping[str, Lane]]:
    """What is fresh, and lanes that were locked with it."""
    batch, concerned = await numbering.advance(tx, means.owner, plan.dead)
    if batch is None:
        # Somebody else may be numbering just now: look again soon.
        done.events_left = await sequence.is_behind(tx)
        return None, {}
    means.crash("after_numbering")
    fresh = await fan_out(tx, batch, concerned.webhooks)
    done.events = fresh.events
    done.events_left = fresh.events < len(batch.events) or fresh.events >= sequence.BATCH
    done.due.update(each.webhook_id for each in fresh.deliveries if each.is_due)
    return fresh, concerned.lanes


async def _lock(
    tx: Tx, plan: Plan, done: Done, means: Means, at_hand: Mapping[str, Lane]
) -> dict[str, Lane]:
    startable = {name for name, lane in plan.held.items() if lane.hot and _slots(plan, lane) > 0}
    recording = {attempt.webhook_id for attempt in plan.ended}
    wanted = recording | startable | done.due | plan.lock | plan.release
    locked = {name: at_hand[name] for name in wanted & at_hand.keys()}
    if wanted - locked.keys():
        locked |= await lanes.lock(tx, means.owner, wanted - locked.keys(), plan.dead)
    missing = (wanted - locked.keys()) & plan.held.keys()
    if missing:
        standing = await lanes.owners(tx, missing)
        for name in missing:
            is_ours = standing.get(name) == (means.owner, plan.held[name].epoch)
            (done.passed_over if is_ours else done.lost).add(name)
    return locked


async def _record(tx: Tx, plan: Plan, done: Done, means: Means, locked: Mapping[str, Lane]) -> None:
    for attempt in plan.ended:
        lane = locked.get(attempt.webhook_id)
        if lane is not None and (lane.owner, lane.epoch) == (means.owner, attempt.epoch):
            done.settled.append(attempt)
        elif attempt.webhook_id not in done.passed_over:
            # Whoever took the lane has written it down as interrupted.
            done.dropped.append(attempt)
    abandoned = {
        name: lane
        for name, lane in locked.items()
        if lane.owner is not None and (plan.known is not None or not _is_held(lane, plan, means))
    }
    left = await recovery.interrupted(tx, abandoned, plan.known or (), means.chance)
    done.taken_over = Counter(attempt.webhook_id for attempt in left)
    done.verdicts = bookkeeping.judge([*done.settled, *left], locked, means.schedule)
    await bookkeeping.record(tx, done.verdicts, locked)


async def _suspend(tx: Tx, done: Done, locked: Mapping[str, Lane]) -> dict[str, int | None]:
    """Pause what is to be paused; since when each lane has been failing."""
    by_lane = defaultdict[str, list[Verdict]](list)
    for verdict in done.verdicts:
        by_lane[verdict.ended.webhook_id].append(verdict)
    since: dict[str, int | None] = {}
    for name, verdicts in by_lane.items():
        lane = locked[name]
        since[name] = suspension.failing_since(lane, verdicts)
        reason = suspension.reason_to_pause(lane, verdicts, since[name])
        if reason is not None:
            await suspension.pause(tx, lane, reason)
            done.paused[name] = reason
    return since


async def _start(
    tx: Tx,
    plan: Plan,
    done: Done,
    means: Means,
    locked: Mapping[str, Lane],
    fresh: FannedOut | None,
) -> None:
    rooms = _rooms(plan, done, means, locked)
    most = min(plan.free, MOST_STARTED)
    by_lane = _by_lane(fresh)
    idle = {
        name: rooms[name]
        for name, deliveries in by_lane.items()
        if name in rooms and _may_go_at_once(locked[name], deliveries, plan, done, means)
    }
    done.started.add(claims.start_fresh(idle, by_lane, most))
    if fresh is not None:
        await enter(tx, fresh, _begun(done.started.claimed, locked))
        await sequence.save(tx, fresh.batch, fresh.upto)
        means.crash("after_fanout")
    for name in rooms:
        lane = locked[name]
        if lane.is_deleted or not lane.is_active or name in done.paused:
            await pausing.hold_deliveries(tx, lane.tenant, name)
    others = {name: room for name, room in rooms.items() if room.secrets and name not in idle}
    done.started.add(await claims.start(tx, others, most - len(done.started.claimed)))
    done.cold |= rooms.keys() - done.started.hot - done.started.blocked


def _rooms(plan: Plan, done: Done, means: Means, locked: Mapping[str, Lane]) -> dict[str, Room]:
    """The lanes in which something may be started, and how much; no secrets: nothing."""
    rooms: dict[str, Room] = {}
    for name, lane in locked.items():
        held = plan.held.get(name, _NEW)
        slots = _slots(plan, held)
        if not (held.hot or lane.owner != means.owner or name in done.due):
            continue
        if slots > 0:
            secrets = () if lane.is_deleted else means.secrets_of(lane)
            rooms[name] = Room(lane, done.epochs[name], slots, held.busy, secrets)
        elif held.in_air >= AT_ONCE:
            # What has become due goes when something of the lane has landed.
            done.started.blocked.add(name)
    return rooms


def _by_lane(fresh: FannedOut | None) -> dict[str, list[Fresh]]:
    by_lane = defaultdict[str, list[Fresh]](list)
    for each in fresh.deliveries if fresh is not None else ():
        by_lane[each.webhook_id].append(each)
    return by_lane


def _may_go_at_once(
    lane: Lane, fresh: Iterable[Fresh], plan: Plan, done: Done, means: Means
) -> bool:
    """Whether what is fresh is all that is due in the lane, and what is in its air is known.

    Then it need not be entered as due, found again and started: three statements in one.
    """
    return (
        not (lane.has_due or lane.is_deleted)
        and lane.webhook_id not in done.paused
        and all(each.is_due and each.event.body is not None for each in fresh)
        and (lane.owner is None or _is_held(lane, plan, means))
        and plan.known is None
        and not any(
            verdict.next_attempt_at is not None and verdict.ended.webhook_id == lane.webhook_id
            for verdict in done.verdicts
        )
    )


def _begun(claimed: Iterable[Claimed], locked: Mapping[str, Lane]) -> dict[str, Begun]:
    return {each.delivery_id: Begun(each.epoch, locked[each.webhook_id].now) for each in claimed}


def _is_held(lane: Lane, plan: Plan, means: Means) -> bool:
    held = plan.held.get(lane.webhook_id)
    return held is not None and (lane.owner, lane.epoch) == (means.owner, held.epoch)


def _slots(plan: Plan, held: Held) -> int:
    """How many more a lane may have in the air: fewer for each, the less is free for all.

    So there is always something left for a lane that has nothing in the air yet.
    """
    most = min(AT_ONCE, max(1, plan.free // AT_ONCE)) if plan.free else 0
    return most - held.in_air


def _leases(
    plan: Plan,
    done: Done,
    means: Means,
    locked: Mapping[str, Lane],
    since: Mapping[str, int | None],
) -> Iterator[Lease]:
    in_use = {claimed.webhook_id for claimed in done.started.claimed}
    for name, lane in locked.items():
        failing_since = since.get(name, lane.failing_since)
        if name in plan.release - in_use - done.started.hot - done.started.blocked:
            done.released.add(name)
            yield Lease(lane, None, lane.epoch, 0, failing_since)
            continue
        is_fresh = lane.leased_until - lane.now > LEASE - RENEWED_EVERY
        if lane.owner == means.owner and is_fresh and failing_since == lane.failing_since:
            continue
        yield Lease(lane, means.owner, done.epochs[name], lane.now + LEASE, failing_since)
