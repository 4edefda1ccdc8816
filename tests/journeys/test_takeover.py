"""Processes that die or stop answering while writers run, and others that take over from them."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from jump.kit.crash_points import CRASH_POINTS, IN_UPLOAD
from tests.databases import Store
from tests.journeys.ledger import settle, wait_for_arrivals, wait_for_rest
from tests.journeys.practice import Practice, prepare
from tests.journeys.scene import Scene, data, pages, wait_until
from tests.journeys.traffic import Traffic
from tests.patience import PATIENCE
from tests.processes import Running
from tests.receiver import Answer, Gate, Receiver

WRITERS = 4
EVENTS = ("patient.created", "patient.updated")
# The contract's. An owner that died on this machine is known to be dead much sooner than its lease
# lapses, which is what this would take without: more than a test's patience.
LEASE_TAKEN_OVER_WITHIN = 30
KILLS = 2

IN_REQUEST = sorted(point for point in CRASH_POINTS if point.startswith("request_"))
IN_ENGINE = sorted(CRASH_POINTS - set(IN_REQUEST) - IN_UPLOAD)


@pytest.fixture
def practice(store: Store, receiver: Receiver) -> Practice:
    return prepare(store, receiver, patients=WRITERS, events=EVENTS)


@pytest.mark.parametrize("point", IN_REQUEST)
def test_when_an_api_process_dies_the_other_one_has_lost_nothing(
    scene: Scene, practice: Practice, point: str
) -> None:
    doomed = scene.jump.start("api", CRASH_AT=f"{point}:7")
    other = scene.jump.start("api")
    scene.jump.start("work")
    with Traffic(practice.key, practice.patients) as traffic:
        traffic.aim(doomed, other)
        wait_until(lambda: doomed.process.poll() is not None, PATIENCE, f"it died {point}")
        traffic.wait_for(answered=2 * WRITERS)
    settle(scene, scene.client(other, practice.key), practice.webhooks[0], traffic)


@pytest.mark.parametrize("point", IN_ENGINE)
def test_when_a_worker_dies_another_one_takes_over_and_has_lost_nothing(
    scene: Scene, practice: Practice, point: str
) -> None:
    api = scene.jump.start("api")
    doomed = scene.jump.start("work", CRASH_AT=f"{point}:9")
    with Traffic(practice.key, practice.patients) as traffic:
        traffic.aim(api)
        traffic.wait_for(answered=1)  # so that the lane is held by whoever dies
        scene.jump.start("work")
        wait_until(lambda: doomed.process.poll() is not None, PATIENCE, f"it died {point}")
        wait_for_arrivals(scene, traffic.answered, PATIENCE)
        traffic.wait_for(answered=2 * WRITERS)
    settle(scene, scene.client(api, practice.key), practice.webhooks[0], traffic)


def test_workers_that_are_killed_at_any_moment_lose_nothing(
    scene: Scene, practice: Practice
) -> None:
    chance = random.Random(3)
    api = scene.jump.start("api")
    workers = [scene.jump.start("work") for _ in range(2)]
    with Traffic(practice.key, practice.patients) as traffic:
        traffic.aim(api)
        for _ in range(KILLS):
            traffic.wait_for(answered=chance.randint(1, 30))
            time.sleep(chance.uniform(0, 0.02))
            workers.pop(chance.randrange(2)).kill()
            wait_for_arrivals(scene, traffic.answered, PATIENCE)
            workers.append(scene.jump.start("work"))
    settle(scene, scene.client(api, practice.key), practice.webhooks[0], traffic)


@contextmanager
def stopped(running: Running, store: Store) -> Iterator[None]:
    """As when its machine hangs: nothing of it runs until the end, but its connections stand.

    It hangs between two transactions: what it has locked stays locked as long as it does.
    """

    def is_stopped_at_rest() -> bool:
        os.kill(running.process.pid, signal.SIGSTOP)
        if store.is_at_rest():
            return True
        os.kill(running.process.pid, signal.SIGCONT)
        return False

    wait_until(is_stopped_at_rest, PATIENCE, "it was stopped between two transactions")
    try:
        yield
    finally:
        os.kill(running.process.pid, signal.SIGCONT)


def test_when_a_worker_hangs_its_lease_lapses_and_what_it_did_late_counts_for_nothing(
    scene: Scene, store: Store, receiver: Receiver
) -> None:
    practice = prepare(store, receiver, patients=1)
    gate = Gate()
    scene.receiver.answer_with(Answer(gate=gate), Answer())
    api, hung = scene.jump.start("api"), scene.jump.start("work")
    client = scene.client(api, practice.key)
    patient, webhook = practice.patients[0], practice.webhooks[0]
    data(client.patch(f"/patients/{patient}", json={"city": "Town 1"}))
    scene.receiver.wait_for(1)
    with stopped(hung, store):
        # Its request is in the air, and never comes back to it while another takes over.
        taker = scene.jump.start("work")
        data(client.patch(f"/patients/{patient}", json={"city": "Town 2"}))
        scene.receiver.wait_for(3, timeout=LEASE_TAKEN_OVER_WITHIN)
        wait_for_rest(client, webhook, within=PATIENCE)
        gate.open()

    # It wakes up, hears the late answer, and works on beside the other without harm.
    data(client.patch(f"/patients/{patient}", json={"city": "Town 3"}))
    scene.receiver.wait_for(4)
    wait_for_rest(client, webhook, within=PATIENCE)
    for worker in (hung, taker):
        assert worker.terminate().status == 0
    log = pages(client, f"/webhooks/{webhook}/deliveries")[::-1]
    assert [delivery["attempt_count"] for delivery in log] == [2, 1, 1]
    shown = data(client.get(f"/webhooks/{webhook}/deliveries/{log[0]['id']}"))
    interrupted, succeeded = shown["attempts"]
    assert interrupted["status"] is None
    assert "ended before the answer came" in interrupted["error"]
    assert (succeeded["number"], succeeded["status"]) == (2, 200)
    ids = [each.header("X-Webhook-Id") for each in scene.receiver.requests]
    assert len(ids) == 4
    assert len(set(ids)) == 3


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_a_worker_that_hangs_in_a_transaction_keeps_nobody_from_delivering_for_long(
    scene: Scene, practice: Practice
) -> None:
    api, worker = scene.jump.start("api"), scene.jump.start("work")
    hung = scene.jump.start("work", CRASH_AT="after_numbering:1:stop")
    with Traffic(practice.key, practice.patients) as traffic:
        traffic.aim(api)
        # It has locked the one row that all events get their places from.
        wait_until(lambda: is_stopped(hung), PATIENCE, "it hangs")
        traffic.wait_for(answered=2 * WRITERS)
        wait_for_arrivals(scene, traffic.answered, LEASE_TAKEN_OVER_WITHIN)
    os.kill(hung.process.pid, signal.SIGCONT)
    settle(scene, scene.client(api, practice.key), practice.webhooks[0], traffic)
    for each in (hung, worker):
        assert each.terminate().status == 0


def is_stopped(running: Running) -> bool:
    """Whether SIGSTOP has reached it."""
    return psutil.Process(running.process.pid).status() == psutil.STATUS_STOPPED
