"""Every type of event: when it is sent, what it looks like, which webhooks of this mode take it.

The types, samples and schemas are those of the catalogue and of the records: nothing is named here.
"""

from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Final

import msgspec

from jump.caller import Tenant
from jump.clinical import event_schemas
from jump.console import paging
from jump.console.page import Context, Page
from jump.console.tables import Found, Table, table
from jump.console.visit import Visit
from jump.events.catalog import ALIASES, EVENT_TYPES, Alias, EventType, type_of
from jump.keys.scopes import SCOPES
from jump.kit.ids import sample_id
from jump.resources.listing import MOST
from jump.storage.sql import Row
from jump.webhooks import sending, webhook
from jump.webhooks.representation import subscribed


@dataclass(frozen=True, slots=True)
class Taker:
    """A webhook that takes a type: `only` is the alias under which alone it does, or nothing."""

    id: str
    title: str
    is_active: bool
    only: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One type: its other names, the permission to see it, samples, schema, who takes it."""

    event: EventType
    aliases: tuple[Alias, ...]
    permission: str
    full: str
    thin: str
    schema: str
    takers: tuple[Taker, ...]


async def _show(visit: Visit) -> Context:
    found = await table(lambda: _webhooks(visit))
    kinds = [_kind(visit, event, found) for event in EVENT_TYPES.values()]
    grouped = groupby(kinds, key=attrgetter("event.resource"))
    return {
        "groups": [(f"{resource.capitalize()}s", list(of)) for resource, of in grouped],
        "webhooks": found,
        "most": MOST,
    }


async def _webhooks(visit: Visit) -> Found[Row]:
    query = paging.query(visit, webhook.WEBHOOKS, {}, MOST)
    page = await visit.parts.database.read(lambda tx: webhook.page(tx, visit.tenant, query))
    return paging.found(visit, query, page)


def _kind(visit: Visit, event: EventType, webhooks: Table[Row]) -> Kind:
    takers = (_taker(row, event) for row in webhooks.rows)
    schema = _schema(event.name)
    full, thin = (_sample(visit.tenant, event.name, payload, visit.at) for payload in _PAYLOADS)
    return Kind(
        event,
        tuple(alias for alias in ALIASES.values() if alias.event_type == event.name),
        SCOPES[event.read_scope].sentence,
        full,
        thin,
        schema,
        tuple(taker for taker in takers if taker is not None),
    )


_PAYLOADS: Final = ("full", "thin")


def _taker(row: Row, event: EventType) -> Taker | None:
    names = subscribed(row)
    of_type = [name for name in names if type_of(name) is event]
    if not of_type:
        return None
    only = "" if event.name in of_type else of_type[0]
    return Taker(row["id"], row["name"] or row["url"], bool(row["is_active"]), only)


def _sample(tenant: Tenant, name: str, payload: str, at: int) -> str:
    body = sending.sample_body(tenant, sample_id("evt"), name, payload, at)
    return msgspec.json.format(body, indent=2).decode()


@cache
def _schema(name: str) -> str:
    found = event_schemas.schema(name)
    if found is None:
        return ""
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode()


PAGES: Final = (
    Page("event_catalogue", "/events/catalogue", "see_webhooks", _show, section="events"),
)
