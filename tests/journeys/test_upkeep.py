"""A process that runs takes away what is past its time, without being told to."""

import asyncio

from jump.kit.clock import DAY, HOUR, system_clock
from tests.databases import Store
from tests.journeys.scene import Scene, pages, wait_until
from tests.office import Office
from tests.patience import PATIENCE


async def happened(store: Store, *ago: int) -> list[str]:
    """Something has happened so long ago; the events' ids."""
    database = store.open()
    office = await Office.on(database)
    events = [await office.happens(at=system_clock() - each) for each in ago]
    await database.close()
    return events


def test_the_feed_holds_as_many_days_as_the_settings_say(scene: Scene, store: Store) -> None:
    _, recent = asyncio.run(happened(store, 2 * DAY, 23 * HOUR))
    running = scene.jump.start("api", JUMP_RETENTION_DAYS="1")
    client = scene.client(running, scene.new_key()["key"])

    def shown() -> list[str]:
        return [event["id"] for event in pages(client, "/events")]

    wait_until(lambda: shown() == [recent], PATIENCE, "the older one has gone")
