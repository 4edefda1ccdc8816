"""Pages of long lists: a list's query from an address, and the addresses of the pages beside."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from jump.console.tables import Found
from jump.console.visit import Visit
from jump.errors import InvalidRequest
from jump.kit import cursors
from jump.kit.cursors import Position
from jump.resources import listing
from jump.resources.listing import Listing, ListQuery
from jump.resources.pages import Page
from jump.storage.sql import Row

ROWS: Final = 50
# The parameter that says behind which row a page begins.
AFTER: Final = "after"
_PURPOSE: Final = "console pages"


def query(visit: Visit, of: Listing, given: Mapping[str, str], rows: int = ROWS) -> ListQuery:
    """The list's query with these of its parameters, at the place that the address names.

    Raises InvalidRequest for a bad value, and for a place of another list or other filters.
    """
    wanted = [(name, value) for name, value in given.items() if value]
    made = listing.parse(of, [*wanted, ("limit", str(rows))])
    after = position(visit, made.fingerprint(visit.tenant, visit.path))
    return made if after is None else replace(made, cursor="", after=(after[0], after[1]))


def found(visit: Visit, made: ListQuery, page: Page) -> Found[Row]:
    """The rows of a page, and where the pages beside it are."""
    fingerprint = made.fingerprint(visit.tenant, visit.path)
    following = next_page(visit, fingerprint, page.after) if page.after else ""
    return Found(page.rows, following, first_page(visit))


def position(visit: Visit, fingerprint: str) -> Position | None:
    """The place that the address names in a list, or None for its beginning."""
    token = visit.query.one(AFTER)
    if not token:
        return None
    keys = visit.parts.keyring.derived(_PURPOSE)
    place = cursors.decode(keys, fingerprint, token)
    if place is None or len(place) != 2:
        raise InvalidRequest("This page belongs to another list, or to other filters.")
    return place


def next_page(visit: Visit, fingerprint: str, after: Position) -> str:
    """The address of the page behind a row."""
    token = cursors.encode(visit.parts.keyring.derive(_PURPOSE), fingerprint, after)
    return visit.here(**{AFTER: token})


def first_page(visit: Visit) -> str:
    """The address of the first page, where this is a later one."""
    return visit.here(**{AFTER: ""}) if visit.query.one(AFTER) else ""
