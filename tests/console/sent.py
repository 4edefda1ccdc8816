"""A day of a webhook for the console's tests and pictures: deliveries of every state and attempts.

The rows are the engine's, as it would have written them; only nothing was sent.
"""

from dataclasses import dataclass

import msgspec

from jump.caller import Tenant
from jump.events import catalog
from jump.kit.clock import HOUR, MILLISECOND, MINUTE, SECOND, system_clock
from jump.kit.ids import new_id
from jump.storage.database import Database, Tx
from jump.storage.sql import sql

URL = "https://receiver.invalid/jump"
HOSTILE_TEXT = "<script>alert(1)</script><img src=x onerror=alert(1)>&amp;{{7*7}}"
SENT = [
    ("Content-Type", "application/json"),
    ("User-Agent", "Jump-Webhooks/1"),
    ("X-Webhook-Attempt", "1"),
    ("X-Webhook-Signature", "t=1767225600,v1=" + "5f" * 32),
]
ANSWERED = [("Content-Type", "text/html"), ("X-Powered-By", HOSTILE_TEXT)]
NAME_NOT_FOUND = "The name could not be resolved: Name or service not known."
TOOK = {"dns": 1.8, "connect": 11.2, "tls": 19.4, "first_byte": 212.0, "total": 246.9}
NOT_FOUND_TOOK = {"dns": 6.1, "total": 6.1}

_DELIVERY = sql("""
    INSERT INTO deliveries (organisation_id, mode, id, webhook_id, event_id, event_type, position,
      patient_id, test, body, state, next_trigger, attempt_count, failures, interruptions, epoch,
      next_attempt_at, last_status, last_error, created_at, ended_at)
    VALUES (:organisation, :mode, :id, :webhook, :event, :event_type, 0, NULL, FALSE, :body, :state,
      'auto', :count, :count, 0, 0, :due, :status, :error, :at, :ended)
""")
_ATTEMPT = sql("""
    INSERT INTO attempts (organisation_id, mode, id, delivery_id, webhook_id, number, attempted_at,
      ended_at, trigger, url, succeeded, status, error, request_headers, response_headers,
      response_body, duration_ms)
    VALUES (:organisation, :mode, :id, :delivery, :webhook, :number, :at, :at, 'auto', :url,
      :succeeded, :status, :error, :sent, :answered, :body, :took)
""")


@dataclass(frozen=True)
class Sent:
    """A delivery made some time ago: its state, and what each attempt was answered (None: not)."""

    event_type: str
    state: str
    ago: int
    answers: tuple[int | None, ...] = (200,)


DAY_OF_ONE = (
    Sent("patient.updated", "pending", 2 * MINUTE, (503,)),
    Sent("patient.updated", "delivering", 3 * MINUTE, (None,)),
    Sent("appointment.created", "failed", 3 * HOUR, (None, 503, 503)),
    Sent("appointment.created", "cancelled", 5 * HOUR, ()),
    *(Sent("appointment.created", "succeeded", n * 47 * MINUTE) for n in range(1, 26)),
    *(Sent("patient.updated", "succeeded", n * 83 * MINUTE, (500, 200)) for n in range(1, 9)),
)


async def add(
    database: Database, tenant: Tenant, webhook_id: str, day: tuple[Sent, ...] = DAY_OF_ONE
) -> list[str]:
    """Put them into the log; their ids in the same order."""
    now = system_clock()

    async def work(tx: Tx) -> list[str]:
        return [await _add_one(tx, tenant, webhook_id, each, now) for each in day]

    return await database.write(work)


async def _add_one(tx: Tx, tenant: Tenant, webhook_id: str, one: Sent, now: int) -> str:
    names = {"organisation": tenant.organisation, "mode": tenant.mode, "webhook": webhook_id}
    at, last = now - one.ago, one.answers[-1] if one.answers else None
    delivery, is_over = new_id("dlv", at), one.state not in ("pending", "delivering")
    event = new_id("evt", at)
    await tx.run(
        _DELIVERY,
        **names,
        id=delivery,
        event=event,
        event_type=one.event_type,
        body=_body(event, one.event_type),
        state=one.state,
        count=len(one.answers),
        due=now + HOUR if one.state == "pending" else None,
        status=last,
        error=_error(last) if one.answers else "The webhook was paused for 30 days.",
        at=at,
        ended=at + SECOND if is_over else None,
    )
    for number, status in enumerate(one.answers, 1):
        attempted = at + (number - 1) * MINUTE
        await tx.run(
            _ATTEMPT,
            **names,
            id=new_id("att", attempted),
            delivery=delivery,
            number=number,
            at=attempted + 40 * MILLISECOND,
            url=URL,
            succeeded=status == 200,
            status=status,
            error=_error(status),
            sent=_json(SENT),
            answered=_json(ANSWERED) if status else None,
            body=f"<h1>{HOSTILE_TEXT}</h1>" if status else None,
            took=_json(TOOK if status else NOT_FOUND_TOOK),
        )
    return delivery


def _error(status: int | None) -> str | None:
    if status is None:
        return NAME_NOT_FOUND
    return None if status == 200 else f"The server answered {status}."


def _body(event: str, event_type: str) -> str:
    sample = catalog.sample(event_type).object.decode()
    return f'{{"id":"{event}","type":"{event_type}","data":{{"object":{sample}}}}}'


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
