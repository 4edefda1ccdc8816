"""What can be done with a webhook: pause, edit, a new secret, sending again, delete."""

from collections.abc import Mapping
from typing import Any, Final

from jump.console import words
from jump.console.page import Context, Form, Go, Page
from jump.console.pages.webhook import frame, send_waiting
from jump.console.pages.webhook_create import PAYLOADS, asked_for, groups, in_words_of_the_form
from jump.console.sending import Repeated, write_once
from jump.console.visit import Visit
from jump.errors import FieldError, ValidationFailed
from jump.kit.clock import DAY, HOUR
from jump.storage.database import Tx
from jump.webhooks import replaying, webhook
from jump.webhooks.replaying import EndState, Wanted
from jump.webhooks.webhook import WebhookParts

PERIODS: Final[Mapping[str, tuple[str, int]]] = {
    "1h": ("1 hour", HOUR),
    "24h": ("24 hours", DAY),
    "7d": ("7 days", 7 * DAY),
    "29d": ("29 days", 29 * DAY),
}
REPLAYED: Final[Mapping[str, tuple[str, str, tuple[EndState, ...]]]] = {
    "failed": ("Recover what failed", "", ("failed",)),
    "ended": (
        "Replay everything",
        "Also what was delivered: the receiver gets it once more, with the same ids.",
        ("failed", "succeeded", "cancelled"),
    ),
}


async def _show(visit: Visit) -> Context:
    framed = await frame(visit)
    return {
        **framed,
        "groups": groups(visit, framed["names"]),
        "payloads": PAYLOADS,
        "periods": [(value, label) for value, (label, _) in PERIODS.items()],
        "replayed": [(value, label, meaning) for value, (label, meaning, _) in REPLAYED.items()],
        "matched": None,
        "most": replaying.MOST,
    }


async def _change(visit: Visit, asked: Mapping[str, Any], said: str) -> Go:
    await visit.parts.database.write(
        lambda tx: webhook.change(
            tx, visit.caller, visit.at, visit.ids["webhook_id"], asked, visit.parts.guard
        )
    )
    return Go("webhook_manage", visit.ids, said=said)


async def _pause(visit: Visit) -> Go:
    return await _change(visit, {"is_active": False}, "Paused: deliveries wait, none is lost.")


async def _activate(visit: Visit) -> Go:
    return await _change(visit, {"is_active": True}, "Active: what waited is being sent.")


async def _send_now(visit: Visit) -> Go:
    await send_waiting(visit)
    return Go("webhook", visit.ids, said="All that waited is sent now.")


async def _edit(visit: Visit) -> Go:
    with in_words_of_the_form():
        return await _change(visit, asked_for(visit.typed), "Changed.")


async def _rotate(visit: Visit) -> Go:
    webhook_id, parts = visit.ids["webhook_id"], visit.parts
    made_of = WebhookParts(parts.keyring, parts.guard, parts.random)

    async def work(tx: Tx) -> tuple[str, str]:
        _, secret = await webhook.rotate_secret(tx, visit.caller, visit.at, webhook_id, made_of)
        return webhook_id, secret

    try:
        secret = await write_once(visit, work)
    except Repeated:
        said = "It was rotated already, and the new secret is shown once only."
        return Go("webhook_manage", visit.ids, said=said)
    return Go("webhook_made", visit.ids, once={"secret": secret})


async def _replay(visit: Visit) -> Go | Context:
    """Count at first; with what was counted in the form, do it."""
    typed, webhook_id = visit.typed, visit.ids["webhook_id"]
    period, which = PERIODS.get(typed.one("since")), REPLAYED.get(typed.one("states"))
    if period is None or which is None:
        raise ValidationFailed([FieldError("since", "Choose a time, and what to send again.")])
    wanted = Wanted(visit.at - period[1], states=which[2])
    database = visit.parts.database
    if not typed.has("sure"):
        found = await database.read(
            lambda tx: replaying.rehearse(tx, visit.caller, visit.at, webhook_id, wanted)
        )
        return {**await _show(visit), "matched": found.matched}
    done = await database.write(
        lambda tx: replaying.replay(tx, visit.caller, visit.at, webhook_id, wanted)
    )
    said = f"{words.counted(done.queued, 'delivery', 'deliveries')} queued again."
    return Go("webhook", visit.ids, said=said)


async def _delete(visit: Visit) -> Go:
    if not visit.typed.has("sure"):
        told = "Tick that you want this, since it cannot be undone."
        raise ValidationFailed([FieldError("sure", told)])
    await visit.parts.database.write(
        lambda tx: webhook.delete(tx, visit.caller, visit.at, visit.ids["webhook_id"])
    )
    return Go("webhooks", said="Deleted: nothing is sent there any more.")


def _is_live(visit: Visit) -> bool:
    return visit.mode == "live"


PAGES: Final = (
    Page(
        "webhook_manage",
        "/webhooks/{webhook_id}/manage",
        "manage_webhooks",
        _show,
        (
            Form("pause", _pause),
            Form("activate", _activate),
            Form("send_now", _send_now),
            Form("edit", _edit, confirms=_is_live),
            Form("rotate", _rotate, confirms=_is_live),
            Form("replay", _replay),
            Form("delete", _delete),
        ),
        section="webhooks",
    ),
)
