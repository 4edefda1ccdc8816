"""Fills the gaps of a page, `<!-- name -->` on a line of its own, from what the code holds as data.

What is filled in is Markdown, so that its headings have anchors and are found like all others.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

_GAP: Final = re.compile(r"^<!-- ([a-z][a-z -]*) -->$", re.MULTILINE)

Filling = Callable[[], str]


def gaps(text: str) -> list[str]:
    """The names of a page's gaps, in order."""
    return _GAP.findall(text)


def expand(text: str, fillings: Mapping[str, Filling]) -> str:
    """The page with its gaps filled. KeyError for a gap that nothing fills."""
    return _GAP.sub(lambda found: fillings[found[1]]().strip(), text)
