"""What an engine remembers of the lanes it holds: what is in the air, and where more may be due.

Only memory: who holds a lane is decided in the database. Instants are the event loop's seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jump.webhooks.engine.step import Done, Held
from jump.webhooks.phases import Claimed

RENEW_AFTER = 8.0
RELEASE_AFTER = 3.0


@dataclass(slots=True)
class _State:
    epoch: int
    used: float
    locked: float
    in_air: dict[str, str | None] = field(default_factory=dict)
    is_hot: bool = True
    is_blocked: bool = False
    has_landed: bool = False  # something has, since a step last saw the lane


class HeldLanes:
    """The lanes of one engine, by webhook."""

    def __init__(self) -> None:
        self._lanes: dict[str, _State] = {}

    def __len__(self) -> int:
        return len(self._lanes)

    def __contains__(self, webhook_id: str) -> bool:
        return webhook_id in self._lanes

    def is_current(self, webhook_id: str, epoch: int) -> bool:
        """Whether the lane is still held, and in this epoch."""
        state = self._lanes.get(webhook_id)
        return state is not None and state.epoch == epoch

    def any_hot(self) -> bool:
        """Whether some lane may have more to start at once."""
        return any(state.is_hot for state in self._lanes.values())

    def view(self) -> Mapping[str, Held]:
        """Every lane as a step is to see it."""
        for state in self._lanes.values():
            state.has_landed = False
        return {
            name: Held(
                epoch=state.epoch,
                in_air=len(state.in_air),
                busy=frozenset(patient for patient in state.in_air.values() if patient),
                hot=state.is_hot,
            )
            for name, state in self._lanes.items()
        }

    def in_air(self) -> frozenset[str]:
        """The deliveries in the air."""
        return frozenset(name for state in self._lanes.values() for name in state.in_air)

    def to_lock(self, now: float, *, all_of_them: bool) -> frozenset[str]:
        """Lanes that no step has locked for a while, so that their leases are renewed; or all."""
        return frozenset(
            name
            for name, state in self._lanes.items()
            if all_of_them or now - state.locked > RENEW_AFTER
        )

    def to_release(self, now: float, *, at_once: bool) -> frozenset[str]:
        """Lanes with nothing in the air and nothing to do for a while; `at_once`: all of those
        with nothing in the air."""
        return frozenset(
            name
            for name, state in self._lanes.items()
            if not state.in_air
            and (at_once or (not state.is_hot and now - state.used >= RELEASE_AFTER))
        )

    def apply(self, done: Done, now: float) -> None:
        """Remember what a step did."""
        for name in done.released | done.lost:
            self._lanes.pop(name, None)
        for name, epoch in done.epochs.items():
            if name not in done.released:
                self._hold(name, epoch, now)
        for names, is_hot, is_blocked in (
            (done.cold, False, False),
            (done.started.blocked, False, True),
            (done.started.hot, True, False),
        ):
            for name in names & self._lanes.keys():
                state = self._lanes[name]
                state.is_hot, state.is_blocked = is_hot, is_blocked
                if is_blocked and state.has_landed:
                    # What it waited for landed while the step ran: nobody else will say so.
                    state.is_hot, state.is_blocked = True, False

    def begin(self, claimed: Claimed, now: float) -> None:
        """An attempt is in the air."""
        state = self._lanes[claimed.webhook_id]
        state.in_air[claimed.delivery_id] = claimed.patient_id
        state.used = now

    def end(self, claimed: Claimed, now: float) -> None:
        """An attempt has landed: what waited for it may go."""
        if self.is_current(claimed.webhook_id, claimed.epoch):
            state = self._lanes[claimed.webhook_id]
            state.in_air.pop(claimed.delivery_id, None)
            state.used = now
            state.has_landed = True
            state.is_hot = state.is_hot or state.is_blocked
            state.is_blocked = False

    def forget_in_air(self) -> None:
        """Give up the lanes that have something in the air; their leases will lapse."""
        self._lanes = {name: state for name, state in self._lanes.items() if not state.in_air}

    def _hold(self, name: str, epoch: int, now: float) -> None:
        state = self._lanes.get(name)
        if state is None or state.epoch != epoch:
            self._lanes[name] = _State(epoch, used=now, locked=now)
        else:
            state.locked = now
