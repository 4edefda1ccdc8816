"""Tells deliveries of Jump from forged ones."""

import hashlib
import hmac
import re
import time


def is_from_jump(secret: str, header: str, body: bytes) -> bool:
    """header is X-Webhook-Signature; body is the exact bytes that came, before any parsing."""
    pairs = [part.partition("=") for part in header.split(",")]
    sent = next((value for name, _, value in pairs if name == "t"), "")
    if not re.fullmatch("[0-9]{1,12}", sent) or abs(time.time() - int(sent)) > 300:
        return False
    made = hmac.new(secret.encode(), sent.encode() + b"." + body, hashlib.sha256).hexdigest()
    return any(
        name == "v1" and hmac.compare_digest(value.encode(), made.encode())
        for name, _, value in pairs
    )
