"""Issues keys, rotates their secrets and changes their limits; only a keyed hash of a key is kept.

The full key leaves here once and can never be shown again. Revoking is left to revoke.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from jump.caller import Caller, Mode
from jump.errors import Conflict, FieldError, ValidationFailed
from jump.identity.names import name_problem
from jump.keys.format import SECRET_BYTES, key_id_of, make_key, new_key_id, record_id
from jump.keys.record import (
    DEFAULT_LIMIT,
    HASH_PURPOSE,
    KeyRecord,
    join_scopes,
    lock,
    write_audit,
)
from jump.keys.scopes import check_scopes
from jump.kit.clock import DAY, HOUR
from jump.sealing import Keyring
from jump.storage.database import Tx
from jump.storage.sql import sql

Random = Callable[[int], bytes]
Overlap = Literal["none", "1h", "24h", "7d"]

OVERLAPS: Final[Mapping[Overlap, int]] = {"none": 0, "1h": HOUR, "24h": 24 * HOUR, "7d": 7 * DAY}
HIGHEST_LIMIT: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a key is made of; `expires_at` is in microseconds, None for never."""

    name: str
    mode: Mode
    scopes: Sequence[str]
    hourly_limit: int = DEFAULT_LIMIT
    expires_at: int | None = None


_INSERT = sql("""
INSERT INTO api_keys (organisation_id, mode, id, name, scopes, hourly_limit, secret_hash,
  expires_at, created_at, updated_at, created_by, version)
VALUES (:organisation, :mode, :id, :name, :scopes, :hourly_limit, :hash,
  :expires_at, :at, :at, :created_by, 1)
""")
_ROTATE = sql("""
UPDATE api_keys SET previous_hash = secret_hash, previous_expires_at = :until, secret_hash = :hash,
  updated_at = :at, version = version + 1
WHERE organisation_id = :organisation AND mode = :mode AND id = :id
""")
_FORGET_PREVIOUS_USE = sql("""
UPDATE key_uses SET previous_used_at = NULL, previous_address = NULL
WHERE organisation_id = :organisation AND key_id = :id
""")
_END_OVERLAP = sql("""
UPDATE api_keys SET previous_expires_at = :at, updated_at = :at, version = version + 1
WHERE organisation_id = :organisation AND mode = :mode AND id = :id
""")
_CHANGE_LIMIT = sql("""
UPDATE api_keys SET hourly_limit = :hourly_limit, updated_at = :at, version = version + 1
WHERE organisation_id = :organisation AND mode = :mode AND id = :id
""")


async def create(
    tx: Tx, keyring: Keyring, caller: Caller, new: NewKey, at: int, random: Random
) -> tuple[KeyRecord, str]:
    """A new key of the caller's organisation: its record, and the full key, shown this once.

    Raises ValidationFailed with every wrong field: name, mode, scopes, limit, expires_at.
    """
    new = _checked(new, at)
    own_id = new_key_id(random(16))
    full = make_key(new.mode, own_id, random(SECRET_BYTES))
    made = KeyRecord(
        organisation=caller.tenant.organisation,
        mode=new.mode,
        id=record_id(own_id),
        name=new.name,
        scopes=tuple(new.scopes),
        hourly_limit=new.hourly_limit,
        created_at=at,
        created_by=caller.actor.id or caller.actor.kind,
        updated_at=at,
        version=1,
        expires_at=new.expires_at,
    )
    await tx.run(
        _INSERT,
        organisation=made.organisation,
        mode=made.mode,
        id=made.id,
        name=made.name,
        scopes=join_scopes(made.scopes),
        hourly_limit=made.hourly_limit,
        hash=_hash(keyring, full),
        expires_at=made.expires_at,
        at=at,
        created_by=made.created_by,
    )
    fields = ["name", "mode", "scopes", "limit"]
    if made.expires_at is not None:
        fields.append("expires_at")
    await write_audit(tx, caller, "created", made, fields, at)
    return made, full


async def rotate(
    tx: Tx,
    keyring: Keyring,
    caller: Caller,
    key_id: str,
    overlap: str,
    at: int,
    random: Random,
) -> tuple[KeyRecord, str]:
    """A new secret under the same id: the record, and the full new key, shown this once.

    The old one works for the overlap: none, 1h, 24h or 7d. Raises NotFound, ValidationFailed, and
    Conflict for a key that is revoked or expired, or whose last rotation still overlaps; with
    overlap none such a rotation ends at once.
    """
    until = at + OVERLAPS[_checked_overlap(overlap)]
    key = await lock(tx, caller.tenant.organisation, key_id)
    _refuse_rotation(key, until, at)
    own_id = key_id_of(key.id)
    assert own_id is not None
    full = make_key(key.mode, own_id, random(SECRET_BYTES))
    await tx.run(
        _ROTATE,
        organisation=key.organisation,
        mode=key.mode,
        id=key.id,
        hash=_hash(keyring, full),
        until=until,
        at=at,
    )
    await tx.run(_FORGET_PREVIOUS_USE, organisation=key.organisation, id=key.id)
    rotated = replace(key, previous_until=until, updated_at=at, version=key.version + 1)
    await write_audit(tx, caller, "rotated", rotated, ["secret"], at)
    return rotated, full


async def end_overlap(tx: Tx, caller: Caller, key_id: str, at: int) -> KeyRecord:
    """From now on only the newest secret works. Changes nothing where that is so already.

    Raises NotFound.
    """
    key = await lock(tx, caller.tenant.organisation, key_id)
    if key.status(at) != "rotating":
        return key
    await tx.run(_END_OVERLAP, organisation=key.organisation, mode=key.mode, id=key.id, at=at)
    ended = replace(key, previous_until=at, updated_at=at, version=key.version + 1)
    await write_audit(tx, caller, "overlap_ended", ended, ["secret"], at)
    return ended


async def change_limit(tx: Tx, caller: Caller, key_id: str, limit: int, at: int) -> KeyRecord:
    """How many requests the key may make in an hour, from its next request on.

    Raises ValidationFailed, NotFound, and Conflict for a revoked key.
    """
    if problem := _limit_problem(limit):
        raise ValidationFailed([FieldError("limit", problem)])
    key = await lock(tx, caller.tenant.organisation, key_id)
    if key.revoked_at is not None:
        raise Conflict("This key is revoked: nothing about it can be changed. Create a new one.")
    if key.hourly_limit == limit:
        return key
    await tx.run(
        _CHANGE_LIMIT,
        organisation=key.organisation,
        mode=key.mode,
        id=key.id,
        hourly_limit=limit,
        at=at,
    )
    changed = replace(key, hourly_limit=limit, updated_at=at, version=key.version + 1)
    await write_audit(tx, caller, "limit_changed", changed, ["limit"], at)
    return changed


def _hash(keyring: Keyring, full: str) -> bytes:
    return keyring.keyed_hash(HASH_PURPOSE, full.encode())


def _checked(new: NewKey, at: int) -> NewKey:
    """The same with its name trimmed and its scopes in order, or ValidationFailed."""
    name, scopes = new.name.strip(), tuple(new.scopes)
    problems = {
        "name": name_problem(name),
        "mode": None if new.mode in get_args(Mode) else "Use test or live.",
        "limit": _limit_problem(new.hourly_limit),
    }
    if new.expires_at is not None and new.expires_at <= at:
        problems["expires_at"] = "Name an instant that is still to come."
    try:
        scopes = check_scopes(scopes)
    except ValueError as wrong:
        problems["scopes"] = str(wrong)
    errors = [FieldError(field, problem) for field, problem in problems.items() if problem]
    if errors:
        raise ValidationFailed(errors)
    return replace(new, name=name, scopes=scopes)


def _checked_overlap(overlap: str) -> Overlap:
    for known in OVERLAPS:
        if known == overlap:
            return known
    words = ", ".join(OVERLAPS)
    raise ValidationFailed([FieldError("overlap", f"Use one of {words}.")])


def _limit_problem(limit: int) -> str | None:
    if isinstance(limit, bool) or not 1 <= limit <= HIGHEST_LIMIT:
        return f"Use a whole number from 1 to {HIGHEST_LIMIT:,}."
    return None


def _refuse_rotation(key: KeyRecord, until: int, at: int) -> None:
    status = key.status(at)
    if status in ("revoked", "expired"):
        raise Conflict(f"This key is {status} and cannot be rotated. Create a new one.")
    # Three secrets cannot be good at once, and the oldest may be the one in use.
    if status == "rotating" and until > at:
        raise Conflict(
            "The last rotation still overlaps. End that first, or rotate with overlap none."
        )
