"""The people of the practice: who they are, and inviting another one."""

from typing import Final

from jump.console.page import Context, Form, Go, Page, always
from jump.console.sending import Repeated, write_once
from jump.console.tables import Found, table
from jump.console.visit import Visit
from jump.errors import FieldError, ValidationFailed
from jump.identity import invitations, users
from jump.identity.invitations import Link
from jump.identity.roles import ROLES, Role, role_of
from jump.identity.users import NewUser, User
from jump.storage.database import Tx

# What a page of a user shows once: the address of a link, and until when it is good.
LINK: Final = "link"
UNTIL: Final = "until"


async def _show(visit: Visit) -> Context:
    return {"users": await table(lambda: _found(visit)), "roles": ROLES}


async def _found(visit: Visit) -> Found[User]:
    organisation = visit.tenant.organisation
    return Found(await visit.parts.database.read(lambda tx: users.everyone(tx, organisation)))


async def _show_invite(visit: Visit) -> Context:
    del visit
    return {"roles": role_choices()}


async def _invite(visit: Visit) -> Go:
    parts, typed = visit.parts, visit.typed
    if role_of(typed.one("role")) is None:
        raise ValidationFailed([FieldError("role", "Choose what the person may do.")])
    new = NewUser(typed.one("email"), typed.one("role"), typed.one("name"))

    async def work(tx: Tx) -> tuple[str, tuple[User, Link]]:
        user, link = await invitations.invite(
            tx, parts.keyring, visit.caller, new, visit.at, parts.random
        )
        return user.id, (user, link)

    try:
        user, link = await write_once(visit, work)
    except Repeated as repeated:
        said = "This person was invited already, and the link is shown once only. Make another."
        return Go("user", {"user_id": repeated.made}, said=said)
    return Go(
        "user", {"user_id": user.id}, said=f"{user.email} is invited.", once=once(visit, link)
    )


def once(visit: Visit, link: Link) -> dict[str, str]:
    """A link, for the page that shows it this one time."""
    return {LINK: link.address(visit.parts.public_url), UNTIL: str(link.expires_at)}


def role_choices() -> list[tuple[Role, str, str]]:
    """The roles to choose from: name, title, and what each may do."""
    return [(facts.name, facts.title, facts.sentence) for facts in ROLES.values()]


PAGES: Final = (
    Page("users", "/users", "manage_users", _show, section="users", has_modes=False),
    Page(
        "user_invite",
        "/users/invite",
        "manage_users",
        _show_invite,
        (Form("invite", _invite, confirms=always),),
        section="users",
        has_modes=False,
    ),
)
