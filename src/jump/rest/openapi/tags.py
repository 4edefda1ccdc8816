"""The groups that operations stand in, in the order and the words that people read them in."""

from collections.abc import Iterable
from typing import Any, Final

from jump.rest.openapi.described import Described

# What is about no record of the practice: those say it themselves.
_OTHERS: Final = {
    "availability": "Which times are free, the first of them, and whether one is.",
    "events": "What happened, oldest first: for whoever was down, and for local development.",
    "webhooks": "Where events are sent, what was sent, and sending it again.",
    "me": "What the key of the request is and may do.",
}
_TITLES: Final = {"me": "This key"}


def tag_of(described: Described) -> str:
    """The group of an operation."""
    if described.resource is not None:
        return title(described.resource.path)
    return title(described.route.path)


def title(path: str) -> str:
    """A path's first words as people write them: `/appointment-types` -> Appointment types."""
    first = path.split("/")[1]
    return _TITLES.get(first, first.replace("-", " ").capitalize())


def tags(operations: Iterable[Described]) -> list[dict[str, Any]]:
    """Every group once, in the order of the routes."""
    found: dict[str, str] = {}
    for each in operations:
        resource = each.resource
        words = _OTHERS.get(each.route.path.split("/")[1], "")
        found.setdefault(tag_of(each), resource.about if resource is not None else words)
    return [{"name": name, "description": words} for name, words in found.items()]
