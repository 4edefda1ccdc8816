"""What a sign-in is: whose, since when, how long it lasts, and the tokens that go with it.

Only a keyed hash of the token is kept. Making and finding sign-ins is left to sign_ins.
"""

import base64
import hmac
from dataclasses import dataclass
from typing import Final

from jump.identity.users import User, user_record
from jump.kit.clock import HOUR, MINUTE
from jump.sealing import Keyring
from jump.storage.sql import Row

IDLE_LIMIT: Final = HOUR
ABSOLUTE_LIMIT: Final = 12 * HOUR
CONFIRMED_FOR: Final = 15 * MINUTE
TOKEN_BYTES: Final = 32
_TOKEN_LENGTH: Final = 43
_HASH_PURPOSE: Final = "sign-ins"
_LONGEST_AGENT: Final = 200


@dataclass(frozen=True, slots=True)
class SignInFacts:
    """One sign-in as its user sees it in a list. Instants are microseconds."""

    id: str
    began_at: int
    seen_at: int
    confirmed_at: int
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """One person at one browser. `csrf` is for its forms, `practice` the organisation's name."""

    id: str
    user: User
    csrf: str
    began_at: int
    seen_at: int
    confirmed_at: int
    address: str
    agent: str
    practice: str

    def is_confirmed(self, at: int) -> bool:
        """Whether the password was given within the last 15 minutes."""
        return at - self.confirmed_at < CONFIRMED_FOR

    def accepts(self, csrf: str) -> bool:
        """Whether a form carries this sign-in's token."""
        return hmac.compare_digest(self.csrf.encode(), csrf.encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Begun:
    """A new sign-in and its token, for the cookie, this once."""

    token: str
    sign_in: SignIn


@dataclass(frozen=True, slots=True)
class Came:
    """Where a try comes from, and when."""

    address: str
    agent: str
    at: int
    request_id: str | None


def new_token(random: bytes) -> str:
    """What a cookie holds: 256 random bits."""
    return base64.urlsafe_b64encode(random).decode().rstrip("=")


def token_hashes(keyring: Keyring, token: str) -> tuple[bytes, bytes] | None:
    """What may be kept of a token, by the secret key of now and the one before; None: no token."""
    if len(token) != _TOKEN_LENGTH or not token.isascii():
        return None
    hashes = keyring.keyed_hashes(_HASH_PURPOSE, token.encode())
    return hashes[0], hashes[-1]


def csrf_of(token: str) -> str:
    """What the forms of a sign-in carry: whoever has not the cookie cannot work it out."""
    return hmac.digest(token.encode(), b"jump forms", "sha256").hex()


def printable(agent: str) -> str:
    """What a browser says of itself, as it is kept: cut, and without what cannot be shown."""
    return "".join(character for character in agent if character.isprintable())[:_LONGEST_AGENT]


def seen_at(row: Row) -> int:
    """When it was last used. A row lost with the counters makes it look unused."""
    began, seen = int(row["began_at"]), row["seen_at"]
    return began if seen is None else max(began, int(seen))


def of_row(row: Row, token: str) -> SignIn:
    """The sign-in of a row that has its user too."""
    return SignIn(
        id=row["sign_in_id"],
        user=user_record(row),
        csrf=csrf_of(token),
        began_at=row["began_at"],
        seen_at=seen_at(row),
        confirmed_at=row["confirmed_at"],
        address=row["address"],
        agent=row["agent"],
        practice=row["practice"],
    )
