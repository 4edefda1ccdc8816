"""Posts an event to a local program, with the headers and both signatures of a real delivery.

A program that does not answer is tried a few times; an answer is an answer, whatever it says.
"""

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from jump.caller import Mode
from jump.cli.web import NoAnswer, Target, exchange
from jump.kit.clock import Clock
from jump.kit.ids import new_id
from jump.webhooks import signing
from jump.webhooks.phases import Claimed

ATTEMPTS = 3
PAUSES = (1.0, 2.0)  # seconds before the second and third attempt
TIMEOUT_SECONDS = 10  # as for a real delivery


class Event(msgspec.Struct):
    """What every body says of itself."""

    id: str
    type: str
    organization_id: str
    mode: Mode


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What came of an event: the status of the answer, or why there was none, and milliseconds."""

    event: Event
    status: int | None
    failure: str
    milliseconds: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Forwarder:
    """Where events go, the secret that signs them, a clock, and how to wait."""

    target: Target
    secret: str
    clock: Clock
    sleep: Callable[[float], None]

    def forward(self, body: bytes) -> Forwarded:
        """Post the body until it is answered, or until every attempt has failed."""
        event = msgspec.json.decode(body, type=Event)
        delivery_id = new_id("dlv", self.clock())
        number = 1
        done = self._post(event, body, delivery_id, number)
        while done.status is None and number < ATTEMPTS:
            self.sleep(PAUSES[number - 1])
            number += 1
            done = self._post(event, body, delivery_id, number)
        return done

    def _post(self, event: Event, body: bytes, delivery_id: str, number: int) -> Forwarded:
        claimed = Claimed(
            organisation=event.organization_id,
            mode=event.mode,
            delivery_id=delivery_id,
            webhook_id="",
            event_id=event.id,
            event_type=event.type,
            patient_id=None,
            url=str(self.target),
            body=body,
            secrets=(self.secret,),
            number=number,
            failures=number - 1,
            interruptions=0,
            trigger="auto",
            test=False,
            epoch=0,
        )
        headers = dict(signing.prepare(claimed, self.clock()).headers)
        began = time.perf_counter()
        status, failure = None, ""
        try:
            status = exchange(
                self.target, "POST", headers=headers, body=body, timeout=TIMEOUT_SECONDS
            ).status
        except NoAnswer as reason:
            failure = str(reason)
        spent = round((time.perf_counter() - began) * 1000)
        return Forwarded(event, status, failure, spent, number)


def secret_for(key: str) -> str:
    """The signing secret for a key: the same each time, and nothing of the key can be read off."""
    return signing.new_secret(hmac.digest(key.encode(), b"jump listen", "sha256"))
