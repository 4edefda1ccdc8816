"""Signs people in, knows them again by their token, and ends it.

A sign-in ends after an hour unused, after twelve in any case, and at once when the password changes
or the user is removed. Cookies and forms are left to the console.
"""

import contextlib
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Final

from jump.caller import Caller
from jump.errors import NotFound
from jump.identity import credentials, email_addresses, passwords, tries
from jump.identity.confirming import confirm
from jump.identity.credentials import CodeNeeded, Person, WrongSignIn
from jump.identity.roles import Role
from jump.identity.sign_in_record import (
    ABSOLUTE_LIMIT,
    IDLE_LIMIT,
    TOKEN_BYTES,
    Begun,
    Came,
    SignIn,
    SignInFacts,
    csrf_of,
    new_token,
    of_row,
    printable,
    seen_at,
    token_hashes,
)
from jump.identity.users import User, caller_of, fetch, write_audit
from jump.kit.clock import MINUTE
from jump.kit.ids import new_id
from jump.sealing import Keyring
from jump.storage.database import Database, StorageUnavailable, Tx
from jump.storage.sql import Row, sql

__all__ = [
    "Begun",
    "CodeNeeded",
    "SignIn",
    "SignInFacts",
    "WrongSignIn",
    "begin",
    "confirm",
    "end",
    "end_others",
    "finish",
    "of_user",
    "resume",
    "roles_of",
]

Random = Callable[[int], bytes]

SEEN_EVERY: Final = MINUTE
# For our own use; it is not one of the contract's ids.
_PREFIX: Final = "sig"

_INSERT = sql("""
INSERT INTO sign_ins (organisation_id, user_id, id, token_hash, began_at, confirmed_at, address,
  agent)
VALUES (:organisation, :user, :id, :hash, :at, :at, :address, :agent)
""")
_NOTE_ON_USER = sql("""
UPDATE users SET signed_in_at = :at, password_hash = :hash
WHERE organisation_id = :organisation AND id = :user
""")
_RESUME = sql("""
SELECT u.*, o.name AS practice, s.id AS sign_in_id, s.began_at, s.confirmed_at, s.address, s.agent,
  n.seen_at
FROM sign_ins s
JOIN users u ON u.organisation_id = s.organisation_id AND u.id = s.user_id
JOIN organisations o ON o.id = s.organisation_id
LEFT JOIN sign_in_uses n ON n.sign_in_id = s.id
WHERE s.token_hash IN (:hash, :older_hash) AND u.removed_at IS NULL
""")
_SEEN = sql("""
INSERT INTO sign_in_uses AS n (sign_in_id, seen_at) VALUES (:id, :at)
ON CONFLICT (sign_in_id) DO UPDATE SET seen_at = greatest(n.seen_at, excluded.seen_at)
""")
_OF_USER = sql("""
SELECT s.id, s.began_at, s.confirmed_at, s.address, s.agent, n.seen_at
FROM sign_ins s LEFT JOIN sign_in_uses n ON n.sign_in_id = s.id
WHERE s.organisation_id = :organisation AND s.user_id = :user AND s.began_at > :since
ORDER BY s.began_at DESC, s.id DESC
""")
_ROLES = sql("""
SELECT s.id, s.began_at, n.seen_at, u.role
FROM sign_ins s
JOIN users u ON u.organisation_id = s.organisation_id AND u.id = s.user_id
LEFT JOIN sign_in_uses n ON n.sign_in_id = s.id
WHERE s.organisation_id = :organisation AND s.id IN (:ids*) AND u.removed_at IS NULL
""")
_END = sql("""
DELETE FROM sign_ins WHERE organisation_id = :organisation AND user_id = :user AND id = :id
""")
_END_OTHERS = sql("""
DELETE FROM sign_ins WHERE organisation_id = :organisation AND user_id = :user AND id <> :kept
""")


async def begin(
    database: Database,
    keyring: Keyring,
    email: str,
    password: str,
    code: str | None,
    address: str,
    agent: str,
    at: int,
    *,
    request_id: str | None = None,
    random: Random = os.urandom,
) -> Begun:
    """Sign somebody in, with a new token each time.

    Raises WrongSignIn for every wrong thing; CodeNeeded where the password is right, the user has a
    second factor and no code was given; RateLimited, with how long to wait.
    """
    came = Came(address, printable(agent), at, request_id)
    email = email_addresses.normalised(email)
    person = await credentials.by_email(database, email, address, at)
    known = person is not None and person.known
    counted = tries.for_sign_in(keyring, email, address, known=known)
    await tries.take(database, counted)
    kept = person.password_hash if person else None
    if not await passwords.verify(kept, password) or person is None or kept is None:
        raise _refused(database, person, came)
    await tries.forgive(database, counted)
    if person.user.has_totp and not code:
        raise CodeNeeded(credentials.ticket_for(keyring, person.user, at))
    if passwords.is_outdated(kept):
        kept = await passwords.hash_password(password)
    return await _sign_in(database, keyring, person, code, kept, came, random)


async def finish(
    database: Database,
    keyring: Keyring,
    ticket: str,
    code: str,
    address: str,
    agent: str,
    at: int,
    *,
    request_id: str | None = None,
    random: Random = os.urandom,
) -> Begun:
    """The second step, with the ticket of CodeNeeded. Raises WrongSignIn and RateLimited."""
    came = Came(address, printable(agent), at, request_id)
    person = await credentials.by_ticket(database, keyring, ticket, at)
    if person is None or person.password_hash is None:
        raise WrongSignIn("This took too long. Enter your e-mail address and password again.")
    return await _sign_in(database, keyring, person, code, person.password_hash, came, random)


async def resume(database: Database, keyring: Keyring, token: str, at: int) -> SignIn | None:
    """Whose token it is, which is used by this. None if it is unknown, ended, idle or too old."""
    sign_in = await look(database, keyring, token, at)
    if sign_in is None or at - sign_in.seen_at < SEEN_EVERY:
        return sign_in
    # A page is shown whether or not this can be noted.
    with contextlib.suppress(StorageUnavailable):
        await database.count(lambda tx: tx.run(_SEEN, id=sign_in.id, at=at))
    return replace(sign_in, seen_at=at)


async def look(database: Database, keyring: Keyring, token: str, at: int) -> SignIn | None:
    """As `resume`, in one read and without a use: for what scripts ask while nobody is there."""
    hashes = token_hashes(keyring, token)
    if hashes is None:
        return None
    row = await database.count(lambda tx: tx.one(_RESUME, hash=hashes[0], older_hash=hashes[1]))
    if row is None:
        return None
    return None if _is_over(row, at) else of_row(row, token)


async def roles_of(
    database: Database, organisation: str, ids: Collection[str], at: int
) -> Mapping[str, Role]:
    """The role that each of these sign-ins has now, by id, without those that have ended.

    For what goes on beside a page: being asked for here is no use of a sign-in.
    """
    rows = await database.count(lambda tx: tx.all(_ROLES, organisation=organisation, ids=list(ids)))
    return {row["id"]: row["role"] for row in rows if not _is_over(row, at)}


async def end(tx: Tx, caller: Caller, user_id: str, sign_in_id: str, at: int) -> None:
    """Sign out: the token is good for nothing from the next request on. Raises NotFound."""
    where = {"organisation": caller.tenant.organisation, "user": user_id}
    if not await tx.run(_END, **where, id=sign_in_id):
        raise NotFound("This sign-in has ended already.")
    await _audit_end(tx, caller, user_id, at)


async def end_others(
    tx: Tx, caller: Caller, user_id: str, at: int, *, keep: str | None = None
) -> int:
    """End every sign-in of a user but the one to keep; how many."""
    where = {"organisation": caller.tenant.organisation, "user": user_id}
    ended = await tx.run(_END_OTHERS, **where, kept=keep or "")
    if ended:
        await _audit_end(tx, caller, user_id, at)
    return ended


async def of_user(
    database: Database, organisation: str, user_id: str, at: int
) -> list[SignInFacts]:
    """A user's sign-ins that are still good, newest first."""
    since = at - ABSOLUTE_LIMIT
    rows = await database.count(
        lambda tx: tx.all(_OF_USER, organisation=organisation, user=user_id, since=since)
    )
    found = [
        SignInFacts(
            id=row["id"],
            began_at=row["began_at"],
            seen_at=seen_at(row),
            confirmed_at=row["confirmed_at"],
            address=row["address"],
            agent=row["agent"],
        )
        for row in rows
    ]
    return [each for each in found if at - each.seen_at < IDLE_LIMIT]


async def _sign_in(
    database: Database,
    keyring: Keyring,
    person: Person,
    code: str | None,
    password_hash: str,
    came: Came,
    random: Random,
) -> Begun:
    """The password was right: check the code, and keep the sign-in, in one transaction."""
    if person.user.has_totp:
        await credentials.admit_code(database, keyring, person.user, code or "")
    token = new_token(random(TOKEN_BYTES))
    sign_in_id = new_id(_PREFIX, came.at, random)

    async def work(tx: Tx) -> User | None:
        fresh = await credentials.lock_unchanged(tx, person)
        if fresh is None:
            return None
        caller = caller_of(fresh, "live", address=came.address, request_id=came.request_id)
        if not await credentials.code_fits(tx, keyring, caller, fresh, code, came.at):
            return None
        await _insert(tx, keyring, fresh, sign_in_id, token, came)
        where = {"organisation": fresh.organisation, "user": fresh.id}
        await tx.run(_NOTE_ON_USER, **where, hash=password_hash, at=came.at)
        await credentials.note_address(tx, fresh, came.address, came.at)
        await write_audit(tx, caller, "signed_in", fresh, (), came.at)
        return replace(fresh, signed_in_at=came.at)

    user = await database.write(work)
    if user is None:
        raise _refused(database, person, came)
    if code:
        await credentials.forgive_code(database, keyring, user, code)
    sign_in = SignIn(
        id=sign_in_id,
        user=user,
        csrf=csrf_of(token),
        began_at=came.at,
        seen_at=came.at,
        confirmed_at=came.at,
        address=came.address,
        agent=came.agent,
        practice=person.practice,
    )
    return Begun(token, sign_in)


async def _insert(
    tx: Tx, keyring: Keyring, user: User, sign_in_id: str, token: str, came: Came
) -> None:
    hashes = token_hashes(keyring, token)
    assert hashes is not None
    await tx.run(
        _INSERT,
        organisation=user.organisation,
        user=user.id,
        id=sign_in_id,
        hash=hashes[0],
        at=came.at,
        address=came.address,
        agent=came.agent,
    )


def _is_over(row: Row, at: int) -> bool:
    """Whether a sign-in is too old, or was not used for too long."""
    return at - int(row["began_at"]) >= ABSOLUTE_LIMIT or at - seen_at(row) >= IDLE_LIMIT


async def _audit_end(tx: Tx, caller: Caller, user_id: str, at: int) -> None:
    user = await fetch(tx, caller.tenant.organisation, user_id)
    await write_audit(tx, caller, "signed_out", user, (), at)


def _refused(database: Database, person: Person | None, came: Came) -> WrongSignIn:
    if person is not None:
        credentials.tell_refused(database, person.user, "sign_in_refused", came)
    return WrongSignIn()
