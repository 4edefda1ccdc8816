"""Signing in, in two steps where there is a second factor; signing out; the password again."""

from typing import Final

from jump.console.addresses import is_ours
from jump.console.navigation import HOME
from jump.console.page import Context, Form, GiveBack, Go, Page
from jump.console.visit import Visit
from jump.identity import sign_ins
from jump.identity.sign_ins import Begun, CodeNeeded


async def _show(visit: Visit) -> Context | Go:
    # Somebody who is signed in comes here by a kept address; only a wrong try stays.
    if visit.sign_in is not None and not visit.form:
        return _onwards(visit)
    return {"ticket": _ticket(visit), "next": _next(visit)}


async def _begin(visit: Visit) -> GiveBack | Context:
    parts, typed = visit.parts, visit.typed
    try:
        begun = await sign_ins.begin(
            parts.database,
            parts.keyring,
            typed.one("email"),
            typed.raw("password"),
            None,
            visit.address,
            agent(visit),
            visit.at,
            request_id=visit.id,
            random=parts.random,
        )
    except CodeNeeded as needed:
        return {"ticket": needed.ticket, "next": _next(visit)}
    return _begun(visit, begun)


async def _finish(visit: Visit) -> GiveBack:
    parts = visit.parts
    begun = await sign_ins.finish(
        parts.database,
        parts.keyring,
        _ticket(visit),
        visit.typed.one("code"),
        visit.address,
        agent(visit),
        visit.at,
        request_id=visit.id,
        random=parts.random,
    )
    return _begun(visit, begun)


def _begun(visit: Visit, begun: Begun) -> GiveBack:
    return GiveBack(begun.sign_in, token=begun.token, at=_next(visit))


def _ticket(visit: Visit) -> str:
    return visit.typed.one("ticket")


def _next(visit: Visit) -> str:
    """Where the person was going; never anywhere but here."""
    wanted = visit.typed.one("next") or visit.query.one("next")
    return wanted if is_ours(wanted) else ""


def _onwards(visit: Visit) -> Go:
    return Go(HOME, at=_next(visit))


def agent(visit: Visit) -> str:
    """What the browser says of itself."""
    return visit.request.headers.get("user-agent", "")


async def _show_nothing(visit: Visit) -> Context:
    del visit
    return {}


async def _sign_out(visit: Visit) -> Go:
    sign_in, caller = visit.signed_in, visit.caller
    await visit.parts.database.write(
        lambda tx: sign_ins.end(tx, caller, sign_in.user.id, sign_in.id, visit.at)
    )
    return Go("sign_in", said="You are signed out.", token="")


async def _confirm(visit: Visit) -> GiveBack:
    parts, typed = visit.parts, visit.typed
    confirmed = await sign_ins.confirm(
        parts.database,
        parts.keyring,
        visit.signed_in,
        typed.raw("password"),
        typed.one("code") or None,
        visit.at,
        address=visit.address,
        request_id=visit.id,
    )
    return GiveBack(confirmed, said="Your password is confirmed.")


PAGES: Final = (
    Page(
        "sign_in",
        "/sign-in",
        "nobody",
        _show,
        (Form("sign_in", _begin), Form("code", _finish)),
        has_modes=False,
    ),
    Page(
        "sign_out",
        "/sign-out",
        "anybody",
        _show_nothing,
        (Form("sign_out", _sign_out),),
        has_modes=False,
    ),
    Page(
        "confirm",
        "/confirm",
        "anybody",
        _show_nothing,
        (Form("confirm", _confirm),),
        has_modes=False,
    ),
)
