"""The users of an organisation: found, listed, and changed by its admins and operators.

Joining is left to invitations, passwords and second factors to modules of their own, and whether
the caller may do this to the caller. An organisation never loses its last admin.
"""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Final, Literal

from jump.audit import trail
from jump.caller import Actor, Caller, Mode, Tenant
from jump.errors import Conflict, FieldError, NotFound, ValidationFailed
from jump.identity import email_addresses
from jump.identity.names import name_problem
from jump.identity.roles import ROLE_NAMES, ROLES, Role, role_of
from jump.kit.ids import new_id
from jump.storage.database import Tx, Violated
from jump.storage.sql import Row, sql

Random = Callable[[int], bytes]
Status = Literal["invited", "active", "removed"]

EMAIL_TAKEN: Final = "There is a user with this e-mail address already."


@dataclass(frozen=True, slots=True)
class User:
    """One person. Instants are microseconds; `totp_since` says since when a code is asked for."""

    organisation: str
    id: str
    email: str
    name: str
    role: Role
    created_at: int
    created_by: str
    updated_at: int
    version: int
    joined_at: int | None = None
    signed_in_at: int | None = None
    password_changed_at: int | None = None
    totp_since: int | None = None
    removed_at: int | None = None

    @property
    def status(self) -> Status:
        """Invited until the first password is set; removed for good."""
        if self.removed_at is not None:
            return "removed"
        return "active" if self.joined_at is not None else "invited"

    @property
    def has_totp(self) -> bool:
        """Whether signing in takes a code too."""
        return self.totp_since is not None


@dataclass(frozen=True, slots=True)
class NewUser:
    """What a user is made of. Without a name the address's first part stands for it."""

    email: str
    role: str
    name: str = ""


_INSERT = sql("""
INSERT INTO users (organisation_id, id, email, name, role, created_at, updated_at, created_by,
  version)
VALUES (:organisation, :id, :email, :name, :role, :at, :at, :created_by, 1)
""")
_ALL = sql("""
SELECT * FROM users WHERE organisation_id = :organisation AND removed_at IS NULL
ORDER BY created_at, id
""")
_ONE = sql("""
SELECT * FROM users
WHERE organisation_id = :organisation AND id = :id AND removed_at IS NULL
""")
_FIND = sql("""
SELECT * FROM users
WHERE organisation_id = :organisation AND (id = :text OR email = :email) AND removed_at IS NULL
""")
_LOCK = sql("""
SELECT * FROM users
WHERE organisation_id = :organisation AND id = :id AND removed_at IS NULL
FOR NO KEY UPDATE
""")
_NAMES = sql("SELECT id, name FROM users WHERE organisation_id = :organisation AND id IN (:ids*)")
_LOCK_ORGANISATION = sql("SELECT id FROM organisations WHERE id = :organisation FOR NO KEY UPDATE")
_OTHER_ADMINS = sql("""
SELECT count(*) AS admins FROM users
WHERE organisation_id = :organisation AND role = 'admin' AND id <> :id
  AND joined_at IS NOT NULL AND removed_at IS NULL
""")
_CHANGE = sql("""
UPDATE users SET name = :name, role = :role, updated_at = :at, version = version + 1
WHERE organisation_id = :organisation AND id = :id
""")
_SET_PASSWORD = sql("""
UPDATE users SET name = :name, password_hash = :hash, password_changed_at = :at,
  joined_at = COALESCE(joined_at, :at), updated_at = :at, version = version + 1
WHERE organisation_id = :organisation AND id = :id
""")
_REMOVE = sql("""
UPDATE users SET removed_at = :at, password_hash = NULL, totp_sealed = NULL, totp_since = NULL,
  totp_waiting = NULL, updated_at = :at, version = version + 1
WHERE organisation_id = :organisation AND id = :id
""")
# Everything that a user could still come in with.
_FORGET: Final = (
    sql("DELETE FROM sign_ins WHERE organisation_id = :organisation AND user_id = :id"),
    sql("DELETE FROM recovery_codes WHERE organisation_id = :organisation AND user_id = :id"),
    sql("DELETE FROM known_addresses WHERE organisation_id = :organisation AND user_id = :id"),
    sql("DELETE FROM invitations WHERE organisation_id = :organisation AND user_id = :id"),
)


async def create(
    tx: Tx, caller: Caller, new: NewUser, at: int, random: Random = os.urandom
) -> User:
    """A new user of the caller's organisation, who has no password yet: see invitations.

    Raises ValidationFailed with every wrong field: email, role, name; and for a taken address,
    which is one of any organisation.
    """
    new = _checked(new)
    made = User(
        organisation=caller.tenant.organisation,
        id=new_id("usr", at, random),
        email=new.email,
        name=new.name,
        role=_known_role(new.role),
        created_at=at,
        created_by=caller.actor.id or caller.actor.kind,
        updated_at=at,
        version=1,
    )
    await insert(tx, made)
    await write_audit(tx, caller, "created", made, ("email", "name", "role"), at)
    return made


async def insert(tx: Tx, made: User) -> None:
    """Keep a new user. Raises ValidationFailed where the address is taken."""
    try:
        await tx.run(
            _INSERT,
            organisation=made.organisation,
            id=made.id,
            email=made.email,
            name=made.name,
            role=made.role,
            at=made.created_at,
            created_by=made.created_by,
        )
    except Violated as refused:
        raise ValidationFailed([FieldError("email", EMAIL_TAKEN)]) from refused


async def everyone(tx: Tx, organisation: str) -> list[User]:
    """The users of an organisation, invited ones too, oldest first."""
    return [user_record(row) for row in await tx.all(_ALL, organisation=organisation)]


async def fetch(tx: Tx, organisation: str, user_id: str) -> User:
    """The user of this id. Raises NotFound, for a removed one too."""
    return user_record(_found(await tx.one(_ONE, organisation=organisation, id=user_id)))


async def find(tx: Tx, organisation: str, id_or_email: str) -> User:
    """The user of this id or e-mail address. Raises NotFound."""
    email = email_addresses.normalised(id_or_email)
    return user_record(
        _found(await tx.one(_FIND, organisation=organisation, text=id_or_email, email=email))
    )


async def lock(tx: Tx, organisation: str, user_id: str) -> User:
    """As fetch, kept from others until the transaction ends."""
    return user_record(_found(await tx.one(_LOCK, organisation=organisation, id=user_id)))


async def names(tx: Tx, organisation: str, ids: Collection[str]) -> dict[str, str]:
    """The names of these users, removed ones too, by id: for the audit and for `created_by`."""
    rows = await tx.all(_NAMES, organisation=organisation, ids=list(ids))
    return {row["id"]: row["name"] for row in rows}


async def change_role(tx: Tx, caller: Caller, user_id: str, role: str, at: int) -> User:
    """What the user may do from the next request on.

    Raises ValidationFailed, NotFound, and Conflict for the last admin.
    """
    wanted = _known_role(role)
    user = await _lock_with_admins(tx, caller, user_id)
    if user.role == wanted:
        return user
    await _keep_an_admin(tx, user)
    changed = replace(user, role=wanted, updated_at=at, version=user.version + 1)
    await _change(tx, changed)
    await write_audit(tx, caller, "role_changed", changed, ("role",), at)
    return changed


async def change_name(tx: Tx, caller: Caller, user_id: str, name: str, at: int) -> User:
    """How the user is called. Raises ValidationFailed and NotFound."""
    name = name.strip()
    if problem := name_problem(name):
        raise ValidationFailed([FieldError("name", problem)])
    user = await lock(tx, caller.tenant.organisation, user_id)
    if user.name == name:
        return user
    changed = replace(user, name=name, updated_at=at, version=user.version + 1)
    await _change(tx, changed)
    await write_audit(tx, caller, "name_changed", changed, ("name",), at)
    return changed


async def set_password(tx: Tx, user: User, password_hash: str, at: int) -> None:
    """Keep a new password's hash, and the name; with the first one the user has joined.

    What is good for the password of before, such as a ticket, is good no more.
    """
    await tx.run(
        _SET_PASSWORD,
        organisation=user.organisation,
        id=user.id,
        name=user.name,
        hash=password_hash,
        at=at,
    )


async def remove(tx: Tx, caller: Caller, user_id: str, at: int) -> User:
    """End all that the user can come in with; the address is free again, the audit keeps the name.

    Raises NotFound, and Conflict for the last admin.
    """
    user = await _lock_with_admins(tx, caller, user_id)
    await _keep_an_admin(tx, user)
    await tx.run(_REMOVE, organisation=user.organisation, id=user.id, at=at)
    for statement in _FORGET:
        await tx.run(statement, organisation=user.organisation, id=user.id)
    removed = replace(user, removed_at=at, updated_at=at, version=user.version + 1)
    await write_audit(tx, caller, "removed", removed, ("status",), at)
    return removed


def caller_of(
    user: User, mode: Mode, *, address: str | None = None, request_id: str | None = None
) -> Caller:
    """The user as the functions of the program know who asks, with the scopes of the role."""
    tenant, actor = Tenant(user.organisation, mode), Actor("user", user.id)
    return Caller(tenant, actor, ROLES[user.role].scopes, request_id, address)


async def write_audit(
    tx: Tx, caller: Caller, action: str, user: User, fields: Collection[str], at: int
) -> None:
    """A row of the audit about a user, who is of both modes: as for an organisation, in live."""
    change = trail.Change(f"user.{action}", "user", user.id, fields=tuple(fields))
    await trail.write(tx, replace(caller, tenant=Tenant(user.organisation, "live")), change, at)


def user_record(row: Row) -> User:
    """The record of a row of users."""
    return User(
        organisation=row["organisation_id"],
        id=row["id"],
        email=row["email"],
        name=row["name"],
        role=row["role"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        updated_at=row["updated_at"],
        version=row["version"],
        joined_at=row["joined_at"],
        signed_in_at=row["signed_in_at"],
        password_changed_at=row["password_changed_at"],
        totp_since=row["totp_since"],
        removed_at=row["removed_at"],
    )


async def lock_organisation(tx: Tx, organisation: str) -> None:
    """One at a time for what depends on who else is a user. Taken before any user's row."""
    await tx.one(_LOCK_ORGANISATION, organisation=organisation)


async def _lock_with_admins(tx: Tx, caller: Caller, user_id: str) -> User:
    await lock_organisation(tx, caller.tenant.organisation)
    return await lock(tx, caller.tenant.organisation, user_id)


async def _keep_an_admin(tx: Tx, user: User) -> None:
    """Raises Conflict where this is the last admin who can sign in."""
    if user.role != "admin" or user.joined_at is None:
        return
    row = await tx.one(_OTHER_ADMINS, organisation=user.organisation, id=user.id)
    if row is None or row["admins"] == 0:
        raise Conflict("This is the last admin: make another user an admin first.")


async def _change(tx: Tx, user: User) -> None:
    await tx.run(
        _CHANGE,
        organisation=user.organisation,
        id=user.id,
        name=user.name,
        role=user.role,
        at=user.updated_at,
    )


def _checked(new: NewUser) -> NewUser:
    """The same in order, or ValidationFailed with every wrong field."""
    email = email_addresses.normalised(new.email)
    name = new.name.strip() or email.partition("@")[0]
    problems = {
        "email": email_addresses.problem(email),
        "role": None if role_of(new.role) else _ROLE_PROBLEM,
        "name": name_problem(name) if new.name.strip() else None,
    }
    errors = [FieldError(field, problem) for field, problem in problems.items() if problem]
    if errors:
        raise ValidationFailed(errors)
    return NewUser(email, new.role, name)


_ROLE_PROBLEM: Final = f"Use one of {', '.join(ROLE_NAMES)}."


def _known_role(text: str) -> Role:
    role = role_of(text)
    if role is None:
        raise ValidationFailed([FieldError("role", _ROLE_PROBLEM)])
    return role


def _found(row: Row | None) -> Row:
    if row is None:
        raise NotFound("There is no user with this id.")
    return row
