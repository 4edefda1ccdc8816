"""Processes that are killed while writers run, and start again: nothing answered is lost.

At each named crash point, and at moments that only a seed knows.
"""

import random
import time

import httpx
import pytest

from jump.kit.crash_points import CRASH_POINTS, IN_UPLOAD
from tests.databases import Store
from tests.journeys.ledger import settle, wait_for_arrivals, wait_for_rest
from tests.journeys.practice import PATIENT, Practice, prepare
from tests.journeys.scene import Scene, data, pages, wait_until
from tests.journeys.traffic import Traffic
from tests.patience import PATIENCE
from tests.receiver import Receiver

WRITERS = 4
EVENTS = ("patient.created", "patient.updated")
GOES_ON_WITHIN = 5  # seconds, of what starts again on the same machine
KILLS = 3


@pytest.fixture
def practice(store: Store, receiver: Receiver) -> Practice:
    return prepare(store, receiver, patients=WRITERS, events=EVENTS)


# No upload is under way here: test_documents has those.
@pytest.mark.parametrize("point", sorted(CRASH_POINTS - IN_UPLOAD))
def test_what_dies_at_any_point_and_starts_again_has_lost_nothing(
    scene: Scene, practice: Practice, point: str
) -> None:
    doomed = scene.jump.start("serve", CRASH_AT=f"{point}:7")
    with Traffic(practice.key, practice.patients) as traffic:
        traffic.aim(doomed)
        wait_until(lambda: doomed.process.poll() is not None, PATIENCE, f"it died {point}")
        again = scene.jump.start("serve")
        ready = time.monotonic()
        client = scene.client(again, practice.key)
        wait_for_arrivals(scene, traffic.answered, GOES_ON_WITHIN)
        wait_for_rest(client, practice.webhooks[0], ready + GOES_ON_WITHIN - time.monotonic())
        traffic.aim(again)
        traffic.wait_for(answered=2 * WRITERS)
    settle(scene, client, practice.webhooks[0], traffic)


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_killed_at_any_moment_and_starts_again_has_lost_nothing(
    scene: Scene, practice: Practice, seed: int
) -> None:
    chance = random.Random(seed)
    running = scene.jump.start("serve")
    with Traffic(practice.key, practice.patients) as traffic:
        for _ in range(KILLS):
            traffic.aim(running)
            traffic.wait_for(answered=chance.randint(1, 40))
            time.sleep(chance.uniform(0, 0.02))  # the moment: anywhere in what a change takes
            running.kill()
            running = scene.jump.start("serve")
            wait_for_arrivals(scene, traffic.answered, GOES_ON_WITHIN)
        traffic.aim(running)
        traffic.wait_for(answered=2 * WRITERS)
    settle(scene, scene.client(running, practice.key), practice.webhooks[0], traffic)


@pytest.mark.parametrize("point", ["request_before_commit", "request_after_commit"])
def test_who_got_no_answer_asks_again_under_the_same_key_and_it_is_done_once(
    scene: Scene, practice: Practice, point: str
) -> None:
    doomed = scene.jump.start("serve", CRASH_AT=f"{point}:1")
    headers, body = {"Idempotency-Key": "once"}, {**PATIENT, "city": "Ely"}
    with pytest.raises(httpx.TransportError):
        scene.client(doomed, practice.key).post("/patients", json=body, headers=headers)
    client = scene.client(scene.jump.start("serve"), practice.key)
    answers = [client.post("/patients", json=body, headers=headers) for _ in range(2)]
    replayed = ["idempotent-replayed" in answer.headers for answer in answers]
    assert replayed == [point == "request_after_commit", True]
    made = {data(answer, 201)["id"] for answer in answers}
    assert {each["id"] for each in pages(client, "/patients") if each["city"] == "Ely"} == made
    wait_until(lambda: heard_of(scene, "Ely"), GOES_ON_WITHIN, "it has arrived")
    wait_for_rest(client, practice.webhooks[0], GOES_ON_WITHIN)
    assert heard_of(scene, "Ely") == list(made)


def heard_of(scene: Scene, town: str) -> list[str]:
    """The ids of the patients of this town, once for each time that the receiver was told."""
    heard = [each.json()["data"]["object"] for each in tuple(scene.receiver.requests)]
    return [each["id"] for each in heard if each["city"] == town]
