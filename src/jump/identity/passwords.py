"""Hashes passwords and verifies them with Argon2id, on a thread of its own, one at a time.

It takes some 25 ms and 19 MiB, so it happens off the loop and never inside a transaction. Which
passwords are good ones is left to password_rules, how often one may be tried to tries.
"""

import asyncio
import base64
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from jump.errors import RateLimited

T = TypeVar("T")

# OWASP Password Storage Cheat Sheet: Argon2id with at least 19 MiB, 2 iterations, 1 lane.
MEMORY_KIB: Final = 19 * 1024
ITERATIONS: Final = 2
LANES: Final = 1
MOST_WAITING: Final = 80  # two seconds of work

_HASHER: Final = PasswordHasher(
    time_cost=ITERATIONS, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=32, salt_len=16
)


def _hash_of_nobody() -> str:
    """A hash with today's parameters that no password has: all its bits are zero."""
    salt, digest = (base64.b64encode(bytes(n)).decode().rstrip("=") for n in (16, 32))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={ITERATIONS},p={LANES}${salt}${digest}"


_NOBODY: Final = _hash_of_nobody()


class _Thread:
    """One thread, and a queue that people do not wait in for long."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="passwords")
        self._waiting = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Do the work there. Raises RateLimited when too many wait."""
        if self._waiting >= MOST_WAITING:
            raise RateLimited("Too many people sign in at this moment. Try again shortly.", 2)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._waiting -= 1


# One for the process: the other cores go on answering, however many passwords are tried.
_THREAD: Final = _Thread()


async def hash_password(password: str) -> str:
    """What to keep of a password: parameters, salt and hash in one text. Raises RateLimited."""
    return await _THREAD.run(lambda: _HASHER.hash(_bytes(password)))


async def verify(kept: str | None, password: str) -> bool:
    """Whether this is the password. With nothing kept it takes as long, and the answer is no.

    Raises RateLimited.
    """
    return await _THREAD.run(lambda: _verify(kept or _NOBODY, password))


def is_outdated(kept: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


def _verify(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False


def _bytes(password: str) -> bytes:
    # The same password from every keyboard (NIST SP 800-63B, section 5.1.1.2).
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
