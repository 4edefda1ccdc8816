"""Attempts of deliveries as pages show them: what went over the wire, how long, and what to do.

All that strangers sent stays text; the templates escape it.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from jump.console.charts import Shape, strip
from jump.storage.sql import Row
from jump.webhooks.advice import Advice, advice

PHASES: Final = (
    ("dns", "looking up the name"),
    ("connect", "connecting"),
    ("tls", "agreeing on encryption"),
    ("first_byte", "waiting for the answer"),
    ("reading", "reading the answer"),
)
# The kinds of advice about what comes before the answer.
_STUCK: Final = {
    "name_slow": "dns",
    "name_not_found": "dns",
    "connection_refused": "connect",
    "connect_timed_out": "connect",
    "unreachable": "connect",
    "tls": "tls",
    "tls_timed_out": "tls",
    "certificate": "tls",
    "certificate_host": "tls",
    "certificate_expired": "tls",
}
_WORTH_SHOWING: Final = 0.05  # milliseconds; less is written as nothing
_MADE_BY_CURL: Final = frozenset({"host", "content-length"})
_UNSENT: Final = (("Content-Type", "application/json"),)


@dataclass(frozen=True, slots=True)
class Phase:
    """One part of an exchange, and how many milliseconds it took."""

    kind: str
    words: str
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Shown:
    """An attempt. `total` is None where its end was never heard of."""

    row: Row
    phases: tuple[Phase, ...]
    bar: tuple[Shape, ...]
    total: float | None
    request: str
    response: str
    advice: Advice | None


def shown(row: Row) -> Shown:
    """A row of `attempts`."""
    took = msgspec.json.decode(row["duration_ms"], type=dict[str, float | None])
    told = advice(row["status"], row["error"])
    phases = tuple(_phases(took, told))
    return Shown(
        row,
        phases,
        strip([(each.kind, each.milliseconds) for each in phases]),
        took.get("total"),
        _lines(row["request_headers"]),
        _lines(row["response_headers"] or "[]"),
        told,
    )


def curl(url: str, attempts: Sequence[Row], payload: str) -> str:
    """The newest attempt as one command, or the first one as it will be, but for its signature."""
    sent: Sequence[tuple[str, str]] = _UNSENT
    if attempts:
        url = attempts[-1]["url"]
        # One whose process died left no headers.
        sent = _pairs(attempts[-1]["request_headers"]) or _UNSENT
    headers = [
        f"-H {shlex.quote(f'{name}: {value}')}"
        for name, value in sent
        if name.lower() not in _MADE_BY_CURL
    ]
    body = f"--data-binary {shlex.quote(payload)}"
    return " \\\n  ".join([f"curl -i -X POST {shlex.quote(url)}", *headers, body])


def _phases(took: dict[str, float | None], told: Advice | None) -> list[Phase]:
    """Those that happened, and what is left of the whole: it went into the one that came last."""
    lengths = {kind: took.get(kind) for kind, _ in PHASES}
    rest = (took.get("total") or 0.0) - sum(length or 0.0 for length in lengths.values())
    if rest > _WORTH_SHOWING:
        last = "reading" if took.get("first_byte") is not None else _stuck_in(told)
        lengths[last] = (lengths[last] or 0.0) + rest
    return [
        Phase(kind, words, length)
        for kind, words in PHASES
        if (length := lengths[kind]) is not None
    ]


def _stuck_in(told: Advice | None) -> str:
    """What an exchange without any answer was at when it ended."""
    return _STUCK.get(told.kind, "first_byte") if told is not None else "first_byte"


def _lines(pairs: str) -> str:
    """Headers as they stand in a message: a line for each."""
    return "\n".join(f"{name}: {value}" for name, value in _pairs(pairs))


def _pairs(text: str) -> list[tuple[str, str]]:
    return msgspec.json.decode(text, type=list[tuple[str, str]])
