"""Who may send a form here: pages of ours only, in the browser that they were shown to.

Two checks that do not rest on each other: where the browser says the form comes from, and a token
that only our pages hold.
"""

import hmac
from typing import Final
from urllib.parse import urlsplit

from jump.console.refusals import Forged, Stale
from jump.console.visit import Visit
from jump.kit.client_address import is_loopback

_PURPOSE: Final = "console form"


def csrf_token(visit: Visit) -> str:
    """What each form of this browser, and of this sign-in if there is one, has to carry."""
    if visit.sign_in is not None:
        return visit.sign_in.csrf
    return visit.parts.keyring.keyed_hash(_PURPOSE, visit.browser.encode()).hex()


def check_token(visit: Visit) -> None:
    """Raises Stale unless the form holds the token that this browser and sign-in have now."""
    sent = visit.typed.raw("csrf").encode()
    if not visit.browser or not hmac.compare_digest(sent, csrf_token(visit).encode()):
        raise Stale(
            "This form is from an earlier sign-in, or its page was open for long."
            " Look at it once more, and send it again."
        )


def check_origin(visit: Visit) -> None:
    """Raises Forged unless the browser says that the form stands on a page of ours."""
    headers = visit.request.headers
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    told = site is not None or origin is not None
    wrong_site = site is not None and site != "same-origin"
    wrong_origin = origin is not None and origin not in _own_origins(visit)
    if not told or wrong_site or wrong_origin:
        raise Forged("This form did not come from a page of this site, so it was not carried out.")


def _own_origins(visit: Visit) -> set[str]:
    scheme = "https" if visit.secure else "http"
    public = urlsplit(visit.parts.public_url)
    return {
        f"{scheme}://{visit.request.headers.get('host', '')}",
        f"{public.scheme}://{public.netloc}",
    }


def is_safe_way(visit: Visit) -> bool:
    """Whether nobody can listen in: HTTPS, or a browser on this machine.

    Another name in the Host header than this machine's own means a proxy in between that we were
    not told of, or a name that was made to lead here.
    """
    if visit.secure:
        return True
    name = _host_name(visit.request.headers.get("host", ""))
    is_local = name == "localhost" or name.endswith(".localhost") or is_loopback(name)
    return is_local and is_loopback(visit.address)


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
