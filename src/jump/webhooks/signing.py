"""Signs a delivery in both published schemes, so that their libraries verify it unchanged.

Pure: the random bytes of a new secret and the time of an attempt are passed in. Which secrets are
valid, and for how long, is left to the caller.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

from jump.webhooks.phases import Claimed, Headers, PreparedAttempt

SECRET_PREFIX = "whsec_"  # noqa: S105 - only the prefix
SECRET_BYTES = 32
USER_AGENT = "Jump-Webhooks/1"
_MICROSECONDS = 1_000_000


def new_secret(random: bytes) -> str:
    """Return `whsec_` and the padded standard base64 of `random`, which must be 32 bytes."""
    if len(random) != SECRET_BYTES:
        raise ValueError(f"A signing secret is made of {SECRET_BYTES} random bytes.")
    return SECRET_PREFIX + b64encode(random).decode("ascii")


def jump_signature(secrets: Sequence[str], timestamp: int, body: bytes) -> str:
    """Return the value of `X-Webhook-Signature`: `t=..,v1=..[,v1=..]`, one `v1` for each secret.

    Each `v1` is HMAC-SHA256 over `timestamp.body`, keyed with the whole secret string, in
    lower-case hex (the scheme Stripe publishes). `timestamp` is in Unix seconds.
    """
    signed = b"%d.%b" % (timestamp, body)
    parts = [f"v1={hmac.digest(secret.encode(), signed, sha256).hex()}" for secret in secrets]
    return ",".join([f"t={timestamp}", *parts])


def standard_signature(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`: `v1,<base64>`, space-separated for each secret.

    Each is HMAC-SHA256 over `message_id.timestamp.body`, keyed with the bytes that the secret
    encodes (Standard Webhooks 1.0). `timestamp` is in Unix seconds.
    """
    signed = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
    digests = (hmac.digest(_key(secret), signed, "sha256") for secret in secrets)
    return " ".join(f"v1,{b64encode(digest).decode('ascii')}" for digest in digests)


def prepare(claimed: Claimed, now: int) -> PreparedAttempt:
    """Sign one attempt at `now` (microseconds) and return it with its headers, in order."""
    if not claimed.secrets:
        raise ValueError("A delivery cannot be signed without a secret.")
    timestamp = now // _MICROSECONDS
    headers: Headers = (
        ("Content-Type", "application/json"),
        ("User-Agent", USER_AGENT),
        ("X-Webhook-Id", claimed.event_id),
        ("X-Webhook-Event", claimed.event_type),
        ("X-Webhook-Delivery", claimed.delivery_id),
        ("X-Webhook-Attempt", str(claimed.number)),
        ("X-Webhook-Timestamp", str(timestamp)),
        ("X-Webhook-Signature", jump_signature(claimed.secrets, timestamp, claimed.body)),
        *((("X-Webhook-Test", "true"),) if claimed.test else ()),
        ("webhook-id", claimed.event_id),
        ("webhook-timestamp", str(timestamp)),
        (
            "webhook-signature",
            standard_signature(claimed.secrets, claimed.event_id, timestamp, claimed.body),
        ),
    )
    return PreparedAttempt(claimed, now, headers)


@lru_cache(maxsize=1024)
def _key(secret: str) -> bytes:
    return b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
