"""What a link that can be used once is: for whom, for what, until when; and how it is kept.

A link carries 256 random bits, of which a keyed hash is kept. Making and using one is left to
invitations.
"""

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote

from jump.errors import Conflict, Gone, NotFound
from jump.identity.roles import Role
from jump.sealing import Keyring
from jump.storage.database import Tx
from jump.storage.sql import Row, sql

Kind = Literal["first_admin", "join", "reset"]

PATH: Final = "/settings/developers/join"
HASH_PURPOSE: Final = "invitations"
USED: Final = "This link was used already. Sign in, or ask an admin for a new one."


@dataclass(frozen=True, slots=True)
class Invitation:
    """One link, without its token. The first admin's has no user yet, hence no e-mail and name."""

    organisation: str
    practice: str
    id: str
    kind: Kind
    role: Role
    user_id: str | None
    email: str | None
    name: str | None
    created_at: int
    created_by: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Link:
    """A new link: its token, shown this once, and until when it is good."""

    invitation_id: str
    kind: Kind
    token: str
    expires_at: int

    def address(self, public_url: str) -> str:
        """Where to go; `public_url` is that of the settings."""
        return f"{public_url}{PATH}?token={quote(self.token)}"


_BY_TOKEN = sql("""
SELECT i.*, o.name AS practice, u.email, u.name, u.role, u.removed_at
FROM invitations i
JOIN organisations o ON o.id = i.organisation_id
LEFT JOIN users u ON u.organisation_id = i.organisation_id AND u.id = i.user_id
WHERE i.token_hash IN (:hash, :older_hash)
""")
_ANYONE = sql("""
SELECT 1 AS found FROM users WHERE joined_at IS NOT NULL AND removed_at IS NULL LIMIT 1
""")


async def look(tx: Tx, keyring: Keyring, token: str, at: int) -> Invitation:
    """What a link is for. Looking does not use it.

    Raises NotFound for an unknown one; Gone, in words, for one that is good no more.
    """
    hashes = keyring.keyed_hashes(HASH_PURPOSE, token.encode("utf-8", "replace"))
    row = await tx.one(_BY_TOKEN, hash=hashes[0], older_hash=hashes[-1])
    if row is None or row["removed_at"] is not None:
        raise NotFound("This link is not one of ours, or not whole. Copy it once more.")
    if row["used_at"] is not None:
        raise Gone(USED)
    if row["revoked_at"] is not None:
        raise Gone("This link was replaced or withdrawn. Ask an admin for a new one.")
    if row["expires_at"] <= at:
        raise Gone("This link has expired. Ask an admin for a new one.")
    if row["kind"] == "first_admin" and await anyone_has_joined(tx):
        raise Conflict("There is an admin already. Sign in, or ask to be invited.")
    return invitation_record(row)


async def anyone_has_joined(tx: Tx) -> bool:
    """Whether there is a user, of any organisation, who can sign in."""
    return await tx.one(_ANYONE) is not None


def invitation_record(row: Row) -> Invitation:
    """The invitation of a row that has its user and practice too."""
    return Invitation(
        organisation=row["organisation_id"],
        practice=row["practice"],
        id=row["id"],
        kind=row["kind"],
        role=row["role"] or "admin",
        user_id=row["user_id"],
        email=row["email"],
        name=row["name"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        expires_at=row["expires_at"],
    )
