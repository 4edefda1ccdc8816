"""One delivery: each attempt with what was sent and answered, and the same request for a terminal.

What is shown may hold a patient's record, so that looking is written into the audit.
"""

from typing import Final

import msgspec

from jump.audit import trail
from jump.console import attempts, words
from jump.console.page import Context, Form, Go, Page
from jump.console.pages.webhook import frame, send_waiting, stands
from jump.console.sending import Repeated, write_once
from jump.console.visit import Visit
from jump.storage.database import Tx
from jump.webhooks import history, representation, sending
from jump.webhooks.advice import advice
from jump.webhooks.history import Found
from jump.webhooks.sending import ON_THEIR_WAY


async def _show(visit: Visit) -> Context:
    framed = await frame(visit)
    found = await _found(visit)
    payload = representation.payload(found.delivery).decode()
    delivery = found.delivery
    is_waiting = delivery["state"] == "pending" and delivery["next_attempt_at"] is not None
    return {
        **framed,
        "delivery": delivery,
        "attempts": [attempts.shown(row) for row in found.attempts],
        "ended": None if found.attempts else advice(None, delivery["last_error"]),
        "payload": msgspec.json.format(payload, indent=2),
        "curl": attempts.curl(framed["row"]["url"], found.attempts, payload),
        "is_under_way": delivery["state"] in ON_THEIR_WAY,
        "may_send_now": is_waiting and found.attempts and visit.may("manage_webhooks"),
        "stands": stands(visit, [delivery], id=delivery["event_id"]),
        "in_words": f"{delivery['state'].capitalize()} {_after(delivery['attempt_count'])}",
    }


def _after(count: int) -> str:
    return f"after {words.counted(count, 'attempt')}" if count else "so far"


async def _found(visit: Visit) -> Found:
    delivery_id, webhook_id = visit.ids["delivery_id"], visit.ids["webhook_id"]

    async def look(tx: Tx) -> Found:
        found = await history.fetch(tx, visit.caller, delivery_id, webhook_id)
        patient = found.delivery["patient_id"]
        if patient is not None:
            seen = trail.Change("delivery.viewed", "delivery", delivery_id, patient)
            await trail.write(tx, visit.caller, seen, visit.at)
        return found

    return await visit.parts.database.write(look)


async def _resend(visit: Visit) -> Go:
    delivery_id = visit.ids["delivery_id"]

    async def work(tx: Tx) -> tuple[str, str]:
        await sending.resend(tx, visit.caller, visit.at, visit.ids["webhook_id"], delivery_id)
        return delivery_id, delivery_id

    try:
        await write_once(visit, work)
    except Repeated:
        return Go("delivery", visit.ids, said="It was sent again already.")
    return Go("delivery", visit.ids, said="It is sent once more.")


async def _send_now(visit: Visit) -> Go:
    await send_waiting(visit)
    return Go("delivery", visit.ids, said="All that waited for this webhook is sent now.")


PAGES: Final = (
    Page(
        "delivery",
        "/webhooks/{webhook_id}/deliveries/{delivery_id}",
        "see_payloads",
        _show,
        (
            Form("resend", _resend, needs="manage_webhooks"),
            Form("send_now", _send_now, needs="manage_webhooks"),
        ),
        section="webhooks",
    ),
)
