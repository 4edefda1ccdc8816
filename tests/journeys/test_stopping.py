"""Processes that are told to end, by SIGTERM or by Ctrl-C, while they have plenty to do."""

import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import httpx
import pytest

from tests.databases import Store
from tests.journeys.ledger import settle
from tests.journeys.practice import Practice, prepare
from tests.journeys.scene import Scene, data, pages, wait_until
from tests.journeys.traffic import Traffic
from tests.processes import Running
from tests.receiver import Answer, Gate, Receiver, hang

WRITERS = 4
EVENTS = ("patient.created", "patient.updated")
ENDS_WITHIN = 15  # seconds, of the contract
AT_ONCE = 8.0  # seconds: sooner than those are given up who never finish a request


@pytest.fixture
def practice(store: Store, receiver: Receiver) -> Practice:
    return prepare(store, receiver, patients=WRITERS + 1, events=EVENTS)


def port_of(running: Running) -> int:
    return int(running.url.rpartition(":")[2])


def end(running: Running, by: signal.Signals = signal.SIGTERM) -> float:
    """Tell it, wait for a clean end, and return the seconds that took."""
    began = time.monotonic()
    running.process.send_signal(by)
    assert running.process.wait(ENDS_WITHIN) == 0
    assert "Traceback" not in running.errors
    with socket.create_server(("127.0.0.1", port_of(running))):
        return time.monotonic() - began  # the port is free again


def takes_connections(running: Running) -> bool:
    """Whether something listens on its port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port_of(running))) == 0


def remaining(client: httpx.Client) -> int:
    """What is left of the key's limit: one less for each request that was admitted."""
    return int(client.get("/me").headers["x-ratelimit-remaining"])


class HalfSent:
    """A request that is under way: its head and half of its body are sent."""

    def __init__(self, running: Running, key: str, patient: str, body: bytes) -> None:
        self._socket = socket.create_connection(
            ("127.0.0.1", port_of(running)), timeout=ENDS_WITHIN
        )
        head = (
            f"PATCH /api/v1/patients/{patient} HTTP/1.1\r\nHost: jump\r\n"
            f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._rest = body[4:]
        self._socket.sendall(head.encode() + body[:4])

    def finish(self) -> bytes:
        """Send the rest and return the status line of the answer."""
        self._socket.sendall(self._rest)
        return self._socket.recv(65536).split(b"\r\n")[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self._socket.close()


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_under_load_it_finishes_and_records_what_was_under_way(
    scene: Scene, practice: Practice, by: signal.Signals
) -> None:
    # Deliveries are in the air, writers write, and one request is only half there.
    gate = Gate()
    scene.receiver.answer_with(*[Answer(gate=gate)] * WRITERS, Answer())
    running = scene.jump.start("serve")
    *others, last = practice.patients
    with Traffic(practice.key, others) as traffic, ThreadPoolExecutor(1) as pool:
        traffic.aim(running)
        scene.receiver.wait_for(WRITERS)
        half = HalfSent(running, practice.key, last, b'{"phone": "020 7946 0000"}')
        ending = pool.submit(end, running, by)
        wait_until(lambda: not takes_connections(running), AT_ONCE, "it takes nothing new")
        with half:
            assert half.finish().startswith(b"HTTP/1.1 200")
        gate.open()
        assert ending.result() < ENDS_WITHIN
    statuses = {change.status for change in traffic.changes}
    assert statuses <= {200, 201, None}, "nobody got an error"

    # The next one finds everything in order: no attempt was interrupted or made twice.
    again = scene.jump.start("serve")
    client = scene.client(again, practice.key)
    settle(scene, client, practice.webhooks[0], traffic)
    log = pages(client, f"/webhooks/{practice.webhooks[0]}/deliveries")
    assert {delivery["attempt_count"] for delivery in log} == {1}
    assert len(scene.receiver.requests) == len(log)


@pytest.mark.parametrize("command", ["serve", "api", "work"])
def test_what_has_nothing_to_do_ends_at_once(sqlite_scene: Scene, command: str) -> None:
    running = sqlite_scene.jump.start(command)
    assert end(running) < AT_ONCE


def test_who_waits_for_events_is_answered_at_once(sqlite_scene: Scene) -> None:
    running = sqlite_scene.jump.start("api")
    client = sqlite_scene.client(running, sqlite_scene.new_key()["key"])
    left = remaining(client)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.get, "/events?wait=30")
        wait_until(lambda: remaining(client) < left, AT_ONCE, "the request is under way")
        assert end(running) < AT_ONCE
        assert data(waiting.result(timeout=1)) == []


def test_whatever_hangs_it_ends_in_time_and_records_what_it_waited_for(
    scene: Scene, store: Store, receiver: Receiver
) -> None:
    practice = prepare(store, receiver, patients=1)
    # A receiver never answers, and two clients never finish their requests.
    scene.receiver.answer_with(hang())
    running = scene.jump.start("serve")
    client = scene.client(running, practice.key)
    data(client.patch(f"/patients/{practice.patients[0]}", json={"city": "Ely"}))
    scene.receiver.wait_for(1)
    half = HalfSent(running, practice.key, practice.patients[0], b'{"phone": "020 7946 0000"}')
    with half, socket.create_connection(("127.0.0.1", port_of(running))) as half_a_head:
        half_a_head.sendall(b"GET /api/v1/patients HTTP/1.1\r\nHost: jump\r\n")
        assert end(running) < ENDS_WITHIN

    again = scene.client(scene.jump.start("api"), practice.key)
    (delivery,) = data(again.get(f"/webhooks/{practice.webhooks[0]}/deliveries"))
    assert (delivery["state"], delivery["attempt_count"]) == ("pending", 1)
    assert "10 seconds" in delivery["last_error"]
