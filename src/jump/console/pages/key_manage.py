"""What can be done with a key: rotate it, end the old secret, change its limit, revoke it."""

from typing import Final

from jump.audit import usage
from jump.audit.usage import RouteUse
from jump.console import words
from jump.console.page import Context, Form, Go, Page
from jump.console.pages.key import frame
from jump.console.pages.keys import of_mode
from jump.console.sending import Repeated, write_once
from jump.console.visit import Visit
from jump.errors import FieldError, ValidationFailed
from jump.keys import issue
from jump.keys.issue import HIGHEST_LIMIT, OVERLAPS
from jump.keys.record import KeyRecord
from jump.kit.clock import HOUR
from jump.storage.database import Tx
from jump.webhooks import revoking

_OVERLAP_WORDS: Final = {
    "none": ("Not at all", "The old secret is refused from its next request on."),
    "1h": ("1 hour", ""),
    "24h": ("24 hours", ""),
    "7d": ("7 days", ""),
}


async def _show(visit: Visit) -> Context:
    framed = await frame(visit)
    key_id = visit.ids["key_id"]

    async def look(tx: Tx) -> tuple[list[RouteUse], int]:
        routes = await usage.by_route(tx, visit.tenant, key_id, visit.at - HOUR)
        return routes, await revoking.would_pause(tx, visit.tenant, key_id)

    routes, webhooks = await visit.parts.database.read(look)
    return {
        **framed,
        "overlaps": [(value, *_OVERLAP_WORDS[value]) for value in OVERLAPS],
        "highest": HIGHEST_LIMIT,
        "routes": routes,
        "webhooks": webhooks,
    }


async def _rotate(visit: Visit) -> Go:
    parts, key_id = visit.parts, visit.ids["key_id"]
    await of_mode(visit, key_id)
    overlap = visit.typed.one("overlap")

    async def work(tx: Tx) -> tuple[str, tuple[KeyRecord, str]]:
        key, full = await issue.rotate(
            tx, parts.keyring, visit.caller, key_id, overlap, visit.at, parts.random
        )
        return key.id, (key, full)

    try:
        key, full = await write_once(visit, work)
    except Repeated:
        said = "It was rotated already, and the new secret is shown once only."
        return Go("key_manage", visit.ids, said=said)
    since = str(visit.at) if overlap == "none" else ""
    return Go("key_made", {"key_id": key.id}, once={"key": full, "since": since})


async def _end_overlap(visit: Visit) -> Go:
    key_id = visit.ids["key_id"]
    await of_mode(visit, key_id)
    await visit.parts.database.write(
        lambda tx: issue.end_overlap(tx, visit.caller, key_id, visit.at)
    )
    return Go("key_manage", visit.ids, said="Only the newest secret works now.")


async def _change_limit(visit: Visit) -> Go:
    key_id, typed = visit.ids["key_id"], visit.typed.one("limit").replace(",", "")
    await of_mode(visit, key_id)
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 9):
        raise ValidationFailed([FieldError("limit", "Use a whole number, such as 5,000.")])
    changed = await visit.parts.database.write(
        lambda tx: issue.change_limit(tx, visit.caller, key_id, int(typed), visit.at)
    )
    said = f"{changed.name} may make {changed.hourly_limit:,} requests in any 60 minutes."
    return Go("key_manage", visit.ids, said=said)


async def _revoke(visit: Visit) -> Go:
    key_id = visit.ids["key_id"]
    key = (await of_mode(visit, key_id)).key
    if key.mode == "live" and visit.typed.one("name") != key.name:
        told = "Type the name of the key, as it stands above, so that no other one is revoked."
        raise ValidationFailed([FieldError("name", told)])
    _, paused = await visit.parts.database.write(
        lambda tx: revoking.revoke_and_pause(tx, visit.caller, key_id, visit.at)
    )
    said = "Revoked: the next request with this key is refused."
    if paused:
        webhooks = words.counted(paused, "webhook")
        said += f" {webhooks} that it had made or directed {_is_are(paused)} paused."
    return Go("key", visit.ids, said=said)


def _is_are(count: int) -> str:
    return "is" if count == 1 else "are"


def _is_live(visit: Visit) -> bool:
    return visit.mode == "live"


PAGES: Final = (
    Page(
        "key_manage",
        "/keys/{key_id}/manage",
        "manage_keys",
        _show,
        (
            Form("rotate", _rotate, confirms=_is_live),
            Form("end_overlap", _end_overlap),
            Form("limit", _change_limit, needs="change_limits"),
            Form("revoke", _revoke),
        ),
        section="keys",
    ),
)
