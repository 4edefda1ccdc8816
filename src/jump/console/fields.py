"""What came in a query string or a form: pairs of text, read within bounds.

What the values mean, and which are wrong, is left to the pages.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import ClientDisconnect, Request

from jump.errors import InvalidRequest, PayloadTooLarge, UnsupportedMediaType

MOST_BYTES: Final = 65_536
MOST_FIELDS: Final = 300
BODY_SECONDS: Final = 20
FORM_TYPE: Final = "application/x-www-form-urlencoded"

# What a form says of itself, and what is typed but never shown again.
OF_THE_FORM: Final = frozenset({"csrf", "form", "held", "once"})
SECRETS: Final = frozenset({"password", "old_password", "new_password", "code", "token", "kept"})


@dataclass(frozen=True, slots=True)
class Fields:
    """Names and values in the order they were sent; a name may come several times."""

    pairs: tuple[tuple[str, str], ...] = ()

    def one(self, name: str, absent: str = "") -> str:
        """The first value of this name, without spaces at its ends."""
        return next((value.strip() for each, value in self.pairs if each == name), absent)

    def raw(self, name: str) -> str:
        """The first value of this name as it was typed: for passwords."""
        return next((value for each, value in self.pairs if each == name), "")

    def all(self, name: str) -> list[str]:
        """Every value of this name."""
        return [value for each, value in self.pairs if each == name]

    def has(self, name: str) -> bool:
        """Whether the name was sent at all."""
        return any(each == name for each, _ in self.pairs)

    def without_secrets(self) -> "Fields":
        """The same as it may be shown or held."""
        hidden = OF_THE_FORM | SECRETS
        return Fields(tuple(pair for pair in self.pairs if pair[0] not in hidden))

    def and_(self, pairs: Iterable[tuple[str, str]]) -> "Fields":
        """The same with these in place of what their names held."""
        added = tuple(pairs)
        names = {name for name, _ in added}
        return Fields((*(pair for pair in self.pairs if pair[0] not in names), *added))

    def with_(self, **changed: str) -> "Fields":
        """The same with some names set, or left out where the value is empty."""
        kept = [pair for pair in self.pairs if pair[0] not in changed]
        return Fields((*kept, *((name, value) for name, value in changed.items() if value)))

    def encoded(self) -> str:
        """As a query string, without its question mark."""
        return urlencode(self.pairs)


NONE: Final = Fields()


def read_query(request: Request) -> Fields:
    """The query string. Raises InvalidRequest."""
    raw: bytes = request.scope["query_string"]
    return _parsed(raw, "The address")


async def read_form(request: Request) -> Fields:
    """The body of a form. Raises InvalidRequest, PayloadTooLarge and UnsupportedMediaType."""
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent != FORM_TYPE:
        raise UnsupportedMediaType("This address takes the forms of these pages only.")
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > MOST_BYTES:
                    raise PayloadTooLarge("The form holds more than this page takes.")
                chunks.append(chunk)
    except (TimeoutError, ClientDisconnect) as error:
        raise InvalidRequest("The form did not arrive whole. Send it again.") from error
    return _parsed(b"".join(chunks), "The form")


def _parsed(raw: bytes, what: str) -> Fields:
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=MOST_FIELDS,
            errors="strict",
        )
    except ValueError as error:  # UnicodeDecodeError is one too
        raise InvalidRequest(f"{what} cannot be read.") from error
    if any("\x00" in name or "\x00" in value for name, value in pairs):
        raise InvalidRequest(f"{what} holds a character that is not allowed.")
    return Fields(tuple(pairs))
