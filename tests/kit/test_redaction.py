"""No secret outlives redaction, whatever surrounds it; what is not secret stays."""

from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from jump.kit.redaction import redact, redact_event

SECRET = "0K4q9ZbXyT2mN8vR5sW1cF7hJ3gL6dPaQeUiOtYrEwA"
KEY = f"pk_test_A1b2C3d4E5f6G7h8_{SECRET}_0aB9zZ"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (KEY, "pk_test_A1b2C3d4E5f6G7h8_\u2026"),
        (
            f"got {KEY}, twice {KEY}.",
            "got pk_test_A1b2C3d4E5f6G7h8_\u2026, twice pk_test_A1b2C3d4E5f6G7h8_\u2026.",
        ),
        (f"pk_live_{SECRET}", "pk_live_\u2026"),
        ("pk_live_short_oops", "pk_live_\u2026"),
        ("pk_test_A1b2C3d4E5f6G7h8_\u2026", "pk_test_A1b2C3d4E5f6G7h8_\u2026"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw+/A=", "whsec_\u2026"),
        (f"Authorization: Bearer {KEY}", "Authorization: Bearer pk_test_A1b2C3d4E5f6G7h8_\u2026"),
        ("authorization: bearer eyJhbGciOi.J9.x", "authorization: bearer \u2026"),
        ("Basic dXNlcjpwYXNz", "Basic \u2026"),
        ("Cookie: __Host-jump=abc; other=def\nHost: x", "Cookie: \u2026\nHost: x"),
        ("set-cookie: jump=abc; Path=/", "set-cookie: \u2026"),
        ("{'cookie': 'jump=abc'}", "{'cookie': \u2026"),
        ("(b'cookie', b'jump=abc')", "(b'cookie', \u2026"),
        ("seen __Host-jump=abcdef; end", "seen __Host-jump=\u2026; end"),
        ("postgresql://jump:hunter2@db/jump", "postgresql://jump:\u2026@db/jump"),
    ],
)
def test_a_secret_is_taken_out_and_the_rest_stays(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "GET /api/v1/patients/{id} 200",
        "The bearer of bad news",
        "https://example.com:8443/hooks",
        "key_A1b2C3d4E5f6G7h8",
        "evt_01kdvdna000000000000000000",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text).replace("bearer \u2026", "bearer of") == text


@given(st.text(), st.text())
def test_nothing_around_a_key_saves_its_secret(before: str, after: str) -> None:
    assert SECRET not in redact(f"{before}{KEY}{after}")


@given(st.text(alphabet="pk_testlive bearer:=cookie,\n'"))
def test_redacting_twice_is_redacting_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def logged(**event: Any) -> dict[str, Any]:
    """What a log of these values holds, through structlog itself."""
    capture = structlog.testing.LogCapture()
    logger = structlog.wrap_logger(None, processors=[redact_event, capture])
    logger.info(f"used {KEY}", **event)
    return dict(capture.entries[0])


def test_a_log_holds_no_secret_at_any_depth() -> None:
    entry = logged(
        headers=[("authorization", f"Bearer {KEY}"), (b"x", KEY.encode())],
        nested={"deep": {"text": [KEY]}},
        error=ValueError(KEY),
    )
    assert SECRET not in repr(entry)
    assert entry["event"] == "used pk_test_A1b2C3d4E5f6G7h8_\u2026"


def test_what_is_named_a_secret_is_masked_whole() -> None:
    entry = logged(password="hunter2", nested={"Set-Cookie": "a", "signing_secret": b"b"}, token=7)
    assert entry["password"] == entry["token"] == "\u2026"
    assert entry["nested"] == {"Set-Cookie": "\u2026", "signing_secret": "\u2026"}


def test_numbers_and_nothing_stay_as_they_are() -> None:
    entry = logged(status=200, ms=1.5, ok=True, key=None, secret=None, has_password=True)
    assert (entry["status"], entry["ms"], entry["ok"], entry["key"]) == (200, 1.5, True, None)
    assert entry["secret"] is None
    assert entry["has_password"] is True
