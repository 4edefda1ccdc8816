"""The headers of every page for people: what a browser may do with it, and may not.

Scripts run by a nonce that is new with each answer, styles and all else come from us, nobody may
frame a page, send its forms elsewhere, or learn its address.
"""

from collections.abc import Mapping
from typing import Final

_ALWAYS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: with it a browser calls the origin of our own forms "null".
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_HTTPS_ONLY: Final[Mapping[str, str]] = {"Strict-Transport-Security": "max-age=31536000"}


def policy(nonce: str) -> str:
    """The Content-Security-Policy of a page."""
    return "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            f"script-src 'nonce-{nonce}'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


def headers(request_id: str, nonce: str, *, secure: bool) -> dict[str, str]:
    """All of them, with those of every answer."""
    return {
        "X-Request-Id": request_id,
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy(nonce),
        **_ALWAYS,
        **(_HTTPS_ONLY if secure else {}),
    }
