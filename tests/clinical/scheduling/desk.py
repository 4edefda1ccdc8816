"""The front desk of a small practice: books through the API, at times of the next working weeks.

Its clock can be moved: what the database thinks the time is decides what is past and expired.
"""

import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from jump.caller import Tenant
from jump.events import sequence
from jump.kit.clock import system_clock
from jump.kit.instants import format_second, parse_instant
from jump.storage.database import Database, Tx
from jump.storage.sql import Row, sql
from tests.clinical import calendar_rows as rows
from tests.databases import Store
from tests.rest.api import Api, open_api

LONDON = ZoneInfo("Europe/London")
PATIENT = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
SEATS = sql("""
    SELECT c.clinician_id, c.starts, s.seat, s.appointment_id, s.hold_id FROM calendar_claims c
    LEFT JOIN claim_seats s ON s.organisation_id = c.organisation_id AND s.mode = c.mode
      AND s.claim_id = c.id
    WHERE c.organisation_id = :organisation AND c.mode = :mode ORDER BY c.starts, s.seat
""")
AUDIT = sql("""
    SELECT action, record_id, fields, patient_id FROM audit
    WHERE organisation_id = :organisation AND mode = :mode ORDER BY at, id
""")
EVENTS = sql("""
    SELECT type, alias, body FROM events
    WHERE organisation_id = :organisation AND mode = :mode ORDER BY position
""")


@dataclass
class Desk:
    """One key at one practice."""

    store: Store
    database: Database
    api: Api
    tenant: Tenant

    def time(self, clock: str, weeks: int = 1, day: int = 0) -> str:
        """The instant of a time of day in London, on a Monday some weeks ahead or days after."""
        today = datetime.datetime.now(LONDON).date()
        monday = today - datetime.timedelta(days=today.weekday()) + datetime.timedelta(weeks=weeks)
        date = monday + datetime.timedelta(days=day)
        at = datetime.datetime.combine(date, datetime.time.fromisoformat(clock), LONDON)
        return at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    async def set_clock(self, text: str) -> None:
        """Let the database believe that it is this instant."""
        await self.store.set_clock(self.database, parse_instant(text))

    async def pass_minutes(self, minutes: int) -> None:
        """Let time go by for the database."""
        await self.store.set_clock(self.database, system_clock() + minutes * 60_000_000)

    def body(self, start: str, **about: Any) -> dict[str, Any]:
        """What books a check with Ada."""
        return {
            "patient_id": rows.PATIENT,
            "clinician_profile_id": rows.ADA,
            "appointment_type_id": rows.CHECK,
            "start_time": start,
            **about,
        }

    async def try_to_book(self, start: str, **about: Any) -> httpx.Response:
        return await self.api.post("/appointments", self.body(start, **about))

    async def book(self, start: str, **about: Any) -> dict[str, Any]:
        return data(await self.try_to_book(start, **about), 201)

    async def try_to_hold(self, start: str, key: str | None = None, **about: Any) -> httpx.Response:
        body = {"appointment_type_id": rows.CHECK, "clinician_id": rows.ADA, "start_time": start}
        return await self.api.post("/holds", {**body, **about}, key=key or self.api.key)

    async def hold(self, start: str, key: str | None = None, **about: Any) -> dict[str, Any]:
        return data(await self.try_to_hold(start, key, **about), 201)

    async def act(self, made: dict[str, Any], action: str, **body: Any) -> httpx.Response:
        """POST an action of an appointment."""
        return await self.api.post(f"/appointments/{made['id']}/{action}", body)

    async def change(self, made: dict[str, Any], **body: Any) -> httpx.Response:
        """PATCH an appointment."""
        return await self.api.patch(f"/appointments/{made['id']}", body)

    async def read(self, made: dict[str, Any]) -> dict[str, Any]:
        return data(await self.api.get(f"/appointments/{made['id']}"))

    async def seats(self) -> list[tuple[str, str, str]]:
        """Whose time is taken from when, by whom."""
        found = await self._all(SEATS)
        return [
            (
                row["clinician_id"],
                format_second(row["starts"]),
                row["appointment_id"] or row["hold_id"],
            )
            for row in found
        ]

    async def audit(self) -> list[Row]:
        """The rows of the audit that are about the calendar, oldest first."""
        return [row for row in await self._all(AUDIT) if not row["action"].startswith("key.")]

    async def events(self) -> list[Row]:
        """Every event, in the order in which the feed has them."""
        await self.database.write(number)
        return await self._all(EVENTS)

    def with_api(self, api: Api) -> "Desk":
        return replace(self, api=api)

    async def _all(self, query: Any) -> list[Row]:
        tenant = self.tenant
        return await self.database.read(
            lambda tx: tx.all(query, organisation=tenant.organisation, mode=tenant.mode)
        )


async def number(tx: Tx) -> None:
    """Give every event its place, as the engine does."""
    batch = await sequence.advance(tx)
    if batch is not None:
        await sequence.save(tx, batch, batch.position)


@asynccontextmanager
async def desk_on(store: Store, connections: int = 1) -> AsyncIterator[Desk]:
    """A desk with the practice of `calendar_rows`; its clock can be moved with one connection."""
    database = store.open(connections=connections)
    api = await open_api(database)
    desk = Desk(store, database, api, api.operator().tenant)
    await rows.of_practice(database, desk.tenant)
    yield desk
    await api.client.aclose()
    await database.close()


def data(response: httpx.Response, status: int = 200) -> Any:
    """What was answered, with this status."""
    assert (response.status_code, response.text[:600]) == (status, response.text[:600])
    return response.json()["data"]


def refusal(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The error that was answered."""
    assert (response.status_code, response.text[:600]) == (status, response.text[:600])
    error: dict[str, Any] = response.json()["error"]
    assert error["code"] == code
    return error


def fields(response: httpx.Response) -> set[str]:
    """Which fields a 422 names."""
    return {each["field"] for each in refusal(response, 422, "VALIDATION_FAILED")["details"]}
