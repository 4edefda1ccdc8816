"""Lets a user change the own password, with the old one; every other sign-in of the user ends."""

from typing import Final

from jump.errors import Conflict, FieldError, ValidationFailed
from jump.identity import credentials, password_rules, passwords, sign_ins
from jump.identity.sign_in_record import Came, SignIn
from jump.identity.users import caller_of, set_password, write_audit
from jump.sealing import Keyring
from jump.storage.database import Database, Tx

_NOT_THE_OLD_ONE: Final = "This is not your password of now."


async def change(
    database: Database,
    keyring: Keyring,
    sign_in: SignIn,
    old: str,
    new: str,
    at: int,
    *,
    address: str | None = None,
    request_id: str | None = None,
) -> int:
    """Set it, and end the user's other sign-ins; how many these were.

    Raises ValidationFailed for old_password or new_password, RateLimited, and Conflict where it was
    changed elsewhere at the same time.
    """
    user = sign_in.user
    problem = password_rules.problem(new, user.email, sign_in.practice)
    if problem or new == old:
        problem = problem or "Use another password than the one of now."
        raise ValidationFailed([FieldError("new_password", problem)])
    came = Came(address or sign_in.address, sign_in.agent, at, request_id)
    person = await credentials.by_id(database, user.organisation, user.id)
    if person is None or not await credentials.has_password(database, keyring, person, old):
        credentials.tell_refused(database, user, "password_change_refused", came)
        raise ValidationFailed([FieldError("old_password", _NOT_THE_OLD_ONE)])
    kept = await passwords.hash_password(new)

    async def work(tx: Tx) -> int:
        fresh = await credentials.lock_unchanged(tx, person)
        if fresh is None:
            raise Conflict("The password was changed elsewhere meanwhile. Sign in again.")
        await set_password(tx, fresh, kept, at)
        caller = caller_of(fresh, "live", address=came.address, request_id=request_id)
        await write_audit(tx, caller, "password_changed", fresh, ("password",), at)
        return await sign_ins.end_others(tx, caller, user.id, at, keep=sign_in.id)

    return await database.write(work)
