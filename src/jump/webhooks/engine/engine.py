"""Delivers: from a committed event to the recorded answer of its receiver, over and over.

Each turn is one transaction (`step`) and then what may only follow its commit. HTTP happens between
the two, never inside. Several engines may share a database; leases and epochs keep them apart.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from jump import telemetry
from jump.kit.clock import SECOND, Clock
from jump.kit.crash_points import Reach, never
from jump.sealing import Keyring
from jump.storage.database import Database, StorageUnavailable, Work
from jump.webhooks.engine import bookkeeping, lanes
from jump.webhooks.engine.bookkeeping import Ended
from jump.webhooks.engine.held_lanes import HeldLanes
from jump.webhooks.engine.opened_secrets import OpenedSecrets
from jump.webhooks.engine.ownership import is_dead, own_name
from jump.webhooks.engine.releasing import keep_releasing
from jump.webhooks.engine.reports import report
from jump.webhooks.engine.retry_schedule import Schedule
from jump.webhooks.engine.step import Done, Means, Plan, take_step
from jump.webhooks.phases import Broken, Claimed, Durations, Outcome, PreparedAttempt
from jump.webhooks.signing import prepare
from jump.webhooks.transport.transport import Transport

MOST_IN_AIR = 512
LINGER = 0.01  # seconds an answer waits for others to be written down with it,
LONG_LINGER = 0.02  # and where no delivery waits for its lane
LOOK_AGAIN = 0.02  # seconds until what somebody had locked is tried again
REST = 0.2  # seconds after the database failed us
SURVEY_EVERY = 2.0  # seconds between two looks for owners that died
SEARCH_SHARE = 20  # a search for due lanes may take one part in so many of the time
SEARCH_AGAIN = 0.05  # seconds between two searches at least, and
SEARCH_WITHIN = 1.0  # at most, where there is reason for one
LOOKED_AHEAD = 30.0  # seconds: a retry due within them is waited for to the moment,
MARGIN = 0.002  # and a little longer, so that it is due for the database too
LAND_WITHIN = 12.0  # seconds from the call of stop until what is in the air is given up
STOP_WITHIN = 14.0

_UNKEEPABLE = Broken("The answer could not be kept.", Durations())


class Engine:
    """One engine; `run` it in one task, `stop` it from another."""

    def __init__(
        self,
        database: Database,
        transport: Transport,
        keyring: Keyring,
        clock: Clock,
        chance: Callable[[], float],
        schedule: Schedule,
        crash: Reach = never,
        most_in_air: int = MOST_IN_AIR,
    ) -> None:
        self._database = database
        self._transport = transport
        self._clock = clock
        self._chance = chance
        self._crash = crash
        self._most_in_air = most_in_air
        self._owner = own_name(secrets.token_hex(4))
        opened = OpenedSecrets(keyring)
        self._means = Means(self._owner, schedule, chance, opened.of, crash)
        self._lanes = HeldLanes()
        self._ended: list[Ended] = []
        self._in_air = 0
        self._sends: set[asyncio.Task[None]] = set()
        self._bell = asyncio.Event()
        self._over = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._dead: frozenset[str] = frozenset()
        self._forsaken: frozenset[str] = frozenset()
        self._is_woken = True
        self._is_search_wanted = True
        self._is_stopping = False
        self._one_by_one = 0
        self._is_in_doubt = False
        self._search_after = 0.0
        self._survey_after = 0.0
        self._bell_due = 0.0
        self._record_after = 0.0

    async def run(self) -> None:
        """Deliver until `stop` is called."""
        listener = asyncio.create_task(self._listen())
        releaser = asyncio.create_task(keep_releasing(self._database))
        self._worker = asyncio.create_task(self._work())
        try:
            # Cancelled by stop() when the database keeps it from ending in time.
            await asyncio.wait([self._worker])
            if not self._worker.cancelled():
                self._worker.result()
        finally:
            tasks = (listener, releaser, self._worker, *self._sends)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._over.set()

    async def stop(self) -> None:
        """Start nothing more, finish and record what is in the air, release the lanes.

        Returns when `run` has ended, within 15 seconds.
        """
        self._is_stopping = True
        loop = asyncio.get_running_loop()
        timers = (
            loop.call_later(LAND_WITHIN, self._give_up_in_air),
            loop.call_later(STOP_WITHIN, self._give_up),
        )
        self._bell.set()
        await self._over.wait()
        for timer in timers:
            timer.cancel()

    async def _listen(self) -> None:
        async for _ in self._database.joinable():
            self._is_woken = self._is_search_wanted = True
            self._bell.set()

    async def _work(self) -> None:
        while True:
            await self._turn()
            if self._is_stopping and not (self._in_air or self._ended or len(self._lanes)):
                return
            await self._bell.wait()
            self._bell.clear()

    async def _turn(self) -> None:
        plan: Plan | None = None
        try:
            await self._survey()
            plan = self._plan()
            if plan is not None:
                began = self._loop_time()
                done = await self._database.write(self._step_of(plan))
                self._apply(plan, done, began)
            elif self._ended:
                self._ring_for_ended()
        except StorageUnavailable as refusal:
            telemetry.unavailable(str(refusal))
            await self._rest()
        except Exception as fault:
            telemetry.fault(fault, None, "webhooks.engine")
            self._isolate(plan)
            await self._rest()

    def _step_of(self, plan: Plan) -> Work[Done]:
        return lambda tx: take_step(tx, plan, self._means)

    async def _rest(self) -> None:
        # Whether the last transaction was committed is not certain.
        self._is_in_doubt = True
        self._is_woken = self._is_search_wanted = True
        self._bell.set()
        await asyncio.sleep(REST)

    async def _survey(self) -> None:
        """Look, now and then, for lanes whose owners died or let their leases lapse.

        Our own among them were taken by a commit that went unheard.
        """
        if self._is_stopping or self._loop_time() < self._survey_after:
            return
        held = await self._database.read(lanes.held)
        self._dead = frozenset(owner for owner in {owner for _, owner, _ in held} if is_dead(owner))
        self._forsaken = frozenset(
            webhook
            for webhook, owner, has_lapsed in held
            if webhook not in self._lanes
            and (has_lapsed or owner in self._dead or owner == self._owner)
        )
        self._survey_after = self._loop_time() + SURVEY_EVERY

    def _plan(self) -> Plan | None:
        """What there is to do now, or None."""
        now = self._loop_time()
        if self._one_by_one:
            return Plan(ended=self._ended[:1], held=self._lanes.view())
        ended = self._to_record(now)
        busy = {attempt.webhook_id for attempt in self._ended[len(ended) :]}
        release = self._lanes.to_release(now, at_once=self._is_stopping) - busy
        plan = Plan(
            ended=ended,
            held=self._lanes.view(),
            lock=(self._forsaken | self._lanes.to_lock(now, all_of_them=self._is_in_doubt))
            - release,
            release=release,
            dead=self._dead,
            known=self._known() if self._is_in_doubt else None,
            free=0 if self._is_stopping else max(0, self._most_in_air - self._in_air),
            number=self._is_woken and not self._is_stopping,
            search=self._may_search(now),
        )
        self._forsaken = frozenset()
        self._is_woken = False
        has_work = plan.ended or plan.lock or plan.release or plan.number or plan.search
        return plan if has_work or (plan.free and self._lanes.any_hot()) else None

    def _to_record(self, now: float) -> Sequence[Ended]:
        """What has ended, when it has waited for others: till then no fresh event waits for it."""
        is_time = self._is_waited_for() or now >= self._record_after
        return self._ended[: bookkeeping.MOST] if is_time else ()

    def _is_waited_for(self) -> bool:
        """Whether something waits for answers to be written down."""
        is_full = len(self._ended) >= bookkeeping.MOST
        return is_full or self._is_stopping or self._is_in_doubt or self._lanes.any_hot()

    def _known(self) -> frozenset[str]:
        ended = frozenset(attempt.delivery_id for attempt in self._ended)
        return ended | self._lanes.in_air()

    def _may_search(self, now: float) -> bool:
        if self._is_stopping or not self._is_search_wanted:
            return False
        if now < self._search_after:
            self._ring_within(self._search_after - now)
            return False
        self._is_search_wanted = False
        return True

    def _isolate(self, plan: Plan | None) -> None:
        """After a fault: write the answers down one by one, so that one that cannot be kept holds
        up no other."""
        if plan is None or not plan.ended:
            return
        if not self._one_by_one:
            self._one_by_one = len(plan.ended)
        elif self._ended[0].outcome is not _UNKEEPABLE:
            self._ended[0] = replace(self._ended[0], outcome=_UNKEEPABLE, headers=())
        else:
            del self._ended[0]
            self._one_by_one -= 1

    def _apply(self, plan: Plan, done: Done, began: float) -> None:
        """What may only follow the commit."""
        now = self._loop_time()
        if done.verdicts:
            self._crash("after_record_commit")
        self._ended[: len(plan.ended)] = [
            attempt for attempt in plan.ended if attempt.webhook_id in done.passed_over
        ]
        self._one_by_one = max(0, self._one_by_one - 1)
        self._is_in_doubt = self._is_in_doubt and plan.known is None
        self._lanes.apply(done, now)
        if done.started.claimed:
            self._crash("after_start_commit")
        for claimed in done.started.claimed:
            self._lanes.begin(claimed, now)
            self._launch(claimed)
        if plan.search:
            wait = min(SEARCH_WITHIN, max(SEARCH_AGAIN, SEARCH_SHARE * (now - began)))
            self._search_after = now + wait
        self._ring_for_more(done)
        self._ring_for_retries(done)
        # After the sends, which are tasks by now: a receiver does not wait for our counters.
        asyncio.get_running_loop().call_soon(report, done, self._in_air, self._clock())

    def _ring_for_more(self, done: Done) -> None:
        if done.events_left:
            self._is_woken = True
        if done.started.hot or (done.events_left and done.events):
            self._bell.set()
        if self._ended:
            self._ring_for_ended()
        if done.events_left or done.passed_over:
            self._ring_within(LOOK_AGAIN)

    def _ring_for_retries(self, done: Done) -> None:
        """Be there when a short wait is over; for a long one looking each second is near enough."""
        now = self._clock()
        for verdict in done.verdicts:
            if verdict.next_attempt_at is not None:
                wait = (verdict.next_attempt_at - now) / SECOND
                if wait <= LOOKED_AHEAD:
                    asyncio.get_running_loop().call_later(wait + MARGIN, self._look_for_due)

    def _look_for_due(self) -> None:
        self._is_search_wanted = True
        self._bell.set()

    def _launch(self, claimed: Claimed) -> None:
        self._in_air += 1
        task = asyncio.create_task(self._send(claimed))
        self._sends.add(task)
        task.add_done_callback(self._sends.discard)

    async def _send(self, claimed: Claimed) -> None:
        prepared = PreparedAttempt(claimed, self._clock(), ())
        outcome: Outcome
        try:
            prepared = prepare(claimed, prepared.attempted_at)
            outcome = await self._transport.send(claimed.url, prepared.headers, claimed.body)
        except Exception as fault:
            telemetry.fault(fault, None, "webhooks.transport")
            outcome = Broken("The request could not be made.", Durations())
        self._crash("after_send_before_record")
        self._lanes.end(claimed, self._loop_time())
        self._in_air -= 1
        if not self._ended:
            self._record_after = self._loop_time() + LONG_LINGER
        self._ended.append(bookkeeping.ended(prepared, outcome, self._clock(), self._chance()))
        self._ring_for_ended()

    def _ring_for_ended(self) -> None:
        """Wait a little for more to land, unless nothing is in the air and somebody waits."""
        if not self._is_waited_for():
            self._ring_within(max(0.0, self._record_after - self._loop_time()))
        elif self._in_air and len(self._ended) < bookkeeping.MOST:
            self._ring_within(LINGER)
        else:
            self._bell.set()

    def _ring_within(self, seconds: float) -> None:
        due = self._loop_time() + seconds
        if due < self._bell_due or self._bell_due <= self._loop_time():
            self._bell_due = due
            asyncio.get_running_loop().call_at(due, self._ring)

    def _ring(self) -> None:
        # A loop's timer may ring a little early: who finds that it is not yet time rings again.
        self._bell_due = 0.0
        self._bell.set()

    def _give_up_in_air(self) -> None:
        for task in self._sends:
            task.cancel()
        self._in_air = 0
        self._lanes.forget_in_air()
        self._bell.set()

    def _give_up(self) -> None:
        if self._worker is not None:
            self._worker.cancel()

    def _loop_time(self) -> float:
        return asyncio.get_running_loop().time()
