"""`jump demo`: prepares the data, runs the server and the receiver, tells what happens, and ends
all of it cleanly.
"""

import asyncio
import contextlib
import fcntl
import os
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import click

from jump import settings as configuration
from jump import telemetry
from jump.application.listening import take_port
from jump.application.opening import open_storage
from jump.cli.demo import certificates
from jump.cli.demo.console_user import EMAIL
from jump.cli.demo.first_change import change_a_patient
from jump.cli.demo.first_move import FreeTime, find_free_time, move_an_appointment
from jump.cli.demo.preparing import Prepared, prepare
from jump.cli.demo.receiver import Receiver, listening
from jump.cli.demo.serving import last_line, serving
from jump.cli.demo.telling import Teller
from jump.cli.demo.words import Stage, hook_of
from jump.cli.operating import Refused, carry_out, load_settings, org_option
from jump.cli.showing import print_facts, say
from jump.cli.web import Target, target
from jump.console.addresses import BASE
from jump.kit.clock import system_clock
from jump.settings import Settings, describe

FOLDER: Final = Path("var/demo")
# Short, so that five retries and the failure can be watched, all within little over a minute.
RETRIES: Final = "2,4,8,15,30"


@click.command()
@click.option("--seconds", type=click.IntRange(0), hidden=True, help="End by itself after that.")
@org_option
def demo(seconds: int | None, org: str | None) -> None:
    """See it all work on this machine.

    Loads an invented practice, starts the server and a local HTTPS receiver, makes a test key, a
    webhook and an admin for the console, changes one patient, moves an appointment, shows each
    delivery as it comes, and prints what to try next. Nothing leaves this machine. Ctrl-C ends it;
    started again, it goes on with the same data, a new key and a new password. The data is kept
    where JUMP_DATABASE_URL says, or else in var/jump.db.

    \b
    Examples:
      jump demo
      JUMP_PORT=8010 jump demo
    """
    settings = load_settings()
    telemetry.configure(sys.stderr)
    carry_out(_until_asked(settings, org, seconds))


async def _until_asked(settings: Settings, org: str | None, seconds: int | None) -> None:
    """Run the demo until a signal, or for so many seconds. A second signal ends it at once."""
    playing = asyncio.create_task(_play(settings, org))

    def end() -> None:
        say("\nEnding: what is being sent is finished first.")
        playing.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end)
    if seconds is not None:
        loop.call_later(seconds, end)
    with contextlib.suppress(asyncio.CancelledError):
        await playing
    say("Ended. The data is kept, and the next run goes on with it.")


async def _play(settings: Settings, org: str | None) -> None:
    """The demo itself; it ends by being cancelled. Raises Refused and PortBusy."""
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise Refused(f"The folder {FOLDER} cannot be made: {failure.strerror}.") from None
    with _alone():
        take_port(settings.host, settings.port).close()  # the server, a child of ours, takes it
        await _play_alone(settings, org)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Hold the folder's lock, which goes with the process: two demos would undo each other."""
    with (FOLDER / "lock").open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("A demo runs in this folder already: end that one first.") from None
        yield


async def _play_alone(settings: Settings, org: str | None) -> None:
    files = certificates.make(FOLDER, system_clock())
    teller = Teller()
    receiver = Receiver(system_clock, teller.arrived)
    log = FOLDER / "serve.log"
    async with listening(receiver, files.receiver):
        environment = _environment(os.environ, receiver.port, files.authority)
        settings = configuration.load(environment, Path.cwd())
        prepared = await _prepared(settings, org, receiver)
        async with serving(environment, settings.public_url, log) as server:
            _tell_where(settings, prepared, receiver, log)
            api = target(f"{settings.public_url}/api/v1")
            changed = await asyncio.to_thread(_change, api, prepared.full_key, system_clock())
            teller.begin(_stage(settings, prepared, receiver, files.authority, changed))
            await server.wait()
    raise Refused(f"The server ended by itself: {last_line(log) or f'see {log}'}")


def _environment(environ: Mapping[str, str], port: int, authority: Path) -> dict[str, str]:
    """The server's environment: it may call the receiver, and retries soon."""

    def and_also(name: str, value: str) -> str:
        return ",".join(part for part in (environ.get(name), value) if part)

    changed = {
        "JUMP_WEBHOOK_ALLOW_NETWORKS": and_also("JUMP_WEBHOOK_ALLOW_NETWORKS", "127.0.0.0/8"),
        "JUMP_WEBHOOK_ALLOW_PORTS": and_also("JUMP_WEBHOOK_ALLOW_PORTS", str(port)),
        "JUMP_WEBHOOK_CA_FILE": str(authority.resolve()),
        "JUMP_RETRY_SCHEDULE": environ.get("JUMP_RETRY_SCHEDULE") or RETRIES,
        # Only this machine's own address is sure to lead here.
        "JUMP_PUBLIC_URL": "",
    }
    return {**environ, **changed}


async def _prepared(settings: Settings, org: str | None, receiver: Receiver) -> Prepared:
    storage = await open_storage(settings)
    try:
        prepared = await prepare(storage, settings, org, hook_of(receiver.url), FOLDER)
    finally:
        await storage.database.close()
    receiver.secret = prepared.secret
    return prepared


def _tell_where(settings: Settings, prepared: Prepared, receiver: Receiver, log: Path) -> None:
    database = next(row.value for row in describe(settings) if row.name == "JUMP_DATABASE_URL")
    say("The demo runs on this machine only. Ctrl-C ends it.\n")
    print_facts(
        (
            ("console", f"{settings.public_url}{BASE}"),
            ("sign in as", EMAIL),
            ("password", prepared.password),
            ("API", f"{settings.public_url}/api/v1"),
            ("documentation", f"{settings.public_url}/docs"),
            ("receiver", hook_of(receiver.url)),
            ("database", database),
            ("log", str(log)),
            ("test key", prepared.full_key),
            ("signing secret", prepared.secret),
        )
    )
    say()
    if prepared.added is not None:
        added = prepared.added
        say(f"Loaded {added.patients} invented patients with {added.appointments:,} appointments.")
    if prepared.revoked:
        say("Went on with the data of the last run, and revoked its key.")
    say("One patient changes and an appointment moves. What the receiver gets, as it comes:\n")


def _change(api: Target, key: str, at: int) -> tuple[str, FreeTime | None]:
    """The two changes; the id of the patient, and a free time that is left to try."""
    patient_id = change_a_patient(api, key)
    move_an_appointment(api, key, at)
    return patient_id, find_free_time(api, key, at)


def _stage(
    settings: Settings,
    prepared: Prepared,
    receiver: Receiver,
    authority: Path,
    changed: tuple[str, FreeTime | None],
) -> Stage:
    patient_id, free_time = changed
    return Stage(
        jump=_program(),
        api=f"{settings.public_url}/api/v1",
        receiver=receiver.url,
        authority=str(authority),
        key=prepared.full_key,
        key_id=prepared.key.id,
        webhook_id=prepared.webhook_id,
        patient_id=patient_id,
        free_time=free_time,
        retries=settings.retry_schedule,
    )


def _program() -> str:
    """How `jump` was called here, so that what is printed can be pasted."""
    called = Path(sys.argv[0])
    return shlex.quote(sys.argv[0]) if called.name == "jump" else "jump"
