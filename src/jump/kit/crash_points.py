"""Named seams at which a test may have the process killed, as when the machine loses power, or
stopped, as when it hangs.

Whether one is wanted is read once by the composition root; otherwise reaching one does nothing.
"""

import os
import re
import signal
from collections.abc import Callable
from typing import Final

# Of an upload, before the record that takes it.
IN_UPLOAD: Final = frozenset({"document_before_record"})
CRASH_POINTS: Final = IN_UPLOAD | frozenset(
    {
        "request_before_commit",
        "request_after_commit",
        "after_numbering",
        "after_fanout",
        "after_claim_before_commit",
        "after_start_commit",
        "after_send_before_record",
        "after_record_before_commit",
        "after_record_commit",
    }
)

_WANTED = re.compile(r"(?P<point>\w+)(?::(?P<count>[1-9][0-9]*)(?P<stop>:stop)?)?")

Reach = Callable[[str], None]


def never(name: str) -> None:
    """Go on."""
    del name


def crash_at(wanted: str | None) -> Reach:
    """What to call at every seam: with `name` or `name:n` the n-th arrival there is the end.

    With `name:n:stop` the process goes no further, but lives. ValueError for what is none of these.
    """
    if not wanted:
        return never
    found = _WANTED.fullmatch(wanted)
    if found is None or found["point"] not in CRASH_POINTS:
        raise ValueError(
            f"A crash point is one of {', '.join(sorted(CRASH_POINTS))}, with :n, with :stop."
        )
    point, end = found["point"], signal.SIGSTOP if found["stop"] else signal.SIGKILL
    left = int(found["count"] or 1)

    def reach(name: str) -> None:
        nonlocal left
        if name == point:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), end)

    return reach
