"""Whether what was answered is of the shape that a page shows.

In a page `…` stands for anything, a time for any time and a number for any number; an answer may
have more fields than are shown.
"""

import re
from typing import Any

TIME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?")


def unlike(shown: Any, got: Any, at: str = "answer") -> list[str]:
    """Where the two differ, in words."""
    if isinstance(shown, dict):
        return _unlike_object(shown, got, at)
    if isinstance(shown, list):
        return _unlike_list(shown, got, at)
    if isinstance(shown, str):
        return [] if isinstance(got, str) and fits(shown, got) else [f"{at}: {got!r}"]
    if shown is None:
        return []
    if isinstance(shown, bool) or not isinstance(shown, int | float):
        return [] if shown is got else [f"{at}: {got!r}"]
    return [] if isinstance(got, int | float) else [f"{at}: {got!r} is no number"]


def fits(shown: str, got: str) -> bool:
    """Whether a text is as it is shown."""
    if TIME.fullmatch(shown):
        return bool(TIME.fullmatch(got)) and len(got) == len(shown)
    return bool(re.fullmatch(pattern(shown), got))


def pattern(shown: str) -> str:
    """A line of a page as a pattern for what was printed."""
    return ".*".join(re.escape(part) for part in shown.split("…"))


def _unlike_object(shown: dict[str, Any], got: Any, at: str) -> list[str]:
    if not isinstance(got, dict):
        return [f"{at}: {got!r} is no object"]
    found = [f"{at}.{name} is missing from {got}" for name in shown if name not in got]
    for name in shown.keys() & got.keys():
        found += unlike(shown[name], got[name], f"{at}.{name}")
    return found


def _unlike_list(shown: list[Any], got: Any, at: str) -> list[str]:
    if not isinstance(got, list):
        return [f"{at}: {got!r} is no list"]
    found = []
    for number, item in enumerate(shown):
        misses = [unlike(item, each, f"{at}[{number}]") for each in got]
        if all(misses):
            found += min(misses, key=len) if misses else [f"{at}[{number}]: the list is empty"]
    return found
