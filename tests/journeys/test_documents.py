"""Documents in real processes: memory while they pass, clients that go, processes that die."""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.databases import SqliteStore, Store
from tests.journeys.document_places import KINDS, Place, awaited, held, place_of
from tests.journeys.filing import MOST, Filing, Reading, content
from tests.journeys.scene import wait_until
from tests.patience import PATIENCE
from tests.processes import Jump, Running
from tests.rest.api import SECRET_KEY

PATIENT = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
MEBIBYTE = 1 << 20
LARGE = 12 * MEBIBYTE  # when half of it has arrived, a bucket has its first part


@dataclass
class House:
    """A practice with one patient, whose processes are started as they are needed."""

    jump: Jump
    store: Store
    key: str
    fields: Mapping[str, str]
    place: Place

    def filing(self, running: Running, size: int = MOST, **headers: str) -> Filing:
        """A form that has begun to arrive."""
        made = Filing(running.url, self.key, self.fields, size, headers)
        made.begin()
        return made

    def get(self, running: Running, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = httpx.get(f"{running.url}/api/v1{path}", headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@pytest.fixture
def house_on(
    jump_on: Callable[..., Jump], tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[..., House]:
    """Makes a house on a database, with its documents in a place: `house_on(store, "bucket")`."""

    def make(store: Store, kind: str) -> House:
        place = place_of(kind, request, tmp_path / "var" / "documents")
        jump = jump_on(JUMP_DATABASE_URL=store.url, JUMP_SECRET_KEY=SECRET_KEY, **place.settings)
        key = jump.run("keys", "create", "--name", "K", "--mode", "test", "--scopes", "all",
                       "--json").json["key"]  # fmt: skip
        serve = jump.start("api")
        headers = {"Authorization": f"Bearer {key}"}
        made = httpx.post(f"{serve.url}/api/v1/patients", json=PATIENT, headers=headers)
        serve.terminate()
        fields = {
            "patient_id": made.json()["data"]["id"],
            "document_type": "letter",
            "title": "Letter",
        }
        return House(jump, store, key, fields, place)

    return make


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as made:
        yield made


def most_memory(running: Running) -> int:
    """The most that the process has ever had in memory, in bytes."""
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    (line,) = [each for each in status.splitlines() if each.startswith("VmHWM")]
    return int(line.split()[1]) * 1_024


@pytest.mark.parametrize(("kind", "count", "bound"), [("folder", 20, 6), ("bucket", 6, 14)])
def test_twenty_documents_at_once_pass_through_a_little_memory(
    sqlite_store: SqliteStore,
    house_on: Callable[..., House],
    pool: ThreadPoolExecutor,
    kind: str,
    count: int,
    bound: int,
) -> None:
    house = house_on(sqlite_store, kind)
    api = house.jump.start("api")

    def file(at_once: int) -> list[str]:
        filings = [house.filing(api) for _ in range(at_once)]
        # All of them stand in the middle of their files at one time.
        list(pool.map(lambda each: each.send(0.5), filings))
        answers = list(pool.map(lambda each: each.answer(), filings))
        assert [status for status, _ in answers] == [201] * at_once, answers[0]
        assert {answer["data"]["sha256"] for _, answer in answers} == {filings[0].digest}
        return [answer["data"]["id"] for _, answer in answers]

    def fetch(ids: list[str]) -> None:
        links = [house.get(api, f"/documents/{each}/download")["url"] for each in ids]
        readings = [Reading(f"{api.url}{link[link.index('/downloads') :]}") for link in links]
        digests = pool.map(lambda each: each.digest(), readings)
        assert set(digests) == {sha256(content(MOST)).hexdigest()}

    fetch(file(1))
    before = most_memory(api)
    ids = file(count)
    fetch(ids)
    grown = most_memory(api) - before
    assert grown < count * bound * MEBIBYTE < count * MOST, f"{grown:,} bytes"
    assert list(house.place.whole().values()) == [MOST] * (count + 1)
    assert house.place.begun() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_that_hangs_up_in_the_middle_leaves_nothing(
    store: Store, house_on: Callable[..., House], kind: str
) -> None:
    house = house_on(store, kind)
    place, api = house.place, house.jump.start("api")
    going = [house.filing(api, LARGE) for _ in range(3)]
    for each in going:
        each.send(0.6)
    wait_until(lambda: place.begun() == 3, PATIENCE, "the files to have begun")
    assert len(awaited(store)) == 3
    for each in going:
        each.hang_up()
    wait_until(lambda: not awaited(store), PATIENCE, "the files to be forgotten")
    assert place.is_empty()
    assert house.get(api, "/documents?include_in_error=true") == []
    status, answer = house.filing(api, LARGE).answer()
    assert status == 201, answer
    assert place.whole() == dict.fromkeys(held(store), LARGE)
    assert (place.begun(), awaited(store)) == (0, [])


@pytest.mark.parametrize("size", [MEBIBYTE, LARGE], ids=["in-one-piece", "in-parts"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_killed_process_leaves_is_never_a_document_and_is_removed(
    store: Store, house_on: Callable[..., House], kind: str, size: int
) -> None:
    house = house_on(store, kind)
    place, doomed = house.place, house.jump.start("api", CRASH_AT="document_before_record")
    half = house.filing(doomed, LARGE)
    half.send(0.6)
    wait_until(lambda: place.begun() == 1, PATIENCE, "the file to have begun")
    # The process dies when this file is whole, and no document has it yet.
    whole = house.filing(doomed, size, **{"Idempotency-Key": "once"})
    with pytest.raises((OSError, IndexError)):
        whole.answer()
    whole.hang_up()
    doomed.process.wait()
    half.hang_up()
    # One file that no document has, parts of another, and a row for each of them.
    left = place.whole()
    assert (list(left.values()), place.begun()) == ([size], 1)
    assert (len(awaited(store)), held(store)) == (2, [])
    assert set(left) < set(awaited(store))

    api = house.jump.start("api")
    assert house.get(api, "/documents?include_in_error=true") == []
    status, answer = house.filing(api, size, **{"Idempotency-Key": "once"}).answer()
    assert status == 201, answer
    api.terminate()
    # An hour later.
    store.execute("UPDATE document_uploads SET started_at = started_at - 3700000000")
    store.execute("UPDATE upkeep SET due_at = 0")
    work = house.jump.start("work")
    wait_until(lambda: not awaited(store), PATIENCE, "upkeep to remove what was left")
    work.terminate()
    (name,) = held(store)
    assert name.startswith(answer["data"]["id"])
    assert place.whole() == {name: size}
    assert place.content(name) == content(size)
    assert place.begun() == place.outlives_upkeep


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_whose_answer_was_lost_is_there_once(
    store: Store, house_on: Callable[..., House], kind: str
) -> None:
    house = house_on(store, kind)
    doomed = house.jump.start("api", CRASH_AT="request_after_commit")
    lost = house.filing(doomed, MEBIBYTE, **{"Idempotency-Key": "once"})
    with pytest.raises((OSError, IndexError)):
        lost.answer()
    lost.hang_up()
    doomed.process.wait()
    api = house.jump.start("api")
    status, answer = house.filing(api, MEBIBYTE, **{"Idempotency-Key": "once"}).answer()
    assert status == 201
    assert [each["id"] for each in house.get(api, "/documents")] == [answer["data"]["id"]]
    assert house.place.whole() == dict.fromkeys(held(store), MEBIBYTE)
    assert len(held(store)) == 1


@pytest.mark.parametrize(
    ("url", "settings", "words"),
    [
        ("documents", {}, "JUMP_DOCUMENTS_URL: Write file://folder"),
        ("file:///proc/nothing", {}, "JUMP_DOCUMENTS_URL: The folder cannot be used: "),
        (f"file://{os.devnull}", {}, "JUMP_DOCUMENTS_URL: The folder cannot be used: "),
        (
            "s3://practice",
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
            "JUMP_DOCUMENTS_URL: The endpoint of the bucket is one without TLS. ",
        ),
    ],
)
def test_a_place_that_cannot_be_used_stops_the_start_in_one_line(
    jump_on: Callable[..., Jump], url: str, settings: dict[str, str], words: str
) -> None:
    jump = jump_on(JUMP_DOCUMENTS_URL=url, **settings)
    ended = jump.run("serve")
    assert ended.status == 1
    assert ended.errors.count("\n") == 1
    assert words in ended.errors
