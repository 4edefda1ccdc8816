"""`jump migrate | routes | openapi | settings`: what it is made of, its database up to date."""

import contextlib
import sys

import click

from jump import settings as configuration
from jump.application import endpoints, opening
from jump.cli.operating import carry_out, json_option, load_settings
from jump.cli.showing import print_json
from jump.rest.openapi.document import PATH, SUMMARY
from jump.sealing import Keyring
from jump.webhooks.transport.address_guard import Guard


@click.command()
@click.option(
    "--new-secret-key",
    is_flag=True,
    help="The secret key that the database was used with is lost: take the one that is set.",
)
@json_option
def migrate(new_secret_key: bool, as_json: bool) -> None:
    """Bring the database up to date.

    Migrations only go forward, and running it twice does no harm. An empty database is also
    migrated by the first start.

    With --new-secret-key all that was made with a secret key that is lost has to be made anew: keys
    and the secrets of webhooks (rotate them), two-step sign-ins (jump users reset EMAIL
    --totp-off). Records and passwords stay as they are. A key that is not lost is changed without
    any of that: see "Changing the secret key" in the documentation.
    """
    settings = load_settings()
    applied = carry_out(opening.migrate_database(settings))
    if new_secret_key:
        carry_out(opening.take_secret_key(settings))
    if as_json:
        print_json({"applied": applied})
    else:
        for name in applied:
            click.echo(f"Applied {name}.")
        click.echo("The database is up to date.")


@click.command()
@json_option
def routes(as_json: bool) -> None:
    """List every endpoint of the API.

    One a line: method, path, permission and what it does.
    """
    # The table needs no secret of this installation: nothing is signed here.
    table = endpoints.routes(Keyring("x" * 32), Guard((), frozenset()))
    found = [(route.path, route.method, route.scope or "-", route.summary) for route in table]
    rows = sorted([*found, (PATH, "GET", "-", SUMMARY)])
    if as_json:
        names = ("path", "method", "scope", "summary")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    with contextlib.suppress(BrokenPipeError):
        for path, method, scope, summary in rows:
            click.echo(f"{method:6} {path:50} {scope:24} {summary}")


@click.command()
def openapi() -> None:
    """Print the API as an OpenAPI 3.1 document.

    The same that GET /api/v1/openapi.json answers; nothing has to run, and no database be there:

      jump openapi > openapi.json
    """
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.buffer.write(endpoints.document())
        sys.stdout.buffer.flush()


@click.command()
@json_option
def settings(as_json: bool) -> None:
    """Show every setting and its value.

    And where each comes from: set it in the environment. Secrets are never shown.
    """
    rows = configuration.describe(load_settings())
    if as_json:
        print_json(
            [
                {"name": r.name, "value": r.value, "origin": r.origin, "meaning": r.meaning}
                for r in rows
            ]
        )
        return
    for row in rows:
        click.echo(f"{row.name:30} {row.value}  ({row.origin})\n{'':30} {row.meaning}")
