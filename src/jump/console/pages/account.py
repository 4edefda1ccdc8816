"""One's own account: the password, and the app whose codes are asked for beside it.

Where somebody is signed in is theirs to see and to end here.
"""

from typing import Final

import segno

from jump.console import words
from jump.console.page import Context, Form, Go, Page, always
from jump.console.tables import Found, table
from jump.console.visit import Visit
from jump.identity import own_password, recovery_codes, sign_ins, totp, users
from jump.identity.password_rules import SHORTEST
from jump.identity.roles import ROLES
from jump.identity.sign_ins import SignInFacts
from jump.identity.totp import SetUp
from jump.identity.users import User
from jump.storage.database import Tx

_CODES: Final = "codes"
_SCALE: Final = 5  # units of the picture for each square of the code


async def _show(visit: Visit) -> Context:
    user = visit.signed_in.user
    left = await visit.parts.database.read(lambda tx: recovery_codes.left(tx, user))
    return {
        "user": user,
        "role": ROLES[user.role],
        "shortest": SHORTEST,
        "codes_left": left,
        "sign_ins": await table(lambda: _sign_ins(visit, user)),
    }


async def _sign_ins(visit: Visit, user: User) -> Found[SignInFacts]:
    return Found(await sign_ins.of_user(visit.parts.database, user.organisation, user.id, visit.at))


async def _rename(visit: Visit) -> Go:
    user_id, name = visit.signed_in.user.id, visit.typed.one("name")
    changed = await visit.parts.database.write(
        lambda tx: users.change_name(tx, visit.caller, user_id, name, visit.at)
    )
    return Go("account", said=f"You are called {changed.name} now.")


async def _change_password(visit: Visit) -> Go:
    parts, typed = visit.parts, visit.typed
    ended = await own_password.change(
        parts.database,
        parts.keyring,
        visit.signed_in,
        typed.raw("old_password"),
        typed.raw("new_password"),
        visit.at,
        address=visit.address,
        request_id=visit.id,
    )
    others = f" {words.counted(ended, 'other sign-in')} ended." if ended else ""
    return Go("account", said=f"Your password is changed.{others}")


async def _end_others(visit: Visit) -> Go:
    sign_in = visit.signed_in
    ended = await visit.parts.database.write(
        lambda tx: sign_ins.end_others(tx, visit.caller, sign_in.user.id, visit.at, keep=sign_in.id)
    )
    return Go("account", said=f"{words.counted(ended, 'other sign-in')} ended.")


async def _show_app(visit: Visit) -> Context:
    parts, user = visit.parts, visit.signed_in.user

    async def look(tx: Tx) -> tuple[SetUp | None, int]:
        waiting = None if user.has_totp else await totp.waiting_setup(tx, parts.keyring, user)
        return waiting, await recovery_codes.left(tx, user)

    waiting, left = await parts.database.read(look)
    return {
        "user": user,
        "waiting": waiting,
        "picture": _picture(waiting) if waiting else "",
        "codes": visit.once.get(_CODES, "").split(),
        "codes_left": left,
    }


def _picture(waiting: SetUp) -> str:
    """The address of a set-up as a QR code: dark on light in any look, as cameras want it."""
    code = segno.make(waiting.uri, error="m", micro=False)
    picture: str = code.svg_data_uri(scale=_SCALE, border=4, dark="#000", light="#fff")
    return picture


async def _begin(visit: Visit) -> Go:
    parts, user_id = visit.parts, visit.signed_in.user.id
    await parts.database.write(
        lambda tx: totp.begin_setup(tx, parts.keyring, visit.caller, user_id, parts.random)
    )
    return Go("account_app")


async def _turn_on(visit: Visit) -> Go:
    parts, user_id, code = visit.parts, visit.signed_in.user.id, visit.typed.one("code")
    codes = await parts.database.write(
        lambda tx: totp.confirm_setup(
            tx, parts.keyring, visit.caller, user_id, code, visit.at, parts.random
        )
    )
    said = "From now on signing in takes a code of your app."
    return Go("account_app", said=said, once={_CODES: " ".join(codes)})


async def _renew_codes(visit: Visit) -> Go:
    parts, user = visit.parts, visit.signed_in.user
    codes = await parts.database.write(
        lambda tx: recovery_codes.renew(
            tx, parts.keyring, visit.caller, user, visit.at, parts.random
        )
    )
    said = "The recovery codes of before work no more."
    return Go("account_app", said=said, once={_CODES: " ".join(codes)})


async def _turn_off(visit: Visit) -> Go:
    user_id = visit.signed_in.user.id
    await visit.parts.database.write(lambda tx: totp.disable(tx, visit.caller, user_id, visit.at))
    return Go("account", said="Signing in takes your password only.")


PAGES: Final = (
    Page(
        "account",
        "/account",
        "anybody",
        _show,
        (
            Form("rename", _rename),
            Form("password", _change_password),
            Form("end_others", _end_others),
        ),
        has_modes=False,
    ),
    Page(
        "account_app",
        "/account/app",
        "anybody",
        _show_app,
        (
            Form("begin", _begin, confirms=always),
            Form("turn_on", _turn_on, confirms=always),
            Form("renew_codes", _renew_codes, confirms=always),
            Form("turn_off", _turn_off, confirms=always),
        ),
        has_modes=False,
    ),
)
