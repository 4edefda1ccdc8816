"""The name that somebody meant who wrote another: one of those that are known, or none.

Pure. What is said with it is left to the callers; only known names ever come back.
"""

import difflib
import re
from collections.abc import Iterable
from typing import Final

# `state` for `status` is found, and two of an order's fields are not taken for each other.
_LIKE_ENOUGH: Final = 0.72
_LONGEST: Final = 64


def nearest(written: str, known: Iterable[str]) -> str | None:
    """The known name most like the one that was written, or None where none is like it."""
    plain = _snake(written[:_LONGEST])
    names = {_snake(name): name for name in known}
    found = difflib.get_close_matches(plain, names, n=1, cutoff=_LIKE_ENOUGH)
    return names[found[0]] if found else None


def _snake(name: str) -> str:
    """`firstName`, `first-name` and `first[name]` as `first_name`."""
    humps = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", humps.lower()).strip("_")
