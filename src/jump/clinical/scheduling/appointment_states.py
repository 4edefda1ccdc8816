"""Which moves an appointment allows in which state, as a table. Pure.

`pending` → `confirmed` → `completed` or `no_show`, both only after its start; `pending` or
`confirmed` → `cancelled`; nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jump.errors import Conflict


@dataclass(frozen=True, slots=True)
class Move:
    """One action: its address below the appointment, the status it leads to, and its participle."""

    action: str
    to: str
    done: str
    only_after_start: bool = False


CONFIRM: Final = Move("confirm", "confirmed", "confirmed")
COMPLETE: Final = Move("complete", "completed", "completed", only_after_start=True)
NO_SHOW: Final = Move("no-show", "no_show", "marked as no-show", only_after_start=True)
CANCEL: Final = Move("cancel", "cancelled", "cancelled")

MOVES: Final[Mapping[str, tuple[Move, ...]]] = {
    "pending": (CONFIRM, CANCEL),
    "confirmed": (COMPLETE, NO_SHOW, CANCEL),
    "completed": (),
    "no_show": (),
    "cancelled": (),
}
ACTIONS: Final[Mapping[str, str]] = {
    move.to: move.action for move in (CONFIRM, COMPLETE, NO_SHOW, CANCEL)
}
"""The action that leads to each status."""


def check_move(status: str, move: Move, start: int, now: int) -> None:
    """Raises Conflict, naming the state and the moves it allows, unless the move is one of them."""
    has_started = start <= now
    if move not in MOVES[status]:
        raise Conflict(f"This appointment is {_named(status)}. {_allowed(status, has_started)}")
    if move.only_after_start and not has_started:
        raise Conflict(
            f"This appointment is {_named(status)} and has not started: it can be {move.done}"
            f" only after its start. {_allowed(status, has_started)}"
        )


def check_reschedule(status: str) -> None:
    """Raises Conflict unless the appointment still takes place."""
    if not MOVES[status]:
        raise Conflict(
            f"This appointment is {_named(status)}: it cannot be rescheduled."
            f" {_allowed(status, has_started=True)}"
        )


def _allowed(status: str, has_started: bool) -> str:
    """The moves that are allowed now, in words."""
    words = [move.done for move in MOVES[status] if has_started or not move.only_after_start]
    if not words:
        return "No move is allowed from there."
    words.append("rescheduled")
    return f"It can be {', '.join(words[:-1])} or {words[-1]}."


def _named(status: str) -> str:
    return "no_show (not attended)" if status == "no_show" else status
