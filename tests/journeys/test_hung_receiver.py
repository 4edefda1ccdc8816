"""One receiver that hangs holds back no other."""

import time
from collections import defaultdict
from statistics import median

import httpx

from tests.databases import Store
from tests.journeys.practice import prepare
from tests.journeys.scene import Scene, data
from tests.receiver import Receiver, hang

HEALTHY = [f"/healthy/{number}" for number in range(9)]
HUNG = "/hung"
CHANGES = 12
FIRST_TIMEOUT = 10  # seconds, of the contract
USUAL = 4  # times as long, with some slack, is still the usual latency on a busy machine
SLACK = 0.05


def latencies(client: httpx.Client, receiver: Receiver, patients: list[str]) -> list[float]:
    """Changes each patient, and returns the seconds from each request to each healthy arrival."""
    before = {path: len(receiver.wait_for(0, path=path)) for path in HEALTHY}
    sent: dict[str, float] = {}
    for patient in patients:
        sent[patient] = time.monotonic()
        data(client.patch(f"/patients/{patient}", json={"city": f"Town {sent[patient]}"}))
    arrived: dict[str, list[float]] = defaultdict(list)
    for path in HEALTHY:
        for each in receiver.wait_for(before[path] + len(patients), path=path)[before[path] :]:
            patient = each.json()["data"]["object"]["id"]
            arrived[patient].append(each.at - sent[patient])
    assert all(len(times) == len(HEALTHY) for times in arrived.values())
    return [seconds for times in arrived.values() for seconds in times]


def test_nine_healthy_receivers_keep_their_usual_latency_beside_one_that_hangs(
    scene: Scene, store: Store, receiver: Receiver
) -> None:
    practice = prepare(store, receiver, patients=CHANGES, paths=(*HEALTHY, HUNG))
    client = scene.client(scene.jump.start("serve"), practice.key)
    latencies(client, receiver, practice.patients[:3])  # connections stand from here on
    usual = latencies(client, receiver, practice.patients)
    receiver.wait_for(3 + CHANGES, path=HUNG)

    receiver.answer_with(hang(), path=HUNG)
    began = time.monotonic()
    beside = latencies(client, receiver, practice.patients)
    beside += latencies(client, receiver, practice.patients)
    assert time.monotonic() - began < FIRST_TIMEOUT, "the hung one has not even timed out yet"
    assert median(beside) < USUAL * median(usual) + SLACK, (median(usual), median(beside))
    assert max(beside) < 1 + USUAL * max(usual)

    # Of the hung one's own, eight wait for an answer and the others wait for these.
    log = data(client.get(f"/webhooks/{practice.webhooks[-1]}/deliveries?limit=100"))
    states = [delivery["state"] for delivery in log if delivery["state"] != "succeeded"]
    assert sorted(states) == ["delivering"] * 8 + ["pending"] * (2 * CHANGES - 8)
