"""A practice that prescribes: what a prescription is written with, and one key that writes it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from jump.storage.database import Database
from jump.storage.sql import Row, sql
from tests.clinical import calendar_rows as rows
from tests.clinical.scheduling.desk import data
from tests.databases import Store
from tests.rest.api import Api, open_api

WHOLE = {
    "patient_id": rows.PATIENT,
    "prescriber_id": rows.ADA,
    "medication_name": "Amoxicillin",
    "display_name": "Amoxicillin 500 mg capsules",
    "dosage": "500",
    "dosage_unit": "mg",
    "frequency": "three times a day",
    "route": "oral",
    "quantity": 21,
    "refills": 0,
    "start_date": "2026-03-02",
    "end_date": "2026-03-09",
    "instructions": "With water.",
    "notes": "No allergy known.",
}
REQUIRED = ("patient_id", "prescriber_id", "medication_name", "dosage", "frequency", "start_date")
LEAST = {name: WHOLE[name] for name in REQUIRED}
AUDIT = sql("""
    SELECT action, fields, patient_id FROM audit WHERE organisation_id = :organisation
      AND mode = :mode AND record_type = 'prescription' ORDER BY at, id
""")
EVENTS = sql("SELECT id FROM events WHERE organisation_id = :organisation AND mode = :mode")


@dataclass
class Surgery:
    """One key at a practice that prescribes."""

    database: Database
    api: Api

    async def try_to_write(self, **about: Any) -> httpx.Response:
        return await self.api.post("/prescriptions", {**WHOLE, **about})

    async def write(self, **about: Any) -> dict[str, Any]:
        return data(await self.try_to_write(**about), 201)

    async def act(self, made: dict[str, Any], action: str, **body: Any) -> httpx.Response:
        return await self.api.post(f"/prescriptions/{made['id']}/{action}", body)

    async def change(self, made: dict[str, Any], **body: Any) -> httpx.Response:
        return await self.api.patch(f"/prescriptions/{made['id']}", body)

    async def read(self, made: dict[str, Any]) -> dict[str, Any]:
        return data(await self.api.get(f"/prescriptions/{made['id']}"))

    async def consult(self, patient: str = rows.PATIENT) -> str:
        about = {"clinician_id": rows.ADA, "consultation_date": "2026-03-02"}
        made = await self.api.post("/consultations", {"patient_id": patient, **about})
        return str(data(made, 201)["id"])

    async def rows(self, query: Any) -> list[Row]:
        tenant = self.api.operator().tenant
        return await self.database.read(
            lambda tx: tx.all(query, organisation=tenant.organisation, mode=tenant.mode)
        )


@asynccontextmanager
async def surgery_on(store: Store) -> AsyncIterator[Surgery]:
    """A surgery with the practice of `calendar_rows`."""
    database = store.open()
    api = await open_api(database)
    await rows.of_practice(database, api.operator().tenant)
    yield Surgery(database, api)
    await api.client.aclose()
    await database.close()
