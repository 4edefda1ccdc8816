"""The limit of a key is exact, however many processes its callers talk to."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.databases import Store
from tests.journeys.practice import prepare
from tests.journeys.scene import Scene
from tests.receiver import Receiver

CALLERS = 24
EACH = 5
LIMIT = 60


def test_callers_on_two_processes_share_one_limit_exactly(
    scene: Scene, store: Store, receiver: Receiver
) -> None:
    key = prepare(store, receiver, patients=1, limit=LIMIT).key
    running = [scene.jump.start("api") for _ in range(2)]
    clients = [scene.client(running[caller % 2], key) for caller in range(CALLERS)]
    together = threading.Barrier(CALLERS)

    def call(client: httpx.Client) -> list[httpx.Response]:
        together.wait()
        return [client.get("/patients?limit=1") for _ in range(EACH)]

    with ThreadPoolExecutor(CALLERS) as pool:
        answers = [answer for answers in pool.map(call, clients) for answer in answers]

    passed = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(passed) == LIMIT
    assert len(passed) + len(refused) == CALLERS * EACH
    remaining = sorted(int(answer.headers["x-ratelimit-remaining"]) for answer in passed)
    assert remaining == list(range(LIMIT)), "each request was told what it left"
    for answer in refused:
        assert answer.json()["error"]["code"] == "RATE_LIMITED"
        assert 1 <= int(answer.headers["retry-after"]) <= 3660
        assert answer.headers["x-ratelimit-remaining"] == "0"

    # Who has spent it all still learns so, from either process, at no cost.
    for process in running:
        me = scene.client(process, key).get("/me")
        assert me.status_code == 200
        assert me.headers["x-ratelimit-remaining"] == "0"
