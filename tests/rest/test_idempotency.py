"""Idempotency-Key: a repeated request gets the first answer, and the work is done once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from jump.kit.clock import DAY, HOUR, system_clock
from jump.kit.instants import format_second
from jump.storage.database import Database
from jump.storage.sql import sql
from tests.databases import Store
from tests.rest.api import Api, open_api, refused

PATIENT = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
WEBHOOK = {"url": "https://hooks.example.com/jump", "events": ["patient.created"]}
ONCE = {"Idempotency-Key": "once"}


class Clock:
    """The real time, moved."""

    def __init__(self) -> None:
        self.later = 0

    def __call__(self) -> int:
        return system_clock() + self.later


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def api(database: Database, clock: Clock) -> Api:
    return await open_api(database, clock)


@pytest.fixture
async def two(store: Store) -> AsyncIterator[tuple[Api, Api]]:
    """One API in two processes, so to speak: two ways into the same data, and one key."""
    databases = [store.open(), store.open()]
    first, second = [await open_api(each) for each in databases]
    second.key = first.key
    yield first, second
    for each in databases:
        await each.close()


async def patients(api: Api) -> int:
    return len((await api.get("/patients", params={"limit": "100"})).json()["data"])


def replayed(answer: Any) -> bool:
    return answer.headers.get("idempotent-replayed") == "true"


async def test_of_many_at_once_on_two_processes_one_does_the_work(two: tuple[Api, Api]) -> None:
    calls = [api.post("/patients", PATIENT, headers=ONCE) for _ in range(8) for api in two]
    answers = await asyncio.gather(*calls)
    did = [answer for answer in answers if answer.status_code == 201 and not replayed(answer)]
    assert len(did) == 1
    for answer in answers:
        if answer.status_code == 201:
            assert answer.content == did[0].content
        else:
            error = refused(answer, 409, "CONFLICT")
            assert "in flight" in error["message"]
    again = await two[1].post("/patients", PATIENT, headers=ONCE)
    assert replayed(again)
    assert again.content == did[0].content
    assert await patients(two[0]) == 1


async def test_while_one_is_in_flight_another_process_is_told_so_and_not_made_to_wait(
    two: tuple[Api, Api],
) -> None:
    """On SQLite, where writers take turns, the second waits and gets the first one's answer."""
    first, second = two
    path = f"/patients/{(await first.post('/patients', PATIENT)).json()['data']['id']}"
    changes = [{"city": "Ely"}, {"city": "Rye"}]
    answers = await asyncio.gather(
        *(api.patch(path, body, headers=ONCE) for api in (first, second) for body in changes)
    )
    done = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} == {200, 409}
    assert len([answer for answer in done if not replayed(answer)]) == 1
    assert len({answer.content for answer in done}) == 1
    assert (await first.get(path)).json()["data"]["version"] == 2


async def test_a_replay_is_the_first_answer_with_its_headers_and_a_request_of_its_own(
    api: Api,
) -> None:
    first = await api.post("/patients", PATIENT, headers=ONCE)
    again = await api.post("/patients", PATIENT, headers=ONCE)
    assert (again.status_code, again.content) == (201, first.content)
    assert not replayed(first)
    assert replayed(again)
    for name in ("etag", "location", "content-type", "cache-control"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    spent = [int(each.headers["x-ratelimit-remaining"]) for each in (first, again)]
    assert spent[0] - spent[1] == 1
    await api.settle()
    path = f"/patients/{first.json()['data']['id']}/access-log"
    seen = (await api.get(path)).json()["data"]
    assert [(row["method"], row["status"]) for row in seen] == [("POST", 201), ("POST", 201)]
    assert seen[0]["request_id"] == again.headers["x-request-id"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"first_name":"Eve","last_name":"Lovelace","date_of_birth":"1980-02-29"}',
        b'{"first_name": "Ada","last_name":"Lovelace","date_of_birth":"1980-02-29"}',
        b'{"last_name":"Lovelace","first_name":"Ada","date_of_birth":"1980-02-29"}',
    ],
)
async def test_another_body_is_refused_also_when_it_means_the_same(api: Api, body: bytes) -> None:
    await api.post("/patients", PATIENT, headers=ONCE)
    headers = {**ONCE, "Content-Type": "application/json"}
    error = refused(
        await api.call("POST", "/patients", content=body, headers=headers), 409, "CONFLICT"
    )
    assert "another body" in error["message"]
    assert await patients(api) == 1


@pytest.mark.parametrize("body", [b"{}", b"{", b"[]", b'{"first_name": 1, "unknown": true}'])
async def test_another_body_is_told_so_before_what_else_is_wrong_with_it(
    api: Api, body: bytes
) -> None:
    headers = {**ONCE, "Content-Type": "application/json"}
    content: dict[str, Any] = {"content": body, "headers": headers}
    unused = await api.call("POST", "/patients", **content)
    assert unused.status_code in (400, 422)
    made = await api.post("/patients", PATIENT, headers=ONCE)
    assert not replayed(made)
    error = refused(await api.call("POST", "/patients", **content), 409, "CONFLICT")
    assert "another body" in error["message"]
    assert error["details"] == []
    path = f"/patients/{made.json()['data']['id']}"
    await api.patch(path, {"city": "Ely"}, headers=ONCE)
    refused(await api.patch(path, {"city": 1}, headers=ONCE), 409, "CONFLICT")
    reader = await api.make_key("read_patients")
    answer = await api.call("POST", "/patients", **content, key=reader)
    refused(answer, 403, "INSUFFICIENT_SCOPE")


async def test_the_same_header_is_another_for_another_key_path_or_mode(api: Api) -> None:
    other = await api.make_key()
    live = await api.make_key(mode="live")
    first = await api.post("/patients", PATIENT, headers=ONCE)
    second = await api.post("/patients", PATIENT, headers=ONCE, key=other)
    in_live = await api.post("/patients", PATIENT, headers=ONCE, key=live)
    assert len({answer.json()["data"]["id"] for answer in (first, second, in_live)}) == 3
    for made in (first, second):
        archived = await api.post(f"/patients/{made.json()['data']['id']}/archive", headers=ONCE)
        assert archived.json()["data"]["id"] == made.json()["data"]["id"]
        assert not replayed(archived)
    one = f"/patients/{first.json()['data']['id']}"
    assert not replayed(await api.patch(one, {"city": "Ely"}, headers=ONCE))
    for base in ("/api-v1", "/functions/v1/api-v1"):
        assert replayed(await api.post("/patients", PATIENT, headers=ONCE, base=base))
    for value in ("Once", "once2"):
        headers = {"Idempotency-Key": value}
        assert not replayed(await api.post("/patients", PATIENT, headers=headers))


async def test_an_answer_is_kept_for_a_day_and_then_the_work_is_done_anew(
    api: Api, clock: Clock
) -> None:
    first = await api.post("/patients", PATIENT, headers=ONCE)
    clock.later = DAY - HOUR
    assert (await api.post("/patients", PATIENT, headers=ONCE)).content == first.content
    refused(await api.post("/patients", {**PATIENT, "city": "X"}, headers=ONCE), 409, "CONFLICT")
    clock.later = DAY + HOUR
    second = await api.post("/patients", {**PATIENT, "city": "X"}, headers=ONCE)
    assert second.status_code == 201
    assert not replayed(second)
    assert (await api.post("/patients", {**PATIENT, "city": "X"}, headers=ONCE)).content == (
        second.content
    )
    assert await patients(api) == 2


async def test_only_a_success_is_kept(api: Api) -> None:
    made = await api.post("/patients", {**PATIENT, "nhs_number": "9990000018"})
    path = f"/patients/{made.json()['data']['id']}"
    stale = await api.patch(path, {"city": "Ely"}, headers={**ONCE, "If-Match": '"9"'})
    refused(stale, 412, "PRECONDITION_FAILED")
    done = await api.patch(path, {"city": "Ely"}, headers={**ONCE, "If-Match": '"1"'})
    assert (done.status_code, replayed(done)) == (200, False)
    for body, status, code in (
        ({}, 422, "VALIDATION_FAILED"),
        ({**PATIENT, "nhs_number": "9990000018"}, 409, "CONFLICT"),
    ):
        for _ in range(2):
            answer = await api.post("/patients", body, headers={"Idempotency-Key": code})
            refused(answer, status, code)
        mended = await api.post("/patients", PATIENT, headers={"Idempotency-Key": code})
        assert (mended.status_code, replayed(mended)) == (201, False)


async def test_a_repeat_comes_before_if_match_and_after_scope(api: Api) -> None:
    made = await api.post("/patients", PATIENT)
    path = f"/patients/{made.json()['data']['id']}"
    headers = {**ONCE, "If-Match": '"1"'}
    first = await api.patch(path, {"city": "Ely"}, headers=headers)
    again = await api.patch(path, {"city": "Ely"}, headers=headers)
    assert replayed(again)
    assert again.content == first.content
    reader = await api.make_key("read_patients")
    answer = await api.patch(path, {"city": "Ely"}, headers=headers, key=reader)
    refused(answer, 403, "INSUFFICIENT_SCOPE")


async def test_a_secret_is_shown_once_and_never_kept(api: Api) -> None:
    made = await api.post("/webhooks", WEBHOOK, headers=ONCE)
    path = f"/webhooks/{made.json()['data']['id']}"
    rotated = await api.post(f"{path}/rotate-secret", headers=ONCE)
    secrets = [answer.json()["data"]["secret"] for answer in (made, rotated)]
    assert len(set(secrets)) == 2
    again = [
        await api.post("/webhooks", WEBHOOK, headers=ONCE),
        await api.post(f"{path}/rotate-secret", headers=ONCE),
    ]
    for first, second in zip((made, rotated), again, strict=True):
        assert replayed(second)
        assert second.status_code == first.status_code
        shown = {**first.json()["data"]}
        del shown["secret"]
        assert second.json()["data"] == shown
    rows = await api.database.read(lambda tx: tx.all(sql("SELECT * FROM replays")))
    assert len(rows) == 2
    kept = b"".join(
        value if isinstance(value, bytes) else str(value).encode()
        for row in rows
        for value in dict(row).values()
    )
    assert b"whsec_" not in kept
    for secret in (*secrets, api.key):
        assert secret.removeprefix("whsec_").encode() not in kept


async def test_reads_by_post_and_what_is_no_post_or_patch_ignore_the_header(api: Api) -> None:
    await api.post("/patients", PATIENT)
    for search, found in (("ada", 1), ("nobody", 0), ("ada", 1)):
        answer = await api.post("/patients/search", {"search": search}, headers=ONCE)
        assert len(answer.json()["data"]) == found
        assert "idempotent-replayed" not in answer.headers
    webhook = await api.post("/webhooks", WEBHOOK)
    path = f"/webhooks/{webhook.json()['data']['id']}"
    since = format_second(system_clock() - HOUR)
    for states in (["failed"], ["succeeded"]):
        body = {"since": since, "dry_run": True, "states": states}
        answer = await api.post(f"{path}/replay", body, headers=ONCE)
        assert (answer.status_code, replayed(answer)) == (200, False)
    assert (await api.get("/patients", headers=ONCE)).status_code == 200
    assert (await api.call("DELETE", path, headers=ONCE)).status_code == 200
    refused(await api.call("DELETE", path, headers=ONCE), 404, "NOT_FOUND")


@pytest.mark.parametrize("value", ["", " ", "a b", "x" * 256, "\N{SNOWMAN}", "a\tb", "\x7f"])
async def test_a_header_that_is_no_key_is_refused(api: Api, value: str) -> None:
    headers = {"Idempotency-Key": value.encode()}
    refused(await api.post("/patients", PATIENT, headers=headers), 400, "INVALID_REQUEST")
    assert await patients(api) == 0
    longest = {"Idempotency-Key": "~" * 255}
    assert (await api.post("/patients", PATIENT, headers=longest)).status_code == 201


async def test_two_headers_with_different_keys_are_refused(api: Api) -> None:
    headers = [
        ("Idempotency-Key", "one"),
        ("Idempotency-Key", "two"),
        ("Authorization", f"Bearer {api.key}"),
    ]
    answer = await api.client.post("/api/v1/patients", json=PATIENT, headers=headers)
    refused(answer, 400, "INVALID_REQUEST")
