"""The steps of an engine without the engine, for tests of what one transaction does."""

from collections.abc import Mapping
from typing import Any

from jump.kit.crash_points import never
from jump.webhooks.engine.opened_secrets import OpenedSecrets
from jump.webhooks.engine.ownership import own_name
from jump.webhooks.engine.step import Done, Held, Means, Plan, take_step
from tests.surface.counting import CountingDatabase
from tests.webhooks.delivering import SCHEDULE, Desk


class Stepping:
    """An engine's steps without the engine: nothing is sent."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        opened = OpenedSecrets(desk.office.parts.keyring)
        self._means = Means(own_name("steps"), SCHEDULE, lambda: 0.0, opened.of, never)
        self.statements = 0

    async def step(self, held: Mapping[str, Held] | None = None, **plan: Any) -> Done:
        """One that numbers, with all slots free."""

        counting = CountingDatabase(self._desk.office.database)
        step = Plan(held=held or {}, number=True, free=512, **plan)
        done = await counting.write(lambda tx: take_step(tx, step, self._means))
        self.statements = counting.counted["write"]
        return done

    async def hold(self) -> dict[str, Held]:
        """Take the lanes of all webhooks, and forget what was sent on that occasion."""
        await self._desk.happens("somebody")
        done = await self.step()
        await self._desk.change("UPDATE deliveries SET state = 'succeeded', ended_at = 1")
        return {name: Held(epoch, 0, frozenset(), hot=False) for name, epoch in done.epochs.items()}


def patients(desk: Desk, done: Done) -> list[str]:
    named = {patient: name for name, patient in desk.patients.items()}
    return [named[str(claimed.patient_id)] for claimed in done.started.claimed]
