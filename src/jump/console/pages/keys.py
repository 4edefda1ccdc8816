"""The keys of one mode: what each may do, how much it is used, and whether it still works."""

from dataclasses import dataclass
from typing import Final, cast, get_args

from jump.console import paging, who
from jump.console.page import Context, Form, Go, Page
from jump.console.tables import Found, table
from jump.console.visit import Visit
from jump.errors import FieldError, InvalidRequest, NotFound, ValidationFailed
from jump.keys import listing
from jump.keys.format import key_id_of, masked, recognised
from jump.keys.listing import KeyOverview
from jump.keys.record import KeyRecord, Status
from jump.keys.scopes import in_words

STATUSES: Final[tuple[Status, ...]] = get_args(Status)


@dataclass(frozen=True, slots=True)
class _Place:
    created_at: int
    id: str


async def _show(visit: Visit) -> Context:
    chosen = visit.query.one("status")
    if chosen and chosen not in STATUSES:
        raise InvalidRequest("There is no such status of keys.")
    found = await table(lambda: _found(visit, chosen), is_filtered=bool(chosen))
    makers = await who.names(visit, (row.key.created_by for row in found.rows))
    return {
        "keys": found,
        "makers": makers,
        "statuses": [("", "All"), *((each, each.capitalize()) for each in STATUSES)],
        "shown": shown,
        "in_words": in_words,
    }


async def _found(visit: Visit, chosen: str) -> Found[KeyOverview]:
    tenant = visit.tenant
    fingerprint = f"keys {tenant.organisation} {tenant.mode} {chosen}"
    after = paging.position(visit, fingerprint)
    rows = await listing.page(
        visit.parts.database,
        tenant.organisation,
        (tenant.mode,),
        paging.ROWS + 1,
        _Place(int(after[0]), str(after[1])) if after else None,
        cast("Status | None", chosen or None),
    )
    kept, following = rows[: paging.ROWS], ""
    if len(rows) > paging.ROWS:
        last = kept[-1].key
        following = paging.next_page(visit, fingerprint, (last.created_at, last.id))
    return Found(kept, following, paging.first_page(visit))


async def _find(visit: Visit) -> Go:
    """A key pasted, whole or as it is shown: scripts let no more than its id leave the page."""
    wrong = "Paste a key, or the part of it that is shown here: pk_test_ and 16 characters."
    key_id = recognised(visit.typed.raw("key"))
    if key_id is None:
        raise ValidationFailed([FieldError("key", wrong)])
    try:
        found = await listing.find(visit.parts.database, visit.tenant.organisation, key_id)
    except NotFound as none:
        unknown = "This practice has no such key."
        raise ValidationFailed([FieldError("key", unknown)]) from none
    return Go("key", {"key_id": found.key.id}, {"mode": found.key.mode})


async def of_mode(visit: Visit, key_id: str) -> KeyOverview:
    """The key of an address, if it is of this mode. Raises NotFound."""
    found = await listing.find(visit.parts.database, visit.tenant.organisation, key_id)
    if found.key.mode != visit.mode:
        raise NotFound("There is no API key with this id in this mode.")
    return found


def shown(key: KeyRecord) -> str:
    """`pk_test_{id}_` and an ellipsis."""
    own_id = key_id_of(key.id)
    assert own_id is not None
    return masked(key.mode, own_id)


PAGES: Final = (Page("keys", "/keys", "see_keys", _show, (Form("find", _find),), section="keys"),)
