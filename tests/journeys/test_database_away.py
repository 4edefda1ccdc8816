"""A database that goes away under running processes, and comes back: 503 in between, nothing half
written, and everything goes on by itself.
"""

import asyncio
import resource
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import httpx
import pytest

from tests.databases import SqliteStore
from tests.journeys.ledger import wait_for_rest
from tests.journeys.own_postgres import OwnPostgres, own_postgres
from tests.journeys.practice import PATIENT, Practice, prepare
from tests.journeys.scene import Scene, data, pages, settings_for, wait_until
from tests.patience import PATIENCE
from tests.processes import Jump, Running
from tests.receiver import Answer, Gate, Receiver
from tests.rest.api import open_api


@pytest.fixture
def postgres() -> Iterator[OwnPostgres]:
    with own_postgres() as own:
        yield own


def readiness(running: Running) -> int:
    """The status of `/readyz`."""
    return httpx.get(f"{running.url}/readyz", trust_env=False).status_code


def assert_unavailable(answer: httpx.Response) -> None:
    """503 in the one shape of errors, with nothing but a request id to tell."""
    assert answer.status_code == 503, answer.text
    body = answer.json()
    assert body["data"] is None
    assert body["error"]["code"] == "UNAVAILABLE"
    assert body["meta"]["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text


def change(client: httpx.Client, practice: Practice, city: str) -> httpx.Response:
    """PATCH the first patient's city."""
    return client.patch(f"/patients/{practice.patients[0]}", json={"city": city})


def record(client: httpx.Client, practice: Practice) -> dict[str, object]:
    """The first patient."""
    shown: dict[str, object] = data(client.get(f"/patients/{practice.patients[0]}"))
    return shown


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_when_postgresql_goes_away_and_comes_back_so_does_the_service(
    postgres: OwnPostgres, receiver: Receiver, jump_on: Callable[..., Jump], how: signal.Signals
) -> None:
    jump = jump_on(JUMP_DATABASE_URL=postgres.url(), **settings_for(receiver))
    assert jump.run("migrate").status == 0
    practice = prepare(postgres, receiver, patients=1)
    scene = Scene(jump, receiver)
    processes = [jump.start("api"), jump.start("work")]
    client = scene.client(processes[0], practice.key)

    # It goes while a delivery is in the air, whose answer comes before it is back.
    gate = Gate()
    receiver.answer_with(Answer(gate=gate), Answer())
    data(change(client, practice, "Ely"))
    receiver.wait_for(1)
    postgres.stop(how)
    gate.open()
    for refused in (change(client, practice, "York"), client.get("/patients"), client.get("/me")):
        assert_unavailable(refused)
    assert [readiness(process) for process in processes] == [503, 503]

    # It comes back, and everything goes on by itself.
    postgres.start()
    wait_until(
        lambda: [readiness(process) for process in processes] == [200, 200],
        PATIENCE,
        "both are ready again",
    )
    assert record(client, practice)["city"] == "Ely"
    data(change(client, practice, "Hull"))
    arrived = receiver.wait_for(2)
    assert [each.json()["data"]["object"]["city"] for each in arrived] == ["Ely", "Hull"]
    wait_for_rest(client, practice.webhooks[0], PATIENCE)
    log = pages(client, f"/webhooks/{practice.webhooks[0]}/deliveries")
    assert [delivery["attempt_count"] for delivery in log] == [1, 1], "the late answer was kept"
    scene.close()
    for process in processes:
        assert "Traceback" not in process.errors
        assert process.terminate().status == 0


@pytest.fixture
def sqlite_store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path)


@pytest.fixture
def sqlite_practice(sqlite_store: SqliteStore, receiver: Receiver) -> Practice:
    return prepare(sqlite_store, receiver, patients=1)


@pytest.fixture
def practice_scene(
    sqlite_store: SqliteStore, receiver: Receiver, jump_on: Callable[..., Jump]
) -> Iterator[Scene]:
    made = Scene(jump_on(JUMP_DATABASE_URL=sqlite_store.url, **settings_for(receiver)), receiver)
    yield made
    made.close()


def test_a_file_that_another_process_keeps_locked_is_unavailable_for_changes_only(
    practice_scene: Scene, sqlite_practice: Practice, sqlite_store: SqliteStore
) -> None:
    scene, practice = practice_scene, sqlite_practice
    running = scene.jump.start("serve")
    client = scene.client(running, practice.key)
    other = apsw.Connection(str(sqlite_store.path))
    other.set_busy_timeout(5_000)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(change, client, practice, "York")
        assert record(client, practice)["city"] is None, "reads go on"
        assert_unavailable(waiting.result())
    other.execute("ROLLBACK")
    other.close()
    assert record(client, practice)["version"] == 1
    data(change(client, practice, "Hull"))
    (arrived,) = scene.receiver.wait_for(1)
    assert arrived.json()["data"]["previous"] == {"city": None, "town_city": None}
    assert running.terminate().status == 0


def test_a_disk_that_is_full_is_unavailable_until_there_is_room(
    practice_scene: Scene, sqlite_practice: Practice, sqlite_store: SqliteStore
) -> None:
    scene, practice = practice_scene, sqlite_practice
    running = scene.jump.start("serve")
    client = scene.client(running, practice.key)
    data(change(client, practice, "Ely"))
    scene.receiver.wait_for(1)
    wait_for_rest(client, practice.webhooks[0], within=PATIENCE)

    # No file of the process may grow any more.
    limits = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (1, limits[1]))
    for _ in range(3):
        assert_unavailable(change(client, practice, "York"))
    assert_unavailable(client.get("/patients"))  # it cannot be counted
    assert [readiness(running) for _ in range(3)] == [503] * 3
    assert len(scene.receiver.requests) == 1

    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, limits)
    wait_until(lambda: readiness(running) == 200, PATIENCE, "it is ready again")
    assert record(client, practice)["city"] == "Ely"
    data(change(client, practice, "Hull"))
    arrived = scene.receiver.wait_for(2)[-1]
    assert arrived.json()["data"]["previous"] == {"city": "Ely", "town_city": "Ely"}
    assert len(pages(client, "/events")) == 3
    assert running.terminate().status == 0
    assert "Traceback" not in running.errors


@pytest.mark.parametrize("room", [0, 3, 6])
async def test_changes_that_share_a_commit_of_a_file_that_is_full_are_refused_whole(
    sqlite_store: SqliteStore, room: int
) -> None:
    database = sqlite_store.open()
    api = await open_api(database)
    pages_now = database._writer.pragma("page_count")
    database._writer.pragma("max_page_count", pages_now + room)
    long = {**PATIENT, "patient_notes": "x" * 9000}
    answers = await asyncio.gather(
        *(api.post("/patients", long if number % 3 else PATIENT) for number in range(12))
    )
    database._writer.pragma("max_page_count", 1_000_000)
    made = [answer.json()["data"]["id"] for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 503}
    assert len(made) < len(answers)
    kept = (await api.get("/patients?limit=100")).json()["data"]
    assert {patient["id"] for patient in kept} == set(made)
    await database.close()
