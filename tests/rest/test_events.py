"""The event feed, as a client reads it to catch up."""

import asyncio
from typing import Any

import pytest

from jump.events import sequence
from jump.storage.database import Database, Tx
from jump.storage.sql import sql
from tests.rest.api import Api, open_api

ADA = {"first_name": "Ada", "last_name": "O'Brien", "date_of_birth": "1980-02-29"}


@pytest.fixture
async def api(database: Database) -> Api:
    return await open_api(database)


async def number(api: Api) -> None:
    """The engine's part: events get their place in the feed."""

    async def work(tx: Tx) -> None:
        batch = await sequence.advance(tx)
        if batch is not None:
            await sequence.save(tx, batch, batch.position)

    await api.database.write(work)


async def happens(api: Api) -> dict[str, Any]:
    """A patient is registered."""
    answer = await api.post("/patients", ADA)
    assert answer.status_code == 201, answer.text
    await number(api)
    patient: dict[str, Any] = answer.json()["data"]
    return patient


async def read(api: Api, query: str = "", **kwargs: Any) -> dict[str, Any]:
    answer = await api.get(f"/events?{query}", **kwargs)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def test_an_event_holds_the_record_as_the_api_returns_it(api: Api) -> None:
    patient = await happens(api)
    (event,) = (await read(api))["data"]
    assert event["type"] == "patient.created"
    assert event["data"] == {"object": patient, "previous": None}
    assert (await api.get(f"/events/{event['id']}")).json()["data"] == event


async def test_a_client_catches_up_with_its_cursor_and_then_waits(api: Api) -> None:
    patients = [await happens(api) for _ in range(3)]
    first = await read(api, "limit=2")
    second = await read(api, f"limit=2&cursor={first['meta']['next_cursor']}")
    seen = [event["data"]["object"]["id"] for event in first["data"] + second["data"]]
    assert seen == [patient["id"] for patient in patients]
    assert [page["meta"]["has_more"] for page in (first, second)] == [True, False]
    # Waiting, or another limit, is no other query: the cursor is good for it still.
    cursor = second["meta"]["next_cursor"]
    waiting = asyncio.create_task(read(api, f"limit=5&cursor={cursor}&wait=20"))
    await asyncio.sleep(0)
    late = await happens(api)
    async with asyncio.timeout(10):
        page = await waiting
    assert [event["data"]["object"]["id"] for event in page["data"]] == [late["id"]]


async def test_a_client_may_start_with_what_comes_from_here_on(api: Api) -> None:
    await happens(api)
    page = await read(api, "start=now")
    assert page["data"] == []
    late = await happens(api)
    page = await read(api, f"cursor={page['meta']['next_cursor']}")
    assert [event["data"]["object"]["id"] for event in page["data"]] == [late["id"]]


async def test_a_cursor_is_of_one_query_and_one_mode(api: Api) -> None:
    await happens(api)
    cursor = (await read(api))["meta"]["next_cursor"]
    other = await api.get(f"/events?cursor={cursor}&type=patient.created")
    assert other.status_code == 400
    live = await api.get(
        f"/events?cursor={cursor}", key=await api.make_key("read_patients", mode="live")
    )
    assert live.status_code == 400


@pytest.mark.parametrize("query", ["wait=31", "start=then", "order=desc", "offset=1", "patient=1"])
async def test_what_the_feed_does_not_take_is_refused(api: Api, query: str) -> None:
    answer = await api.get(f"/events?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["error"]["message"]


async def test_a_key_that_may_read_no_record_is_told_what_it_lacks(api: Api) -> None:
    answer = await api.get("/events", key=await api.make_key("read_webhooks"))
    assert answer.status_code == 403
    assert "read_patients" in answer.json()["error"]["message"]


async def test_reading_the_feed_leaves_its_patients_in_the_access_log(api: Api) -> None:
    patient = await happens(api)
    await read(api)
    await api.settle()
    rows = await api.database.read(
        lambda tx: tx.all(
            sql(
                "SELECT a.route FROM access_log a JOIN access_log_patients p"
                " ON p.request_id = a.id WHERE p.patient_id = :patient"
            ),
            patient=patient["id"],
        )
    )
    assert "/events" in {row["route"] for row in rows}
