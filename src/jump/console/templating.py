"""Turns a page's template and what it shows into HTML.

What templates are given, and what they may not do, is `jump.look.templating`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jump.console import who, words
from jump.console.fields import Fields
from jump.console.guarding import csrf_token
from jump.console.navigation import HOME, NAVIGATION
from jump.console.visit import Visit
from jump.errors import FieldError
from jump.kit.instants import format_second
from jump.look.assets import Assets
from jump.look.templating import environment

FOLDER: Final = Path(__file__).parent / "templates"
_MARK_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class FormView:
    """One form of a page as its template sees it: what was typed in it, and what was wrong."""

    name: str
    action: str
    csrf: str
    once: str
    is_sent: bool
    typed: Fields
    errors: tuple[FieldError, ...]

    def value(self, field: str, absent: str = "") -> str:
        """What was typed in a field, or else what it starts with."""
        return self.typed.one(field) if self.is_sent else absent

    def has(self, field: str, value: str, *, absent: bool = False) -> bool:
        """Whether a value is ticked or chosen, or else whether it starts so."""
        return value in self.typed.all(field) if self.is_sent else absent

    def wrong(self, field: str) -> str:
        """What is wrong with a field, in words, or nothing."""
        return " ".join(error.message for error in self.errors if error.field == field)

    def id(self, field: str) -> str:
        """The id of a field's element: the summary above the page leads to it."""
        return f"{self.name}-{field}"


class Templates:
    """Renders the templates of the folder."""

    def __init__(self, assets: Assets) -> None:
        self._environment = environment(FOLDER)
        self._environment.filters.update(
            exact=words.exact,
            relative=words.relative,
            day=words.day,
            clock_time=words.clock_time,
            iso=format_second,
            thousands=_thousands,
            counted=words.counted,
            browser_words=words.browser_words,
            field_words=words.field_words,
            action_words=words.action_words,
            change_words=words.change_words,
            status_kind=words.status_kind,
            within=who.within,
        )
        self._environment.globals.update(asset=assets.address, navigation=NAVIGATION, home=HOME)

    def render(self, visit: Visit, template: str, context: Mapping[str, Any]) -> str:
        """The whole page, as text."""
        return self._environment.get_template(f"{template}.html").render(
            visit=visit,
            form=lambda name: _form(visit, name),
            now=visit.at,
            **context,
        )


def _form(visit: Visit, name: str) -> FormView:
    is_sent = visit.form == name
    errors = visit.problem.details if is_sent and visit.problem is not None else ()
    # What was refused was not done: the same mark may stand in the same form again.
    once = (visit.typed.one("once") if is_sent else "") or visit.parts.random(_MARK_BYTES).hex()
    return FormView(name, visit.here(), csrf_token(visit), once, is_sent, visit.typed, errors)


def _thousands(number: int) -> str:
    return f"{number:,}"
