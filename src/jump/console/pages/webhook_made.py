"""The signing secret of a webhook, shown once, the code that checks a signature, and a test."""

from typing import Final

from jump.console.page import Context, Form, Page
from jump.console.pages.webhook import frame, send_test
from jump.console.visit import Visit
from jump.webhooks.verification import SAMPLES

# The name that receivers may read the secret from.
VARIABLE: Final = "JUMP_WEBHOOK_SECRET"


async def _show(visit: Visit) -> Context:
    secret = visit.once.get("secret", "")
    return {
        **await frame(visit),
        "secret": secret,
        "env": f"{VARIABLE}={secret}",
        "samples": SAMPLES,
    }


PAGES: Final = (
    Page(
        "webhook_made",
        "/webhooks/{webhook_id}/made",
        "manage_webhooks",
        _show,
        (Form("test", send_test),),
        section="webhooks",
    ),
)
