"""`jump keys create | list | revoke | rotate | end-overlap | limit`: an operator's API keys.

A full key is printed once, by create and rotate, and nowhere else.
"""

import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from jump.application.opening import Storage
from jump.caller import Caller, Mode
from jump.cli.key_words import (
    created_json,
    overview_json,
    overview_row,
    print_new_key,
    record_json,
)
from jump.cli.operating import (
    MODES,
    Words,
    instant,
    json_option,
    limit_option,
    load_settings,
    mode_option,
    operator,
    org_option,
    with_storage,
)
from jump.cli.showing import print_json, print_table, say
from jump.cli.when import exact_and_relative, to_come
from jump.keys import issue, listing
from jump.keys.format import recognised
from jump.keys.record import DEFAULT_LIMIT, KeyRecord
from jump.keys.scopes import ALL_SCOPES, parse_scopes
from jump.kit.clock import system_clock
from jump.settings import Settings
from jump.storage.database import Tx
from jump.webhooks import revoking

T = TypeVar("T")

COLUMNS = ("KEY", "NAME", "MODE", "STATUS", "THIS HOUR", "LAST USED", "EXPIRES", "MAY")


def _key_id(text: str) -> str:
    """The record's id of a key as `keys list` shows it, as it was made, or of its id itself."""
    return recognised(text) or text


key_argument = click.argument("key_id", metavar="ID", type=Words("id", _key_id))


@click.group()
def keys() -> None:
    """API keys: who may call the API, and what each may do.

    ID is a key's id (key_...), or the key as `jump keys list` shows it (pk_test_..._).
    """


@keys.command()
@click.option("--name", required=True, help="What it is for, such as the name of a program.")
@click.option("--mode", required=True, type=click.Choice(MODES), help="Which data it sees.")
@click.option(
    "--scopes",
    required=True,
    type=Words("scopes", parse_scopes),
    help=f"What it may do: all, or with commas between them any of {', '.join(ALL_SCOPES)}.",
)
@click.option(
    "--limit",
    "hourly",
    type=int,
    default=DEFAULT_LIMIT,
    show_default=True,
    help="Requests in any 60 minutes.",
)
@click.option(
    "--expires",
    type=instant(to_come),
    help="When it ends: 90d, 2026-12-31 (midnight UTC) or an instant. Never, if left out.",
)
@org_option
@json_option
def create(
    name: str,
    mode: Mode,
    scopes: tuple[str, ...],
    hourly: int,
    expires: int | None,
    org: str | None,
    as_json: bool,
) -> None:
    """Make a key. It is printed this once and can never be shown again.

    \b
    Examples:
      jump keys create --name "Booking site" --mode test --scopes read_patients,write_patients
      jump keys create --name Backup --mode live --scopes all --expires 90d --json
    """
    new = issue.NewKey(name, mode, scopes, hourly, expires)
    settings = load_settings()

    async def work(storage: Storage) -> tuple[KeyRecord, str]:
        caller = await operator(storage, org, mode)
        at = storage.clock()
        return await storage.database.write(
            lambda tx: issue.create(tx, storage.keyring, caller, new, at, os.urandom)
        )

    made, full = with_storage(work, settings)
    if as_json:
        print_json(created_json(made, full))
    else:
        print_new_key(made, full, settings.public_url, "Made")


@keys.command("list")
@mode_option
@limit_option
@org_option
@json_option
def list_(mode: Mode | None, rows: int, org: str | None, as_json: bool) -> None:
    """List the keys, newest first, revoked ones too.

    \b
    Example:
      jump keys list --mode live
    """

    async def work(storage: Storage) -> list[listing.KeyOverview]:
        caller = await operator(storage, org, "test")
        organisation = caller.tenant.organisation
        return await newest_keys(storage, organisation, (mode,) if mode else listing.BOTH, rows)

    found = with_storage(work)
    if as_json:
        print_json([overview_json(each) for each in found])
        return
    now = system_clock()
    empty = "There is no key yet. Make one with `jump keys create`."
    print_table(COLUMNS, [overview_row(each, now) for each in found], empty)


async def newest_keys(
    storage: Storage, organisation: str, modes: tuple[Mode, ...], rows: int
) -> list[listing.KeyOverview]:
    """The first rows, however many pages that takes."""
    found: list[listing.KeyOverview] = []
    while len(found) < rows:
        before = found[-1].key if found else None
        page = await listing.page(storage.database, organisation, modes, rows - len(found), before)
        found += page
        if not page:
            break
    return found


@keys.command("revoke")
@key_argument
@org_option
@json_option
def revoke_(key_id: str, org: str | None, as_json: bool) -> None:
    """Revoke a key, for good: the very next request with it is refused, everywhere.

    The webhooks that it made, or whose URL or secret it was the last to set, are paused. Revoking
    it again changes nothing.

    \b
    Example:
      jump keys revoke key_0123456789abcdef
    """

    async def work(tx: Tx, storage: Storage, caller: Caller) -> tuple[KeyRecord, int]:
        return await revoking.revoke_and_pause(tx, caller, key_id, storage.clock())

    revoked, paused = _change(org, work)
    if as_json:
        print_json(record_json(revoked, system_clock()) | {"paused_webhooks": paused})
        return
    say(f"Revoked {revoked.name}: the next request with it is refused.")
    if paused:
        say(f"Paused {paused} webhook{'s' if paused > 1 else ''} that it had made or directed.")


@keys.command()
@key_argument
@click.option(
    "--overlap",
    type=click.Choice(list(issue.OVERLAPS)),
    default="24h",
    show_default=True,
    help="How long the old secret still works.",
)
@org_option
@json_option
def rotate(key_id: str, overlap: str, org: str | None, as_json: bool) -> None:
    """Give a key a new secret, which is printed this once. Its id and permissions stay.

    \b
    Example:
      jump keys rotate key_0123456789abcdef --overlap 7d
    """
    settings = load_settings()

    async def work(tx: Tx, storage: Storage, caller: Caller) -> tuple[KeyRecord, str]:
        at = storage.clock()
        return await issue.rotate(tx, storage.keyring, caller, key_id, overlap, at, os.urandom)

    rotated, full = _change(org, work, settings)
    if as_json:
        print_json(created_json(rotated, full))
        return
    print_new_key(rotated, full, settings.public_url, "Rotated")
    until = exact_and_relative(rotated.previous_until, system_clock())
    say(
        "The old secret works no more."
        if overlap == "none"
        else f"The old one works until {until}."
    )


@keys.command()
@key_argument
@org_option
@json_option
def end_overlap(key_id: str, org: str | None, as_json: bool) -> None:
    """Let only the newest secret of a rotated key work, from now on.

    \b
    Example:
      jump keys end-overlap key_0123456789abcdef
    """

    async def work(tx: Tx, storage: Storage, caller: Caller) -> KeyRecord:
        return await issue.end_overlap(tx, caller, key_id, storage.clock())

    ended = _change(org, work)
    if as_json:
        print_json(record_json(ended, system_clock()))
    else:
        say(f"Only the newest secret of {ended.name} works now.")


@keys.command()
@key_argument
@click.argument("hourly", metavar="N", type=int)
@org_option
@json_option
def limit(key_id: str, hourly: int, org: str | None, as_json: bool) -> None:
    """Let a key make N requests in any 60 minutes, from its next request on.

    \b
    Example:
      jump keys limit key_0123456789abcdef 5000
    """

    async def work(tx: Tx, storage: Storage, caller: Caller) -> KeyRecord:
        return await issue.change_limit(tx, caller, key_id, hourly, storage.clock())

    changed = _change(org, work)
    if as_json:
        print_json(record_json(changed, system_clock()))
    else:
        say(f"{changed.name} may make {changed.hourly_limit:,} requests in any 60 minutes.")


def _change(
    org: str | None,
    act: Callable[[Tx, Storage, Caller], Awaitable[T]],
    settings: Settings | None = None,
) -> T:
    """Change a key, of whichever mode, in one transaction."""

    async def work(storage: Storage) -> T:
        caller = await operator(storage, org, "test")
        return await storage.database.write(lambda tx: act(tx, storage, caller))

    return with_storage(work, settings)
