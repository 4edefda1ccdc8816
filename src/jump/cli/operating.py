"""What every command shares: the settings, an open database, who asks, and one line on standard
error with exit status 1 when something is refused.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from jump import settings as configuration
from jump import telemetry
from jump.application.opening import Storage, open_storage
from jump.application.refusals import PartFailed, PortBusy
from jump.caller import OPERATOR, Caller, Mode, Tenant
from jump.errors import NotFound, Problem
from jump.identity import organisations
from jump.keys.scopes import ALL_SCOPES
from jump.kit.clock import system_clock
from jump.settings import Settings, SettingsError, SqliteFile
from jump.storage.database import StorageUnavailable, Tx, Violated

T = TypeVar("T")

MODES: tuple[Mode, ...] = ("test", "live")
DEFAULT_ROWS = 100
_WHICH = (
    "If the server runs already it has another: run commands in its folder, or set"
    " JUMP_DATABASE_URL."
)
MOST_ROWS = 100_000

org_option = click.option(
    "--org", help="Which organisation, by id or name, where there are several."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
mode_option = click.option("--mode", type=click.Choice(MODES), help="Only this mode; else both.")
limit_option = click.option(
    "--limit",
    "rows",
    type=click.IntRange(1, MOST_ROWS),
    default=DEFAULT_ROWS,
    show_default=True,
    help="How many at most, newest first.",
)


class Refused(Exception):
    """What a command will not do; the message is one line for people."""


class Words(click.ParamType[Any]):
    """An option that a function reads: its ValueError, for people, is wrong usage."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value as the function reads it."""
        if not isinstance(value, str):
            return value
        try:
            return self._read(value)
        except ValueError as wrong:
            self.fail(str(wrong), param, ctx)


def instant(read: Callable[[str, int], int]) -> Words:
    """An option that takes an instant or a length of time, which counts from now."""
    return Words("when", lambda text: read(text, system_clock()))


def refuse(message: str) -> NoReturn:
    """One line on standard error; exit status 1."""
    click.echo(f"jump: {' '.join(message.split())}", err=True)
    sys.exit(1)


def load_settings() -> Settings:
    """The settings of this environment, warnings told; a bad one ends the command."""
    try:
        settings = configuration.load(os.environ, Path.cwd())
    except SettingsError as error:
        refuse(str(error))
    for warning in settings.warnings:
        click.echo(f"jump: {warning}", err=True)
    return settings


def carry_out(work: Awaitable[T]) -> T:
    """Run it to its end; every refusal becomes one line."""

    async def whole() -> T:
        return await work

    try:
        return asyncio.run(whole())
    except Problem as problem:
        refuse(" ".join(f"{d.field}: {d.message}" for d in problem.details) or problem.message)
    except (Refused, StorageUnavailable, SettingsError, PortBusy, PartFailed) as refusal:
        refuse(str(refusal))
    except Violated as refusal:
        refuse(f"The database refuses it ({refusal.constraint}).")


def with_storage(work: Callable[[Storage], Awaitable[T]], settings: Settings | None = None) -> T:
    """Open the database, do the work, close it again.

    At a terminal it is said where that made a new database: a key of another folder's database is
    no key to the server.
    """
    chosen = settings or load_settings()
    file = chosen.database.path if isinstance(chosen.database, SqliteFile) else None
    is_new = file is not None and not file.exists()
    # A log line among the output would spoil it.
    telemetry.configure(sys.stderr)

    async def whole() -> T:
        storage = await open_storage(chosen)
        try:
            return await work(storage)
        finally:
            await storage.database.close()

    done = carry_out(whole())
    if is_new and sys.stderr.isatty():
        click.echo(f"jump: Made a new database, {file}. {_WHICH}", err=True)
    return done


async def operator(storage: Storage, org: str | None, mode: Mode) -> Caller:
    """The person at this command line: may do everything, in one organisation and mode.

    Raises NotFound when the organisation is unknown, Conflict when none is named of several.
    """

    async def look(tx: Tx) -> organisations.Organisation:
        return await (organisations.find(tx, org) if org else organisations.only(tx))

    found = await storage.database.read(look)
    return Caller(Tenant(found.id, mode), OPERATOR, frozenset(ALL_SCOPES))


async def in_either_mode(
    storage: Storage, org: str | None, work: Callable[[Caller], Awaitable[T]]
) -> T:
    """Do it in the test mode or, where the record is not found there, in the live mode."""
    in_test, in_live = [await operator(storage, org, mode) for mode in MODES]
    try:
        return await work(in_test)
    except NotFound:
        return await work(in_live)
