"""`jump serve | api | work`: running it."""

import click
import uvloop

from jump import telemetry
from jump.application import process
from jump.application.refusals import PartFailed, PortBusy
from jump.cli.operating import load_settings, refuse
from jump.cli.showing import say
from jump.settings import SettingsError
from jump.storage.database import StorageUnavailable


def _run(*, api: bool, work: bool) -> None:
    settings = load_settings()
    telemetry.configure()
    try:
        uvloop.run(process.run(settings, api=api, work=work, say=say))
    except (StorageUnavailable, SettingsError, PortBusy, PartFailed) as refusal:
        refuse(str(refusal))


@click.command()
def serve() -> None:
    """Run everything: the API and delivery.

    Both are in one process. Settings come from the environment; see `jump settings`. Ctrl-C ends
    it cleanly: what is being sent is finished and recorded first.
    """
    _run(api=True, work=True)


@click.command()
def api() -> None:
    """Run the API only. Webhooks are delivered by `jump work`.

    Any number of these, on any number of machines, may share one PostgreSQL.
    """
    _run(api=True, work=False)


@click.command()
def work() -> None:
    """Deliver webhooks only.

    Any number of these may share one database. Nothing is bound unless JUMP_WORK_PORT is set; then
    /healthz, /readyz and /metrics answer there.
    """
    _run(api=False, work=True)
