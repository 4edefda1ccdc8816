"""What waited while a webhook was paused goes out without a pause, a patient's one by one."""

import pytest

from tests.databases import Store
from tests.journeys.practice import prepare
from tests.journeys.scene import Scene, data
from tests.receiver import Receiver

BACKLOG = 60
DRAINED_WITHIN = 10  # seconds: far more than it takes, far less than at one a second


@pytest.mark.parametrize("patients", [1, 3])
def test_a_backlog_of_few_patients_drains_without_a_pause_between(
    scene: Scene, store: Store, receiver: Receiver, patients: int
) -> None:
    practice = prepare(store, receiver, patients=patients)
    client = scene.client(scene.jump.start("serve"), practice.key)
    webhook = f"/webhooks/{practice.webhooks[0]}"
    data(client.patch(webhook, json={"is_active": False}))
    for number in range(BACKLOG):
        path = f"/patients/{practice.patients[number % patients]}"
        data(client.patch(path, json={"city": f"Town {number}"}))
    assert receiver.requests == []
    data(client.patch(webhook, json={"is_active": True}))
    received = receiver.wait_for(BACKLOG, timeout=DRAINED_WITHIN)
    for patient in practice.patients:
        bodies = [each.json()["data"]["object"] for each in received]
        versions = [body["version"] for body in bodies if body["id"] == patient]
        assert versions == list(range(2, 2 + BACKLOG // patients))
