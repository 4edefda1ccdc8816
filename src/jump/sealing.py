"""One key for each purpose, derived from the secret key of the settings (HKDF, RFC 5869).

Makes keyed hashes, sealed values and signing keys, and still accepts what was made before the
secret key was changed. Where the results are stored is left to the callers.
"""

import hmac
import os
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SHORTEST_SECRET: Final = 32
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class CannotOpen(Exception):
    """A sealed value was changed, moved to another context, or made with a key we do not have."""


class _Keys:
    """The keys that one secret gives, each derived once; no text of this object shows any."""

    __slots__ = ("_derived", "_secret", "id")

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._derived: dict[tuple[str, str], bytes] = {}
        self.id = self.key("id", "")[:1]

    def key(self, use: str, purpose: str) -> bytes:
        """The key of a purpose; hashing, sealing and handing out never share one."""
        known = self._derived.get((use, purpose))
        if known is None:
            info = f"jump {use} {purpose}".encode()
            known = HKDF(SHA256(), _KEY_BYTES, salt=None, info=info).derive(self._secret)
            self._derived[(use, purpose)] = known
        return known


class Keyring:
    """The keys of the secret key and, while one is given, of the one before it.

    A purpose is a short constant of the caller, such as `api-key`; it is never data.
    """

    __slots__ = ("_all", "_current", "_random")

    def __init__(
        self,
        secret: str,
        previous: str | None = None,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        secrets = [secret] if previous is None else [secret, previous]
        if any(len(text) < SHORTEST_SECRET for text in secrets):
            raise ValueError(f"A secret key needs at least {SHORTEST_SECRET} characters.")
        self._all = tuple(_Keys(text) for text in secrets)
        self._current = self._all[0]
        self._random = random

    def __repr__(self) -> str:
        return "Keyring()"

    def keyed_hash(self, purpose: str, data: bytes) -> bytes:
        """HMAC-SHA-256 of the data, 32 bytes, with the purpose's current key: what to store."""
        return hmac.digest(self._current.key("hash", purpose), data, "sha256")

    def keyed_hashes(self, purpose: str, data: bytes) -> tuple[bytes, ...]:
        """The hashes that stored data may have: the current key's, then the previous one's."""
        return tuple(hmac.digest(keys.key("hash", purpose), data, "sha256") for keys in self._all)

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for the caller's own use, such as signing cursors."""
        return self._current.key("derive", purpose)

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """The keys to check with: the current one, then the previous one."""
        return tuple(keys.key("derive", purpose) for keys in self._all)

    def seal(self, purpose: str, plaintext: bytes, context: bytes) -> bytes:
        """The plaintext encrypted (AES-256-GCM, random nonce) for one purpose and context.

        The context, such as the record's id, is not kept; opening needs the same one.
        """
        nonce = self._random(_NONCE_BYTES)
        cipher = AESGCM(self._current.key("seal", purpose))
        return self._current.id + nonce + cipher.encrypt(nonce, plaintext, context)

    def open(self, purpose: str, sealed: bytes, context: bytes) -> bytes:
        """The plaintext again, with whichever of the keys sealed it; CannotOpen otherwise."""
        key_id, nonce, encrypted = (
            sealed[:1],
            sealed[1 : 1 + _NONCE_BYTES],
            sealed[1 + _NONCE_BYTES :],
        )
        # One byte may by chance name both keys, hence all that it names are tried.
        for keys in self._all:
            if keys.id == key_id and len(nonce) == _NONCE_BYTES:
                try:
                    return AESGCM(keys.key("seal", purpose)).decrypt(nonce, encrypted, context)
                except InvalidTag:
                    continue
        raise CannotOpen("This value was changed, belongs elsewhere, or was sealed by another key.")
