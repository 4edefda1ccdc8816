"""Second factors: a code of an app (TOTP, RFC 6238), set up by the user, never accepted twice.

Secrets are kept sealed. Asking for a code is left to sign_ins, codes on paper to recovery_codes,
and drawing the address as a QR code to the page.
"""

import base64
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from pyotp import HOTP, TOTP

from jump.caller import Caller
from jump.errors import Conflict, FieldError, ValidationFailed
from jump.identity import recovery_codes
from jump.identity.users import User, lock, write_audit
from jump.kit.clock import SECOND
from jump.sealing import CannotOpen, Keyring
from jump.storage.database import Tx
from jump.storage.sql import sql

Random = Callable[[int], bytes]

ISSUER: Final = "Jump"
_PURPOSE: Final = "totp secrets"
_SECRET_BYTES: Final = 20  # RFC 4226, section 4, requirement 6
_STEP: Final = 30 * SECOND  # what every app assumes
_WINDOW: Final = (0, -1, 1)  # steps that the two clocks may be apart
_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class SetUp:
    """What an app needs, shown until a code confirms it: the secret to type, or its address."""

    secret: str
    uri: str

    @property
    def grouped(self) -> str:
        """The secret in groups of four, to be typed."""
        return " ".join(self.secret[at : at + 4] for at in range(0, len(self.secret), 4))


_READ = sql("""
SELECT totp_sealed, totp_waiting, totp_counter FROM users
WHERE organisation_id = :organisation AND id = :id
""")
_BEGIN = sql("""
UPDATE users SET totp_waiting = :sealed WHERE organisation_id = :organisation AND id = :id
""")
_TURN_ON = sql("""
UPDATE users SET totp_sealed = :sealed, totp_waiting = NULL, totp_since = :at,
  totp_counter = :counter, updated_at = :at, version = version + 1
WHERE organisation_id = :organisation AND id = :id
""")
_TURN_OFF = sql("""
UPDATE users SET totp_sealed = NULL, totp_waiting = NULL, totp_since = NULL,
  updated_at = :at, version = version + 1
WHERE organisation_id = :organisation AND id = :id
""")
# A code is good once. The secret is sealed anew, so that it outlives a change of the secret key.
_USE = sql("""
UPDATE users SET totp_counter = :counter, totp_sealed = :sealed
WHERE organisation_id = :organisation AND id = :id AND totp_sealed IS NOT NULL
  AND (totp_counter IS NULL OR totp_counter < :counter)
""")


async def begin_setup(
    tx: Tx, keyring: Keyring, caller: Caller, user_id: str, random: Random = os.urandom
) -> SetUp:
    """A new secret, which counts once a code confirms it; one begun before is forgotten.

    Raises NotFound, and Conflict where codes are asked for already.
    """
    user = await lock(tx, caller.tenant.organisation, user_id)
    if user.has_totp:
        raise Conflict("Codes are asked for already. Turn them off first to use another app.")
    secret = base64.b32encode(random(_SECRET_BYTES)).decode()
    sealed = _seal(keyring, user.id, secret)
    await tx.run(_BEGIN, organisation=user.organisation, id=user.id, sealed=sealed)
    return _shown(user, secret)


async def waiting_setup(tx: Tx, keyring: Keyring, user: User) -> SetUp | None:
    """What begin_setup gave, as long as it is not confirmed: to show it again."""
    row = await tx.one(_READ, organisation=user.organisation, id=user.id)
    secret = _open(keyring, user.id, row["totp_waiting"]) if row else None
    return _shown(user, secret) if secret else None


async def confirm_setup(
    tx: Tx,
    keyring: Keyring,
    caller: Caller,
    user_id: str,
    code: str,
    at: int,
    random: Random = os.urandom,
) -> tuple[str, ...]:
    """From now on signing in takes a code: the recovery codes, shown this once.

    Raises NotFound, ValidationFailed for a wrong code, Conflict where no set-up was begun.
    """
    user = await lock(tx, caller.tenant.organisation, user_id)
    row = await tx.one(_READ, organisation=user.organisation, id=user.id)
    secret = _open(keyring, user.id, row["totp_waiting"]) if row else None
    if secret is None:
        raise Conflict("Begin to set up an app first.")
    counter = matching_step(secret, code, at)
    if counter is None:
        wrong = "This is not the code that the app shows now. Check the clock of the device too."
        raise ValidationFailed([FieldError("code", wrong)])
    sealed = _seal(keyring, user.id, secret)
    where = {"organisation": user.organisation, "id": user.id}
    await tx.run(_TURN_ON, **where, sealed=sealed, counter=counter, at=at)
    changed = replace(user, totp_since=at)
    await write_audit(tx, caller, "totp_turned_on", changed, ("totp",), at)
    return await recovery_codes.renew(tx, keyring, caller, changed, at, random)


async def disable(tx: Tx, caller: Caller, user_id: str, at: int) -> User:
    """Ask for no code any more; the user's own wish, or an admin's for one who lost the device.

    Changes nothing where none is asked for. Raises NotFound.
    """
    user = await lock(tx, caller.tenant.organisation, user_id)
    if not user.has_totp:
        return user
    await tx.run(_TURN_OFF, organisation=user.organisation, id=user.id, at=at)
    await recovery_codes.forget(tx, user)
    changed = replace(user, totp_since=None, updated_at=at, version=user.version + 1)
    await write_audit(tx, caller, "totp_turned_off", changed, ("totp",), at)
    return changed


async def use_code(tx: Tx, keyring: Keyring, user: User, code: str, at: int) -> bool:
    """Whether the code is the user's of now, and was not used before; it cannot be used again."""
    row = await tx.one(_READ, organisation=user.organisation, id=user.id)
    secret = _open(keyring, user.id, row["totp_sealed"]) if row else None
    counter = matching_step(secret, code, at) if secret else None
    if secret is None or counter is None:
        return False
    sealed = _seal(keyring, user.id, secret)
    where = {"organisation": user.organisation, "id": user.id}
    return await tx.run(_USE, **where, counter=counter, sealed=sealed) == 1


def matching_step(secret: str, code: str, at: int) -> int | None:
    """The time step whose code this is, of now and its two neighbours, or None."""
    digits = "".join(code.split())
    if len(digits) != _DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    codes, now = HOTP(secret), at // _STEP
    # Every one is compared, so that the time taken tells nothing.
    found = [now + off for off in _WINDOW if hmac.compare_digest(codes.at(now + off), digits)]
    return found[0] if found else None


def _shown(user: User, secret: str) -> SetUp:
    return SetUp(secret, TOTP(secret).provisioning_uri(name=user.email, issuer_name=ISSUER))


def _seal(keyring: Keyring, user_id: str, secret: str) -> bytes:
    return keyring.seal(_PURPOSE, secret.encode(), user_id.encode())


def _open(keyring: Keyring, user_id: str, sealed: bytes | None) -> str | None:
    """The secret; None where there is none, or where the secret key it was sealed with is lost."""
    if sealed is None:
        return None
    try:
        return keyring.open(_PURPOSE, bytes(sealed), user_id.encode()).decode()
    except CannotOpen:
        return None
