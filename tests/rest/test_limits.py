"""What remains of a key's hour, and what happens to whoever keeps failing."""

from typing import Any

import httpx
import pytest

from jump.keys import revoke
from jump.keys.throttle import MOST_FAILURES
from jump.kit.clock import HOUR, MINUTE, SECOND
from jump.storage.database import Database
from jump.storage.sql import sql
from tests.databases import Store
from tests.rest.api import Api, client_of, open_api, refused
from tests.surface.world import unknown_key

PATIENT = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
STRANGER = "203.0.113.7"


@pytest.fixture
async def api(database: Database) -> Api:
    return await open_api(database)


def limits(answer: httpx.Response) -> tuple[int, int]:
    """The limit and what remains of it; both pairs of headers say the same."""
    headers = answer.headers
    limit, left = int(headers["x-ratelimit-limit"]), int(headers["x-ratelimit-remaining"])
    assert headers["ratelimit-policy"] == f'"hour";q={limit};w=3600'
    assert headers["ratelimit"].startswith(f'"hour";r={left};t=')
    return limit, left


async def now(api: Api) -> int:
    row = await api.database.count(lambda tx: tx.one(sql("SELECT jump_now() AS now")))
    assert row is not None
    return int(row["now"])


async def test_every_counted_answer_takes_one_of_the_hour_whatever_its_status(api: Api) -> None:
    key = await api.make_key("read_patients", "write_patients", limit=50)
    counted: list[tuple[str, str, Any, int]] = [
        ("GET", "/patients", None, 200),
        ("HEAD", "/patients", None, 200),
        ("POST", "/patients", PATIENT, 201),
        ("POST", "/patients", {}, 422),
        ("GET", "/patients/pat_1", None, 404),
        ("GET", "/nothing", None, 404),
        ("PUT", "/patients", None, 405),
        ("GET", "/webhooks", None, 403),
        ("GET", "/patients?zz=1", None, 400),
        ("GET", "/patients?a%00=1", None, 400),
    ]
    for number, (method, path, body, status) in enumerate(counted, 1):
        answer = await api.call(method, path, key=key, json=body)
        assert answer.status_code == status
        assert limits(answer) == (50, 50 - number)
    me = await api.get("/me", key=key)
    assert limits(me) == (50, 40)
    assert (me.json()["data"]["limit"], me.json()["data"]["remaining"]) == (50, 40)
    await api.get(f"/patients?key={key}", key=key)
    assert limits(await api.get("/me", key=key)) == (50, 40)


async def test_when_the_hour_is_spent_the_answer_says_when_to_come_back(api: Api) -> None:
    key = await api.make_key(limit=2)
    for left in (1, 0):
        answer = await api.get("/patients", key=key)
        assert limits(answer) == (2, left)
    began = await now(api)
    for method, path in (("GET", "/patients"), ("POST", "/patients"), ("GET", "/nothing")):
        answer = await api.call(method, path, key=key)
        error = refused(answer, 429, "RATE_LIMITED")
        assert "2 requests" in error["message"]
        assert limits(answer) == (2, 0)
        after, reset = int(answer.headers["retry-after"]), int(answer.headers["x-ratelimit-reset"])
        assert HOUR // SECOND - 60 <= after <= (HOUR + MINUTE) // SECOND
        assert abs(reset * SECOND - (began + after * SECOND)) < 5 * SECOND
        assert int(answer.headers["ratelimit"].partition("t=")[2]) == after


async def test_me_is_free_and_answers_when_the_hour_is_spent(api: Api) -> None:
    key = await api.make_key("read_patients", limit=1)
    for _ in range(3):
        assert limits(await api.get("/me", key=key)) == (1, 1)
    await api.get("/patients", key=key)
    refused(await api.get("/patients", key=key), 429, "RATE_LIMITED")
    me = await api.get("/me", key=key)
    assert me.status_code == 200
    assert (me.json()["data"]["remaining"], limits(me)) == (0, (1, 0))
    head = await api.call("HEAD", "/me", key=key)
    assert head.status_code == 200


async def test_while_something_remains_one_more_is_possible_now(api: Api) -> None:
    answer = await api.get("/patients")
    reset = int(answer.headers["x-ratelimit-reset"])
    assert abs(reset * SECOND - await now(api)) < 5 * SECOND
    assert answer.headers["ratelimit"].endswith(";t=0")


async def test_what_was_spent_is_back_after_an_hour_and_a_minute_and_not_before(
    store: Store,
) -> None:
    database = store.open(connections=1)
    api = await open_api(database)
    key = await api.make_key(limit=1)
    began = await now(api)
    await store.set_clock(database, began - began % MINUTE + MINUTE + 30 * SECOND)
    spent_at = await now(api)
    assert (await api.get("/patients", key=key)).status_code == 200
    await store.set_clock(database, spent_at + HOUR - SECOND)
    answer = await api.get("/patients", key=key)
    refused(answer, 429, "RATE_LIMITED")
    wait = int(answer.headers["retry-after"]) * SECOND
    await store.set_clock(database, spent_at + HOUR - SECOND + wait)
    assert (await api.get("/patients", key=key)).status_code == 200
    await database.close()


async def test_the_twenty_first_failure_of_an_address_in_a_minute_is_told_to_wait(
    store: Store,
) -> None:
    database = store.open(connections=1)
    api = await open_api(database)
    at = await now(api)
    await store.set_clock(database, at - at % MINUTE + MINUTE + SECOND)
    async with client_of(api.app, STRANGER) as stranger:
        for number in range(MOST_FAILURES):
            key = [None, "pk_test_x", unknown_key(), "Basic x"][number % 4]
            headers = {} if key is None else {"Authorization": f"Bearer {key}"}
            path = ["/api/v1/patients", "/api/v1/nothing", "/api-v1/me"][number % 3]
            answer = await stranger.get(path, headers=headers)
            refused(answer, 401, "UNAUTHORIZED", authenticated=False)
        answer = await stranger.get("/api/v1/patients")
        error = refused(answer, 429, "RATE_LIMITED", authenticated=False)
        assert "address" in error["message"]
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        with_key = await stranger.get(
            "/api/v1/patients", headers={"Authorization": f"Bearer {api.key}"}
        )
        assert with_key.status_code == 200
        await store.set_clock(database, await now(api) + MINUTE)
        answer = await stranger.get("/api/v1/patients")
        refused(answer, 401, "UNAUTHORIZED", authenticated=False)
    async with client_of(api.app, "203.0.113.8") as neighbour:
        answer = await neighbour.get("/api/v1/patients")
        refused(answer, 401, "UNAUTHORIZED", authenticated=False)
    await database.close()


async def test_a_key_that_was_good_once_counts_as_a_failure_of_its_address(api: Api) -> None:
    record, key = await api.new_key()
    await api.database.write(
        lambda tx: revoke.revoke(tx, api.operator(), record.id, api.parts.clock())
    )
    async with client_of(api.app, STRANGER) as stranger:
        headers = {"Authorization": f"Bearer {key}"}
        answers = [
            await stranger.get("/api/v1/patients", headers=headers)
            for _ in range(2 * MOST_FAILURES + 2)
        ]
    assert {answer.status_code for answer in answers} == {401, 429}
    assert answers[0].status_code == 401


async def test_two_keys_in_one_request_are_none(api: Api) -> None:
    other = await api.make_key()
    headers = [("Authorization", f"Bearer {api.key}"), ("Authorization", f"Bearer {other}")]
    answer = await api.client.get("/api/v1/me", headers=headers)
    refused(answer, 401, "UNAUTHORIZED", authenticated=False)


@pytest.mark.parametrize("header", ["Bearer {}", "bearer {}", "BEARER   {}", "  Bearer {}  "])
async def test_the_scheme_of_a_key_is_written_as_one_likes(api: Api, header: str) -> None:
    headers = {"Authorization": header.format(api.key)}
    assert (await api.get("/me", headers=headers, key=None)).status_code == 200
