"""Commands that go on talking, such as `jump listen`: what they say, as they say it.

with talk(jump, "listen", "--key", key) as listening:
    listening.wait_for("Waiting for events")
    ended = listening.interrupt()
"""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.postgres_keeper import dies_with_us
from tests.processes import COMMAND, Ended, Jump

SAYS_WITHIN_SECONDS = 40
ENDS_WITHIN_SECONDS = 40


@dataclass
class Talking:
    """A running command, and all it has said so far on both of its streams."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)
    _ended: bool = False

    def read(self) -> None:
        """Take in what it says until it ends."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def wait_for(self, pattern: str, count: int = 1) -> re.Match[str]:
        """The `count`-th line so far in which the pattern is found, as soon as it is said."""

        def matches() -> list[re.Match[str]]:
            return [found for line in self.lines if (found := re.search(pattern, line))]

        with self._news:
            self._news.wait_for(lambda: len(matches()) >= count or self._ended, SAYS_WITHIN_SECONDS)
            found = matches()
        if len(found) < count:
            raise AssertionError(f"it never said {pattern!r}, but:\n{self.said}")
        return found[count - 1]

    def interrupt(self, number: int = signal.SIGINT) -> Ended:
        """Ctrl-C, and how it ended."""
        self.process.send_signal(number)
        return self.end()

    def end(self) -> Ended:
        """How it ended by itself; everything it said is in `lines` then."""
        began = time.monotonic()
        status = self.process.wait(ENDS_WITHIN_SECONDS)
        with self._news:
            self._news.wait_for(lambda: self._ended, SAYS_WITHIN_SECONDS)
        return Ended(status, time.monotonic() - began)

    @property
    def said(self) -> str:
        """All of it."""
        return "\n".join(self.lines)


@contextmanager
def talk(
    jump: Jump,
    *arguments: str,
    given: str | None = None,
    command: Sequence[str] = COMMAND,
    **settings: str,
) -> Iterator[Talking]:
    """Start a command, `jump` if no other is named; it is killed at the end if it still runs."""
    process = subprocess.Popen(
        [*dies_with_us("KILL"), *command, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        cwd=jump.folder, env=jump.environment(PYTHONUNBUFFERED="1", **settings),
        start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(given or "")
    process.stdin.close()
    talking = Talking(process)
    reader = threading.Thread(target=talking.read, daemon=True)
    reader.start()
    try:
        yield talking
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        reader.join()
        assert process.stdout is not None
        process.stdout.close()
