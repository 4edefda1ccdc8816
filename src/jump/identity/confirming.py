"""Asks someone signed in for the password again, and for a code where there is a second factor.

What is worth asking for is left to the pages.
"""

from dataclasses import replace

from jump.identity import credentials
from jump.identity.credentials import WRONG_AGAIN, CodeNeeded, Person, WrongSignIn
from jump.identity.sign_in_record import Came, SignIn
from jump.identity.users import caller_of, write_audit
from jump.sealing import Keyring
from jump.storage.database import Database, Tx
from jump.storage.sql import sql

_CONFIRM = sql("""
UPDATE sign_ins SET confirmed_at = :at
WHERE organisation_id = :organisation AND user_id = :user AND id = :id
""")


async def confirm(
    database: Database,
    keyring: Keyring,
    sign_in: SignIn,
    password: str,
    code: str | None,
    at: int,
    *,
    address: str | None = None,
    request_id: str | None = None,
) -> SignIn:
    """The same sign-in, confirmed for 15 minutes.

    Raises WrongSignIn, CodeNeeded where a code is missing, and RateLimited.
    """
    user = sign_in.user
    came = Came(address or sign_in.address, sign_in.agent, at, request_id)
    person = await credentials.by_id(database, user.organisation, user.id)
    if person is None or not await credentials.has_password(database, keyring, person, password):
        raise _refused(database, person, came)
    if person.user.has_totp:
        if not code:
            raise CodeNeeded(credentials.ticket_for(keyring, person.user, at))
        await credentials.admit_code(database, keyring, user, code)

    async def work(tx: Tx) -> bool:
        fresh = await credentials.lock_unchanged(tx, person)
        if fresh is None:
            return False
        caller = caller_of(fresh, "live", address=came.address, request_id=request_id)
        if not await credentials.code_fits(tx, keyring, caller, fresh, code, at):
            return False
        where = {"organisation": user.organisation, "user": user.id, "id": sign_in.id}
        if not await tx.run(_CONFIRM, **where, at=at):
            return False
        await write_audit(tx, caller, "confirmed", fresh, (), at)
        return True

    if not await database.write(work):
        raise _refused(database, person, came)
    if code:
        await credentials.forgive_code(database, keyring, user, code)
    return replace(sign_in, confirmed_at=at)


def _refused(database: Database, person: Person | None, came: Came) -> WrongSignIn:
    if person is not None:
        credentials.tell_refused(database, person.user, "confirmation_refused", came)
    return WrongSignIn(WRONG_AGAIN)
