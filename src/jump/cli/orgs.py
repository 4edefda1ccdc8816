"""`jump orgs create | list`: the practices of this database."""

import click

from jump.application.opening import Storage
from jump.caller import OPERATOR
from jump.cli.operating import json_option, with_storage
from jump.cli.showing import print_json, print_table, say
from jump.cli.when import exact_and_relative
from jump.identity import organisations
from jump.identity.organisations import Organisation
from jump.kit.clock import system_clock
from jump.kit.instants import format_instant


@click.group()
def orgs() -> None:
    """Organisations: the practices of this database.

    Each shares nothing with another. The first, Practice, is made with the database.
    """


@orgs.command()
@click.argument("name", required=False)
@click.option("--name", "named", help="Its name, if it is not given as an argument.")
@json_option
def create(name: str | None, named: str | None, as_json: bool) -> None:
    """Make an organisation called NAME.

    \b
    Example:
      jump orgs create "Riverside Surgery"
    """
    if (name is None) == (named is None):
        raise click.UsageError("Give the name once.")
    wanted = name or named or ""

    async def work(storage: Storage) -> Organisation:
        at = storage.clock()
        return await storage.database.write(
            lambda tx: organisations.create(tx, OPERATOR, wanted, at)
        )

    made = with_storage(work)
    if as_json:
        print_json(_shown(made))
    else:
        say(f"Made {made.name}: {made.id}")


@orgs.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the organisations, oldest first.

    \b
    Example:
      jump orgs list
    """
    found = with_storage(lambda storage: storage.database.read(organisations.everyone))
    if as_json:
        print_json([_shown(each) for each in found])
        return
    now = system_clock()
    rows = [(each.id, each.name, exact_and_relative(each.created_at, now)) for each in found]
    print_table(("ID", "NAME", "CREATED"), rows, "There is no organisation yet.")


def _shown(organisation: Organisation) -> dict[str, str]:
    return {
        "id": organisation.id,
        "name": organisation.name,
        "created_at": format_instant(organisation.created_at),
    }
