"""One person of the practice: the role, the link to a new password, the sign-ins, the end."""

from typing import Final

from jump.console import words
from jump.console.navigation import HOME
from jump.console.page import Context, Form, Go, Page, always
from jump.console.pages.users import LINK, UNTIL, once, role_choices
from jump.console.tables import Found, table
from jump.console.visit import Visit
from jump.console.who import names
from jump.errors import FieldError, ValidationFailed
from jump.identity import invitations, sign_ins, totp, users
from jump.identity.roles import ROLES
from jump.identity.sign_ins import SignInFacts
from jump.identity.users import User


async def _show(visit: Visit) -> Context:
    user = await _user(visit)
    makers = await names(visit, [user.created_by])
    return {
        "user": user,
        "role": ROLES[user.role],
        "roles": role_choices(),
        "made_by": makers[user.created_by],
        "is_self": user.id == visit.signed_in.user.id,
        "link": visit.once.get(LINK, ""),
        "until": int(visit.once.get(UNTIL, "0")),
        "sign_ins": await table(lambda: _sign_ins(visit, user)),
    }


async def _user(visit: Visit) -> User:
    """The user of the address. Raises NotFound."""
    organisation, user_id = visit.tenant.organisation, visit.ids["user_id"]
    return await visit.parts.database.read(lambda tx: users.fetch(tx, organisation, user_id))


async def _sign_ins(visit: Visit, user: User) -> Found[SignInFacts]:
    return Found(await sign_ins.of_user(visit.parts.database, user.organisation, user.id, visit.at))


async def _change_role(visit: Visit) -> Go:
    user_id, role = visit.ids["user_id"], visit.typed.one("role")
    user = await visit.parts.database.write(
        lambda tx: users.change_role(tx, visit.caller, user_id, role, visit.at)
    )
    said = f"{user.name} is {ROLES[user.role].title} from the next request on."
    # Who is an admin no more may not come back to this page.
    if user.id == visit.signed_in.user.id and user.role != "admin":
        return Go(HOME, said=said)
    return Go("user", visit.ids, said=said)


async def _renew(visit: Visit) -> Go:
    parts, user_id = visit.parts, visit.ids["user_id"]
    link = await parts.database.write(
        lambda tx: invitations.renew(
            tx, parts.keyring, visit.caller, user_id, visit.at, parts.random
        )
    )
    return Go("user", visit.ids, once=once(visit, link))


async def _turn_off(visit: Visit) -> Go:
    user_id = visit.ids["user_id"]
    user = await visit.parts.database.write(
        lambda tx: totp.disable(tx, visit.caller, user_id, visit.at)
    )
    return Go("user", visit.ids, said=f"{user.name} signs in without a code now.")


async def _end(visit: Visit) -> Go:
    user_id, sign_in_id = visit.ids["user_id"], visit.typed.one("sign_in")
    await visit.parts.database.write(
        lambda tx: sign_ins.end(tx, visit.caller, user_id, sign_in_id, visit.at)
    )
    return Go("user", visit.ids, said="This sign-in has ended.")


async def _end_all(visit: Visit) -> Go:
    """Every sign-in of the user but the one that asks, if it is theirs."""
    user_id, kept = visit.ids["user_id"], visit.signed_in.id
    await _user(visit)
    ended = await visit.parts.database.write(
        lambda tx: sign_ins.end_others(tx, visit.caller, user_id, visit.at, keep=kept)
    )
    return Go("user", visit.ids, said=f"{words.counted(ended, 'sign-in')} ended.")


async def _remove(visit: Visit) -> Go:
    user = await _user(visit)
    if visit.typed.one("email").lower() != user.email:
        told = "Type the e-mail address as it stands above, so that no one else is removed."
        raise ValidationFailed([FieldError("email", told)])
    await visit.parts.database.write(lambda tx: users.remove(tx, visit.caller, user.id, visit.at))
    return Go("users", said=f"{user.email} is removed, and signed out everywhere.")


PAGES: Final = (
    Page(
        "user",
        "/users/{user_id}",
        "manage_users",
        _show,
        (
            Form("role", _change_role, confirms=always),
            Form("renew", _renew, confirms=always),
            Form("turn_off", _turn_off, confirms=always),
            Form("end", _end),
            Form("end_all", _end_all),
            Form("remove", _remove),
        ),
        section="users",
        has_modes=False,
    ),
)
