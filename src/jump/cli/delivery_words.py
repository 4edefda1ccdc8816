"""Deliveries as the command line shows them to people: a row each, or one with its attempts."""

from typing import Any

from jump.cli.showing import harmless, print_facts, print_json, print_table, say
from jump.cli.when import exact_and_relative
from jump.kit.instants import parse_instant

COLUMNS = ("ID", "CREATED", "MODE", "EVENT", "STATE", "ATTEMPTS", "LAST", "NEXT ATTEMPT", "WEBHOOK")
_PHASES = ("dns", "connect", "tls", "first_byte", "total")
_ATTEMPT_COLUMNS = ("#", "WHEN", "WHY", "STATUS", "MS", "OF WHICH", "ERROR")


def row_of(delivery: dict[str, Any], now: int) -> tuple[str, ...]:
    """One row of the list."""
    return (
        delivery["id"],
        _when(delivery["created_at"], now),
        delivery["mode"],
        delivery["event_type"] + (" (test)" if delivery["test"] else ""),
        delivery["state"],
        str(delivery["attempt_count"]),
        _last(delivery),
        _when(delivery["next_attempt_at"], now),
        delivery["webhook_id"],
    )


def print_delivery(delivery: dict[str, Any], now: int, *, in_full: bool) -> None:
    """One delivery; payload and answers only `in_full`."""
    print_facts(
        (
            ("delivery", delivery["id"]),
            ("event", f"{delivery['event_type']}  {delivery['event_id']}"),
            ("webhook", f"{delivery['webhook_id']}  ({delivery['mode']})"),
            ("state", delivery["state"]),
            ("created", _when(delivery["created_at"], now)),
            ("next attempt", _when(delivery["next_attempt_at"], now)),
        )
    )
    say()
    rows = [_attempt_row(attempt, now) for attempt in delivery["attempts"]]
    print_table(_ATTEMPT_COLUMNS, rows, "No attempt has ended yet.")
    if in_full:
        _print_contents(delivery)
    else:
        say("\nPayload and answers, which may hold patient data, are shown with --show.")


def _attempt_row(attempt: dict[str, Any], now: int) -> tuple[str, ...]:
    spent = attempt["duration_ms"]
    phases = [f"{name} {spent[name]:.1f}" for name in _PHASES[:-1] if spent[name] is not None]
    total = spent["total"]
    return (
        str(attempt["number"]),
        _when(attempt["attempted_at"], now),
        attempt["trigger"],
        str(attempt["status"] or "-"),
        "-" if total is None else f"{total:.1f}",
        ", ".join(phases) or "-",
        attempt["error"] or "",
    )


def _print_contents(delivery: dict[str, Any]) -> None:
    say("\nPayload:")
    print_json(delivery["payload"])
    for attempt in delivery["attempts"]:
        say(f"\nAttempt {attempt['number']} to {harmless(attempt['url'])}")
        for name, value in attempt["request_headers"].items():
            say(f"> {harmless(f'{name}: {value}')}")
        for name, value in (attempt["response_headers"] or {}).items():
            say(f"< {harmless(f'{name}: {value}')}")
        if attempt["response_body"]:
            say(harmless(attempt["response_body"], keep="\n\t"))


def _last(delivery: dict[str, Any]) -> str:
    if delivery["last_status"] is not None:
        return str(delivery["last_status"])
    return delivery["last_error"] or "-"


def _when(text: str | None, now: int) -> str:
    return exact_and_relative(None if text is None else parse_instant(text), now)
