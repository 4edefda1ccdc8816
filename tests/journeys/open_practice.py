"""Puts a practice's directory, rota and two patients where a journey's processes will find them."""

import asyncio
import datetime
from zoneinfo import ZoneInfo

from tests.clinical import calendar_rows as rows
from tests.databases import Store
from tests.rest.api import open_api

LONDON = ZoneInfo("Europe/London")
MANY = 1_000_000


def open_practice(store: Store, *scopes: str) -> str:
    """Write `calendar_rows`' practice; a test key of it. No process may be running yet."""

    async def work() -> str:
        database = store.open()
        try:
            api = await open_api(database)
            await rows.of_practice(database, api.operator().tenant)
            return await api.make_key(*scopes, limit=MANY)
        finally:
            await database.close()

    return asyncio.run(work())


def monday() -> datetime.date:
    """The Monday of next week, in London."""
    today = datetime.datetime.now(LONDON).date()
    return today + datetime.timedelta(days=7 - today.weekday())


def at(clock: str, day: datetime.date) -> str:
    """A time of day in London, as an instant of the API."""
    local = datetime.datetime.combine(day, datetime.time.fromisoformat(clock), LONDON)
    return local.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
