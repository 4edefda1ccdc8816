"""Asking for what changed since: pages in the order of change, while rows change on the way."""

from typing import Any

from jump.storage.database import Database
from tests.rest.api import Api, open_api

PATIENT = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
CHANGED = "/patients?sort=updated_at&order=asc&limit=3"


async def page(api: Api, query: str, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
    answer = await api.get(f"{CHANGED}{query}" + (f"&cursor={cursor}" if cursor else ""))
    assert answer.status_code == 200, answer.text
    return answer.json()["data"], answer.json()["meta"]["next_cursor"]


async def change(api: Api, patients: list[dict[str, Any]], city: str) -> list[dict[str, Any]]:
    answers = [await api.patch(f"/patients/{each['id']}", {"city": city}) for each in patients]
    return [answer.json()["data"] for answer in answers]


async def test_rows_that_move_to_the_end_are_seen_again_and_none_is_skipped(
    database: Database,
) -> None:
    api = await open_api(database)
    made = [(await api.post("/patients", PATIENT)).json()["data"] for _ in range(7)]
    # Without an end the pages follow what changes for as long as it changes.
    cursor: str | None = None
    seen: dict[str, int] = {}
    for turn in range(6):
        rows, cursor = await page(api, "", cursor)
        seen |= {row["id"]: row["version"] for row in rows}
        await change(api, rows, f"Ely {turn}")
        assert cursor is not None
    assert set(seen) == {each["id"] for each in made}


async def test_with_an_end_the_pages_end_and_what_left_them_stands_behind_the_end(
    database: Database,
) -> None:
    api = await open_api(database)
    made = [(await api.post("/patients", PATIENT)).json()["data"] for _ in range(7)]
    until = made[-1]["updated_at"]
    seen: dict[str, dict[str, Any]] = {}
    cursor: str | None = None
    for turn in range(10):
        rows, cursor = await page(api, f"&updated_at_lte={until}", cursor)
        seen |= {row["id"]: row for row in rows}
        # One that was read, and one that was not yet.
        await change(api, [made[turn % 7], made[6 - turn % 7]], f"Ely {turn}")
        if cursor is None:
            break
    assert cursor is None
    rows, cursor = await page(api, f"&updated_at_gte={until}", None)
    while cursor:
        more, cursor = await page(api, f"&updated_at_gte={until}", cursor)
        rows += more
    seen |= {row["id"]: row for row in rows}
    answer = await api.get("/patients?limit=100")
    assert seen == {row["id"]: row for row in answer.json()["data"]}


async def test_the_moment_of_a_change_is_within_both_bounds(database: Database) -> None:
    api = await open_api(database)
    made = (await api.post("/patients", PATIENT)).json()["data"]
    at = made["updated_at"]
    rows, _ = await page(api, f"&updated_at_gte={at}&updated_at_lte={at}", None)
    assert rows == [made]
