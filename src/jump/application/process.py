"""One process from its start to its end: its port, its signals, its server."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Callable, Sequence

from jump import telemetry
from jump.application.documents import open_files
from jump.application.listening import serving, take_port
from jump.application.opening import Storage, open_storage
from jump.application.refusals import PartFailed
from jump.application.service import Service
from jump.identity import invitations
from jump.settings import Settings
from jump.storage.database import StorageUnavailable


async def run(
    settings: Settings,
    *,
    api: bool,
    work: bool,
    say: Callable[[str], None],
) -> None:
    """Run a process until SIGTERM or SIGINT. `say` is told, in a line, when it takes requests.

    Raises StorageUnavailable, and PortBusy or SettingsError before anything is started.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    setting = "JUMP_PORT" if api else "JUMP_WORK_PORT"
    port = settings.port if api else settings.work_port
    taken = None if port is None else take_port(settings.host, port, setting)
    files = open_files(settings)
    storage = await open_storage(settings)
    service = Service(settings, storage, files, api=api, work=work)
    try:
        await service.start()
        spare_the_collector()
        async with contextlib.AsyncExitStack() as stack:
            parts = list(service.tasks)
            if taken is not None:
                parts.append(await stack.enter_async_context(serving(service.app, taken, setting)))
                say(f"Listening on http://{settings.host}:{port}")
                if api:
                    await _invite_first_admin(settings, storage, say)
            else:
                say("Working")
            await _until(stopping, parts)
            service.begin_to_stop()
    finally:
        await service.stop()
    telemetry.stopped("jump")


async def _invite_first_admin(
    settings: Settings, storage: Storage, say: Callable[[str], None]
) -> None:
    """Say where the first admin is made, as long as nobody can sign in."""
    # Who answers requests does so without this, too.
    with contextlib.suppress(StorageUnavailable):
        link = await storage.database.write(
            lambda tx: invitations.first_admin(tx, storage.keyring, storage.clock())
        )
        if link is not None:
            say("Nobody can sign in yet. Make the first admin here, once, within 24 hours:")
            say(link.address(settings.public_url))


def spare_the_collector() -> None:
    """What the start has made stays until the end: the collector need not walk through it again.

    What comes and goes with requests and deliveries is freed by its count of references, and
    cycles are few: looking for them after every 700 new objects, as Python does, finds nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _until(stopping: asyncio.Event, parts: Sequence["asyncio.Task[None]"]) -> None:
    waiting = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait([waiting, *parts], return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    for task in parts:
        if task.done() and not stopping.is_set():
            raise PartFailed(f"The {task.get_name()} ended by itself.") from task.exception()
