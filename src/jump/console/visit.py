"""One request to the console and what is known of it: who asks, where, for what, what was typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal
from urllib.parse import quote

from starlette.requests import Request

from jump.caller import Caller, Mode, Tenant
from jump.console.addresses import Addresses
from jump.console.fields import NONE, Fields
from jump.console.parts import Parts
from jump.errors import Problem
from jump.identity import roles, users
from jump.identity.roles import Ability
from jump.identity.sign_ins import SignIn

Needs = Ability | Literal["anybody", "nobody"]

DEFAULT_MODE: Final[Mode] = "test"


@dataclass(slots=True)
class Visit:
    """One request on its way to an answer.

    `name` is its page's, `ids` those of its path; `browser` is a mark of the browser. `form` names
    the form that was sent, `typed` what it held and `problem` what was wrong with it; `held` is
    another one, sealed, that waits for a password. `said` and `once` come from the page before.
    """

    parts: Parts
    request: Request
    addresses: Addresses[Any]
    id: str
    at: int
    address: str
    secure: bool
    nonce: str
    browser: str
    mode: Mode = DEFAULT_MODE
    query: Fields = NONE
    name: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)
    sign_in: SignIn | None = None
    form: str = ""
    typed: Fields = NONE
    problem: Problem | None = None
    held: str = ""
    said: str = ""
    once: Mapping[str, str] = field(default_factory=dict)

    @property
    def signed_in(self) -> SignIn:
        """Who is signed in, on a page that needs somebody."""
        assert self.sign_in is not None
        return self.sign_in

    @property
    def tenant(self) -> Tenant:
        """The person's organisation in the mode of the address."""
        return Tenant(self.signed_in.user.organisation, self.mode)

    @property
    def caller(self) -> Caller:
        """Who asks, as the functions that everyone shares want it."""
        user = self.signed_in.user
        return users.caller_of(user, self.mode, address=self.address, request_id=self.id)

    def caller_in(self, mode: Mode) -> Caller:
        """The same in a mode that a form names."""
        return replace(self.caller, tenant=Tenant(self.tenant.organisation, mode))

    def may(self, needs: Needs) -> bool:
        """Whether the person, or nobody, has what is needed."""
        if needs == "nobody":
            return True
        if self.sign_in is None:
            return False
        return needs == "anybody" or roles.may(self.sign_in.user.role, needs)

    def url(self, name: str, /, **parts: str) -> str:
        """The address of a page: ids of its path by name, all else as its query, in this mode.

        `mode` may be given to lead into the other one.
        """
        path = self.addresses.named(name).path
        ids = {key: value for key, value in parts.items() if f"{{{key}}}" in path}
        query = {key: value for key, value in parts.items() if key not in ids}
        return self.addresses.address(name, ids, {"mode": self.mode, **query}.items())

    def here(self, **changed: str) -> str:
        """The address of this page with some of its query changed; an empty value leaves out."""
        query = self.query.with_(**{"mode": self.mode, **changed})
        if self.name:
            return self.addresses.address(self.name, self.ids, query.pairs)
        return f"{quote(self.path)}?{query.encoded()}"

    @property
    def path(self) -> str:
        """The path of the request line; a URL that is put together may be split by an odd host."""
        path: str = self.request.scope["path"]
        return path
