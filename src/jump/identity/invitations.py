"""Makes the links that can be used once, to join, to make the first admin, to set a new password,
and uses them.

Sending a link is left to whoever made it.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from jump.audit import trail
from jump.caller import SYSTEM, Caller, Tenant
from jump.errors import FieldError, Gone, NotFound, ValidationFailed
from jump.identity import (
    credentials,
    email_addresses,
    password_rules,
    passwords,
    sign_ins,
    users,
)
from jump.identity.invitation_record import (
    HASH_PURPOSE,
    USED,
    Invitation,
    Kind,
    Link,
    anyone_has_joined,
    invitation_record,
    look,
)
from jump.identity.names import name_problem
from jump.identity.sign_in_record import new_token
from jump.identity.users import NewUser, User, caller_of, write_audit
from jump.kit.clock import DAY, HOUR
from jump.kit.ids import new_id
from jump.sealing import Keyring
from jump.storage.database import Database, Tx
from jump.storage.sql import sql

__all__ = [
    "Given",
    "Invitation",
    "Link",
    "accept",
    "first_admin",
    "invite",
    "look",
    "outstanding",
    "renew",
    "revoke",
]

Random = Callable[[int], bytes]

GOOD_FOR: Final = 7 * DAY
FIRST_ADMIN_GOOD_FOR: Final = 24 * HOUR
# For our own use; it is not one of the contract's ids.
_PREFIX: Final = "inv"
_TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Given:
    """What the person fills in: no name for a reset, the e-mail address as first admin only."""

    password: str
    name: str = ""
    email: str = ""


_INSERT = sql("""
INSERT INTO invitations (organisation_id, id, kind, user_id, token_hash, created_at, created_by,
  expires_at)
VALUES (:organisation, :id, :kind, :user, :hash, :at, :created_by, :expires_at)
""")
_REVOKE_OF_USER = sql("""
UPDATE invitations SET revoked_at = :at
WHERE organisation_id = :organisation AND user_id = :user AND used_at IS NULL
  AND revoked_at IS NULL
""")
_REVOKE = sql("""
UPDATE invitations SET revoked_at = :at
WHERE organisation_id = :organisation AND id = :id AND used_at IS NULL AND revoked_at IS NULL
RETURNING user_id
""")
_OUTSTANDING = sql("""
SELECT i.*, o.name AS practice, u.email, u.name, u.role
FROM invitations i
JOIN organisations o ON o.id = i.organisation_id
JOIN users u ON u.organisation_id = i.organisation_id AND u.id = i.user_id
WHERE i.organisation_id = :organisation AND i.used_at IS NULL AND i.revoked_at IS NULL
  AND i.expires_at > :at
ORDER BY i.created_at, i.id
""")
_USE = sql("""
UPDATE invitations SET used_at = :at
WHERE organisation_id = :organisation AND id = :id AND used_at IS NULL AND revoked_at IS NULL
""")
_FIRST_ORGANISATION = sql("SELECT id FROM organisations ORDER BY created_at, id LIMIT 1")


async def invite(
    tx: Tx, keyring: Keyring, caller: Caller, new: NewUser, at: int, random: Random = os.urandom
) -> tuple[User, Link]:
    """A new user, and the link to join with. Raises ValidationFailed, as users.create does."""
    user = await users.create(tx, caller, new, at, random)
    return user, await _make(tx, keyring, caller, user, at, random)


async def renew(
    tx: Tx, keyring: Keyring, caller: Caller, user_id: str, at: int, random: Random = os.urandom
) -> Link:
    """Another link for a user: to join, or for one who has joined to set a new password.

    The user's links of before are good no more. Raises NotFound.
    """
    user = await users.lock(tx, caller.tenant.organisation, user_id)
    await tx.run(_REVOKE_OF_USER, organisation=user.organisation, user=user.id, at=at)
    return await _make(tx, keyring, caller, user, at, random)


async def first_admin(
    tx: Tx, keyring: Keyring, at: int, random: Random = os.urandom
) -> Link | None:
    """A link to make the first admin, of the first organisation, or None if someone has joined.

    Several may be good at once, since each process that starts makes one; the first that is used
    ends the others.
    """
    organisation = await tx.one(_FIRST_ORGANISATION)
    if organisation is None or await anyone_has_joined(tx):
        return None
    caller = Caller(Tenant(organisation["id"], "live"), SYSTEM, frozenset())
    link = await _keep(tx, keyring, caller, "first_admin", None, at, random)
    await _audit(tx, caller, "created", link.invitation_id, at)
    return link


async def revoke(tx: Tx, caller: Caller, invitation_id: str, at: int) -> None:
    """Let a link be good no more. Raises NotFound for one that is not good as it is."""
    row = await tx.one(_REVOKE, organisation=caller.tenant.organisation, id=invitation_id, at=at)
    if row is None:
        raise NotFound("There is no open link with this id.")
    await _audit(tx, caller, "revoked", invitation_id, at)


async def outstanding(tx: Tx, organisation: str, at: int) -> list[Invitation]:
    """The links to join or to reset a password that are still good, oldest first."""
    rows = await tx.all(_OUTSTANDING, organisation=organisation, at=at)
    return [invitation_record(row) for row in rows]


async def accept(
    database: Database,
    keyring: Keyring,
    token: str,
    given: Given,
    at: int,
    *,
    address: str,
    request_id: str | None = None,
    random: Random = os.urandom,
) -> User:
    """The user, who can sign in now with the password given; after a reset other sign-ins end.

    Raises what look raises, ValidationFailed with every wrong field (name, email, password), and
    RateLimited.
    """
    invitation = await database.read(lambda tx: look(tx, keyring, token, at))
    given = _checked(invitation, given)
    kept = await passwords.hash_password(given.password)

    async def work(tx: Tx) -> User:
        await _take(tx, keyring, invitation, token, at)
        user = await _person(tx, invitation, given, at, random)
        await users.set_password(tx, user, kept, at)
        await tx.run(_REVOKE_OF_USER, organisation=user.organisation, user=user.id, at=at)
        await credentials.note_address(tx, user, address, at)
        caller = caller_of(user, "live", address=address, request_id=request_id)
        action = "password_reset" if invitation.kind == "reset" else "joined"
        await write_audit(tx, caller, action, user, ("password",), at)
        await sign_ins.end_others(tx, caller, user.id, at)
        return await users.fetch(tx, user.organisation, user.id)

    return await database.write(work)


async def _take(tx: Tx, keyring: Keyring, invitation: Invitation, token: str, at: int) -> None:
    """Use the link, before anyone else can; raises what look raises."""
    if invitation.kind == "first_admin":
        await users.lock_organisation(tx, invitation.organisation)
    await look(tx, keyring, token, at)
    where = {"organisation": invitation.organisation, "id": invitation.id}
    if not await tx.run(_USE, **where, at=at):
        raise Gone(USED)


async def _person(tx: Tx, invitation: Invitation, given: Given, at: int, random: Random) -> User:
    """Whom the link is for: a user there is, or the first one."""
    if invitation.user_id is not None:
        user = await users.lock(tx, invitation.organisation, invitation.user_id)
        return user if invitation.kind == "reset" else replace(user, name=given.name)
    user_id = new_id("usr", at, random)
    made = User(
        organisation=invitation.organisation,
        id=user_id,
        email=given.email,
        name=given.name,
        role="admin",
        created_at=at,
        created_by=user_id,
        updated_at=at,
        version=1,
    )
    await users.insert(tx, made)
    return made


def _checked(invitation: Invitation, given: Given) -> Given:
    """The same in order, or ValidationFailed with every wrong field."""
    email = invitation.email or email_addresses.normalised(given.email)
    name = given.name.strip()
    problems = {
        "name": None if invitation.kind == "reset" else name_problem(name),
        "email": email_addresses.problem(email),
        "password": password_rules.problem(given.password, email, invitation.practice),
    }
    errors = [FieldError(field, problem) for field, problem in problems.items() if problem]
    if errors:
        raise ValidationFailed(errors)
    return replace(given, name=name, email=email)


async def _make(
    tx: Tx, keyring: Keyring, caller: Caller, user: User, at: int, random: Random
) -> Link:
    kind: Kind = "join" if user.joined_at is None else "reset"
    link = await _keep(tx, keyring, caller, kind, user.id, at, random)
    action = "invited" if kind == "join" else "reset_link_made"
    await write_audit(tx, caller, action, user, (), at)
    return link


async def _keep(
    tx: Tx,
    keyring: Keyring,
    caller: Caller,
    kind: Kind,
    user_id: str | None,
    at: int,
    random: Random,
) -> Link:
    good_for = FIRST_ADMIN_GOOD_FOR if kind == "first_admin" else GOOD_FOR
    link = Link(new_id(_PREFIX, at, random), kind, new_token(random(_TOKEN_BYTES)), at + good_for)
    await tx.run(
        _INSERT,
        organisation=caller.tenant.organisation,
        id=link.invitation_id,
        kind=kind,
        user=user_id,
        hash=keyring.keyed_hash(HASH_PURPOSE, link.token.encode()),
        at=at,
        created_by=caller.actor.id or caller.actor.kind,
        expires_at=link.expires_at,
    )
    return link


async def _audit(tx: Tx, caller: Caller, action: str, invitation_id: str, at: int) -> None:
    change = trail.Change(f"invitation.{action}", "invitation", invitation_id)
    in_live = replace(caller, tenant=Tenant(caller.tenant.organisation, "live"))
    await trail.write(tx, in_live, change, at)
