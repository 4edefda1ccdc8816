"""Practices, callers and keys for the tests of this folder."""

import os
from collections.abc import Sequence

from jump.caller import OPERATOR, Caller, Mode, Tenant
from jump.identity import organisations
from jump.keys import issue
from jump.keys.admit import Admission, admit
from jump.keys.issue import NewKey
from jump.keys.record import KeyRecord
from jump.kit.clock import HOUR, system_clock
from jump.sealing import Keyring
from jump.storage.database import Database

KEYRING = Keyring("a secret key for tests, and for nothing else")
ADDRESS = "203.0.113.7"


async def operator(database: Database, mode: Mode = "test") -> Caller:
    """The operator of the organisation that every database begins with."""
    practice = await database.read(organisations.only)
    return Caller(Tenant(practice.id, mode), OPERATOR, frozenset())


async def new_key(
    database: Database,
    *,
    mode: Mode = "test",
    scopes: Sequence[str] = ("read_patients",),
    limit: int = 1_000,
    expires_at: int | None = None,
    at: int | None = None,
    keyring: Keyring = KEYRING,
) -> tuple[KeyRecord, str]:
    """A key of that organisation: its record and the full key."""
    caller = await operator(database)
    new = NewKey("Front desk", mode, scopes, limit, expires_at)
    now = system_clock() if at is None else at
    return await database.write(lambda tx: issue.create(tx, keyring, caller, new, now, os.urandom))


async def send(
    database: Database,
    key: str,
    *,
    counted: bool = True,
    secure: bool = True,
    keyring: Keyring = KEYRING,
) -> Admission:
    """Admit one request with this key."""
    return await admit(
        database,
        keyring,
        f"Bearer {key}",
        address=ADDRESS,
        secure=secure,
        request_id="req_1",
        counted=counted,
    )


def in_an_hour() -> int:
    """An expiry that lies ahead."""
    return system_clock() + HOUR
