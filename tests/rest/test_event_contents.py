"""What events say of a change, as the feed and a webhook's log show them."""

from typing import Any

import pytest

from jump.storage.database import Database
from tests.rest.api import Api, open_api
from tests.surface.world import fan_out

ADA = {"first_name": "Ada", "last_name": "O'Brien", "date_of_birth": "1980-02-29", "city": "York"}
URL = "https://hooks.example.com/jump"


@pytest.fixture
async def api(database: Database) -> Api:
    return await open_api(database)


async def patient(api: Api) -> str:
    """The address of a new patient."""
    made = await api.post("/patients", ADA)
    assert made.status_code == 201, made.text
    return f"/patients/{made.json()['data']['id']}"


async def events(api: Api) -> list[dict[str, Any]]:
    """Everything that happened, oldest first."""
    await fan_out(api.database)
    found: list[dict[str, Any]] = (await api.get("/events")).json()["data"]
    return found


async def sent(api: Api, webhook: str) -> list[dict[str, Any]]:
    """The payloads of a webhook's deliveries, oldest first."""
    path = f"/webhooks/{webhook}/deliveries"
    log = (await api.get(path)).json()["data"]
    shown = [(await api.get(f"{path}/{delivery['id']}")).json()["data"] for delivery in log]
    assert [each["event_type"] for each in shown] == [each["payload"]["type"] for each in shown]
    return [each["payload"] for each in reversed(shown)]


async def subscribed(api: Api, *types: str, **about: Any) -> str:
    """The id of a webhook for these events."""
    made = await api.post("/webhooks", {"url": URL, "events": list(types), **about})
    assert made.status_code == 201, made.text
    webhook: str = made.json()["data"]["id"]
    return webhook


async def test_a_change_of_a_patient_is_told_once_with_the_old_values_of_what_it_changed(
    api: Api,
) -> None:
    one = await patient(api)
    changed = await api.patch(one, {"city": "Ely", "first_name": "Ada", "date_of_death": None})
    deceased = await api.patch(one, {"date_of_death": "2020-01-01", "custom_fields": {"a": 1}})
    made, first, second = await events(api)
    assert [made["type"], first["type"], second["type"]] == [
        *("patient.created", "patient.updated", "patient.updated"),
    ]
    assert made["data"]["previous"] is None
    assert first["data"] == {
        "object": changed.json()["data"],
        "previous": {"city": "York", "town_city": "York"},
    }
    assert second["data"] == {
        "object": deceased.json()["data"],
        "previous": {"date_of_death": None, "is_deceased": False, "custom_fields": {}},
    }


async def test_archiving_and_unarchiving_are_updates_under_either_name(api: Api) -> None:
    plain = await subscribed(api, "patient.updated")
    older = await subscribed(api, "patient.archived")
    one = await patient(api)
    await api.post(f"{one}/archive", {"reason": "moved away"})
    await api.post(f"{one}/unarchive")
    _, archived, back = await events(api)
    assert (archived["type"], back["type"]) == ("patient.updated", "patient.updated")
    assert archived["data"]["previous"] == {
        "status": "active",
        "archived_at": None,
        "archive_reason": None,
    }
    assert back["data"]["previous"]["status"] == "archived"
    assert await sent(api, plain) == [archived, back]
    # For whoever asked by the older name the name differs, and nothing else.
    assert await sent(api, older) == [{**archived, "type": "patient.archived"}]


async def test_what_an_event_says_is_fixed_when_it_is_made(api: Api) -> None:
    full = await subscribed(api, "patient.updated")
    thin = await subscribed(api, "patient.updated", payload="thin")
    one = await patient(api)
    await api.patch(one, {"city": "Ely"})
    _, before = await events(api)
    paid = [await sent(api, webhook) for webhook in (full, thin)]
    await api.patch(one, {"city": "Rye"})
    await api.post(f"{one}/archive")
    assert (await events(api))[1] == before
    assert before["data"]["object"]["city"] == "Ely"
    assert [(await sent(api, webhook))[:1] for webhook in (full, thin)] == paid
