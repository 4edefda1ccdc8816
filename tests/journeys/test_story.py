"""The main job from end to end, as the guide tells it, with real processes, on both databases."""

from collections.abc import Callable
from itertools import pairwise

import httpx
import pytest
import standardwebhooks
import stripe
import svix

from tests.journeys.scene import Scene, data, pages, patient_ids, wait_until
from tests.patience import PATIENCE
from tests.processes import Running
from tests.receiver import Answer, Received

Start = Callable[[Scene], list[Running]]
QUICK_RETRIES = {"JUMP_RETRY_SCHEDULE": "1,1,1,1,1"}


def one_process(scene: Scene) -> list[Running]:
    """`jump serve`; what has an API."""
    return [scene.jump.start("serve", **QUICK_RETRIES)]


def four_processes(scene: Scene) -> list[Running]:
    """Two of `jump api` and two of `jump work`; what has an API."""
    apis = [scene.jump.start("api") for _ in range(2)]
    for _ in range(2):
        scene.jump.start("work", **QUICK_RETRIES)
    return apis


@pytest.fixture(params=[one_process, four_processes], ids=["serve", "api-and-work-twice"])
def start(request: pytest.FixtureRequest) -> Start:
    chosen: Start = request.param
    return chosen


@pytest.fixture
def start_fitting(scene: Scene) -> Start:
    """How each database is mostly run: SQLite by one process, PostgreSQL by several."""
    is_sqlite = scene.jump.settings["JUMP_DATABASE_URL"].startswith("sqlite")
    return one_process if is_sqlite else four_processes


def verify(received: Received, secret: str) -> None:
    """All three libraries take it."""
    headers = dict(received.headers)
    standardwebhooks.Webhook(secret).verify(received.body, headers)
    svix.Webhook(secret).verify(received.body, headers)
    stripe.WebhookSignature.verify_header(
        received.body.decode(), received.header("X-Webhook-Signature"), secret, tolerance=300
    )


def the_delivery(client: httpx.Client, webhook: str, event: str) -> dict[str, object]:
    """The one delivery of the event, with its attempts."""
    log = pages(client, f"/webhooks/{webhook}/deliveries")
    (found,) = [delivery["id"] for delivery in log if delivery["event_id"] == event]
    shown: dict[str, object] = data(client.get(f"/webhooks/{webhook}/deliveries/{found}"))
    return shown


def test_a_key_changes_a_record_and_a_webhook_tells_the_integrator(
    scene: Scene, start: Start
) -> None:
    # The operator starts it, loads invented patients and makes a key.
    running = start(scene)
    scene.load_patients(3)
    key = scene.new_key()

    # The integrator reads patients and registers a receiver.
    clients = [scene.client(process, key["key"]) for process in running]
    patient, *_ = patient_ids(clients[0])
    url = scene.receiver.url
    made = clients[0].post("/webhooks", json={"url": url, "events": ["patient.updated"]})
    webhook = data(made, 201)

    # Each change, on any process, arrives once, signed.
    cities = ["Ely", "York", "Hull", "Bath"]
    for city, client in zip(cities, clients * 4, strict=False):
        assert data(client.patch(f"/patients/{patient}", json={"city": city}))["city"] == city
    received = scene.receiver.wait_for(len(cities))
    assert [each.json()["data"]["object"]["city"] for each in received] == cities
    for each in received:
        verify(each, webhook["secret"])

    # The delivery log shows what happened.
    event = received[-1].header("X-Webhook-Id")
    wait_until(
        lambda: the_delivery(clients[-1], webhook["id"], event)["state"] == "succeeded",
        within=PATIENCE,
        what="the last delivery has succeeded",
    )
    delivery = the_delivery(clients[-1], webhook["id"], event)
    (attempt,) = delivery["attempts"]  # type: ignore[misc]
    assert (attempt["number"], attempt["status"], attempt["error"]) == (1, 200, None)
    assert attempt["duration_ms"]["total"] > 0
    assert delivery["payload"] == received[-1].json()

    # Nothing of it comes twice, not even when everything is ended.
    for process in scene.jump.running:
        assert process.terminate().status == 0
    assert len(scene.receiver.requests) == len(cities)


def test_a_broken_receiver_is_tried_six_times_and_then_only_by_hand(
    scene: Scene, start_fitting: Start
) -> None:
    running = start_fitting(scene)
    key = scene.new_key()
    webhook = scene.new_webhook("patient.created")
    client = scene.client(running[-1], key["key"])

    # The receiver breaks: five retries, a second or more apart, then it has failed.
    scene.receiver.answer_with(Answer(503))
    born = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
    data(client.post("/patients", json=born), 201)
    received = scene.receiver.wait_for(6, timeout=PATIENCE)
    event = received[0].header("X-Webhook-Id")
    wait_until(
        lambda: the_delivery(client, webhook["id"], event)["state"] == "failed",
        within=PATIENCE,
        what="the delivery has failed",
    )
    assert {each.header("X-Webhook-Id") for each in received} == {event}
    assert [each.header("X-Webhook-Attempt") for each in received] == list("123456")
    gaps = [later.at - earlier.at for earlier, later in pairwise(received)]
    assert all(1.0 <= gap < 2.2 for gap in gaps), gaps

    # It is mended, and the delivery resent by hand.
    scene.receiver.answer_with(Answer(200))
    failed = the_delivery(client, webhook["id"], event)
    resent = client.post(f"/webhooks/{webhook['id']}/deliveries/{failed['id']}/resend")
    data(resent)
    last = scene.receiver.wait_for(7)[-1]
    assert (last.header("X-Webhook-Id"), last.header("X-Webhook-Attempt")) == (event, "7")
    verify(last, webhook["secret"])
    wait_until(
        lambda: the_delivery(client, webhook["id"], event)["state"] == "succeeded",
        within=PATIENCE,
        what="the resent delivery has succeeded",
    )
    attempts = the_delivery(client, webhook["id"], event)["attempts"]
    told = [(each["trigger"], each["status"]) for each in attempts]  # type: ignore[attr-defined]
    assert told == [("auto", 503)] * 6 + [("manual", 200)]


def test_a_key_revoked_at_the_command_line_is_refused_on_the_next_request_everywhere(
    scene: Scene, start: Start
) -> None:
    running = start(scene)
    key = scene.new_key()
    clients = [scene.client(process, key["key"]) for process in running]
    for client in clients:
        data(client.get("/patients"))
    assert scene.jump.run("keys", "revoke", key["id"]).status == 0
    for client in clients:
        refused = client.get("/patients")
        assert refused.status_code == 401
        assert refused.json()["error"]["code"] == "UNAUTHORIZED"
        assert refused.headers["www-authenticate"] == "Bearer"
