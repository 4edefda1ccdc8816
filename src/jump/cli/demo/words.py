"""What the demo says: where things are, each delivery as a line, and what to try next.

Pure: texts in, texts out.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from jump.cli.demo.first_move import FreeTime
from jump.cli.demo.receiver import BREAK, HOOK, MEND, Arrival
from jump.cli.when import relative
from jump.kit.clock import MILLISECOND, MINUTE, SECOND
from jump.kit.instants import format_second, parse_instant

_SUCCESS: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class Stage:
    """What the texts name: addresses, files, ids, the key, and how `jump` is called here."""

    jump: str
    api: str
    receiver: str
    authority: str
    key: str
    key_id: str
    webhook_id: str
    patient_id: str
    free_time: FreeTime | None
    retries: Sequence[int]


class _Body(msgspec.Struct):
    created_at: str
    test: bool = False


def arrival_line(arrival: Arrival) -> str:
    """One delivery: when, what, which attempt, the answer, how long after the change."""
    headers = arrival.headers
    event = headers.get("x-webhook-event", "?")
    if arrival.problem is None:
        # Only what was verified is read.
        body = msgspec.json.decode(arrival.body, type=_Body)
        event += " (test)" if body.test else ""
        distance = _after(arrival.at - parse_instant(body.created_at))
        checked = "signature verified"
    else:
        distance, checked = "", f"REFUSED: {arrival.problem}"
    return (
        f"  {format_second(arrival.at)}  {event:27} attempt {headers.get('x-webhook-attempt', '?')}"
        f"  {arrival.status}  {distance:>22}  {checked}"
    )


def is_last_attempt(arrival: Arrival, stage: Stage) -> bool:
    """Whether the delivery has failed with this attempt."""
    number = arrival.headers.get("x-webhook-attempt", "")
    return arrival.status not in _SUCCESS and number == str(len(stage.retries) + 1)


def failed_lines(arrival: Arrival, stage: Stage) -> str:
    """What to do about a delivery that has failed."""
    delivery_id = shlex.quote(arrival.headers.get("x-webhook-delivery", "ID"))
    return (
        "  That was the last attempt: the delivery has failed. Mend the receiver, then send it\n"
        f"  by hand:  {stage.jump} deliveries resend {delivery_id}"
    )


def next_steps(stage: Stage) -> str:
    """Commands to paste into another terminal, in the order of the story."""
    jump, bearer = stage.jump, '-H "Authorization: Bearer $PK_KEY"'
    trusting = f"curl --cacert {shlex.quote(stage.authority)}"
    waits = ", ".join(str(seconds) for seconds in stage.retries)
    return f"""What to try next, in another terminal in this folder:

  export PK_KEY={stage.key}

  # Read patients.
  curl {bearer} '{stage.api}/patients?limit=3'

  # Change one: its event arrives here a moment later.
  curl -X PATCH {bearer} -H 'Content-Type: application/json' \\
    -d "{{\\"patient_notes\\": \\"Seen at $(date +%T)\\"}}" {stage.api}/patients/{stage.patient_id}
{_booking(stage, bearer)}
  # What was sent, and how it went.
  {jump} deliveries list
  {jump} webhooks test {stage.webhook_id} --event appointment.created

  # Break the receiver, then change the patient once more: it is tried again after about
  # {waits} seconds, then the delivery has failed.
  {trusting} {stage.receiver}{BREAK}
  {jump} deliveries list --state failed

  # Mend it, and send the failed one by hand: its command is printed below its last attempt.
  # This sends all that have failed:
  {trusting} {stage.receiver}{MEND}
  {jump} webhooks replay {stage.webhook_id} --since 1h

  # Revoke the key: the very next request is 401.
  {jump} keys revoke {stage.key_id}
  curl -i {bearer} '{stage.api}/me'
"""


def _booking(stage: Stage, bearer: str) -> str:
    """What a booking page does: look for a free time, hold it, book it."""
    free = stage.free_time
    if free is None:
        return ""
    day = free.start_time[:10]
    asked = f"appointment_type_id={free.appointment_type_id}&date_from={day}&date_to={day}"
    slot = msgspec.json.encode(free).decode()
    sends = f"{bearer} -H 'Content-Type: application/json'"
    return f"""
  # Book an appointment: see the free times of a day, hold one, confirm it for a patient.
  curl {bearer} '{stage.api}/availability?{asked}'
  HOLD=$(curl {sends} {stage.api}/holds \\
    -d '{slot}' \\
    | grep -o 'hold_[0-9a-z]*' | head -n 1)
  curl {sends} -d '{{"patient_id":"{stage.patient_id}"}}' \\
    {stage.api}/holds/$HOLD/confirm
"""


def hook_of(receiver: str) -> str:
    """Where deliveries go."""
    return f"{receiver}{HOOK}"


def _after(distance: int) -> str:
    if abs(distance) < 10 * SECOND:
        return f"{distance // MILLISECOND} ms after the change"
    if distance < 2 * MINUTE:
        return f"{distance // SECOND} s after the change"
    return f"changed {relative(0, distance)}"
