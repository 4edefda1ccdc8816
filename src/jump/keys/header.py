"""The Authorization header (RFC 6750, section 2.1): the key in it, or what is wrong with it.

Pure. No part of what was sent is ever repeated. Whether there is such a key is left to admit.
"""

import re
from typing import Final

from jump.errors import Unauthorized
from jump.keys.format import KEY_LENGTH

_BEARER: Final = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +(\S+)")
_AS: Final = "Send it as Authorization: Bearer pk_test_..."
_MISSING: Final = f"An API key is missing. {_AS}"
_NOTHING_BEHIND: Final = (
    "An API key is missing: there is nothing behind Bearer. Is the variable with the key set?"
)
_NO_BEARER: Final = f"The word Bearer is missing before the API key. {_AS}"
_OTHER_SCHEME: Final = f"The API key takes the scheme Bearer, and no other. {_AS}"
_NOT_ONE: Final = f"Authorization takes one API key and nothing else. {_AS}"
_QUOTED: Final = "This is not a whole API key: there are quotes around it. Send it without them."
_OTHER_BEGINNING: Final = (
    "This is not a whole API key: one begins with pk_test_ or pk_live_. Is it a variable that was"
    " not filled in, or a key for something else?"
)
_OTHER_LENGTH: Final = (
    f"This is not a whole API key: one has {KEY_LENGTH} characters. Copy it to its end."
)
_OTHER_CHECKSUM: Final = (
    "This is not a whole API key: its checksum is wrong. Copy it anew, and change nothing in it."
)


def token(presented: str | None) -> str:
    """What stands behind Bearer. Raises Unauthorized where it is not one word."""
    sent = (presented or "").strip()
    if found := _BEARER.fullmatch(sent):
        return found[1]
    scheme, _, rest = sent.partition(" ")
    if not sent:
        raise Unauthorized(_MISSING)
    if scheme.startswith("pk_"):
        raise Unauthorized(_NO_BEARER)
    if scheme.lower() != "bearer":
        raise Unauthorized(_OTHER_SCHEME)
    raise Unauthorized(_NOT_ONE if rest else _NOTHING_BEHIND)


def not_a_key(text: str) -> str:
    """Why a text is no key, in words."""
    if text[0] in "\"'" or text[-1] in "\"'":
        return _QUOTED
    if not text.startswith(("pk_test_", "pk_live_")):
        return _OTHER_BEGINNING
    return _OTHER_LENGTH if len(text) != KEY_LENGTH else _OTHER_CHECKSUM
