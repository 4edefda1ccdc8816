"""Idempotent answers: what a request was told is kept in the transaction that did its work.

So an answer is kept exactly when the work was. Authentication and scope come before; secrets are
never kept, the caller hands over the answer without them.
"""

import msgspec

from jump.caller import Tenant
from jump.errors import Conflict
from jump.kit.clock import HOUR
from jump.storage.database import Tx
from jump.storage.sql import Args, Value, sql, twin

KEPT_FOR = 24 * HOUR
LONGEST_KEY = 255


class Slot(msgspec.Struct, frozen=True):
    """Where one answer is kept: the caller's key, the concrete path and the header's value."""

    tenant: Tenant
    key_id: str
    path: str
    idempotency_key: str

    def args(self) -> dict[str, Value]:
        """As arguments of the statements below."""
        return {
            "organisation": self.tenant.organisation,
            "mode": self.tenant.mode,
            "key": self.key_id,
            "path": self.path,
            "idempotency_key": self.idempotency_key,
        }


class Kept(msgspec.Struct, frozen=True):
    """An answer as it was given: status, its headers and patients as JSON, body."""

    status: int
    headers: str
    body: bytes


# Whoever works on a slot holds this until commit; SQLite has one writer at a time anyway.
_TRY_LOCK = twin(
    sqlite="SELECT TRUE AS free, :slot AS slot",
    postgresql="SELECT pg_try_advisory_xact_lock(hashtextextended(:slot, 0)) AS free",
)
_CLAIM = sql(
    "INSERT INTO replays"
    " (organisation_id, mode, key_id, path, idempotency_key, body_hash, created_at)"
    " VALUES (:organisation, :mode, :key, :path, :idempotency_key, :body_hash, :at)"
    " ON CONFLICT (organisation_id, mode, key_id, path, idempotency_key) DO UPDATE"
    " SET body_hash = excluded.body_hash, status = NULL, headers = NULL, body = NULL,"
    " created_at = excluded.created_at"
    " WHERE replays.created_at <= :expired RETURNING created_at"
)
_FIND = sql(
    "SELECT body_hash, status, headers, body FROM replays"
    " WHERE organisation_id = :organisation AND mode = :mode AND key_id = :key AND path = :path"
    " AND idempotency_key = :idempotency_key"
)
_KEEP = sql(
    "UPDATE replays SET status = :status, headers = :headers, body = :body"
    " WHERE organisation_id = :organisation AND mode = :mode AND key_id = :key AND path = :path"
    " AND idempotency_key = :idempotency_key"
)
_PURGE = sql("DELETE FROM replays WHERE created_at <= :expired")


async def claim(tx: Tx, slot: Slot, body_hash: bytes, at: int) -> Kept | None:
    """Take the slot (None: do the work, then `keep`), or the answer that is kept in it.

    Raises Conflict when the slot was taken by another body, or by a request still in flight.
    """
    args = slot.args()
    lock = await tx.one(_TRY_LOCK, slot="\n".join(str(value) for value in args.values()))
    if lock is None or not lock["free"]:
        raise Conflict(
            "A request with this Idempotency-Key is still in flight. Wait for its answer."
        )
    taken = await tx.one(_CLAIM, **args, body_hash=body_hash, at=at, expired=at - KEPT_FOR)
    if taken is not None:
        return None
    row = await tx.one(_FIND, **args)
    if row is None or row["body_hash"] != body_hash:
        raise Conflict(
            "This Idempotency-Key was used with another body. Use a new one for a new request."
        )
    return Kept(row["status"], row["headers"], row["body"])


async def keep(tx: Tx, slot: Slot, answer: Kept) -> None:
    """Keep the answer for whoever repeats the request."""
    kept: Args = {"status": answer.status, "headers": answer.headers, "body": answer.body}
    await tx.later(_KEEP, {**slot.args(), **kept})


async def purge(tx: Tx, now: int) -> int:
    """Forget the answers older than a day; how many."""
    return await tx.run(_PURGE, expired=now - KEPT_FOR)
