"""The cookies of the console: the sign-in's token, a mark of the browser, and what is shown once.

Over HTTPS their names begin with `__Host-` and they are Secure, so that no other host and no plain
connection can set or see them (RFC 6265bis, 4.1.3). Over plain HTTP, which is for this machine's
own browsers, they can be neither.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

SIGN_IN: Final = "jump"
BROWSER: Final = "jump-browser"
ONCE: Final = "jump-once"

ONCE_SECONDS: Final = 120


def read(request: Request, name: str, *, secure: bool) -> str:
    """The value of one of the three, empty where there is none."""
    return request.cookies.get(_called(name, secure=secure), "")


def give(response: Response, name: str, value: str, *, secure: bool) -> None:
    """Set one of the three, until the browser ends; what is shown once, for two minutes."""
    response.set_cookie(
        _called(name, secure=secure),
        value,
        max_age=ONCE_SECONDS if name == ONCE else None,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def take_back(response: Response, name: str, *, secure: bool) -> None:
    """Let the browser forget one of the three."""
    response.delete_cookie(
        _called(name, secure=secure), path="/", secure=secure, httponly=True, samesite="lax"
    )


def _called(name: str, *, secure: bool) -> str:
    return f"__Host-{name}" if secure else name
