"""Looks through the access log of a tenant for some of its requests, newest first.

One look goes through so many rows at most, however few of them fit, and says where it came to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jump.caller import Tenant
from jump.kit.ids import first_id
from jump.storage.database import Tx
from jump.storage.sql import Row, Value, sql

LOOK: Final = 20_000
# What the ids of requests are sorted before.
_AFTER_EVERY_ID: Final = "req_~"


@dataclass(frozen=True, slots=True)
class Sought:
    """Which requests: all that is None is left open. `status_from` and `status_to` are included."""

    key_id: str | None = None
    method: str | None = None
    route: str | None = None
    status_from: int | None = None
    status_to: int | None = None
    error_code: str | None = None
    request_id: str | None = None

    def fits(self, row: Row) -> bool:
        """Whether a request that was read already is one of these: the same as the query asks."""
        status, low, high = int(row["status"]), self.status_from, self.status_to
        asked = (self.key_id, self.method, self.route, self.error_code, self.request_id)
        fields = ("key_id", "method", "route", "error_code", "id")
        return (
            (low is None or status >= low)
            and (high is None or status <= high)
            and all(
                wanted is None or row[field] == wanted
                for wanted, field in zip(asked, fields, strict=True)
            )
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether this leaves anything out."""
        return self != EVERY


EVERY: Final = Sought()


@dataclass(frozen=True, slots=True)
class Seen:
    """Requests, newest first; `before` is where the next look begins, None at the end of the log.

    With `before` a look may have found few or none: it went through no more rows than that.
    """

    rows: list[Row]
    before: str | None


# The log is gone through by its own order, or by that of one key: each has an index.
_OF_ALL: Final = """
  SELECT id, at, key_id, address, method, route, status, error_code, missing_scope, milliseconds
  FROM access_log
  WHERE organisation_id = :organisation AND mode = :mode AND id < :before
  ORDER BY id DESC LIMIT :look
"""
_OF_KEY: Final = """
  SELECT id, at, key_id, address, method, route, status, error_code, missing_scope, milliseconds
  FROM access_log
  WHERE organisation_id = :organisation AND mode = :mode AND key_id = :key_id AND id < :before
  ORDER BY id DESC LIMIT :look
"""
_FITTING: Final = """
  (CAST(:method AS TEXT) IS NULL OR method = :method)
  AND (CAST(:route AS TEXT) IS NULL OR route = :route)
  AND (CAST(:status_from AS INTEGER) IS NULL OR status >= :status_from)
  AND (CAST(:status_to AS INTEGER) IS NULL OR status <= :status_to)
  AND (CAST(:error_code AS TEXT) IS NULL OR error_code = :error_code)
  AND (CAST(:request_id AS TEXT) IS NULL OR id = :request_id)
"""
_SINCE: Final = sql("""
  SELECT id, at, key_id, address, method, route, status, error_code, missing_scope, milliseconds
  FROM access_log
  WHERE organisation_id = :organisation AND mode = :mode AND id >= :first
  ORDER BY id DESC LIMIT :rows
""")
# Every text is one of the first two above.
_ROWS: Final = {
    looked: sql(
        f"SELECT * FROM ({looked}) AS looked WHERE {_FITTING} ORDER BY id DESC LIMIT :rows"  # noqa: S608
    )
    for looked in (_OF_ALL, _OF_KEY)
}
_REACHED: Final = {
    looked: sql(f"SELECT min(id) AS id, count(*) AS looked FROM ({looked}) AS looked")  # noqa: S608
    for looked in (_OF_ALL, _OF_KEY)
}


async def since(tx: Tx, tenant: Tenant, at: int, most: int) -> list[Row]:
    """The newest requests that came at an instant or later, at most so many of them.

    Newest first, as rows of `look`. A request is written when it is answered: one that came early
    may be written late.
    """
    names = {"organisation": tenant.organisation, "mode": tenant.mode}
    return await tx.all(_SINCE, **names, first=first_id("req", at), rows=most)


async def look(
    tx: Tx, tenant: Tenant, sought: Sought, rows: int, before: str | None = None, most: int = LOOK
) -> Seen:
    """At most `rows` requests that are older than `before`, among the next `most` of the log.

    A row has id, at, key_id, address, method, route, status, error_code, missing_scope and
    milliseconds.
    """
    looked = _OF_ALL if sought.key_id is None else _OF_KEY
    where: dict[str, Value] = {
        "organisation": tenant.organisation,
        "mode": tenant.mode,
        "before": before or _AFTER_EVERY_ID,
        "look": most,
    }
    if sought.key_id is not None:
        where["key_id"] = sought.key_id
    found = await tx.all(_ROWS[looked], **where, **_conditions(sought), rows=rows + 1)
    if len(found) > rows:
        return Seen(found[:rows], found[rows - 1]["id"])
    reached = await tx.one(_REACHED[looked], **where)
    assert reached is not None
    return Seen(found, reached["id"] if reached["looked"] == most else None)


def _conditions(sought: Sought) -> Mapping[str, Value]:
    return {
        "method": sought.method,
        "route": sought.route,
        "status_from": sought.status_from,
        "status_to": sought.status_to,
        "error_code": sought.error_code,
        "request_id": sought.request_id,
    }
