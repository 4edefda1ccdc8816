"""What a clinician writes down, through the API of a `Desk`."""

import datetime
from typing import Any

import httpx

from jump.clinical.registry import RESOURCES
from tests.clinical import calendar_rows as rows
from tests.clinical.scheduling.desk import Desk, data

DAY = "2026-01-05"
PATHS = {
    each.resource.prefix: each.resource.path
    for each in RESOURCES
    if "{id}" not in each.resource.path
}


def in_days(days: int) -> str:
    """A date so many days from today, by UTC."""
    return str(datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=days))


async def try_to_consult(desk: Desk, key: str | None = None, **about: Any) -> httpx.Response:
    """Record a consultation with Ada, unless `about` says otherwise."""
    body = {"patient_id": rows.PATIENT, "clinician_id": rows.ADA, "consultation_date": DAY, **about}
    return await desk.api.post("/consultations", body, key=key or desk.api.key)


async def consult(desk: Desk, **about: Any) -> dict[str, Any]:
    made: dict[str, Any] = data(await try_to_consult(desk, **about), 201)
    return made


async def draft(desk: Desk, **about: Any) -> dict[str, Any]:
    return await consult(desk, status="draft", **about)


async def try_to_note(desk: Desk, key: str | None = None, **about: Any) -> httpx.Response:
    """Record a problem."""
    body = {"patient_id": rows.PATIENT, "problem_name": "Asthma", **about}
    return await desk.api.post("/problems", body, key=key or desk.api.key)


async def note(desk: Desk, **about: Any) -> dict[str, Any]:
    made: dict[str, Any] = data(await try_to_note(desk, **about), 201)
    return made


async def change(desk: Desk, made: dict[str, Any], **body: Any) -> httpx.Response:
    """PATCH a record of any kind."""
    return await desk.api.patch(path_of(made), body)


async def act(desk: Desk, made: dict[str, Any], action: str, **body: Any) -> httpx.Response:
    """POST below a record."""
    return await desk.api.post(f"{path_of(made)}/{action}", body)


async def read(desk: Desk, made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = data(await desk.api.get(path_of(made)))
    return found


async def listed(desk: Desk, path: str, query: str = "") -> list[str]:
    """The ids on the first page."""
    answer = await desk.api.get(f"{path}?{query}" if query else path)
    return [each["id"] for each in data(answer)]


def path_of(made: dict[str, Any]) -> str:
    """Its address: an amendment, which has the prefix of its consultation, has none."""
    return f"{PATHS[made['id'].partition('_')[0]]}/{made['id']}"
