"""Cursors of lists: opaque, url-safe, and good only for the query they came from.

A cursor is signed, not encrypted: a position must hold nothing of a patient. Which fields make
a position, and which text names a query, is left to the caller.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from typing import Final, TypeAlias

import msgspec

Position: TypeAlias = tuple[int | str, ...]

_MAC_BYTES: Final = 16
# Longer than any position of ours: an id and an instant are some 60 characters.
_LONGEST: Final = 1024


def encode(key: bytes, query: str, position: Position) -> str:
    """The cursor that stands for a position in the answers to a query (integers of 64 bits)."""
    packed = msgspec.msgpack.encode(position)
    return _text(_mac(key, query, packed) + packed)


def decode(keys: Iterable[bytes], query: str, token: str) -> Position | None:
    """The position, or None for a cursor of another query or of no key of these, or other text."""
    opened = (_opened(key, query, token) for key in keys)
    packed = next((each for each in opened if each is not None), None)
    return None if packed is None else msgspec.msgpack.decode(packed, type=Position)


def _opened(key: bytes, query: str, token: str) -> bytes | None:
    if len(token) > _LONGEST or not token.isascii():
        return None
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except binascii.Error:
        return None
    # Decoding is lenient; only the one spelling that was handed out is taken back.
    if _text(raw) != token:
        return None
    mac, packed = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    return packed if hmac.compare_digest(mac, _mac(key, query, packed)) else None


def _mac(key: bytes, query: str, packed: bytes) -> bytes:
    fingerprint = hashlib.sha256(query.encode()).digest()
    return hmac.digest(key, fingerprint + packed, "sha256")[:_MAC_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
