"""Making a webhook: where to, which events, and how much of a record goes out."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import msgspec

from jump.console.fields import Fields
from jump.console.page import Context, Form, Go, Page
from jump.console.sending import Repeated, write_once
from jump.console.visit import Visit
from jump.errors import FieldError, ValidationFailed
from jump.events.catalog import ALIASES, EVENT_TYPES
from jump.kit.ids import sample_id
from jump.storage.database import Tx
from jump.storage.sql import Row
from jump.webhooks import sending, webhook
from jump.webhooks.webhook import WebhookParts

PAYLOADS: Final = (
    (
        "full",
        "Full",
        "The whole record as the API shows it, with personal data. Only for a receiver that may"
        " hold this practice's records.",
    ),
    (
        "thin",
        "Thin",
        "Only ids and which fields changed: no personal data. The receiver asks the API for more.",
    ),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """An event to tick: its name, when it is sent, and a sample of each payload."""

    name: str
    sent: str
    full: str
    thin: str


def groups(visit: Visit, kept: Iterable[str] = ()) -> list[tuple[str, list[Choice]]]:
    """Every event by the record that it is of, in the order of the catalogue.

    The other names that some go by are for programs; one that a webhook has by now is `kept`.
    """
    others = [name for name in ALIASES if name in set(kept)]
    order = list(dict.fromkeys(_resource(name) for name in EVENT_TYPES))
    names = sorted((*EVENT_TYPES, *others), key=lambda name: order.index(_resource(name)))
    return [
        (f"{resource.capitalize()}s", [_choice(visit, name) for name in of_resource])
        for resource, of_resource in groupby(names, key=_resource)
    ]


def _resource(name: str) -> str:
    return name.partition(".")[0]


def _choice(visit: Visit, name: str) -> Choice:
    alias = ALIASES.get(name)
    sent = (
        f"Those of {alias.event_type} where the status becomes {alias.status}."
        if alias
        else EVENT_TYPES[name].sent
    )
    full, thin = (
        msgspec.json.format(
            sending.sample_body(visit.tenant, sample_id("evt"), name, payload, visit.at), indent=2
        ).decode()
        for payload in ("full", "thin")
    )
    return Choice(name, sent, full, thin)


async def _show(visit: Visit) -> Context:
    return {"groups": groups(visit), "payloads": PAYLOADS}


def asked_for(typed: Fields) -> Mapping[str, Any]:
    """What the form asks for; it is checked where webhooks are made."""
    return {
        "url": typed.one("url"),
        "name": typed.one("name") or None,
        "events": typed.all("events"),
        "payload": typed.one("payload"),
    }


@contextmanager
def in_words_of_the_form() -> Iterator[None]:
    """What is wrong with the choice of events, as who ticks boxes would say it."""
    try:
        yield
    except ValidationFailed as problem:
        if all(error.field != "events" for error in problem.details):
            raise
        said = FieldError("events", "Choose at least one event.")
        told = [said if error.field == "events" else error for error in problem.details]
        raise ValidationFailed(told) from problem


async def _create(visit: Visit) -> Go:
    asked, parts = asked_for(visit.typed), visit.parts
    made_of = WebhookParts(parts.keyring, parts.guard, parts.random)

    async def work(tx: Tx) -> tuple[str, tuple[Row, str]]:
        row, secret = await webhook.create(tx, visit.caller, visit.at, asked, made_of)
        return row["id"], (row, secret)

    try:
        with in_words_of_the_form():
            row, secret = await write_once(visit, work)
    except Repeated as repeated:
        said = "This webhook was made already. Rotate its secret if it was not copied."
        return Go("webhook", {"webhook_id": repeated.made}, said=said)
    return Go("webhook_made", {"webhook_id": row["id"]}, once={"secret": secret})


def _is_live(visit: Visit) -> bool:
    return visit.mode == "live"


PAGES: Final = (
    Page(
        "webhook_create",
        "/webhooks/create",
        "manage_webhooks",
        _show,
        (Form("create", _create, confirms=_is_live),),
        section="webhooks",
    ),
)
