"""The published libraries of both schemes verify what is sent, unchanged, and refuse all else."""

import time
from collections.abc import Callable
from functools import partial

import pytest
import standardwebhooks
import stripe
import svix
from hypothesis import given
from hypothesis import strategies as st

from jump.webhooks.phases import PreparedAttempt
from jump.webhooks.signing import new_secret, prepare
from tests.webhooks.engine.claims import COUNTED, ZEROS, claimed

SECOND = 1_000_000

Verify = Callable[[bytes, PreparedAttempt, str], object]


def sent(prepared: PreparedAttempt) -> dict[str, str]:
    return dict(prepared.headers)


def verify_with_stripe(body: bytes, prepared: PreparedAttempt, secret: str) -> object:
    header = sent(prepared)["X-Webhook-Signature"]
    return stripe.WebhookSignature.verify_header(body.decode(), header, secret, tolerance=300)


def verify_with(library: type, body: bytes, prepared: PreparedAttempt, secret: str) -> object:
    return library(secret).verify(body, sent(prepared))


LIBRARIES = {
    "stripe": verify_with_stripe,
    "standardwebhooks": partial(verify_with, standardwebhooks.Webhook),
    "svix": partial(verify_with, svix.Webhook),
}
REFUSALS = (
    stripe.SignatureVerificationError,
    standardwebhooks.WebhookVerificationError,
    svix.WebhookVerificationError,
)


@pytest.fixture(params=LIBRARIES.values(), ids=LIBRARIES.keys())
def verify(request: pytest.FixtureRequest) -> Verify:
    chosen: Verify = request.param
    return chosen


@pytest.fixture
def now() -> int:
    return time.time_ns() // 1_000


def test_a_library_verifies_a_delivery_unchanged(verify: Verify, now: int) -> None:
    delivery = claimed(secrets=(COUNTED,), body='{"name": "Zoë"}'.encode())
    verify(delivery.body, prepare(delivery, now), COUNTED)


def test_a_library_refuses_one_changed_byte(verify: Verify, now: int) -> None:
    delivery = claimed(secrets=(COUNTED,), body=b'{"a": 1}')
    prepared = prepare(delivery, now)
    with pytest.raises(REFUSALS):
        verify(b'{"a": 2}', prepared, COUNTED)


@pytest.mark.parametrize("seconds", [-302, 302])
def test_a_library_refuses_a_stale_and_a_future_time(
    verify: Verify, now: int, seconds: int
) -> None:
    if verify is verify_with_stripe:
        seconds = -302  # it has no limit ahead of its clock
    delivery = claimed(secrets=(COUNTED,))
    with pytest.raises(REFUSALS):
        verify(delivery.body, prepare(delivery, now + seconds * SECOND), COUNTED)


def test_a_library_refuses_another_secret(verify: Verify, now: int) -> None:
    delivery = claimed(secrets=(COUNTED,))
    with pytest.raises(REFUSALS):
        verify(delivery.body, prepare(delivery, now), ZEROS)


@pytest.mark.parametrize("secret", [COUNTED, ZEROS])
def test_during_an_overlap_either_secret_verifies(verify: Verify, now: int, secret: str) -> None:
    delivery = claimed(secrets=(COUNTED, ZEROS))
    verify(delivery.body, prepare(delivery, now), secret)


@given(body=st.binary(max_size=2000).map(lambda raw: b'{"x":"' + raw.hex().encode() + b'"}'))
def test_any_body_and_any_secret_verify(body: bytes) -> None:
    secret = new_secret(body.ljust(32, b"\0")[:32])
    prepared = prepare(claimed(secrets=(secret,), body=body), time.time_ns() // 1_000)
    for verify in LIBRARIES.values():
        verify(body, prepared, secret)


def test_both_signatures_are_what_the_rule_says_by_hand() -> None:
    # Made with the openssl command, for the body {"test": 2432232314}:
    #   printf '1767225600.{"test": 2432232314}' |
    #     openssl dgst -sha256 -hmac 'whsec_AAEC...Hh8='
    #   printf 'evt_1.1767225600.{"test": 2432232314}' |
    #     openssl dgst -sha256 -mac HMAC -macopt hexkey:000102...1f -binary | base64
    headers = sent(prepare(claimed(secrets=(COUNTED,)), 1_767_225_600 * SECOND + 999_999))
    assert headers["X-Webhook-Signature"] == (
        "t=1767225600,v1=7251466302aa1f0573b769fe9dc4a3157dbd50dc42726d7fd1cbc9194ca1661d"
    )
    assert headers["webhook-signature"] == "v1,Nmwot8s9iGy0QM/4R0j5jrxnMKotvnKiEHXEJTs0J/Q="


def test_the_headers_are_those_of_the_contract_in_its_order() -> None:
    delivery = claimed(number=3, event_type="patient.archived", secrets=(COUNTED, ZEROS))
    prepared = prepare(delivery, 1_767_225_600 * SECOND)
    assert [name for name, _ in prepared.headers] == [
        "Content-Type",
        "User-Agent",
        "X-Webhook-Id",
        "X-Webhook-Event",
        "X-Webhook-Delivery",
        "X-Webhook-Attempt",
        "X-Webhook-Timestamp",
        "X-Webhook-Signature",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    ]
    headers = sent(prepared)
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"] == "Jump-Webhooks/1"
    assert headers["X-Webhook-Id"] == headers["webhook-id"] == "evt_1"
    assert headers["X-Webhook-Event"] == "patient.archived"
    assert headers["X-Webhook-Delivery"] == "dlv_1"
    assert headers["X-Webhook-Attempt"] == "3"
    assert headers["X-Webhook-Timestamp"] == headers["webhook-timestamp"] == "1767225600"
    assert headers["X-Webhook-Signature"].count("v1=") == 2
    assert headers["webhook-signature"].count("v1,") == 2
    assert prepared.attempted_at == 1_767_225_600 * SECOND


def test_only_a_test_says_that_it_is_one() -> None:
    assert sent(prepare(claimed(test=True, trigger="test"), 0))["X-Webhook-Test"] == "true"
    assert "X-Webhook-Test" not in sent(prepare(claimed(), 0))


def test_a_new_secret_is_the_padded_base64_of_its_bytes() -> None:
    assert new_secret(bytes(32)) == ZEROS
    assert new_secret(bytes(range(32))) == COUNTED
    with pytest.raises(ValueError, match="32 random bytes"):
        new_secret(bytes(31))


def test_nothing_is_sent_without_a_secret() -> None:
    with pytest.raises(ValueError, match="without a secret"):
        prepare(claimed(secrets=()), 0)
