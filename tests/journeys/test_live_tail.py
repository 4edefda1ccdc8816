"""The live view of the log, from real servers: it ends with them, and goes on with the next."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.console.house import BASE
from tests.console.visiting import form_of
from tests.journeys.scene import Scene
from tests.journeys.test_other_server import uvicorn
from tests.processes import Running, wait_until_ready

ENDS_WITHIN = 15
AT_ONCE = 8.0
EMAIL, PASSWORD = "vera@example.org", "purple bicycles sing loudly"


def signed_in(scene: Scene, running: Running) -> httpx.Client:
    """A browser of a viewer."""
    scene.jump.run(
        "users", "create", "--email", EMAIL, "--role", "viewer", "--password-stdin", given=PASSWORD
    )  # fmt: skip
    client = httpx.Client(base_url=running.url, timeout=ENDS_WITHIN, trust_env=False)
    scene.clients.append(client)
    form = form_of(client.get(f"{BASE}/sign-in"), "sign_in")
    typed = {**dict(form.fields), "email": EMAIL, "password": PASSWORD}
    assert client.post(form.action, data=typed, headers={"Origin": running.url}).status_code == 303
    return client


@contextmanager
def live(client: httpx.Client, **headers: str) -> Iterator[Iterator[str]]:
    """The lines of the live view, from its first one on."""
    with client.stream("GET", f"{BASE}/logs/tail?mode=test", headers=headers) as answer:
        assert answer.status_code == 200
        lines = answer.iter_lines()
        assert next(lines).startswith("retry: ")
        yield lines


def requests(lines: Iterator[str]) -> tuple[str, list[str]]:
    """The next requests: the place behind them, and their ids."""
    place = ""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "id":
            place = value
        elif name == "data":
            return place, [row["id"] for row in msgspec.json.decode(value)["rows"]]
    raise AssertionError("it ended")


def ask(scene: Scene, running: Running, key: str) -> str:
    return scene.client(running, key).get("/me").headers["x-request-id"]


def end(running: Running) -> None:
    """As an operator does it."""
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(ENDS_WITHIN) in (0, -signal.SIGTERM)
    assert "Traceback" not in running.errors


def test_it_ends_with_its_server_and_goes_on_with_the_next(scene: Scene) -> None:
    key = scene.new_key()["key"]
    running = scene.jump.start("api")
    client = signed_in(scene, running)
    with live(client) as lines:
        first = ask(scene, running, key)
        place, ids = requests(lines)
        assert ids == [first]
        assert running.terminate().seconds < AT_ONCE
        assert "event: end" not in list(lines)
        assert "Traceback" not in running.errors
    again = scene.jump.start("api", port=int(running.url.rpartition(":")[2]))
    second = ask(scene, again, key)
    with live(client, **{"Last-Event-ID": place}) as lines:
        # What was answered right before the place may be told once more.
        while second not in ids:
            assert set(ids) <= {first}
            _, ids = requests(lines)
        assert set(ids) <= {first, second}


def test_who_leaves_makes_room(sqlite_scene: Scene) -> None:
    running = sqlite_scene.jump.start("api")
    client = signed_in(sqlite_scene, running)
    for _ in range(10):
        with live(client):
            pass


@pytest.mark.parametrize("views", [1, 3])
def test_another_server_ends_with_views_open(
    sqlite_scene: Scene, tmp_path: Path, views: int
) -> None:
    with uvicorn(sqlite_scene, tmp_path) as running:
        wait_until_ready(running, int(running.url.rpartition(":")[2]))
        client = signed_in(sqlite_scene, running)
        key = sqlite_scene.new_key()["key"]
        with live(client) as one, live(client) as two, live(client) as three:
            request = ask(sqlite_scene, running, key)
            for lines in (one, two, three)[:views]:
                assert requests(lines)[1] == [request]
            end(running)
