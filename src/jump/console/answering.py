"""Makes the answers of the console: pages, ways to go on, and the pages of what went wrong."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from jump.console import arriving, cookies
from jump.console.carried import Held, Once, seal_held, seal_once
from jump.console.page import Go
from jump.console.templating import Templates
from jump.console.visit import Visit
from jump.errors import Problem

# What is told of a refusal, by its status: a heading, where `Problem.message` says the rest.
_HEADINGS: Final[Mapping[int, str]] = {
    400: "This address does not read right",
    403: "You may not do this",
    404: "There is nothing here",
    405: "This address takes no forms",
    410: "This is good no more",
    429: "Too many at once",
    503: "The database does not answer",
}
_OTHERWISE: Final = "This did not work"


def page(
    templates: Templates, visit: Visit, template: str, context: Mapping[str, Any], status: int = 200
) -> Response:
    """A page as HTML; what it showed once is taken from the browser, and a new one is marked."""
    is_new = arriving.mark_browser(visit)
    text = templates.render(visit, template, {"page": None, **context})
    response = Response(text, status, media_type="text/html")
    if is_new:
        cookies.give(response, cookies.BROWSER, visit.browser, secure=visit.secure)
    if visit.said or visit.once:
        cookies.take_back(response, cookies.ONCE, secure=visit.secure)
    return response


def go(visit: Visit, to: Go) -> Response:
    """On to the next page by GET (RFC 9110, 15.4.4), with what is carried there."""
    is_new = arriving.mark_browser(visit)
    address = to.at or visit.addresses.address(
        to.to, to.ids, {"mode": visit.mode, **to.query}.items()
    )
    response = RedirectResponse(address, HTTPStatus.SEE_OTHER)
    if is_new:
        cookies.give(response, cookies.BROWSER, visit.browser, secure=visit.secure)
    if to.said or to.once:
        once = Once(address.partition("?")[0], visit.at, to.said, to.once)
        sealed = seal_once(visit.parts.keyring, visit.browser, once)
        cookies.give(response, cookies.ONCE, sealed, secure=visit.secure)
    if to.token is not None:
        keep_sign_in(response, visit, to.token)
    return response


def keep_sign_in(response: Response, visit: Visit, token: str) -> None:
    """Let the browser hold the token of a sign-in, or with an empty one forget it."""
    if token:
        cookies.give(response, cookies.SIGN_IN, token, secure=visit.secure)
    else:
        cookies.take_back(response, cookies.SIGN_IN, secure=visit.secure)


def held(visit: Visit) -> str:
    """The form that was sent, sealed, so that it can be given back."""
    typed = visit.typed.without_secrets()
    form = Held(visit.here(), visit.form, visit.at, typed.pairs)
    return seal_held(visit.parts.keyring, visit.browser, form)


def problem(templates: Templates, visit: Visit, refused: Problem) -> Response:
    """The page of a refusal, in the same look; a form that was sent can be sent again."""
    context = {
        "heading": _HEADINGS.get(refused.status, _OTHERWISE),
        "message": refused.message,
        "status": refused.status,
        "again": visit.typed.without_secrets().pairs if refused.status == 503 else (),
    }
    response = page(templates, visit, "problem", context, refused.status)
    response.headers.update(
        {name: value for name, value in refused.headers.items() if name in ("Allow", "Retry-After")}
    )
    return response
