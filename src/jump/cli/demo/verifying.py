"""Checks a delivery as any receiver would: with the standard library and the published schemes.

Pure, and knows nothing of how deliveries are signed here, so that it would notice a mistake.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

OLDEST_SECONDS: Final = 300


def problem_with(headers: Mapping[str, str], body: bytes, secret: str, now: int) -> str | None:
    """Why a delivery is not to be believed, or None. Header names are in lower case.

    `now` is in Unix seconds. Both signatures have to be right.
    """
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(now - int(timestamp)) > OLDEST_SECONDS:
        return "its timestamp is missing, or not of these five minutes"
    if not _is_signed_as_jump_does(headers, timestamp, body, secret):
        return "X-Webhook-Signature is wrong"
    if not _is_signed_by_the_standard(headers, timestamp, body, secret):
        return "webhook-signature is wrong"
    return None


def _is_signed_as_jump_does(
    headers: Mapping[str, str], timestamp: str, body: bytes, secret: str
) -> bool:
    signed = f"{timestamp}.".encode() + body
    expected = "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    stamp, *signatures = headers.get("x-webhook-signature", "").split(",")
    return stamp == f"t={timestamp}" and _holds(signatures, expected)


def _is_signed_by_the_standard(
    headers: Mapping[str, str], timestamp: str, body: bytes, secret: str
) -> bool:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers.get('webhook-id', '')}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return _holds(headers.get("webhook-signature", "").split(" "), expected)


def _holds(signatures: list[str], expected: str) -> bool:
    return any(hmac.compare_digest(one.encode(), expected.encode()) for one in signatures)
