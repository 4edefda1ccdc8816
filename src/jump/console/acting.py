"""Shows a page and does its forms: the checks before, and the same page again when one is refused.

A form that needs a fresh password, or whose sign-in has ended meanwhile, is held and given back.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from starlette.responses import Response

from jump.console import answering, arriving
from jump.console.carried import open_held
from jump.console.fields import NONE, Fields, read_form
from jump.console.guarding import check_origin, check_token
from jump.console.navigation import HOME
from jump.console.page import Form, GiveBack, Go, Page
from jump.console.refusals import Forged, NotAllowed
from jump.console.templating import Templates
from jump.console.visit import Visit
from jump.errors import InvalidRequest, NotFound, Problem

SIGN_IN: Final = "sign_in"
CONFIRM: Final = "confirm"
# Not 200: what was asked for is not done.
_ASKING: Final = 403
_GIVEN_BACK: Final = "Look at the form once more, then send it."


class Acting:
    """What happens at a page, once it is found and the person may be there."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    async def show(self, visit: Visit, page: Page, status: int = 200) -> Response:
        """The page; after a form that was refused, with all that was typed in it."""
        if visit.request.method != "POST":
            arriving.unpack(visit)
        shown = await page.show(visit)
        if isinstance(shown, Go):
            return answering.go(visit, shown)
        return self._page(visit, page, shown, status)

    async def act(self, visit: Visit, page: Page) -> Response:
        """Do what a form asks, or show its page again with what was wrong."""
        check_origin(visit)
        visit.typed = await read_form(visit.request)
        form = _form_of(page, visit.typed.raw("form"))
        visit.form, visit.held = form.name, visit.typed.raw("held")
        if not visit.may(form.needs):
            raise NotAllowed
        try:
            check_token(visit)
            if _must_confirm(visit, form):
                return await self._ask(visit, CONFIRM)
            done = await form.act(visit)
        except NotFound:
            raise
        except Problem as problem:
            visit.problem = problem
            return await self.show(visit, page, problem.status)
        if isinstance(done, Go):
            return answering.go(visit, done)
        if isinstance(done, GiveBack):
            return await self._give_back(visit, done)
        return self._page(visit, page, done, 200)

    async def ask_to_sign_in(self, visit: Visit) -> Response:
        """The way to the sign-in page and back; a form that was sent is held meanwhile."""
        if visit.request.method == "POST":
            try:
                check_origin(visit)
                visit.typed = await read_form(visit.request)
                visit.form = visit.typed.raw("form")
                return await self._ask(visit, SIGN_IN)
            except Forged:
                pass
        return answering.go(visit, Go(SIGN_IN, query={"next": visit.here()}))

    async def _ask(self, visit: Visit, name: str) -> Response:
        """Show another page, which asks for a password, in place of the one that was sent a form.

        What was typed goes with it, sealed.
        """
        arriving.mark_browser(visit)
        visit.held = answering.held(visit)
        visit.name, visit.ids, visit.query = name, {}, NONE
        visit.form, visit.typed = "", NONE
        page: Page = visit.addresses.named(name)
        return await self.show(visit, page, _ASKING)

    async def _give_back(self, visit: Visit, back: GiveBack) -> Response:
        """The held form on its page again, for the person to send it."""
        keyring = visit.parts.keyring
        held = open_held(keyring, visit.browser, visit.held, visit.at)
        parts = urlsplit(held.address if held else "")
        found = visit.addresses.find(parts.path)
        if held is None or found is None:
            return answering.go(visit, Go(HOME, said=back.said, token=back.token, at=back.at))
        visit.sign_in, visit.held = back.sign_in, ""
        visit.name, visit.ids = found.place.name, found.ids
        visit.query = Fields(tuple(parse_qsl(parts.query)))
        visit.mode = arriving.mode_of(visit.query)
        visit.form, visit.typed = held.form, held.typed
        visit.said = f"{back.said} {_GIVEN_BACK}".strip()
        if not visit.may(found.place.needs):
            raise NotAllowed
        response = await self.show(visit, found.place)
        if back.token is not None:
            answering.keep_sign_in(response, visit, back.token)
        return response

    def _page(self, visit: Visit, page: Page, shown: Mapping[str, Any], status: int) -> Response:
        context = {"page": page, **shown}
        return answering.page(self._templates, visit, page.name, context, status)


def _must_confirm(visit: Visit, form: Form) -> bool:
    if visit.sign_in is None or not form.confirms(visit):
        return False
    return not visit.sign_in.is_confirmed(visit.at)


def _form_of(page: Page, name: str) -> Form:
    for form in page.forms:
        if form.name == name:
            return form
    raise InvalidRequest("This page has no such form.")
