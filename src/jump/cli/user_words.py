"""Users, their links and their sign-ins as the command line shows them."""

from typing import Any

from jump.cli.showing import say
from jump.cli.when import exact_and_relative
from jump.identity.invitations import Link
from jump.identity.sign_ins import SignInFacts
from jump.identity.users import User
from jump.kit.clock import system_clock
from jump.kit.instants import format_instant

COLUMNS = ("ID", "E-MAIL", "NAME", "ROLE", "STATUS", "CODES", "LAST SIGNED IN")
SIGN_IN_COLUMNS = ("ID", "BEGAN", "LAST USED", "FROM", "BROWSER")


def user_json(user: User) -> dict[str, Any]:
    """A user for scripts; `totp` says whether signing in takes a code too."""
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "status": user.status,
        "totp": user.has_totp,
        "joined_at": _instant(user.joined_at),
        "signed_in_at": _instant(user.signed_in_at),
        "created_at": format_instant(user.created_at),
        "created_by": user.created_by,
    }


def link_json(link: Link | None, public_url: str) -> dict[str, Any]:
    """The link that goes with a user, this once, if there is one."""
    return {
        "link": link.address(public_url) if link else None,
        "link_expires_at": format_instant(link.expires_at) if link else None,
    }


def user_row(user: User, now: int) -> tuple[str, ...]:
    """A row for people."""
    return (
        user.id,
        user.email,
        user.name,
        user.role,
        user.status,
        "on" if user.has_totp else "off",
        exact_and_relative(user.signed_in_at, now, "never"),
    )


def say_link(link: Link, public_url: str) -> None:
    """The link for people, with what to do with it."""
    until = exact_and_relative(link.expires_at, system_clock())
    say(f"Send this link to them alone. It works once, until {until}:")
    say(link.address(public_url))


def sign_in_json(sign_in: SignInFacts) -> dict[str, Any]:
    """A sign-in for scripts."""
    return {
        "id": sign_in.id,
        "began_at": format_instant(sign_in.began_at),
        "seen_at": format_instant(sign_in.seen_at),
        "address": sign_in.address,
        "agent": sign_in.agent,
    }


def sign_in_row(sign_in: SignInFacts, now: int) -> tuple[str, ...]:
    """A row for people."""
    return (
        sign_in.id,
        exact_and_relative(sign_in.began_at, now),
        exact_and_relative(sign_in.seen_at, now),
        sign_in.address,
        sign_in.agent,
    )


def _instant(at: int | None) -> str | None:
    return None if at is None else format_instant(at)
