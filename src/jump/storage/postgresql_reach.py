"""Why a first connection to PostgreSQL could not be made, in one line that says where to look.

What comes of a connection that was there once is left to `postgresql`.
"""

import socket
import ssl
from typing import Final

import asyncpg

from jump.storage.postgresql import refusal_of

_BAD_OPTION: Final = (
    "An option in JUMP_DATABASE_URL is wrong: see what stands behind the question mark."
)
_SILENT: Final = "The database does not answer."

_REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (socket.gaierror, "The database's host is not found: see its name in JUMP_DATABASE_URL."),
    (
        ConnectionRefusedError,
        f"{_SILENT} Nothing listens at the host and port that JUMP_DATABASE_URL names.",
    ),
    (
        TimeoutError,
        f"{_SILENT} See the host and port in JUMP_DATABASE_URL, and the network between.",
    ),
    (
        ssl.SSLError,
        "The database's certificate is not trusted: see the ssl options in JUMP_DATABASE_URL.",
    ),
    (FileNotFoundError, "A file or socket that JUMP_DATABASE_URL names is not there."),
    (asyncpg.ClientConfigurationError, _BAD_OPTION),
    (asyncpg.UndefinedObjectError, _BAD_OPTION),
)


def why_not_connected(error: BaseException) -> str:
    """One clear line; it repeats nothing of the address, which may hold a password."""
    # Told by no type of its own: asyncpg raises this one itself.
    if type(error) is ConnectionError and "SSL" in str(error):
        return "The database's server speaks no TLS, which JUMP_DATABASE_URL asks for (sslmode)."
    told = (message for kind, message in _REASONS if isinstance(error, kind))
    return next(told, refusal_of(error))
