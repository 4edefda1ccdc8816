"""Making a key: a choice for each resource, in the groups of `keys.scopes`, and what it comes to.

Nothing is allowed at first. A preset fills in the choices and creates nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import PlainTextResponse, Response

from jump.caller import Mode
from jump.console import words
from jump.console.fields import Fields
from jump.console.page import Context, Feed, Form, Go, Page
from jump.console.sending import Repeated, write_once
from jump.console.visit import Visit
from jump.errors import FieldError, ValidationFailed
from jump.keys import issue
from jump.keys.issue import NewKey
from jump.keys.record import DEFAULT_LIMIT, KeyRecord
from jump.keys.scopes import GROUPS, PERMISSIONS, PRESETS, Permission, in_words
from jump.kit.clock import DAY
from jump.storage.database import Tx

LIFETIMES: Final[Mapping[str, tuple[str, int | None]]] = {
    "90d": ("90 days", 90 * DAY),
    "1y": ("1 year", 365 * DAY),
    "never": ("Never", None),
}
_MODES: Final[Mapping[str, Mode]] = {"test": "test", "live": "live"}


@dataclass(frozen=True, slots=True)
class Choice:
    """What a key may be given of one resource: a value, its words, the scopes that it means."""

    value: str
    words: str
    scopes: tuple[str, ...]


def choices(permission: Permission) -> tuple[Choice, ...]:
    """None, and what there is of Read, Write and both."""
    read, write = permission.read, permission.write
    made = [Choice("", "None", ())]
    if read:
        made.append(Choice("read", "Read", (read.name,)))
    if write:
        made.append(Choice("write", "Write", (write.name,)))
    if read and write:
        made.append(Choice("both", "Both", (read.name, write.name)))
    return tuple(made)


async def _show(visit: Visit) -> Context:
    return {
        "groups": GROUPS,
        "choices": choices,
        "presets": PRESETS,
        "lifetimes": [(value, label, "") for value, (label, _) in LIFETIMES.items()],
        "sentence": _sentence(visit.typed, visit) if visit.form else "",
        "limit": DEFAULT_LIMIT,
    }


async def _create(visit: Visit) -> Go | Context:
    preset = next((each for each in PRESETS if each.name == visit.typed.one("preset")), None)
    if preset is not None:
        visit.typed = visit.typed.and_(_as_chosen(preset.scopes))
    if preset is not None or visit.typed.has("look"):
        return await _show(visit)
    new = _new_key(visit.typed, visit.at)
    parts = visit.parts

    async def work(tx: Tx) -> tuple[str, tuple[KeyRecord, str]]:
        key, full = await issue.create(
            tx, parts.keyring, visit.caller_in(new.mode), new, visit.at, parts.random
        )
        return key.id, (key, full)

    try:
        key, full = await write_once(visit, work)
    except Repeated as repeated:
        said = "This key was made already, and is shown once only. Rotate it if it was not copied."
        return Go("key", {"key_id": repeated.made}, {"mode": new.mode}, said=said)
    once = {"key": full, "since": str(visit.at)}
    return Go("key_made", {"key_id": key.id}, {"mode": new.mode}, once=once)


def _new_key(typed: Fields, at: int) -> NewKey:
    """What the form asks for. Raises ValidationFailed; the rest is checked where keys are made."""
    scopes = scopes_of(typed)
    mode = _MODES.get(typed.one("mode"))
    lifetime = LIFETIMES.get(typed.one("expires_at"))
    errors = []
    if not typed.one("name"):
        errors.append(FieldError("name", "Say what the key is for, such as “Booking site”."))
    if mode is None:
        errors.append(FieldError("mode", "Choose Test or Live."))
    if not scopes:
        errors.append(FieldError("scopes", "Choose at least one thing that the key may do."))
    if lifetime is None:
        errors.append(FieldError("expires_at", "Choose when the key ends."))
    if errors or mode is None or lifetime is None:
        raise ValidationFailed(errors)
    expires_at = None if lifetime[1] is None else at + lifetime[1]
    return NewKey(typed.one("name"), mode, scopes, expires_at=expires_at)


def scopes_of(typed: Fields) -> tuple[str, ...]:
    """The scopes that the choices come to."""
    return tuple(
        scope
        for permission in PERMISSIONS
        for choice in choices(permission)
        if choice.value == typed.one(permission.resource)
        for scope in choice.scopes
    )


def _as_chosen(scopes: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The choices that these scopes stand for, and None for every other resource."""
    held = set(scopes)
    for permission in PERMISSIONS:
        within = [choice for choice in choices(permission) if held.issuperset(choice.scopes)]
        yield permission.resource, max(within, key=lambda choice: len(choice.scopes)).value


def _sentence(typed: Fields, visit: Visit) -> str:
    """What the key will be able to do, in words."""
    scopes = scopes_of(typed)
    if not scopes:
        return "This key can do nothing yet: choose above what it may read and change."
    can = in_words(scopes)
    mode = "Live, with real patients" if typed.one("mode") == "live" else "Test"
    lifetime = LIFETIMES.get(typed.one("expires_at"))
    ends = f", until {words.day(visit.at + lifetime[1])}" if lifetime and lifetime[1] else ""
    return f"This key will {can[0].lower()}{can[1:]}, in {mode}{ends}."


async def _words(visit: Visit) -> Response:
    """The sentence for the choices so far, for the script of the page."""
    return PlainTextResponse(_sentence(visit.query, visit))


def _is_live(visit: Visit) -> bool:
    is_made = not visit.typed.has("preset") and not visit.typed.has("look")
    return is_made and visit.typed.one("mode") == "live"


PAGES: Final = (
    Page(
        "key_create",
        "/keys/create",
        "manage_keys",
        _show,
        (Form("create", _create, confirms=_is_live),),
        section="keys",
    ),
    Feed("key_words", "/keys/create/words", "manage_keys", _words),
)
