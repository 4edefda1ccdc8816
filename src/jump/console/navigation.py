"""The entries at the left of every page, in order: a heading, then each page's name and words.

One whose page is not there, or that the person may not open, is left out.
"""

from typing import Final

HOME: Final = "overview"

NAVIGATION: Final = (
    (
        "Developers",
        (
            ("overview", "Overview"),
            ("keys", "API keys"),
            ("webhooks", "Webhooks"),
            ("events", "Events"),
            ("logs", "Logs"),
            ("audit", "Audit"),
        ),
    ),
    ("Practice", (("users", "Users"),)),
)
