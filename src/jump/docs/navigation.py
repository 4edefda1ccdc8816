"""The pages in the order in which they are listed, under their headings; each is named by its file.

The pages of the reference have no file: they stand before the last group.
"""

from dataclasses import dataclass
from typing import Final

BASE: Final = "/docs"
FIRST: Final = "index"
REFERENCE: Final = "Reference"


@dataclass(frozen=True, slots=True)
class Group:
    """A heading of the navigation and the pages below it."""

    title: str
    pages: tuple[str, ...]


GROUPS: Final = (
    Group("Start here", (FIRST, "getting-started", "test-and-live")),
    Group(
        "The API",
        (
            "authentication",
            "permissions",
            "limits",
            "errors",
            "paging",
            "changing",
            "idempotency",
        ),
    ),
    Group(
        "Webhooks",
        (
            "webhooks",
            "webhooks/verification",
            "webhooks/receiver",
            "webhooks/delivery",
            "webhooks/catching-up",
            "webhooks/local",
            "webhooks/events",
        ),
    ),
    Group(
        "Guides",
        (
            "guides/booking",
            "guides/copy",
            "guides/consultation",
            "guides/documents",
            "guides/from-jump",
        ),
    ),
    Group(
        "Running it",
        ("running/operating", "running/settings", "running/practice-file"),
    ),
)


def address(name: str) -> str:
    """Where a page is served."""
    return BASE if name == FIRST else f"{BASE}/{name}"
