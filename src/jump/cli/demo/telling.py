"""Tells of deliveries as they come, and once of what to try next, after the first of them."""

from jump.cli.demo.receiver import Arrival
from jump.cli.demo.words import Stage, arrival_line, failed_lines, is_last_attempt, next_steps
from jump.cli.showing import harmless, say


class Teller:
    """Prints a line for each delivery. What to try next follows the first one."""

    def __init__(self) -> None:
        self._stage: Stage | None = None
        self._has_told = False
        self._arrivals = 0

    def begin(self, stage: Stage) -> None:
        """All that the texts name is there."""
        self._stage = stage
        if self._arrivals:
            self._tell_what_next(stage)

    def arrived(self, arrival: Arrival) -> None:
        """A delivery came."""
        say(harmless(arrival_line(arrival)))
        self._arrivals += 1
        if self._stage is None:
            return
        if is_last_attempt(arrival, self._stage):
            say(failed_lines(arrival, self._stage))
        if not self._has_told:
            self._tell_what_next(self._stage)

    def _tell_what_next(self, stage: Stage) -> None:
        self._has_told = True
        say(f"\n{next_steps(stage)}")
        say("What comes from now on (Ctrl-C ends the demo):\n")
