"""`Range` and `If-Range` of a GET (RFC 9110, 13.1.5 and 14): which part of a file is wanted.

Pure. What the RFC lets a server ignore is ignored, and the whole file is the answer: several ranges
at once, and one behind the end, since the contract has no 416.
"""

import re
from dataclasses import dataclass
from typing import Final

_ONE: Final = re.compile(r"bytes=[ \t]*([0-9]*)-([0-9]*)[ \t]*", re.IGNORECASE)
_MOST_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes from `start` on, before `end`, of a file of `size`."""

    start: int
    end: int
    size: int

    @property
    def content_range(self) -> str:
        """The header that says which part this is."""
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


def wanted(range_: str | None, if_range: str | None, etag: str, size: int) -> Part | None:
    """The part that is asked for of a file that has this strong ETag, None for all of it."""
    found = _ONE.fullmatch(range_) if range_ is not None else None
    # A date never fits: there is no Last-Modified to compare it with.
    if found is None or (if_range is not None and if_range.strip() != etag):
        return None
    first, last = found[1], found[2]
    if not (first or last) or max(len(first), len(last)) > _MOST_DIGITS:
        return None
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    return Part(start, end, size) if start < size else None
