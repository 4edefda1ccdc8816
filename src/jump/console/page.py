"""What a page of the console is, as data: its address, who may see it, what shows it, its forms.

A page and its template bear the same name. Finding the page of a request, its checks and its
answer are left to `app`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from starlette.responses import Response

from jump.console.visit import Needs, Visit
from jump.identity.sign_ins import SignIn


@dataclass(frozen=True, slots=True)
class Go:
    """Go on to another page: by its name, with the ids of its path and more for its query.

    `said` is told there once (`role=status`). `once` is what that page may show this one time,
    such as a new key: it travels sealed and is gone with the page. `token` begins a sign-in in this
    browser, and an empty one ends it. `at` is an address of ours instead of a page's name.
    """

    to: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    said: str = ""
    once: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None
    at: str = ""


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Show again the half-filled form that was held while the person was asked for a password.

    `sign_in` is what they have now; `token` as in `Go`. Where nothing was held, it goes on to `at`.
    """

    sign_in: SignIn
    said: str = ""
    token: str | None = None
    at: str = ""


Context: TypeAlias = Mapping[str, Any]
Show: TypeAlias = Callable[[Visit], Awaitable[Context | Go]]
Act: TypeAlias = Callable[[Visit], Awaitable[Go | GiveBack | Context]]


def never(visit: Visit) -> bool:
    """No password is asked for again."""
    del visit
    return False


def always(visit: Visit) -> bool:
    """The password is asked for again when it was given more than 15 minutes ago."""
    del visit
    return True


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a page: `name` stands in it, hidden, and `act` does what it asks.

    `act` returns where to go on; what it raises (a `Problem`) is shown above the page and beside
    its fields, with all that was typed. A `Context` that it returns is shown by the page's template
    instead. `needs` comes on top of what the page needs; `confirms` says whether this form, as it
    was filled in, asks for the password again.
    """

    name: str
    act: Act
    needs: Needs = "nobody"
    confirms: Callable[[Visit], bool] = never


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `path` is below the console's base; `needs` is what a person's role must allow,
    `anybody` for everyone who is signed in, `nobody` where nobody needs to be.

    `show` gives its template, `templates/{name}.html`, what it shows; with `section` the page is
    part of that entry of the navigation. `has_modes` says whether Test and Live differ on it.
    """

    name: str
    path: str
    needs: Needs
    show: Show
    forms: tuple[Form, ...] = ()
    section: str = ""
    has_modes: bool = True

    @property
    def methods(self) -> tuple[str, ...]:
        """What its address answers to."""
        return ("GET", "HEAD", "POST") if self.forms else ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Feed:
    """An address that scripts of ours ask, or a download: `answer` makes the whole response."""

    name: str
    path: str
    needs: Needs
    answer: Callable[[Visit], Awaitable[Response]]

    @property
    def methods(self) -> tuple[str, ...]:
        """What its address answers to."""
        return ("GET",)


Place: TypeAlias = Page | Feed
