"""The e-mail addresses that users sign in with: which are taken, and the one way to write each.

Pure. That an address is used once only is left to the schema.
"""

import re
from typing import Final

LONGEST: Final = 254  # RFC 5321, section 4.5.3.1.3, without the angle brackets
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# What <input type=email> takes (HTML Living Standard, "valid e-mail address"), in lower case.
_ADDRESS: Final = re.compile(rf"[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")


def normalised(text: str) -> str:
    """The address as it is kept and compared: without spaces at its ends, in lower case."""
    return text.strip().lower()


def problem(address: str) -> str | None:
    """What is wrong with a normalised address, in words for people, or None."""
    if len(address) > LONGEST or not _ADDRESS.fullmatch(address):
        return "Use an e-mail address such as ada@example.org."
    return None
