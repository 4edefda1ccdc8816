"""Admits requests: finds out whose key it is, and counts the request, in one statement.

Nothing about a key is cached, so that a revoked one is refused on the very next request, in every
process. Failures are counted by throttle, and scopes checked by whoever knows which is needed.
"""

import hmac
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

import msgspec

from jump.caller import Actor, Caller, Mode, Tenant
from jump.errors import RateLimited, Unauthorized
from jump.keys import header
from jump.keys.format import ParsedKey, parse_key, record_id
from jump.keys.quota import Quota, counter, quota
from jump.keys.record import HASH_PURPOSE, split_scopes
from jump.sealing import Keyring
from jump.storage.database import Database, Tx
from jump.storage.sql import Row, sql

Secret = Literal["current", "previous"]
CURRENT: Final = "current"
PREVIOUS: Final = "previous"


class KeyFacts(msgspec.Struct, frozen=True):
    """What is known of a key; `secret` says which one was sent, `expires_at` is in microseconds."""

    id: str
    name: str
    mode: Mode
    scopes: tuple[str, ...]
    limit: int
    expires_at: int | None
    secret: Secret


@dataclass(frozen=True, slots=True)
class Admission:
    """A request of a known key: who calls, with which key, and what remains of its limit."""

    caller: Caller
    key: KeyFacts
    quota: Quota


class KeyRefused(Unauthorized):
    """The key and its secret are known, but no longer good; `admission` is for the access log."""

    def __init__(self, message: str, admission: Admission) -> None:
        super().__init__(message)
        self.admission = admission


class QuotaSpent(RateLimited):
    """The key is good, but its limit is spent."""

    def __init__(self, admission: Admission) -> None:
        limit, seconds = f"{admission.quota.limit:,}", max(1, admission.quota.retry_after)
        super().__init__(
            f"This key has made the {limit} requests it may make in 60 minutes. Its next one is"
            f" possible in {seconds:,} seconds.",
            seconds,
        )
        self.admission = admission


# Every expression of the update reads the row alone, so that PostgreSQL works them out anew after
# waiting for another request of the key. The hashes are keyed: how long comparing them takes tells
# nothing about a secret. A row comes back only where the request was counted.
_COUNT = sql("""
WITH k AS MATERIALIZED (
  SELECT organisation_id, name, scopes, hourly_limit, expires_at, jump_now() AS now,
    CASE WHEN secret_hash IN (:hash, :older_hash) THEN 'current' ELSE 'previous' END AS secret
  FROM api_keys
  WHERE id = :id AND mode = :mode AND revoked_at IS NULL
    AND (expires_at IS NULL OR expires_at > jump_now())
    AND (secret_hash IN (:hash, :older_hash)
      OR (previous_hash IN (:hash, :older_hash) AND previous_expires_at > jump_now()))
)
INSERT INTO key_quota AS q (key_id, minute, total, history)
SELECT CAST(:id AS TEXT), now / 60000000, 1, replace(CAST(:slots AS TEXT), ' ', '000000000000')
FROM k WHERE hourly_limit > 0
ON CONFLICT (key_id) DO UPDATE SET
  minute = greatest(q.minute, excluded.minute),
  total = q.total + 1,
  history = CASE WHEN excluded.minute <= q.minute THEN q.history ELSE substr(
    replace(substr(CAST(:slots AS TEXT), 1, CAST(excluded.minute - q.minute AS INTEGER)),
      ' ', substr(CAST(1000000000000 + q.total AS TEXT), 2)) || q.history, 1, 732) END
WHERE q.total - CASE WHEN excluded.minute - q.minute > 60 THEN q.total ELSE CAST(substr(q.history,
    CAST(721 - 12 * greatest(excluded.minute - q.minute, 0) AS INTEGER), 12) AS BIGINT) END
  < (SELECT hourly_limit FROM k)
RETURNING minute, total, history,
  (SELECT organisation_id FROM k) AS organisation_id, (SELECT name FROM k) AS name,
  (SELECT scopes FROM k) AS scopes, (SELECT hourly_limit FROM k) AS hourly_limit,
  (SELECT expires_at FROM k) AS expires_at, (SELECT now FROM k) AS now,
  (SELECT secret FROM k) AS secret
""")
_SLOTS: Final = " " * 61

_LOOK = sql("""
SELECT k.organisation_id, k.name, k.scopes, k.hourly_limit, k.expires_at, k.secret_hash,
  k.previous_hash, k.previous_expires_at, k.revoked_at, jump_now() AS now,
  q.minute, q.total, q.history
FROM api_keys k LEFT JOIN key_quota q ON q.key_id = k.id
WHERE k.id = :id AND k.mode = :mode
""")


_UNKNOWN: Final = "There is no such API key."
_IN_CLEAR: Final = "Live keys are accepted over HTTPS only. Rotate this one: it was sent in clear."
_REVOKED: Final = "This API key was revoked."
_EXPIRED: Final = "This API key has expired."
_REPLACED: Final = "This API key was replaced when it was rotated. Use the new one."

_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Proof:
    """That a key was sent: it admits again, as long as the key would, and no key is made of it."""

    key_id: str
    mode: Mode
    hashes: tuple[bytes, ...] = field(repr=False)


class _Request(msgspec.Struct, frozen=True):
    proof: Proof
    address: str
    request_id: str

    def known_as(self, stored: bytes | None) -> bool:
        hashes = self.proof.hashes
        return stored is not None and any(hmac.compare_digest(stored, h) for h in hashes)


async def admit(
    database: Database,
    keyring: Keyring,
    presented: str | None,
    *,
    address: str,
    secure: bool,
    request_id: str,
    counted: bool,
) -> Admission:
    """Admit a request with the Authorization header `presented` (RFC 6750, section 2.1).

    With `counted` it costs one of the key's hour. `secure` says that nobody could listen in: a live
    key needs it. Raises Unauthorized (KeyRefused for a key that was good once) and QuotaSpent.
    """
    proof = prove(keyring, presented, secure=secure)
    return await admit_again(
        database, proof, address=address, request_id=request_id, counted=counted
    )


def prove(keyring: Keyring, presented: str | None, *, secure: bool) -> Proof:
    """The proof of the Authorization header `presented`. Raises Unauthorized.

    Whether there is such a key is not asked.
    """
    text, key = _read(presented, secure=secure)
    hashes = keyring.keyed_hashes(HASH_PURPOSE, text.encode())
    return Proof(record_id(key.id), key.mode, hashes)


async def admit_again(
    database: Database, proof: Proof, *, address: str, request_id: str, counted: bool
) -> Admission:
    """Admit a request by a proof, as `admit` does by the key itself."""
    request = _Request(proof, address, request_id)
    return await database.count(lambda tx: (_count if counted else _look)(tx, request))


def _read(presented: str | None, *, secure: bool) -> tuple[str, ParsedKey]:
    text = header.token(presented)
    key = parse_key(text)
    if key is None:
        raise Unauthorized(header.not_a_key(text))
    if key.mode == "live" and not secure:
        raise Unauthorized(_IN_CLEAR)
    return text, key


async def _count(tx: Tx, request: _Request, tries: int = _TRIES) -> Admission:
    row = await tx.one(
        _COUNT,
        id=request.proof.key_id,
        mode=request.proof.mode,
        hash=request.proof.hashes[0],
        older_hash=request.proof.hashes[-1],
        slots=_SLOTS,
    )
    if row is not None:
        return _admission(request, row, row["secret"])
    admission = await _look(tx, request)
    # A minute may have ended between the two statements, and given something back.
    if admission.quota.remaining and tries > 1:
        return await _count(tx, request, tries - 1)
    raise QuotaSpent(admission)


async def _look(tx: Tx, request: _Request) -> Admission:
    row = await tx.one(_LOOK, id=request.proof.key_id, mode=request.proof.mode)
    current = row is not None and request.known_as(row["secret_hash"])
    # The wrong secret of a key that exists, and a key that does not, look the same.
    if row is None or not (current or request.known_as(row["previous_hash"])):
        raise Unauthorized(_UNKNOWN)
    admission = _admission(request, row, CURRENT if current else PREVIOUS)
    if row["revoked_at"] is not None:
        raise KeyRefused(_REVOKED, admission)
    if row["expires_at"] is not None and row["expires_at"] <= row["now"]:
        raise KeyRefused(_EXPIRED, admission)
    if not current and row["previous_expires_at"] <= row["now"]:
        raise KeyRefused(_REPLACED, admission)
    return admission


def _admission(request: _Request, row: Row, secret: Secret) -> Admission:
    mode = request.proof.mode
    scopes, held = _scopes(row["scopes"])
    facts = KeyFacts(
        id=request.proof.key_id,
        name=row["name"],
        mode=mode,
        scopes=scopes,
        limit=row["hourly_limit"],
        expires_at=row["expires_at"],
        secret=secret,
    )
    caller = Caller(
        tenant=Tenant(row["organisation_id"], mode),
        actor=Actor("key", facts.id),
        scopes=held,
        request_id=request.request_id,
        address=request.address,
    )
    return Admission(caller, facts, quota(counter(row), facts.limit, row["now"]))


@lru_cache(maxsize=256)
def _scopes(text: str) -> tuple[tuple[str, ...], frozenset[str]]:
    scopes = split_scopes(text)
    return scopes, frozenset(scopes)
