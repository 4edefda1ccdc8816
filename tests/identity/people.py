"""A practice, its users and their sign-ins, for the tests of this folder."""

import os
from typing import Any

from jump.audit import trail
from jump.audit.trail import Entry
from jump.caller import OPERATOR, Caller, Tenant
from jump.identity import afterwards, organisations, ready_users, sign_ins, totp, users
from jump.identity.organisations import Organisation
from jump.identity.sign_ins import Begun, SignIn
from jump.identity.users import NewUser, User
from jump.kit.clock import SECOND, system_clock
from jump.sealing import Keyring
from jump.storage.database import Database

SECRET_KEY = "a secret key for tests, and for nothing else"
KEYRING = Keyring(SECRET_KEY)
PASSWORD = "four words in any order"
ADA, BOB = "ada@example.org", "bob@example.org"
HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"
BROWSER = "Mozilla/5.0 (Tests)"
# Instants of the identity functions are arguments; only tries go by the database's clock.
NOW = system_clock()


async def operator(database: Database, org: str | None = None) -> Caller:
    """The operator of an organisation, by default the only one."""
    practice = await database.read(
        lambda tx: organisations.find(tx, org) if org else organisations.only(tx)
    )
    return Caller(Tenant(practice.id, "test"), OPERATOR, frozenset())


async def second_practice(database: Database) -> Organisation:
    """Another organisation, made after the one that came with the database."""
    at = system_clock()
    return await database.write(lambda tx: organisations.create(tx, OPERATOR, "Second", at))


async def joined(
    database: Database,
    email: str = ADA,
    role: str = "admin",
    org: str | None = None,
    at: int = NOW - 2 * SECOND,
) -> User:
    """A user with PASSWORD."""
    caller = await operator(database, org)
    return await ready_users.create(database, caller, NewUser(email, role), PASSWORD, at)


async def invited(database: Database, email: str = BOB, role: str = "developer") -> User:
    """A user who has no password yet, without a link."""
    caller, at = await operator(database), NOW - SECOND
    return await database.write(lambda tx: users.create(tx, caller, NewUser(email, role), at))


async def enter(database: Database, email: str = ADA, **changed: Any) -> Begun:
    """Sign in with PASSWORD from HOME, or with what is changed."""
    given = {
        "password": PASSWORD,
        "code": None,
        "address": HOME,
        "agent": BROWSER,
        "at": NOW,
        "random": os.urandom,
    } | changed
    return await sign_ins.begin(database, KEYRING, email, **given)


async def resume(database: Database, token: str, at: int = NOW) -> SignIn | None:
    """Whose token it is."""
    return await sign_ins.resume(database, KEYRING, token, at)


async def with_totp(database: Database, user: User) -> tuple[str, tuple[str, ...]]:
    """Turn codes on for a user: the secret, and the recovery codes. NOW's code is spent."""
    caller = users.caller_of(user, "live")
    set_up = await database.write(lambda tx: totp.begin_setup(tx, KEYRING, caller, user.id))
    now = code(set_up.secret, NOW)
    codes = await database.write(
        lambda tx: totp.confirm_setup(tx, KEYRING, caller, user.id, now, NOW)
    )
    return set_up.secret, codes


def code(secret: str, at: int) -> str:
    """What the app shows at an instant."""
    return totp.TOTP(secret).at(at // 1_000_000)


async def audit(database: Database, organisation: str) -> list[Entry]:
    """Its audit in live, oldest first, with what is written a moment later."""
    await afterwards.settled()
    tenant = Tenant(organisation, "live")
    return (await database.read(lambda tx: trail.page(tx, tenant, limit=1_000)))[::-1]


async def actions(database: Database, user: User) -> list[str]:
    """What the audit says about a user, oldest first, without `user.`."""
    entries = await audit(database, user.organisation)
    return [
        entry.change.action.removeprefix("user.")
        for entry in entries
        if entry.change.record_id == user.id
    ]
