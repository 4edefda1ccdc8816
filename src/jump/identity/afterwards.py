"""Work that nobody waits for: begun here, finished a moment later, its faults told and no more.

Only for what may be lost with the process.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from jump import telemetry
from jump.storage.database import StorageUnavailable

_running: set[asyncio.Task[None]] = set()


def afterwards(work: Coroutine[Any, Any, object], what: str) -> None:
    """Begin it beside the caller; `what` names it in the log."""
    task = asyncio.get_running_loop().create_task(_told(work, what))
    # The loop itself holds a task only weakly.
    _running.add(task)
    task.add_done_callback(_running.discard)


async def settled() -> None:
    """Wait for what this loop has begun."""
    loop = asyncio.get_running_loop()
    while mine := [task for task in _running if task.get_loop() is loop]:
        await asyncio.wait(mine)


async def _told(work: Coroutine[Any, Any, object], what: str) -> None:
    try:
        await work
    except StorageUnavailable as refusal:
        telemetry.unavailable(str(refusal))
    except Exception as fault:
        telemetry.fault(fault, None, what)
