"""The whole program as one ASGI application, for another server than ours."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jump import settings as configuration
from jump import telemetry
from jump.application.documents import open_files
from jump.application.opening import open_storage
from jump.application.process import spare_the_collector
from jump.application.service import Service
from jump.storage.database import StorageUnavailable


def create_app() -> Any:
    """The whole program as one ASGI application, for another server: API and delivery in one.

    The server must support lifespan and run one process for each `create_app`.
    """
    settings = configuration.load(os.environ, Path.cwd())
    telemetry.configure()
    running: list[Service] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await running[0].app(scope, receive, send)
            return
        await receive()
        try:
            files = open_files(settings)
            storage = await open_storage(settings)
        except (StorageUnavailable, configuration.SettingsError) as refusal:
            await send({"type": "lifespan.startup.failed", "message": str(refusal)})
            return
        service = Service(settings, storage, files, api=True, work=True)
        await service.start()
        spare_the_collector()
        running.append(service)
        _hear_of_the_end(service)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await service.stop()
        await send({"type": "lifespan.shutdown.complete"})

    return app


def _hear_of_the_end(service: Service) -> None:
    """Tell the service that the process is to end when the server is told, and not after it.

    A server tells an application when no request is under way any more: those who wait for events
    or watch the log would keep it waiting as long as they like.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        servers = signal.getsignal(number)
        if callable(servers):

            def hear(number: int, frame: Any, servers: Callable[..., Any] = servers) -> None:
                loop.call_soon_threadsafe(service.begin_to_stop)
                servers(number, frame)

            signal.signal(number, hear)
