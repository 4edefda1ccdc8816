"""The whole program under another ASGI server, as one application."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.databases import Store
from tests.journeys.practice import Practice, prepare
from tests.journeys.scene import Scene, data, wait_until
from tests.ports import free_port
from tests.postgres_keeper import dies_with_us
from tests.processes import Running, wait_until_ready
from tests.receiver import Answer, Gate, Receiver

UVICORN = [sys.executable, "-m", "uvicorn", "jump.application.hosted:create_app", "--factory"]
ENDS_WITHIN = 15


@pytest.fixture
def practice(store: Store, receiver: Receiver) -> Practice:
    return prepare(store, receiver, patients=1)


@contextmanager
def uvicorn(scene: Scene, folder: Path, **settings: str) -> Iterator[Running]:
    """Uvicorn with the settings of the scene, not yet waited for."""
    port = free_port()
    output, errors = folder / "uvicorn.out", folder / "uvicorn.err"
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(
            [*dies_with_us("KILL"), *UVICORN, "--port", str(port), "--log-level", "warning"],
            stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            cwd=folder, env=scene.jump.environment(**settings),
            start_new_session=True,
        )  # fmt: skip
    running = Running(process, f"http://127.0.0.1:{port}", output, errors)
    try:
        yield running
    finally:
        running.kill()


def test_uvicorn_serves_the_story_and_ends_cleanly(
    scene: Scene, practice: Practice, tmp_path: Path
) -> None:
    gate = Gate()
    scene.receiver.answer_with(Answer(), Answer(gate=gate))
    with uvicorn(scene, tmp_path) as running:
        wait_until_ready(running, int(running.url.rpartition(":")[2]))
        client = scene.client(running, practice.key)
        patient = f"/patients/{practice.patients[0]}"
        for city in ("Ely", "York"):
            data(client.patch(patient, json={"city": city}))
        arrived = scene.receiver.wait_for(2)
        assert [each.json()["data"]["object"]["city"] for each in arrived] == ["Ely", "York"]
        assert client.get("/patients", headers={"Authorization": "Bearer no"}).status_code == 401

        # The second is in the air when it is told to end: it is waited for.
        running.process.send_signal(signal.SIGTERM)
        gate.open()
        assert running.process.wait(ENDS_WITHIN) in (0, -signal.SIGTERM)
        assert running.output == ""
        assert "Traceback" not in running.errors

    again = scene.client(scene.jump.start("api"), practice.key)
    log = data(again.get(f"/webhooks/{practice.webhooks[0]}/deliveries"))
    told = [(delivery["state"], delivery["attempt_count"]) for delivery in log]
    assert told == [("succeeded", 1)] * 2


def test_uvicorn_does_not_start_without_the_database(sqlite_scene: Scene, tmp_path: Path) -> None:
    url = f"postgresql://jump@127.0.0.1:{free_port()}/jump"
    with uvicorn(sqlite_scene, tmp_path, JUMP_DATABASE_URL=url) as running:
        wait_until(lambda: running.process.poll() is not None, ENDS_WITHIN, "it has ended")
        assert running.process.returncode not in (0, None)
        assert "The database does not answer." in running.errors
        assert "Traceback" not in running.errors
