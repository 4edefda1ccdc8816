"""The phases of one delivery attempt as values: what each holds is true of the attempt so far.

Claimed → PreparedAttempt → Outcome → Decision. Loading, sending and recording are left to others.
Structs, and none of them (`gc=False`) can be part of a cycle: the collector need not visit them,
and making one takes a tenth of the time of a frozen dataclass.
"""

from typing import Annotated, Literal

from msgspec import Struct

from jump.caller import Mode
from jump.resources.about import about

Trigger = Literal["auto", "manual", "test"]
Headers = tuple[tuple[str, str], ...]

NotSentReason = Literal["refused", "name_not_found", "unreachable"]
PauseReason = Literal["gone"]


class Claimed(Struct, frozen=True, gc=False):
    """One delivery that this process alone may send now, with all that sending it needs.

    `body` is the exact payload, fixed when the event was made. `secrets` are the signing secrets
    still valid, newest first, at least one. `number` is this attempt's, from 1. `failures` counts
    the automatic attempts that failed before this one, `interruptions` those lost in a row to a
    process that died. `event_type` is the name this webhook knows the event by. `epoch` fences the
    lane: a result is only recorded under the epoch it was claimed with.
    """

    organisation: str
    mode: Mode
    delivery_id: str
    webhook_id: str
    event_id: str
    event_type: str
    patient_id: str | None
    url: str
    body: bytes
    secrets: tuple[str, ...]
    number: int
    failures: int
    interruptions: int
    trigger: Trigger
    test: bool
    epoch: int


class PreparedAttempt(Struct, frozen=True, gc=False):
    """A claimed delivery, signed: the headers are complete and in the order they are sent.

    `attempted_at` is in microseconds; its whole second is the one that was signed.
    """

    claimed: Claimed
    attempted_at: int
    headers: Headers


class Durations(Struct, frozen=True, gc=False):
    """How long each phase of the exchange took, in milliseconds; None where it did not happen.

    Each is its own length: `connect` (TCP), `tls` (handshake), `first_byte` (from the request
    being ready to go out to the first byte of the answer). `total` covers everything, name
    resolution included. A connection used again has neither `connect` nor `tls`.
    """

    dns: Annotated[float | None, about("Looking up the name.", 1.2)] = None
    connect: Annotated[
        float | None, about("Connecting; null on a connection used again.", 12.5)
    ] = None
    tls: Annotated[
        float | None, about("Agreeing on encryption; null on a connection used again.", 30.1)
    ] = None
    first_byte: Annotated[
        float | None, about("From the request to the first byte of the answer.", 45.0)
    ] = None
    total: Annotated[float | None, about("All of it.", 88.8)] = None


class Answered(Struct, frozen=True, gc=False):
    """The receiver answered, read to its end or to 16 KiB, in time.

    `headers` are the answer's, duplicates kept, at most 50 and 8 KiB. `body` is at most its first
    4 KiB as harmless text; `truncated` says that there was more.
    """

    status: int
    headers: Headers
    body: str
    truncated: bool
    durations: Durations


class NotSent(Struct, frozen=True, gc=False):
    """Nothing reached the receiver: the address was refused, not found or not reachable.

    `error` is one sentence for people.
    """

    reason: NotSentReason
    error: str
    durations: Durations


class Broken(Struct, frozen=True, gc=False):
    """A connection was made, but no whole answer came of it: timeout, TLS, reset, not HTTP.

    The receiver may or may not have acted on the request. `error` is one sentence for people.
    """

    error: str
    durations: Durations


class Interrupted(Struct, frozen=True, gc=False):
    """The process that was sending died: nobody knows whether the receiver got the request."""


Outcome = Answered | NotSent | Broken | Interrupted


class Succeed(Struct, frozen=True, gc=False):
    """The delivery has succeeded and is over."""


class RetryAt(Struct, frozen=True, gc=False):
    """The next automatic attempt is due at `at` (microseconds); now or earlier means at once."""

    at: int


class Fail(Struct, frozen=True, gc=False):
    """The attempt failed and no automatic attempt follows from it."""


class FailAndPause(Struct, frozen=True, gc=False):
    """As Fail, and the webhook is to be paused; `reason` says why."""

    reason: PauseReason


Decision = Succeed | RetryAt | Fail | FailAndPause
