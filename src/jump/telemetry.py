"""Every metric and every log line of the program, by name, on one page.

No line and no label holds a patient's value, a secret or an address of a record: routes are
templates, faults are told by their type and the lines they came through, never by their message.
"""

import contextlib
import logging
import sys
import time
import traceback
from functools import lru_cache
from typing import Any, TextIO, cast

import structlog
from prometheus_client import Counter, Gauge, Histogram

from jump.kit.redaction import redact_event

_log: Any = structlog.get_logger("jump")

REQUESTS = Counter("jump_requests_total", "Answered requests", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "jump_request_seconds",
    "From the request to its answer",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
FAULTS = Counter("jump_faults_total", "Requests that failed through a fault of ours")
ATTEMPTS = Counter("jump_attempts_total", "Ended delivery attempts", ["outcome"])
DELIVERIES = Counter("jump_deliveries_total", "Deliveries that reached a final state", ["state"])
EVENTS = Counter("jump_events_total", "Events turned into deliveries")
IN_AIR = Gauge("jump_attempts_in_air", "Attempts under way in this process")
ATTEMPT_LAG = Histogram(
    "jump_first_attempt_lag_seconds",
    "From an event's creation to the start of its first attempt",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300),
)
DROPPED_ACCESSES = Counter(
    "jump_access_rows_dropped_total", "Access-log rows given up while the database was away"
)


class _Unfailing:
    """A stream whose full disk or closed pipe is nobody's fault but the log's."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


class _Libraries(logging.Handler):
    """What a library logs: which one, where, and the type of its error; never its words."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        _log.warning(
            "library",
            library=record.name,
            where=f"{record.filename}:{record.lineno}",
            error=None if error is None else type(error).__name__,
        )


def configure(stream: TextIO = sys.stderr, level: int = logging.INFO) -> None:
    """Write one JSON object a line, redacted as a last precaution; libraries' warnings too."""
    global _log
    logging.basicConfig(level=logging.WARNING, handlers=[_Libraries()])
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact_event,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Unfailing(stream))),
        cache_logger_on_first_use=True,
    )
    # A logger stays as it was when it was first used.
    _log = structlog.get_logger("jump")


def request(method: str, route: str, status: int, began: float) -> None:
    """One answered request; `began` is a reading of perf_counter."""
    known = method if method in _METHODS else "other"
    seconds = time.perf_counter() - began
    answered, lasted = _of_requests(known, route, status)
    answered.inc()
    lasted.observe(seconds)
    _log.debug("request", method=known, route=route, status=status, ms=round(seconds * 1000, 1))


def fault(error: BaseException, request_id: str | None, where: str) -> None:
    """A fault of ours. Its message may hold a value, so only its type and its way are told."""
    FAULTS.inc()
    _log.error(
        "fault", error=type(error).__name__, where=where, request_id=request_id, way=_way(error)
    )


def unavailable(reason: str, request_id: str | None = None) -> None:
    """The database, or the store of documents, cannot be used; `reason` is storage's own line."""
    _log.error("storage unavailable", reason=reason, request_id=request_id)


def started(what: str, **facts: str | int) -> None:
    """A process or a part of it is at work."""
    _log.info("started", what=what, **facts)


def stopped(what: str) -> None:
    """A process or a part of it has finished cleanly."""
    _log.info("stopped", what=what)


def webhook_paused(webhook_id: str, reason: str) -> None:
    """A webhook was paused by us."""
    _log.warning("webhook paused", webhook_id=webhook_id, reason=reason)


def lane_taken_over(webhook_id: str, interrupted: int) -> None:
    """A lane of a process that died was taken over, with what it had in the air."""
    _log.warning("lane taken over", webhook_id=webhook_id, interrupted=interrupted)


def accesses_dropped(count: int) -> None:
    """Rows of the access log were given up: the database was away for too long."""
    DROPPED_ACCESSES.inc(count)
    _log.error("access rows dropped", count=count)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@lru_cache(maxsize=4096)
def _of_requests(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """The metrics of these labels: to look them up each time takes longer than to count."""
    return REQUESTS.labels(method, route, str(status)), REQUEST_SECONDS.labels(route)


def _way(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
