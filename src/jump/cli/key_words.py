"""Keys as the command line shows them: rows and JSON without secrets, and a new key, once."""

import shlex
from typing import Any

from jump.cli.showing import print_facts, say
from jump.cli.when import exact_and_relative
from jump.keys.format import key_id_of, masked
from jump.keys.listing import KeyOverview, Use
from jump.keys.record import KeyRecord
from jump.keys.scopes import in_words
from jump.kit.clock import system_clock
from jump.kit.instants import format_instant, format_second

# The name that `jump listen` reads a key from. Names that begin with JUMP_ are settings.
KEY_VARIABLE = "PK_KEY"


def created_json(key: KeyRecord, full: str) -> dict[str, Any]:
    """A new key for scripts, the full key in it."""
    return {
        "id": key.id,
        "name": key.name,
        "mode": key.mode,
        "scopes": key.scopes,
        "limit": key.hourly_limit,
        "key": full,
    }


def record_json(key: KeyRecord, now: int) -> dict[str, Any]:
    """A key for scripts, masked."""
    return {
        "id": key.id,
        "name": key.name,
        "mode": key.mode,
        "masked": as_shown(key),
        "scopes": key.scopes,
        "limit": key.hourly_limit,
        "status": key.status(now),
        "expires_at": _second(key.expires_at),
        "old_secret_until": _second(key.previous_until),
        "revoked_at": _instant(key.revoked_at),
        "revoked_by": key.revoked_by,
        "created_at": format_instant(key.created_at),
        "created_by": key.created_by,
    }


def overview_json(overview: KeyOverview) -> dict[str, Any]:
    """The same, with what it has spent and when it was last used."""
    use = overview.last_use
    return {
        **record_json(overview.key, overview.quota.at),
        "status": overview.status,
        "used": overview.quota.used,
        "remaining": overview.quota.remaining,
        "last_used_at": _instant(use.at if use else None),
        "last_used_from": use.address if use else None,
    }


def overview_row(overview: KeyOverview, now: int) -> tuple[str, ...]:
    """A row for people."""
    key = overview.key
    return (
        as_shown(key),
        key.name,
        key.mode,
        overview.status,
        f"{overview.quota.used:,} / {key.hourly_limit:,}",
        _last_used(overview.last_use, now),
        exact_and_relative(key.expires_at, now, "never"),
        in_words(key.scopes),
    )


def print_new_key(key: KeyRecord, full: str, url: str, done: str) -> None:
    """A new key for people: what it may do, the key this once, and how to use it."""
    say(f"{done} {key.name}.")
    print_facts(
        (
            ("id", key.id),
            ("mode", key.mode),
            ("may", in_words(key.scopes)),
            ("limit", f"{key.hourly_limit:,} requests in any 60 minutes"),
            ("expires", exact_and_relative(key.expires_at, system_clock(), "never")),
        )
    )
    say("\nThe key, which cannot be shown again:\n")
    say(f"  {full}\n")
    say("A request with it:\n")
    say(f"  {curl(full, f'{url}/api/v1/me')}\n")
    say("A line for an .env file:\n")
    say(f"  {KEY_VARIABLE}={full}\n")


def curl(key: str, url: str) -> str:
    """A request with the key, to be pasted."""
    return f"curl -H 'Authorization: Bearer {key}' {shlex.quote(url)}"


def as_shown(key: KeyRecord) -> str:
    """`pk_test_{id}_` and an ellipsis."""
    own_id = key_id_of(key.id)
    assert own_id is not None
    return masked(key.mode, own_id)


def _last_used(use: Use | None, now: int) -> str:
    if use is None:
        return "never"
    return f"{exact_and_relative(use.at, now)} from {use.address}"


def _instant(at: int | None) -> str | None:
    return None if at is None else format_instant(at)


def _second(at: int | None) -> str | None:
    return None if at is None else format_second(at)
