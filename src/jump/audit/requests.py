"""Reads the access log: the requests of one key or of all, newest first, as rows.

What was asked and how it was answered is in a row, never what a record holds.
"""

from typing import Final

from jump.caller import Tenant
from jump.resources.listing import Filter, Listing, ListQuery
from jump.resources.pages import Page
from jump.resources.pages import page as listing_page
from jump.storage.database import Tx
from jump.storage.sql import Row, sql

_COLUMNS: Final = (
    "id",
    "at",
    "key_id",
    "address",
    "method",
    "route",
    "status",
    "error_code",
    "missing_scope",
    "milliseconds",
)
_FILTERS: Final = (
    Filter("method", "text"),
    Filter("route", "text"),
    Filter("status", "int"),
    Filter("error_code", "text"),
    Filter("address", "text"),
    Filter("request_id", "text", "id"),
    Filter("at", "instant"),
)
# A request's id is in the order of time, and both lists have an index that ends with it.
ALL: Final = Listing(
    source="access_log",
    columns=_COLUMNS,
    filters=(Filter("key_id", "text"), *_FILTERS),
    sorts=(("id", "id"),),
)
OF_KEY: Final = Listing(
    source="access_log",
    columns=_COLUMNS,
    filters=_FILTERS,
    sorts=(("id", "id"),),
    fixed=("key_id",),
)

_FIRST = sql("""
SELECT id, at, address, method, route, status FROM access_log
WHERE organisation_id = :organisation AND mode = :mode AND key_id = :key AND id >= :first
  AND status <> 401
ORDER BY id LIMIT 1
""")


async def page(tx: Tx, tenant: Tenant, query: ListQuery) -> Page:
    """One page of every key's requests, by a query of ALL."""
    return await listing_page(tx, tenant, ALL, query)


async def page_of_key(tx: Tx, tenant: Tenant, key_id: str, query: ListQuery) -> Page:
    """One page of a key's requests, by a query of OF_KEY."""
    return await listing_page(tx, tenant, OF_KEY, query, key_id=key_id)


async def first_since(tx: Tx, tenant: Tenant, key_id: str, first_id: str) -> Row | None:
    """A key's first request from the id `first_id` on, those answered 401 left out; or None."""
    return await tx.one(
        _FIRST,
        organisation=tenant.organisation,
        mode=tenant.mode,
        key=key_id,
        first=first_id,
    )
