"""The demo's receiver believes real deliveries, and nothing that was changed on the way."""

from collections.abc import Mapping

import pytest

from jump.cli.demo.verifying import problem_with
from jump.webhooks.signing import new_secret, prepare
from tests.webhooks.engine.claims import claimed

NOW = 1_767_225_600
SECRET, OTHER = new_secret(bytes(32)), new_secret(bytes([1]) * 32)


def signed(*secrets: str) -> tuple[dict[str, str], bytes]:
    claim = claimed(secrets=secrets)
    headers = prepare(claim, NOW * 1_000_000).headers
    return {name.lower(): value for name, value in headers}, claim.body


def test_a_delivery_is_believed_with_any_of_its_secrets_for_five_minutes() -> None:
    headers, body = signed(OTHER, SECRET)
    for now in (NOW - 300, NOW, NOW + 300):
        assert problem_with(headers, body, SECRET, now) is None


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"webhook-timestamp": str(NOW + 1)}, "X-Webhook-Signature is wrong"),
        ({"webhook-timestamp": ""}, "its timestamp"),
        ({"x-webhook-signature": f"t={NOW}"}, "X-Webhook-Signature is wrong"),
        ({"x-webhook-signature": "é"}, "X-Webhook-Signature is wrong"),
        ({"webhook-signature": "v1,"}, "webhook-signature is wrong"),
        ({"webhook-id": "evt_0"}, "webhook-signature is wrong"),
    ],
)
def test_a_changed_header_is_noticed(changed: Mapping[str, str], words: str) -> None:
    headers, body = signed(SECRET)
    assert words in (problem_with({**headers, **changed}, body, SECRET, NOW) or "")


def test_a_changed_body_another_secret_and_an_old_delivery_are_noticed() -> None:
    headers, body = signed(SECRET)
    assert problem_with(headers, body + b" ", SECRET, NOW) is not None
    assert problem_with(headers, body, OTHER, NOW) is not None
    assert problem_with(headers, body, SECRET, NOW + 301) is not None
    assert problem_with({}, body, SECRET, NOW) is not None
