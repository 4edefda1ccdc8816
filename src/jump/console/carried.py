"""What a browser carries for us, sealed: a word for the next page, a secret shown once, a form.

Only the browser that got it can bring it back, and only for a while. Nothing is kept here.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from jump.console.cookies import ONCE_SECONDS
from jump.console.fields import Fields
from jump.kit.clock import HOUR, SECOND
from jump.sealing import CannotOpen, Keyring

_ONCE: Final = "console once"
_HELD: Final = "console held"
_LONGEST: Final = 200_000
ONCE_FOR: Final = ONCE_SECONDS * SECOND
HELD_FOR: Final = HOUR

T = TypeVar("T", bound="Once | Held")


class Once(msgspec.Struct, frozen=True):
    """For the page at `path`, this one time: what to say there, and what it may show."""

    path: str
    at: int
    said: str
    shown: Mapping[str, str]


class Held(msgspec.Struct, frozen=True):
    """A half-filled form: the address of its page, its name, and what was typed."""

    address: str
    form: str
    at: int
    pairs: tuple[tuple[str, str], ...]

    @property
    def typed(self) -> Fields:
        """What was typed."""
        return Fields(self.pairs)


def seal_once(keyring: Keyring, browser: str, once: Once) -> str:
    """As the value of a cookie."""
    return _sealed(keyring, _ONCE, browser, once)


def open_once(
    keyring: Keyring, browser: str, text: str, path: str, now: int, good_for: int = ONCE_FOR
) -> Once | None:
    """What was meant for this page and browser, if it is not too old."""
    once = _opened(keyring, _ONCE, browser, text, Once)
    fresh = once is not None and once.path == path and now - once.at < good_for
    return once if fresh else None


def seal_held(keyring: Keyring, browser: str, held: Held) -> str:
    """As the value of a hidden field."""
    return _sealed(keyring, _HELD, browser, held)


def open_held(keyring: Keyring, browser: str, text: str, now: int) -> Held | None:
    """The form that this browser left with us, if it is not too old."""
    held = _opened(keyring, _HELD, browser, text, Held)
    return held if held is not None and now - held.at < HELD_FOR else None


def _sealed(keyring: Keyring, purpose: str, browser: str, value: Once | Held) -> str:
    sealed = keyring.seal(purpose, msgspec.msgpack.encode(value), browser.encode())
    return base64.urlsafe_b64encode(sealed).decode()


def _opened(keyring: Keyring, purpose: str, browser: str, text: str, kind: type[T]) -> T | None:
    if not text or not browser or len(text) > _LONGEST:
        return None
    try:
        sealed = base64.urlsafe_b64decode(text.encode("ascii"))
        plain = keyring.open(purpose, sealed, browser.encode())
        return msgspec.msgpack.decode(plain, type=kind)
    except (CannotOpen, binascii.Error, UnicodeEncodeError, msgspec.DecodeError):
        return None
