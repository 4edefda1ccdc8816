"""Finds whose credentials are shown, and checks them; what follows is left to sign_ins.

Whoever is refused is told one thing only, whatever the cause, and as late for an unknown address as
for a wrong password.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Final

import msgspec

from jump.caller import SYSTEM, Caller, Tenant
from jump.errors import FieldError, ValidationFailed
from jump.identity import email_addresses, passwords, recovery_codes, totp, tries
from jump.identity.afterwards import afterwards
from jump.identity.sign_in_record import Came
from jump.identity.users import User, user_record, write_audit
from jump.kit.address_blocks import network
from jump.kit.clock import DAY, MINUTE
from jump.sealing import CannotOpen, Keyring
from jump.storage.database import Database, Tx
from jump.storage.sql import Row, sql

KNOWN_FOR: Final = 90 * DAY
TICKET_FOR: Final = 5 * MINUTE
_TICKETS: Final = "sign-in tickets"

WRONG: Final = "The e-mail address, the password or the code is wrong."
WRONG_AGAIN: Final = "The password or the code is wrong."


class WrongSignIn(ValidationFailed):
    """The credentials do not fit. The same words for every cause."""

    def __init__(self, message: str = WRONG) -> None:
        super().__init__((), message)


class CodeNeeded(ValidationFailed):
    """The password is right, and a code is asked for too: give it to `finish` with the ticket."""

    def __init__(self, ticket: str) -> None:
        wanted = "Enter the code that your app shows now, or a recovery code."
        super().__init__([FieldError("code", wanted)], wanted)
        self.ticket = ticket


@dataclass(frozen=True, slots=True)
class Person:
    """A user and what to check; `known`: has signed in from this address before."""

    user: User
    password_hash: str | None
    practice: str
    known: bool


class _Ticket(msgspec.Struct, array_like=True):
    organisation: str
    user: str
    password_changed_at: int | None
    at: int


_BY_EMAIL = sql("""
SELECT u.*, o.name AS practice, EXISTS (SELECT 1 FROM known_addresses k
    WHERE k.organisation_id = u.organisation_id AND k.user_id = u.id AND k.address = :address
      AND k.seen_at > :since) AS known
FROM users u JOIN organisations o ON o.id = u.organisation_id
WHERE u.email = :email AND u.removed_at IS NULL
""")
_BY_ID = sql("""
SELECT u.*, o.name AS practice, TRUE AS known
FROM users u JOIN organisations o ON o.id = u.organisation_id
WHERE u.organisation_id = :organisation AND u.id = :id AND u.removed_at IS NULL
""")
# Whoever changes a password or removes a user meanwhile waits, or has been before us.
_STILL = sql("""
SELECT * FROM users
WHERE organisation_id = :organisation AND id = :id AND removed_at IS NULL
  AND password_hash = :hash
FOR NO KEY UPDATE
""")
_NOTE_ADDRESS = sql("""
INSERT INTO known_addresses (organisation_id, user_id, address, seen_at)
VALUES (:organisation, :user, :address, :at)
ON CONFLICT (organisation_id, user_id, address) DO UPDATE SET seen_at = excluded.seen_at
""")


async def by_email(database: Database, email: str, address: str, at: int) -> Person | None:
    """Whose normalised e-mail address this is, in whichever organisation."""
    if email_addresses.problem(email):
        email = ""  # nobody's; what was typed may be a text that no database takes
    place, since = network(address), at - KNOWN_FOR
    row = await database.read(lambda tx: tx.one(_BY_EMAIL, email=email, address=place, since=since))
    return _person(row) if row else None


async def by_id(database: Database, organisation: str, user_id: str) -> Person | None:
    """The user of this id."""
    row = await database.read(lambda tx: tx.one(_BY_ID, organisation=organisation, id=user_id))
    return _person(row) if row else None


async def has_password(database: Database, keyring: Keyring, person: Person, password: str) -> bool:
    """Whether this is the password of someone signed in, who is asked again.

    Raises RateLimited.
    """
    counted = tries.for_confirming(keyring, person.user.id)
    await tries.take(database, counted)
    if not await passwords.verify(person.password_hash, password):
        return False
    await tries.forgive(database, counted)
    return True


async def lock_unchanged(tx: Tx, person: Person) -> User | None:
    """The user of now, kept from others; None if removed, or if the password is another one now."""
    row = await tx.one(
        _STILL,
        organisation=person.user.organisation,
        id=person.user.id,
        hash=person.password_hash,
    )
    return user_record(row) if row else None


async def admit_code(database: Database, keyring: Keyring, user: User, code: str) -> None:
    """Count a try of a code. Raises RateLimited."""
    await tries.take(database, _counted(keyring, user, code))


async def forgive_code(database: Database, keyring: Keyring, user: User, code: str) -> None:
    """The code was right."""
    await tries.forgive(database, _counted(keyring, user, code))


async def code_fits(
    tx: Tx, keyring: Keyring, caller: Caller, user: User, code: str | None, at: int
) -> bool:
    """Whether no code is asked for, or this one, of the app or from paper, is good.

    It is not good again.
    """
    if not user.has_totp:
        return True
    if not code:
        return False
    if not recovery_codes.looks_like_one(code):
        return await totp.use_code(tx, keyring, user, code, at)
    if not await recovery_codes.use(tx, keyring, user, code):
        return False
    await write_audit(tx, caller, "recovery_code_used", user, ("recovery_codes",), at)
    return True


async def note_address(tx: Tx, user: User, address: str, at: int) -> None:
    """The user was here: tries from this address are slowed by its own failures only."""
    await tx.run(
        _NOTE_ADDRESS,
        organisation=user.organisation,
        user=user.id,
        address=network(address),
        at=at,
    )


def ticket_for(keyring: Keyring, user: User, at: int) -> str:
    """Says that this user's password was right a moment ago; good for minutes, with a code."""
    ticket = _Ticket(user.organisation, user.id, user.password_changed_at, at)
    sealed = keyring.seal(_TICKETS, msgspec.json.encode(ticket), b"")
    return base64.urlsafe_b64encode(sealed).decode()


async def by_ticket(database: Database, keyring: Keyring, text: str, at: int) -> Person | None:
    """Whose ticket it is; None if it is none, too old, or older than the password."""
    try:
        opened = keyring.open(_TICKETS, base64.urlsafe_b64decode(text.encode()), b"")
    except (binascii.Error, UnicodeEncodeError, CannotOpen):
        return None
    ticket = msgspec.json.decode(opened, type=_Ticket)
    if not 0 <= at - ticket.at < TICKET_FOR:
        return None
    person = await by_id(database, ticket.organisation, ticket.user)
    if person is None or person.user.password_changed_at != ticket.password_changed_at:
        return None
    return person


def tell_refused(database: Database, user: User, action: str, came: Came) -> None:
    """Write into the audit that somebody was refused, a moment later: who waits learns nothing."""
    tenant = Tenant(user.organisation, "live")
    caller = Caller(tenant, SYSTEM, frozenset(), came.request_id, came.address)
    written = database.write(lambda tx: write_audit(tx, caller, action, user, (), came.at))
    afterwards(written, f"audit of {action}")


def _counted(keyring: Keyring, user: User, code: str) -> tuple[tries.Counted, ...]:
    from_paper = recovery_codes.looks_like_one(code)
    return tries.for_code(keyring, user.id, from_paper=from_paper)


def _person(row: Row) -> Person:
    return Person(user_record(row), row["password_hash"], row["practice"], bool(row["known"]))
