"""Identifiers: a prefix, `_` and 26 characters whose text order is the order of their times.

The 26 are a ULID in lower case (48 bits of milliseconds, 80 random bits, Crockford's base 32).
Whether a record of that id exists is left to storage.
"""

import base64
import hashlib
import os
import re
from collections.abc import Callable, Mapping
from typing import Final

from jump.kit.clock import MILLISECOND

PREFIXES: Final[Mapping[str, str]] = {
    "pat": "patient",
    "con": "consultation",
    "prb": "problem",
    "apt": "appointment",
    "doc": "document",
    "rx": "prescription",
    "type": "appointment type",
    "cli": "clinician",
    "loc": "location",
    "hold": "hold",
    "key": "API key",
    "wh": "webhook",
    "evt": "event",
    "dlv": "delivery",
    "att": "attempt",
    "org": "organisation",
    "usr": "user",
    "req": "request",
}
"""What each prefix of the contract names. A key's own id has another shape: keys/format.py."""

BODY_LENGTH: Final = 26
_RANDOM_BITS: Final = 80
_RANDOM_BYTES: Final = _RANDOM_BITS // 8
_MILLISECONDS_LIMIT: Final = 1 << 48
_RFC4648: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_CROCKFORD: Final = b"0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS: Final = tuple(a + b for a in _CROCKFORD.decode() for b in _CROCKFORD.decode())
_SHIFTS: Final = tuple(range(120, -1, -10))
_TO_RFC4648: Final = bytes.maketrans(_CROCKFORD, _RFC4648)
# 26 characters hold 130 bits, an id only 128: the first character never passes 7.
_BODY: Final = re.compile(r"[0-7][0-9a-hjkmnp-tv-z]{25}")


def new_id(prefix: str, now: int, random: Callable[[int], bytes] = os.urandom) -> str:
    """A new id of the instant `now` (microseconds), never to be met again."""
    return _join(prefix, now, random(_RANDOM_BYTES))


def first_id(prefix: str, at: int) -> str:
    """The lowest id that the millisecond of `at` can have: a bound for partitions and ranges."""
    return _join(prefix, at, bytes(_RANDOM_BYTES))


def derived_id(prefix: str, at: int, *parts: str) -> str:
    """The same id for the same arguments, always, so that making a record twice is harmless."""
    digest = hashlib.sha256()
    for part in (prefix, *parts):
        encoded = part.encode()
        # The lengths keep ("ab", "c") and ("a", "bc") apart.
        digest.update(len(encoded).to_bytes(4, "big") + encoded)
    return _join(prefix, at, digest.digest()[:_RANDOM_BYTES])


def sample_id(prefix: str) -> str:
    """The id that samples show: valid in shape and of time zero, so that no record ever gets it.

    A receiver that looks it up finds nothing; one that stores it meets no real record's id.
    """
    return first_id(prefix, 0)


def time_of(text: str) -> int:
    """The instant of an id, in microseconds, cut to its millisecond. ValueError if it is none."""
    body = text.rpartition("_")[2]
    if not _BODY.fullmatch(body):
        raise ValueError("This is not an id: it needs a prefix, '_' and 26 characters.")
    padded = b"A" * (32 - BODY_LENGTH) + body.encode().translate(_TO_RFC4648)
    number = int.from_bytes(base64.b32decode(padded), "big")
    return (number >> _RANDOM_BITS) * MILLISECOND


def is_id(prefix: str, text: str) -> bool:
    """Whether a text has the shape of an id with this prefix, whatever it names."""
    length = len(prefix) + 1
    return text[:length] == f"{prefix}_" and _BODY.fullmatch(text, length) is not None


def no_such(prefix: str, sent: str) -> str:
    """That no such record is there, in words; whoever sent an id of another kind is told of it."""
    return f"There is no {PREFIXES[prefix]} with this id.{hint_of_prefix(prefix, sent)}"


def hint_of_prefix(prefix: str, sent: str) -> str:
    """A sentence for whoever sent an id of something else, else nothing."""
    return "" if sent.startswith(f"{prefix}_") else f" Its id begins with {prefix}_."


def _join(prefix: str, at: int, low: bytes) -> str:
    milliseconds = at // MILLISECOND
    if not 0 <= milliseconds < _MILLISECONDS_LIMIT:
        raise ValueError("An id cannot hold this instant: it must be from 1970 to the year 10889.")
    number = milliseconds << _RANDOM_BITS | int.from_bytes(low, "big")
    # Two characters at a time; base64.b32encode takes two to three times as long.
    return f"{prefix}_{''.join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])}"
