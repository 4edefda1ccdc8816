"""When and from where each key was last used, written a moment after the request.

At most once a minute for each key and address. Writing is left to the access log's recorder, as a
companion of its transactions.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from jump.keys.admit import PREVIOUS, Admission
from jump.kit.clock import MINUTE
from jump.storage.database import Tx
from jump.storage.sql import Args, sql

_Which = tuple[str, bool]  # a key's id, and whether it was its previous secret


@dataclass(frozen=True, slots=True)
class _Use:
    organisation: str
    at: int
    address: str


# Processes write in any order: an older use never replaces a newer one.
_WRITE = sql("""
INSERT INTO key_uses AS u (organisation_id, key_id, used_at, address,
  previous_used_at, previous_address)
VALUES (:organisation, :key_id, :at, :address, :previous_at, :previous_address)
ON CONFLICT (organisation_id, key_id) DO UPDATE SET
  address = CASE WHEN excluded.used_at < u.used_at THEN u.address ELSE excluded.address END,
  used_at = greatest(u.used_at, excluded.used_at),
  previous_address = CASE
    WHEN COALESCE(excluded.previous_used_at, 0) < COALESCE(u.previous_used_at, 0)
    THEN u.previous_address ELSE excluded.previous_address END,
  previous_used_at = NULLIF(greatest(
    COALESCE(u.previous_used_at, 0), COALESCE(excluded.previous_used_at, 0)), 0)
""")


class LastUsed:
    """The uses of this process that are not written yet."""

    def __init__(self) -> None:
        self._minute = 0
        self._noted: set[tuple[_Which, str]] = set()
        self._waiting: dict[_Which, _Use] = {}
        self._flushed: Mapping[_Which, _Use] = {}

    def note(self, admission: Admission, at: int) -> None:
        """A key was used; most calls find that this minute's use is noted already."""
        if at // MINUTE != self._minute:
            self._minute = at // MINUTE
            self._noted.clear()
        which = (admission.key.id, admission.key.secret == PREVIOUS)
        address = admission.caller.address or ""
        if (which, address) not in self._noted:
            self._noted.add((which, address))
            self._waiting[which] = _Use(admission.caller.tenant.organisation, at, address)

    def waits(self) -> bool:
        """Whether there is something to write."""
        return bool(self._waiting)

    async def flush(self, tx: Tx) -> None:
        """Write what waits. It may run again if the transaction fails."""
        self._flushed = dict(self._waiting)
        # In one order everywhere, so that two processes never wait for each other in a circle.
        rows = [_row(which, use) for which, use in sorted(self._flushed.items(), key=_by_key)]
        if rows:
            await tx.many(_WRITE, rows)

    def settle(self) -> None:
        """What the last flush wrote is committed."""
        for which, use in self._flushed.items():
            if self._waiting.get(which) is use:
                del self._waiting[which]
        self._flushed = {}


def _by_key(item: tuple[_Which, _Use]) -> _Which:
    return item[0]


def _row(which: _Which, use: _Use) -> Args:
    key_id, is_previous = which
    return {
        "organisation": use.organisation,
        "key_id": key_id,
        "at": use.at,
        "address": use.address,
        "previous_at": use.at if is_previous else None,
        "previous_address": use.address if is_previous else None,
    }
