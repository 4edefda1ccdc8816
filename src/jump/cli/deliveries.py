"""`jump deliveries list | show | resend`: what was sent, how it went, and sending it once more."""

from collections.abc import Callable
from functools import partial
from typing import Any

import click
import msgspec

from jump.application.opening import Storage
from jump.caller import Caller, Mode, Tenant
from jump.cli.asking import collect, newest
from jump.cli.delivery_words import COLUMNS, print_delivery, row_of
from jump.cli.operating import (
    MODES,
    in_either_mode,
    json_option,
    limit_option,
    mode_option,
    operator,
    org_option,
    with_storage,
)
from jump.cli.showing import print_json, print_table, say
from jump.kit.clock import system_clock
from jump.resources import listing
from jump.resources.listing import ListQuery, Position
from jump.resources.pages import Page
from jump.storage.database import Tx
from jump.webhooks import history, representation, sending, webhook

STATES = ("pending", "delivering", "succeeded", "failed", "cancelled")

Rows = list[dict[str, Any]]
delivery_argument = click.argument("delivery_id", metavar="ID")


@click.group()
def deliveries() -> None:
    """Deliveries: what was sent, and how it went.

    A delivery is one event for one webhook, with every attempt at it.

    ID is a delivery's id (dlv_...), of either mode.
    """


@deliveries.command("list")
@click.option("--webhook", "webhook_id", help="Only those of this webhook, by its id.")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--event", "event_type", help="Only those of this event type.")
@mode_option
@limit_option
@org_option
@json_option
def list_(
    webhook_id: str | None,
    state: str | None,
    event_type: str | None,
    mode: Mode | None,
    rows: int,
    org: str | None,
    as_json: bool,
) -> None:
    """List deliveries, newest first.

    \b
    Examples:
      jump deliveries list --state failed
      jump deliveries list --webhook wh_01j0000000000000000000000 --json
    """
    given = {"state": state, "event_type": event_type, "webhook_id": webhook_id}
    params = [(name, value) for name, value in given.items() if value is not None]

    async def work(storage: Storage) -> Rows:
        modes = [mode] if mode else MODES
        if webhook_id is not None:
            modes = [await _mode_of(storage, org, webhook_id)]
        callers = [await operator(storage, org, each) for each in modes]
        return newest([await _listed(storage, each, params, rows) for each in callers], rows)

    found = with_storage(work)
    if as_json:
        print_json(found)
        return
    now = system_clock()
    print_table(COLUMNS, [row_of(each, now) for each in found], "There is no delivery.")


@deliveries.command()
@delivery_argument
@click.option(
    "--show", is_flag=True, help="Print payload and answers, which may hold patient data."
)
@org_option
@json_option
def show(delivery_id: str, show: bool, org: str | None, as_json: bool) -> None:
    """Show one delivery and its attempts, oldest first.

    With --json everything is there, the payload included.

    \b
    Example:
      jump deliveries show dlv_01j0000000000000000000000
    """

    async def work(storage: Storage) -> dict[str, Any]:
        async def in_mode(caller: Caller) -> dict[str, Any]:
            found = await storage.database.read(lambda tx: history.fetch(tx, caller, delivery_id))
            shown = representation.delivery_in_full(found.delivery, found.attempts)
            return _with_mode(shown, caller.tenant)

        return await in_either_mode(storage, org, in_mode)

    found = with_storage(work)
    if as_json:
        print_json(found)
    else:
        print_delivery(found, system_clock(), in_full=show)


@deliveries.command()
@delivery_argument
@org_option
@json_option
def resend(delivery_id: str, org: str | None, as_json: bool) -> None:
    """Send a delivery once more, at once. No retry follows from it.

    Sending is done by `jump serve` or `jump work`, which must be running.

    \b
    Example:
      jump deliveries resend dlv_01j0000000000000000000000
    """

    async def work(storage: Storage) -> dict[str, Any]:
        async def in_mode(caller: Caller) -> dict[str, Any]:
            return await storage.database.write(partial(again, caller))

        async def again(caller: Caller, tx: Tx) -> dict[str, Any]:
            found = await history.fetch(tx, caller, delivery_id)
            webhook_id = found.delivery["webhook_id"]
            row = await sending.resend(tx, caller, storage.clock(), webhook_id, delivery_id)
            return _with_mode(representation.delivery(row), caller.tenant)

        return await in_either_mode(storage, org, in_mode)

    queued = with_storage(work)
    if as_json:
        print_json(queued)
    else:
        say(f"Queued {delivery_id} again, for attempt {queued['attempt_count'] + 1}.")


async def _mode_of(storage: Storage, org: str | None, webhook_id: str) -> Mode:
    async def look(caller: Caller) -> Mode:
        await storage.database.read(lambda tx: webhook.fetch(tx, caller.tenant, webhook_id))
        return caller.tenant.mode

    return await in_either_mode(storage, org, look)


async def _listed(
    storage: Storage, caller: Caller, params: list[tuple[str, str]], rows: int
) -> Rows:
    async def page(query: ListQuery) -> tuple[Rows, Position | None]:
        read: Callable[[Tx], Any] = partial(_page, caller.tenant, query)
        found: Page = await storage.database.read(read)
        shown = [_with_mode(representation.delivery(row), caller.tenant) for row in found.rows]
        return shown, found.after

    return await collect(page, listing.parse(history.ALL_DELIVERIES, params), rows)


async def _page(tenant: Tenant, query: ListQuery, tx: Tx) -> Page:
    return await history.page_of_all(tx, tenant, query)


def _with_mode(delivery: msgspec.Struct, tenant: Tenant) -> dict[str, Any]:
    # The API says it with the key; here it is not known otherwise.
    fields: dict[str, Any] = msgspec.json.decode(representation.encode(delivery))
    return {**fields, "mode": tenant.mode}
