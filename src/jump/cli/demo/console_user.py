"""The demo's own user of the console: an admin, whose password is new with each run."""

import secrets
from typing import Final

from jump.application.opening import Storage
from jump.caller import Caller
from jump.errors import NotFound
from jump.identity import passwords, ready_users, users
from jump.identity.users import NewUser, User
from jump.storage.database import Tx

EMAIL: Final = "demo@example.org"
_NAME: Final = "Demo"
_PASSWORD_BYTES: Final = 12


async def sign_in_anew(storage: Storage, caller: Caller) -> str:
    """The password of the demo's user, who is made if there is none."""
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    try:
        user = await storage.database.read(
            lambda tx: users.find(tx, caller.tenant.organisation, EMAIL)
        )
    except NotFound:
        new = NewUser(EMAIL, "admin", _NAME)
        await ready_users.create(storage.database, caller, new, password, storage.clock())
        return password
    await _set_password(storage, user, password)
    return password


async def _set_password(storage: Storage, user: User, password: str) -> None:
    kept = await passwords.hash_password(password)

    async def work(tx: Tx) -> None:
        await users.set_password(tx, user, kept, storage.clock())

    await storage.database.write(work)
