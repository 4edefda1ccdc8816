"""Ten codes on paper for the day the app is lost: shown once, kept hashed, each good once."""

import base64
import os
from collections.abc import Callable
from typing import Final

from jump.caller import Caller
from jump.errors import Conflict
from jump.identity.users import User, write_audit
from jump.sealing import Keyring
from jump.storage.database import Tx
from jump.storage.sql import Args, sql

Random = Callable[[int], bytes]

HOW_MANY: Final = 10
_PURPOSE: Final = "recovery codes"
_BYTES: Final = 10  # 80 bits: nobody guesses one, so a quick hash is enough
_LENGTH: Final = 16
# Base 32 without letters that look like digits, all in lower case.
_TO_TYPED: Final = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghjkmnpqrstvwxyz"
)

_ADD = sql("""
INSERT INTO recovery_codes (organisation_id, user_id, code_hash)
VALUES (:organisation, :user, :hash)
""")
_FORGET = sql("""
DELETE FROM recovery_codes WHERE organisation_id = :organisation AND user_id = :user
""")
_LEFT = sql("""
SELECT count(*) AS codes FROM recovery_codes
WHERE organisation_id = :organisation AND user_id = :user
""")
_USE = sql("""
DELETE FROM recovery_codes
WHERE organisation_id = :organisation AND user_id = :user AND code_hash IN (:hash, :older_hash)
""")


async def renew(
    tx: Tx, keyring: Keyring, caller: Caller, user: User, at: int, random: Random = os.urandom
) -> tuple[str, ...]:
    """Ten new codes, shown this once; those before are good no more.

    Raises Conflict where no code is asked for.
    """
    if not user.has_totp:
        raise Conflict("Recovery codes stand in for an app: set one up first.")
    await forget(tx, user)
    codes = tuple(_new_code(random(_BYTES)) for _ in range(HOW_MANY))
    rows: list[Args] = [
        {
            "organisation": user.organisation,
            "user": user.id,
            "hash": keyring.keyed_hash(_PURPOSE, _plain(code)),
        }
        for code in codes
    ]
    await tx.many(_ADD, rows)
    await write_audit(tx, caller, "recovery_codes_made", user, ("recovery_codes",), at)
    return codes


async def use(tx: Tx, keyring: Keyring, user: User, code: str) -> bool:
    """Whether this is one of the user's codes; it cannot be used again."""
    current, *older = keyring.keyed_hashes(_PURPOSE, _plain(code))
    where = {"organisation": user.organisation, "user": user.id}
    older_hash = older[0] if older else current
    return await tx.run(_USE, **where, hash=current, older_hash=older_hash) == 1


async def left(tx: Tx, user: User) -> int:
    """How many codes are still good."""
    row = await tx.one(_LEFT, organisation=user.organisation, user=user.id)
    return row["codes"] if row else 0


async def forget(tx: Tx, user: User) -> None:
    """Let none be good any more."""
    await tx.run(_FORGET, organisation=user.organisation, user=user.id)


def looks_like_one(code: str) -> bool:
    """Whether this was copied from paper rather than from an app."""
    return len(_plain(code)) == _LENGTH


def _new_code(random: bytes) -> str:
    typed = base64.b32encode(random).translate(_TO_TYPED).decode()
    return "-".join(typed[at : at + 4] for at in range(0, _LENGTH, 4))


def _plain(code: str) -> bytes:
    """A code as it is hashed, however it was typed."""
    kept = "".join(character for character in code.lower() if character.isalnum())
    # Crockford's base 32 reads what people mistake.
    return kept.translate(str.maketrans("oil", "011")).encode()
