"""How far a practice has come with its first integration: read from what is there, not kept.

What each step is called, and where it leads, is left to the faces.
"""

from dataclasses import dataclass
from typing import Final

from jump.caller import Tenant
from jump.storage.database import Tx
from jump.storage.sql import sql

# Each is answered by the first row that an index finds.
_REACHED: Final = sql("""
SELECT
  EXISTS (SELECT 1 FROM api_keys
    WHERE organisation_id = :organisation AND mode = :mode) AS key_created,
  EXISTS (SELECT 1 FROM access_log
    WHERE organisation_id = :organisation AND mode = :mode) AS request_made,
  EXISTS (SELECT 1 FROM webhooks
    WHERE organisation_id = :organisation AND mode = :mode
      AND deleted_at IS NULL) AS webhook_created,
  EXISTS (SELECT 1 FROM deliveries
    WHERE organisation_id = :organisation AND mode = :mode) AS event_sent
""")


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """Which of the steps are done: a key was made, a request with it, a webhook, and to that one
    a test or another event was sent.
    """

    key_created: bool
    request_made: bool
    webhook_created: bool
    event_sent: bool

    @property
    def all_done(self) -> bool:
        """Whether nothing is left of them."""
        return self.key_created and self.request_made and self.webhook_created and self.event_sent


async def reached(tx: Tx, tenant: Tenant) -> FirstSteps:
    """The steps that the tenant has taken so far."""
    row = await tx.one(_REACHED, organisation=tenant.organisation, mode=tenant.mode)
    assert row is not None
    return FirstSteps(**{name: bool(value) for name, value in row.items()})
