"""Takes secrets out of text: the last line of defence of the logs, for what slipped into them.

Knows the shapes of secrets, not of personal data: nothing of a patient may be logged to begin with.
"""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

MASK: Final = "\u2026"

_SUBSTITUTES: Final = (
    # A key keeps mode and id, by which its owner finds it; without a whole id it keeps the mode.
    (re.compile(rf"(pk_(?:test|live)_)([0-9A-Za-z]{{16}}_)?[0-9A-Za-z_]*{MASK}?"), rf"\1\2{MASK}"),
    (re.compile(r"whsec_[0-9A-Za-z+/=_-]+"), f"whsec_{MASK}"),
    (
        re.compile(r"\b(bearer|basic)\s+(?!pk_(?:test|live)_)[^\s'\",;]+", re.IGNORECASE),
        rf"\1 {MASK}",
    ),
    # From the header's name to the end of its line, as text, as a mapping or as a pair of bytes.
    (re.compile(r"(cookie['\"]?\s*[:=,]\s*)[^\r\n]+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"(__Host-[\w-]+=)[^;,\s'\"]+"), rf"\1{MASK}"),
    # The password of a database address.
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)"), rf"\1{MASK}"),
)

_SECRET_NAMES: Final = re.compile(r"password|secret|authorization|cookie|token|totp", re.IGNORECASE)


def redact(text: str) -> str:
    """The text without key secrets, signing secrets, bearer headers, cookies and passwords in URLs.

    Redacting twice is redacting once.
    """
    for shape, substitute in _SUBSTITUTES:
        text = shape.sub(substitute, text)
    return text


def redact_event(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A structlog processor: redacts every text of an event, and all of what is named a secret.

    It stands after the processors that write exceptions out as text.
    """
    for name, value in event.items():
        event[name] = _redacted(name, value)
    return event


def _redacted(name: str, value: object) -> object:
    if value is not None and not isinstance(value, bool) and _SECRET_NAMES.search(name):
        return MASK
    match value:
        case str():
            return redact(value)
        case Mapping():
            return {key: _redacted(str(key), inner) for key, inner in value.items()}
        case list() | tuple():
            return [_redacted("", inner) for inner in value]
        case None | bool() | int() | float():
            return value
        case _:
            return redact(str(value))
