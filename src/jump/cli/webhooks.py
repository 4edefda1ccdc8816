"""`jump webhooks create | list | test | pause | activate | replay`: where events are sent."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click
import msgspec

from jump.application.opening import Storage
from jump.caller import Caller, Mode
from jump.cli.asking import Api, ask, ask_list, newest, open_api
from jump.cli.operating import (
    MODES,
    Words,
    in_either_mode,
    instant,
    json_option,
    limit_option,
    load_settings,
    mode_option,
    operator,
    org_option,
    with_storage,
)
from jump.cli.showing import print_facts, print_json, print_json_bytes, print_table, say
from jump.cli.when import exact_and_relative, gone_by
from jump.events.catalog import EVENT_TYPES, parse_types
from jump.kit.clock import system_clock
from jump.kit.instants import format_instant, parse_instant

T = TypeVar("T")

COLUMNS = ("ID", "NAME", "MODE", "STATE", "URL", "EVENTS", "PAYLOAD", "CREATED")
END_STATES = ("failed", "succeeded", "cancelled")

webhook_argument = click.argument("webhook_id", metavar="ID")


def _states(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not set(names) <= set(END_STATES):
        raise ValueError(f"Use any of {', '.join(END_STATES)}, with commas between them.")
    return names


@click.group()
def webhooks() -> None:
    """Webhooks: where events are sent. Deliveries are seen with `jump deliveries`.

    ID is a webhook's id (wh_...), of either mode.
    """


@webhooks.command()
@click.option("--url", required=True, help="Where to POST to: https, port 443, a public address.")
@click.option(
    "--events",
    required=True,
    type=Words("events", parse_types),
    help=f"Which events: all, or with commas between them any of {', '.join(EVENT_TYPES)}.",
)
@click.option("--mode", required=True, type=click.Choice(MODES), help="Whose events.")
@click.option("--name", help="What it is for.")
@click.option(
    "--payload",
    type=click.Choice(("full", "thin")),
    default="full",
    show_default=True,
    help="full sends the record; thin its id and the names of what changed, no personal data.",
)
@org_option
@json_option
def create(mode: Mode, org: str | None, as_json: bool, **body: Any) -> None:
    """Make a webhook. Its signing secret is printed this once.

    \b
    Example:
      jump webhooks create --url https://example.org/hooks --events patient.updated --mode test
    """
    sent = {name: value for name, value in body.items() if value is not None}

    async def work(api: Api) -> bytes:
        caller = await operator(api.storage, org, mode)
        return await ask(api, caller, "POST", "/webhooks", body=sent)

    made = _with_api(work)
    if as_json:
        print_json_bytes(made)
        return
    shown = msgspec.json.decode(made)
    say(f"Made {shown['id']}.")
    print_facts([(name, words) for name, words in _facts(shown) if words])
    say("\nThe signing secret, which cannot be shown again:\n")
    say(f"  {shown['secret']}\n")
    say(f"Try it with: jump webhooks test {shown['id']}")


@webhooks.command("list")
@mode_option
@limit_option
@org_option
@json_option
def list_(mode: Mode | None, rows: int, org: str | None, as_json: bool) -> None:
    """List the webhooks, newest first.

    \b
    Example:
      jump webhooks list --mode live
    """

    async def work(api: Api) -> list[dict[str, Any]]:
        callers = [await operator(api.storage, org, each) for each in ([mode] if mode else MODES)]
        return newest([await ask_list(api, each, "/webhooks", [], rows) for each in callers], rows)

    found = _with_api(work)
    if as_json:
        print_json(found)
        return
    now = system_clock()
    empty = "There is no webhook yet. Make one with `jump webhooks create`."
    print_table(COLUMNS, [_row(each, now) for each in found], empty)


@webhooks.command()
@webhook_argument
@click.option("--event", "event_type", help="Which type; else the first it subscribes to.")
@org_option
@json_option
def test(webhook_id: str, event_type: str | None, org: str | None, as_json: bool) -> None:
    """Send a sample event, also while the webhook is paused. It is tried once.

    Sending is done by `jump serve` or `jump work`, which must be running.

    \b
    Example:
      jump webhooks test wh_01j0000000000000000000000 --event patient.updated
    """
    body = {} if event_type is None else {"event_type": event_type}
    queued = _on_webhook(webhook_id, org, "POST", "/test", body)
    if as_json:
        print_json_bytes(queued)
        return
    delivery = msgspec.json.decode(queued)
    say(f"Queued a test of {delivery['event_type']}. See what came of it with:")
    say(f"  jump deliveries show {delivery['id']}")


@webhooks.command()
@webhook_argument
@org_option
@json_option
def pause(webhook_id: str, org: str | None, as_json: bool) -> None:
    """Stop sending. Deliveries wait, and go on once the webhook is activated.

    \b
    Example:
      jump webhooks pause wh_01j0000000000000000000000
    """
    changed = _on_webhook(webhook_id, org, "PATCH", "", {"is_active": False})
    if as_json:
        print_json_bytes(changed)
    else:
        say(f"Paused {webhook_id}: deliveries wait until it is activated.")


@webhooks.command()
@webhook_argument
@org_option
@json_option
def activate(webhook_id: str, org: str | None, as_json: bool) -> None:
    """Send again, what waited first.

    \b
    Example:
      jump webhooks activate wh_01j0000000000000000000000
    """
    changed = _on_webhook(webhook_id, org, "PATCH", "", {"is_active": True})
    if as_json:
        print_json_bytes(changed)
    else:
        say(f"Activated {webhook_id}: what waited is being sent.")


@webhooks.command()
@webhook_argument
@click.option(
    "--since",
    required=True,
    type=instant(gone_by),
    help="Deliveries made from then on: 2h, 2026-01-31 (midnight UTC) or an instant.",
)
@click.option("--until", type=instant(gone_by), help="Until then; else until now.")
@click.option(
    "--events", type=Words("events", parse_types), help="Only these types, with commas between."
)
@click.option(
    "--states",
    type=Words("states", _states),
    default="failed",
    show_default=True,
    help="Which of failed, succeeded, cancelled, with commas between.",
)
@click.option("--dry-run", is_flag=True, help="Only say how many there are.")
@org_option
@json_option
def replay(
    webhook_id: str,
    since: int,
    until: int | None,
    events: tuple[str, ...] | None,
    states: list[str],
    dry_run: bool,
    org: str | None,
    as_json: bool,
) -> None:
    """Queue ended deliveries of a period again, with their retries given back.

    \b
    Examples:
      jump webhooks replay wh_01j0000000000000000000000 --since 2h --dry-run
      jump webhooks replay wh_01j0000000000000000000000 --since 2h
    """
    body: dict[str, Any] = {"since": format_instant(since), "states": states, "dry_run": dry_run}
    if until is not None:
        body["until"] = format_instant(until)
    if events is not None:
        body["events"] = events
    answer = _on_webhook(webhook_id, org, "POST", "/replay", body)
    if as_json:
        print_json_bytes(answer)
        return
    done = msgspec.json.decode(answer)
    say(f"Found {done['matched']:,} deliveries, queued {done['queued']:,}.")
    if dry_run:
        say("Nothing was changed: say it again without --dry-run to queue them.")


def _on_webhook(
    webhook_id: str, org: str | None, method: str, below: str, body: dict[str, Any]
) -> bytes:
    """Ask one operation of a webhook, of whichever mode it is."""

    async def work(api: Api) -> bytes:
        async def in_mode(caller: Caller) -> bytes:
            ids = {"id": webhook_id}
            return await ask(api, caller, method, f"/webhooks/{{id}}{below}", ids, body)

        return await in_either_mode(api.storage, org, in_mode)

    return _with_api(work)


def _with_api(work: Callable[[Api], Awaitable[T]]) -> T:
    settings = load_settings()

    async def whole(storage: Storage) -> T:
        return await work(open_api(storage, settings))

    return with_storage(whole, settings)


def _facts(webhook: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("name", webhook["name"] or ""),
        ("mode", webhook["mode"]),
        ("url", webhook["url"]),
        ("events", _events(webhook["events"])),
        ("payload", webhook["payload"]),
    ]


def _row(webhook: dict[str, Any], now: int) -> tuple[str, ...]:
    return (
        webhook["id"],
        webhook["name"] or "-",
        webhook["mode"],
        _state(webhook, now),
        webhook["url"],
        _events(webhook["events"]),
        webhook["payload"],
        exact_and_relative(parse_instant(webhook["created_at"]), now),
    )


def _events(names: list[str]) -> str:
    return "all" if set(EVENT_TYPES) <= set(names) else ", ".join(names)


def _state(webhook: dict[str, Any], now: int) -> str:
    if webhook["is_active"]:
        return "active"
    since = exact_and_relative(parse_instant(webhook["paused_at"]), now)
    return f"paused {since}: {webhook['paused_reason']}"
