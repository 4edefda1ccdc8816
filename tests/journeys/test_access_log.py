"""Who saw a patient: written down within a second of a read, and together with a change."""

import httpx
import pytest

from tests.databases import Store
from tests.journeys.practice import Practice, prepare
from tests.journeys.scene import Scene, data, pages, wait_until
from tests.receiver import Receiver

A_SECOND = 1


@pytest.fixture
def practice(store: Store, receiver: Receiver) -> Practice:
    return prepare(store, receiver, patients=2)


def requests_of(client: httpx.Client, patient: str) -> set[str]:
    """The ids of the requests that returned or touched the patient's data."""
    return {access["request_id"] for access in pages(client, f"/patients/{patient}/access-log")}


@pytest.mark.parametrize("path", ["/patients/{id}", "/patients?limit=50"])
def test_a_read_is_in_the_access_log_within_a_second_also_on_another_process(
    scene: Scene, practice: Practice, path: str
) -> None:
    patient = practice.patients[0]
    reader, other = (scene.client(scene.jump.start("api"), practice.key) for _ in range(2))
    answer = reader.get(path.format(id=patient))
    assert answer.status_code == 200
    wait_until(
        lambda: answer.headers["x-request-id"] in requests_of(other, patient),
        A_SECOND,
        "the read is in the access log",
    )


def test_an_answered_change_is_in_the_access_log_even_if_the_process_is_killed_right_after(
    scene: Scene, practice: Practice
) -> None:
    doomed = scene.jump.start("api")
    client = scene.client(doomed, practice.key)
    answers = {
        patient: client.patch(f"/patients/{patient}", json={"city": "Ely"})
        for patient in practice.patients
    }
    doomed.kill()
    other = scene.client(scene.jump.start("api"), practice.key)
    for patient, answer in answers.items():
        data(answer)
        assert answer.headers["x-request-id"] in requests_of(other, patient)


def test_reads_are_in_the_access_log_when_the_process_is_told_to_end_right_after(
    scene: Scene, practice: Practice
) -> None:
    patient = practice.patients[0]
    ending = scene.jump.start("api")
    client = scene.client(ending, practice.key)
    read = {client.get(f"/patients/{patient}").headers["x-request-id"] for _ in range(20)}
    assert ending.terminate().status == 0
    other = scene.client(scene.jump.start("api"), practice.key)
    assert read <= requests_of(other, patient)
