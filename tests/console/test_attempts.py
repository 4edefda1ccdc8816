"""Where the time of an attempt went, as its page tells it."""

import pytest

from jump.console import attempts

TIMED_OUT = "No answer within 10 seconds."


def phases(duration: str, status: int | None, error: str | None) -> dict[str, float]:
    row = {
        "duration_ms": duration,
        "status": status,
        "error": error,
        "request_headers": "[]",
        "response_headers": None,
    }
    return {each.words: each.milliseconds for each in attempts.shown(row).phases}


@pytest.mark.parametrize(
    ("duration", "status", "error", "told"),
    [
        (
            '{"dns":1.0,"connect":2.0,"tls":3.0,"first_byte":4.0,"total":15.0}',
            200,
            None,
            {"waiting for the answer": 4.0, "reading the answer": 5.0},
        ),
        ('{"dns":1.0,"total":10001.0}', None, TIMED_OUT, {"waiting for the answer": 10_000.0}),
        (
            '{"dns":1.0,"total":5001.0}',
            None,
            "No connection could be made within 5 seconds.",
            {"connecting": 5_000.0},
        ),
        (
            '{"dns":1.0,"connect":1.0,"total":32.0}',
            None,
            "The TLS handshake failed.",
            {"agreeing on encryption": 30.0},
        ),
        (
            '{"dns":1.0,"total":6.0}',
            None,
            "The name could not be resolved: Name or service not known.",
            {"looking up the name": 6.0},
        ),
        ('{"total":null}', None, "The sending process ended", {}),
    ],
)
def test_the_time_that_no_phase_has_went_into_the_one_that_came_last(
    duration: str, status: int | None, error: str | None, told: dict[str, float]
) -> None:
    found = phases(duration, status, error)
    assert told.items() <= found.items()
    assert status is not None or "reading the answer" not in found
