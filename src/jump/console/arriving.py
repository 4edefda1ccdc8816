"""Takes in a request: by which way it came, who is signed in in its browser, and in which mode."""

import base64
from typing import Any, Final

from starlette.requests import Request

from jump.caller import Mode
from jump.console import cookies
from jump.console.addresses import Addresses
from jump.console.carried import open_once
from jump.console.fields import Fields, read_query
from jump.console.parts import Parts
from jump.console.visit import DEFAULT_MODE, Visit
from jump.identity import sign_ins
from jump.kit import client_address
from jump.kit.ids import new_id

_MARK_BYTES: Final = 18


def begin(parts: Parts, addresses: Addresses[Any], request: Request) -> Visit:
    """What the request itself says. A browser without a mark is given one with the answer."""
    peer = request.client.host if request.client else client_address.UNKNOWN
    address, scheme = client_address.client(
        peer,
        request.scope.get("scheme", "http"),
        request.headers.getlist("x-forwarded-for"),
        request.headers.get("x-forwarded-proto"),
        parts.trusted_proxies,
    )
    at, secure = parts.clock(), scheme == "https"
    return Visit(
        parts=parts,
        request=request,
        addresses=addresses,
        id=new_id("req", at, parts.random),
        at=at,
        address=address,
        secure=secure,
        nonce=_mark(parts),
        browser=cookies.read(request, cookies.BROWSER, secure=secure),
    )


def mark_browser(visit: Visit) -> bool:
    """Give a browser that has none a mark; whether it is new."""
    if visit.browser:
        return False
    visit.browser = _mark(visit.parts)
    return True


def read_address(visit: Visit) -> None:
    """What the query says, the mode in it. Raises InvalidRequest."""
    visit.query = read_query(visit.request)
    visit.mode = mode_of(visit.query)


async def recognise(visit: Visit, *, is_asked_by_scripts: bool) -> None:
    """Who is signed in. What scripts ask by themselves keeps no sign-in alive.

    Raises StorageUnavailable.
    """
    parts = visit.parts
    token = cookies.read(visit.request, cookies.SIGN_IN, secure=visit.secure)
    if not token:
        return
    recognised = sign_ins.look if is_asked_by_scripts else sign_ins.resume
    visit.sign_in = await recognised(parts.database, parts.keyring, token, visit.at)


def unpack(visit: Visit) -> bool:
    """Take out what the page before left for this one; whether there was something."""
    text = cookies.read(visit.request, cookies.ONCE, secure=visit.secure)
    once = open_once(visit.parts.keyring, visit.browser, text, visit.path, visit.at)
    if once is None:
        return False
    visit.said, visit.once = once.said, once.shown
    return True


def mode_of(query: Fields) -> Mode:
    """The mode that an address names."""
    match query.one("mode"):
        case "live":
            return "live"
        case "test":
            return "test"
        case _:
            return DEFAULT_MODE


def _mark(parts: Parts) -> str:
    return base64.urlsafe_b64encode(parts.random(_MARK_BYTES)).decode()
