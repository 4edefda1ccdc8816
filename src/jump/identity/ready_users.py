"""Makes a user with a password, who can sign in at once: for operators; others get a link."""

import os
from collections.abc import Callable

from jump.caller import Caller
from jump.errors import FieldError, ValidationFailed
from jump.identity import email_addresses, organisations, password_rules, passwords, users
from jump.identity.users import NewUser, User
from jump.storage.database import Database, Tx

Random = Callable[[int], bytes]


async def create(
    database: Database,
    caller: Caller,
    new: NewUser,
    password: str,
    at: int,
    random: Random = os.urandom,
) -> User:
    """The new user. Raises ValidationFailed as users.create does, and for the password."""
    organisation = caller.tenant.organisation
    practice = await database.read(lambda tx: organisations.find(tx, organisation))
    email = email_addresses.normalised(new.email)
    if problem := password_rules.problem(password, email, practice.name):
        raise ValidationFailed([FieldError("password", problem)])
    kept = await passwords.hash_password(password)

    async def work(tx: Tx) -> User:
        user = await users.create(tx, caller, new, at, random)
        await users.set_password(tx, user, kept, at)
        return await users.fetch(tx, organisation, user.id)

    return await database.write(work)
