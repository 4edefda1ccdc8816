"""The page behind a link that can be used once: to join, to be the first admin, to reset."""

from typing import Final

from jump.console.navigation import HOME
from jump.console.page import Context, Form, Go, Page
from jump.console.pages.sign_in import agent
from jump.console.visit import Visit
from jump.identity import invitations, sign_ins
from jump.identity.invitations import Given
from jump.identity.password_rules import SHORTEST
from jump.identity.roles import ROLES
from jump.identity.sign_ins import CodeNeeded
from jump.identity.users import User


async def _show(visit: Visit) -> Context:
    parts, token = visit.parts, visit.query.one("token")
    invitation = await parts.database.read(
        lambda tx: invitations.look(tx, parts.keyring, token, visit.at)
    )
    return {"invitation": invitation, "role": ROLES[invitation.role], "shortest": SHORTEST}


async def _accept(visit: Visit) -> Go:
    parts, typed = visit.parts, visit.typed
    given = Given(typed.raw("password"), typed.one("name"), typed.one("email"))
    user = await invitations.accept(
        parts.database,
        parts.keyring,
        visit.query.one("token"),
        given,
        visit.at,
        address=visit.address,
        request_id=visit.id,
        random=parts.random,
    )
    return await _signed_in(visit, user)


async def _signed_in(visit: Visit, user: User) -> Go:
    """Who has just set the password need not type it again, unless a code is asked for too."""
    parts = visit.parts
    try:
        begun = await sign_ins.begin(
            parts.database,
            parts.keyring,
            user.email,
            visit.typed.raw("password"),
            None,
            visit.address,
            agent(visit),
            visit.at,
            request_id=visit.id,
            random=parts.random,
        )
    except CodeNeeded:
        return Go("sign_in", said="Your password is set. Sign in with it.")
    return Go(HOME, said=f"Welcome, {user.name}.", token=begun.token)


PAGES: Final = (Page("join", "/join", "nobody", _show, (Form("join", _accept),), has_modes=False),)
