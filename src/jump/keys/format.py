"""API keys as text: `pk_{test|live}_{id: 16}_{secret: 43}_{checksum: 6}`, digits in base 62.

Pure. Whether a well-formed key exists and is still good is left to admit.
"""

import re
import zlib
from dataclasses import dataclass, field
from typing import Final, cast

from jump.caller import Mode

DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_LENGTH: Final = 16
SECRET_BYTES: Final = 32
MASK: Final = "\u2026"

_SECRET_LENGTH: Final = 43
_CHECKSUM_LENGTH: Final = 6
KEY_LENGTH: Final = len("pk_test_") + ID_LENGTH + 1 + _SECRET_LENGTH + 1 + _CHECKSUM_LENGTH
_KEY: Final = re.compile(r"pk_(test|live)_([0-9A-Za-z]{16})_([0-9A-Za-z]{43})_([0-9A-Za-z]{6})")
_ID: Final = re.compile(r"[0-9A-Za-z]{16}")
_RECORD_PREFIX: Final = "key_"
_SHOWN: Final = re.compile(r"pk_(?:test|live)_([0-9A-Za-z]{16})(?:_.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ParsedKey:
    """A well-formed key; `secret` is its 43 characters, which no text of this object shows."""

    mode: Mode
    id: str
    secret: str = field(repr=False)


def make_key(mode: Mode, key_id: str, secret32: bytes) -> str:
    """The full key with the 256 random bits of its secret, and its checksum."""
    if len(secret32) != SECRET_BYTES or not is_key_id(key_id):
        raise ValueError("A key needs an id of 16 characters and a secret of 32 bytes.")
    secret = _base62(int.from_bytes(secret32, "big"), _SECRET_LENGTH)
    checked = f"pk_{mode}_{key_id}_{secret}"
    return f"{checked}_{_checksum(checked)}"


def parse_key(text: str) -> ParsedKey | None:
    """The parts of a key, or None if shape or checksum is wrong, at the same small cost always."""
    # The length comes first, so that a long text costs no more than a short one.
    if len(text) != KEY_LENGTH:
        return None
    found = _KEY.fullmatch(text)
    if found is None or _checksum(text[: -_CHECKSUM_LENGTH - 1]) != found[4]:
        return None
    return ParsedKey(cast(Mode, found[1]), found[2], found[3])


def new_key_id(random16: bytes) -> str:
    """A key's own id, 16 characters in base 62, from 16 random bytes."""
    if len(random16) != 16:
        raise ValueError("A key's id is made from 16 random bytes.")
    # The lowest 16 digits of 128 bits: none is likelier than another by one part in 2 ** 32.
    return _base62(int.from_bytes(random16, "big"), ID_LENGTH)


def is_key_id(text: str) -> bool:
    """Whether a text has the shape of a key's own id."""
    return _ID.fullmatch(text) is not None


def record_id(key_id: str) -> str:
    """The id of the key's record: `key_{id}`."""
    return f"{_RECORD_PREFIX}{key_id}"


def key_id_of(record: str) -> str | None:
    """The key's own id in the id of its record, or None if that is no such id."""
    key_id = record.removeprefix(_RECORD_PREFIX)
    return key_id if record == record_id(key_id) and is_key_id(key_id) else None


def recognised(text: str) -> str | None:
    """The record's id of a key as it is shown or was made, of its own id, or of the id itself."""
    text = text.strip()
    found = _SHOWN.fullmatch(text)
    own_id = found[1] if found else text.removeprefix(_RECORD_PREFIX)
    return record_id(own_id) if is_key_id(own_id) else None


def masked(mode: Mode, key_id: str) -> str:
    """The key as it may be shown: `pk_test_{id}_` and an ellipsis."""
    return f"pk_{mode}_{key_id}_{MASK}"


def _checksum(checked: str) -> str:
    return _base62(zlib.crc32(checked.encode("ascii")), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    """The lowest digits of a number, as many as `length`."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(DIGITS[digit])
    return "".join(reversed(digits))
