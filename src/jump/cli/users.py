"""`jump users create | list | role | rename | reset | remove | sign-ins | sign-out`: the people who
use the console.

A password is never an argument, where others could see it: it comes from standard input, or is
chosen by the user, by a link that works once.
"""

import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from jump.application.opening import Storage
from jump.caller import Caller
from jump.cli.operating import json_option, load_settings, operator, org_option, with_storage
from jump.cli.showing import print_json, print_table, say
from jump.cli.user_words import (
    COLUMNS,
    SIGN_IN_COLUMNS,
    link_json,
    say_link,
    sign_in_json,
    sign_in_row,
    user_json,
    user_row,
)
from jump.identity import invitations, ready_users, sign_ins, totp
from jump.identity import users as people
from jump.identity.invitations import Link
from jump.identity.roles import ROLE_NAMES, ROLES
from jump.identity.sign_ins import SignInFacts
from jump.identity.users import NewUser, User
from jump.kit.clock import system_clock
from jump.settings import Settings
from jump.storage.database import Tx

T = TypeVar("T")

user_argument = click.argument("user", metavar="ID")


@click.group()
def users() -> None:
    """The people who use the console, and what each may do there.

    ID is a user's id (usr_...) or e-mail address.
    """


@users.command()
@click.option("--email", required=True, help="What they sign in with.")
@click.option(
    "--role",
    required=True,
    type=click.Choice(ROLE_NAMES),
    help=" ".join(f"{facts.name}: {facts.sentence}" for facts in ROLES.values()),
)
@click.option("--name", default="", help="What they are called; they may change it when joining.")
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Read a password, one line, from standard input. Else a link to choose one is printed.",
)
@org_option
@json_option
def create(
    email: str, role: str, name: str, password_stdin: bool, org: str | None, as_json: bool
) -> None:
    """Make a user: ready to sign in with a password, or invited by a link that works once.

    \b
    Examples:
      jump users create --email ada@example.org --role admin
      jump users create --email ada@example.org --role viewer --password-stdin < password.txt
    """
    settings = load_settings()
    new = NewUser(email, role, name)
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None

    async def work(storage: Storage) -> tuple[User, Link | None]:
        caller = await operator(storage, org, "live")
        at = storage.clock()
        if password is not None:
            made = await ready_users.create(storage.database, caller, new, password, at)
            return made, None
        return await storage.database.write(
            lambda tx: invitations.invite(tx, storage.keyring, caller, new, at)
        )

    made, link = with_storage(work, settings)
    if as_json:
        print_json({**user_json(made), **link_json(link, settings.public_url)})
        return
    say(f"{'Made' if link is None else 'Invited'} {made.email} as {made.role}: {made.id}")
    if link is not None:
        say_link(link, settings.public_url)


@users.command("list")
@org_option
@json_option
def list_(org: str | None, as_json: bool) -> None:
    """List the users, invited ones too, oldest first.

    \b
    Example:
      jump users list
    """

    async def work(tx: Tx, storage: Storage, caller: Caller) -> list[User]:
        del storage
        return await people.everyone(tx, caller.tenant.organisation)

    found = _in_one(org, work)
    if as_json:
        print_json([user_json(each) for each in found])
        return
    now = system_clock()
    empty = "There is no user yet. Make one with `jump users create`."
    print_table(COLUMNS, [user_row(each, now) for each in found], empty)


@users.command()
@user_argument
@click.argument("role", type=click.Choice(ROLE_NAMES))
@org_option
@json_option
def role(user: str, role: str, org: str | None, as_json: bool) -> None:
    """Give a user another ROLE, from the next request on. The last admin stays one.

    \b
    Example:
      jump users role ada@example.org developer
    """

    async def work(tx: Tx, storage: Storage, caller: Caller) -> User:
        found = await people.find(tx, caller.tenant.organisation, user)
        return await people.change_role(tx, caller, found.id, role, storage.clock())

    changed = _in_one(org, work)
    _tell(changed, f"{changed.email} is {changed.role} now.", as_json=as_json)


@users.command()
@user_argument
@click.argument("name")
@org_option
@json_option
def rename(user: str, name: str, org: str | None, as_json: bool) -> None:
    """Call a user NAME.

    \b
    Example:
      jump users rename ada@example.org "Ada Lovelace"
    """

    async def work(tx: Tx, storage: Storage, caller: Caller) -> User:
        found = await people.find(tx, caller.tenant.organisation, user)
        return await people.change_name(tx, caller, found.id, name, storage.clock())

    changed = _in_one(org, work)
    _tell(changed, f"{changed.email} is called {changed.name} now.", as_json=as_json)


@users.command()
@user_argument
@click.option("--totp-off", is_flag=True, help="Ask for no code of an app either: it was lost.")
@org_option
@json_option
def reset(user: str, totp_off: bool, org: str | None, as_json: bool) -> None:
    """Print a link with which a user sets a new password; an invited one joins with it.

    It works once, and those printed before work no more. The old password works until it is used.

    \b
    Example:
      jump users reset ada@example.org
    """
    settings = load_settings()

    async def work(tx: Tx, storage: Storage, caller: Caller) -> tuple[User, Link]:
        found = await people.find(tx, caller.tenant.organisation, user)
        at = storage.clock()
        if totp_off:
            found = await totp.disable(tx, caller, found.id, at)
        return found, await invitations.renew(tx, storage.keyring, caller, found.id, at)

    found, link = _in_one(org, work, settings)
    if as_json:
        print_json({**user_json(found), **link_json(link, settings.public_url)})
    else:
        say_link(link, settings.public_url)


@users.command()
@user_argument
@org_option
@json_option
def remove(user: str, org: str | None, as_json: bool) -> None:
    """Remove a user: every sign-in ends at once. The last admin cannot be removed.

    \b
    Example:
      jump users remove ada@example.org
    """

    async def work(tx: Tx, storage: Storage, caller: Caller) -> User:
        found = await people.find(tx, caller.tenant.organisation, user)
        return await people.remove(tx, caller, found.id, storage.clock())

    removed = _in_one(org, work)
    _tell(removed, f"Removed {removed.email}.", as_json=as_json)


@users.command("sign-ins")
@user_argument
@org_option
@json_option
def sign_ins_(user: str, org: str | None, as_json: bool) -> None:
    """List where a user is signed in, newest first.

    \b
    Example:
      jump users sign-ins ada@example.org
    """

    async def work(storage: Storage) -> list[SignInFacts]:
        caller = await operator(storage, org, "live")
        organisation = caller.tenant.organisation
        found = await storage.database.read(lambda tx: people.find(tx, organisation, user))
        return await sign_ins.of_user(storage.database, organisation, found.id, storage.clock())

    listed = with_storage(work)
    if as_json:
        print_json([sign_in_json(each) for each in listed])
        return
    now = system_clock()
    print_table(SIGN_IN_COLUMNS, [sign_in_row(each, now) for each in listed], "Signed in nowhere.")


@users.command()
@user_argument
@click.argument("sign_in", metavar="[SIGN_IN]", required=False)
@org_option
@json_option
def sign_out(user: str, sign_in: str | None, org: str | None, as_json: bool) -> None:
    """End one sign-in of a user (sig_...), or all of them, from the next request on.

    \b
    Example:
      jump users sign-out ada@example.org
    """

    async def work(tx: Tx, storage: Storage, caller: Caller) -> int:
        found = await people.find(tx, caller.tenant.organisation, user)
        at = storage.clock()
        if sign_in is None:
            return await sign_ins.end_others(tx, caller, found.id, at)
        await sign_ins.end(tx, caller, found.id, sign_in, at)
        return 1

    ended = _in_one(org, work)
    if as_json:
        print_json({"ended": ended})
    else:
        say(f"Ended {ended} sign-in{'' if ended == 1 else 's'}.")


def _tell(user: User, sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json(user_json(user))
    else:
        say(sentence)


def _in_one(
    org: str | None,
    act: Callable[[Tx, Storage, Caller], Awaitable[T]],
    settings: Settings | None = None,
) -> T:
    """Do it in one transaction, as the operator of the organisation."""

    async def work(storage: Storage) -> T:
        caller = await operator(storage, org, "live")
        return await storage.database.write(lambda tx: act(tx, storage, caller))

    return with_storage(work, settings)
