"""Runs `jump serve` as a child of the demo, from its first answer to its clean end."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

from jump.cli.operating import Refused
from jump.cli.web import NoAnswer, exchange, target

CHILD: Final = ("-m", "jump.cli.demo.child")
READY_WITHIN_SECONDS: Final = 30
STOP_WITHIN_SECONDS: Final = 16
_LOOK_EVERY_SECONDS: Final = 0.05


@contextlib.asynccontextmanager
async def serving(
    environment: Mapping[str, str], url: str, log: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The running child; it has taken its first request. Raises Refused when it does not start.

    Its output goes to `log`. It is stopped with SIGTERM, and given time to finish.
    """
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *CHILD,
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=dict(environment),
            # Ctrl-C is for the demo alone: it ends its child in its own time.
            start_new_session=True,
        )
    try:
        await _ready(process, url, log)
        yield process
    finally:
        await _stop(process)


async def _ready(process: asyncio.subprocess.Process, url: str, log: Path) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + READY_WITHIN_SECONDS
    while process.returncode is None and loop.time() < deadline:
        if await asyncio.to_thread(_answers, url):
            return
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
    raise Refused(last_line(log) or "The server did not start.")


def _answers(url: str) -> bool:
    try:
        return exchange(target(url), "GET", "/readyz", headers={}, timeout=5).status == 200
    except NoAnswer:
        return False


def last_line(log: Path) -> str:
    """The last thing that the child said, without its name before it."""
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("jump: ") if lines else ""


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_WITHIN_SECONDS):
            await process.wait()
    except (TimeoutError, asyncio.CancelledError):
        process.kill()
        await process.wait()
