"""The record of a key: everything about it but its secret. Found within one organisation.

Making and changing one is left to issue and revoke, admitting its requests to admit.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from jump.audit import trail
from jump.caller import Caller, Mode, Tenant
from jump.errors import NotFound
from jump.storage.database import Tx
from jump.storage.sql import Row, sql

Status = Literal["active", "rotating", "expired", "revoked"]

# Names the hashes of full keys in the keyring: another name, and no stored key matches.
HASH_PURPOSE: Final = "key hashes"
DEFAULT_LIMIT: Final = 1_000


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One key. Instants are microseconds; `previous_until` ends the overlap of a rotation."""

    organisation: str
    mode: Mode
    id: str
    name: str
    scopes: tuple[str, ...]
    hourly_limit: int
    created_at: int
    created_by: str
    updated_at: int
    version: int
    expires_at: int | None = None
    previous_until: int | None = None
    revoked_at: int | None = None
    revoked_by: str | None = None

    def status(self, now: int) -> Status:
        """What it is at an instant; the strongest word where several hold."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= now:
            return "expired"
        if self.previous_until is not None and self.previous_until > now:
            return "rotating"
        return "active"


_ONE = sql("""
SELECT * FROM api_keys
WHERE organisation_id = :organisation AND id = :id AND mode IN ('test', 'live')
""")
_LOCK = sql("""
SELECT * FROM api_keys
WHERE organisation_id = :organisation AND id = :id AND mode IN ('test', 'live')
FOR UPDATE
""")
_TAKE_TURN = sql("""
SELECT id FROM api_keys
WHERE organisation_id = :organisation AND id = :id AND mode IN ('test', 'live')
FOR NO KEY UPDATE
""")
_NAMES = sql("""
SELECT id, name FROM api_keys
WHERE organisation_id = :organisation AND id IN (:ids*) AND mode IN ('test', 'live')
""")


async def names(tx: Tx, organisation: str, ids: Collection[str]) -> dict[str, str]:
    """The names of these keys, revoked ones too, by id: for the logs and for `created_by`."""
    rows = await tx.all(_NAMES, organisation=organisation, ids=list(ids))
    return {row["id"]: row["name"] for row in rows}


async def fetch(tx: Tx, organisation: str, key_id: str) -> KeyRecord:
    """The key of this record id, of either mode. Raises NotFound."""
    return key_record(_found(await tx.one(_ONE, organisation=organisation, id=key_id)))


async def lock(tx: Tx, organisation: str, key_id: str) -> KeyRecord:
    """The same, kept from others until the transaction ends. Raises NotFound."""
    return key_record(_found(await tx.one(_LOCK, organisation=organisation, id=key_id)))


async def take_turn(tx: Tx, organisation: str, key_id: str) -> None:
    """Let requests of this key that do the same pass one after the other, to count what it has."""
    await tx.one(_TAKE_TURN, organisation=organisation, id=key_id)


async def write_audit(
    tx: Tx, caller: Caller, action: str, key: KeyRecord, fields: Iterable[str], at: int
) -> None:
    """A row of the audit, in the mode of the key, whatever mode the caller looks at."""
    change = trail.Change(f"key.{action}", "key", key.id, fields=tuple(fields))
    in_its_mode = replace(caller, tenant=Tenant(key.organisation, key.mode))
    await trail.write(tx, in_its_mode, change, at)


def key_record(row: Row) -> KeyRecord:
    """The record of a row of api_keys."""
    return KeyRecord(
        organisation=row["organisation_id"],
        mode=row["mode"],
        id=row["id"],
        name=row["name"],
        scopes=split_scopes(row["scopes"]),
        hourly_limit=row["hourly_limit"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        updated_at=row["updated_at"],
        version=row["version"],
        expires_at=row["expires_at"],
        previous_until=row["previous_expires_at"],
        revoked_at=row["revoked_at"],
        revoked_by=row["revoked_by"],
    )


def join_scopes(scopes: Iterable[str]) -> str:
    """Scopes as they are kept."""
    return ",".join(scopes)


def split_scopes(text: str) -> tuple[str, ...]:
    """Kept scopes as they were."""
    return tuple(text.split(","))


def _found(row: Row | None) -> Row:
    if row is None:
        raise NotFound("There is no API key with this id.")
    return row
