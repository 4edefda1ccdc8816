"""`jump webhooks` and `jump deliveries`, with a real receiver and a real server."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.calling import call
from tests.cli.conftest import SECRET_KEY
from tests.databases import Store
from tests.processes import Jump
from tests.receiver import Answer, Receiver

URL = "https://hooks.example.com/jump"
PATIENT = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def jump_with_receiver(store: Store, jump_on: Callable[..., Jump], receiver: Receiver) -> Jump:
    """`jump` whose webhooks may call the receiver; what fails is tried once more, in an hour."""
    return jump_on(
        JUMP_DATABASE_URL=store.url,
        JUMP_SECRET_KEY=SECRET_KEY,
        JUMP_WEBHOOK_ALLOW_NETWORKS="127.0.0.0/8",
        JUMP_WEBHOOK_ALLOW_PORTS=str(receiver.port),
        JUMP_WEBHOOK_CA_FILE=receiver.ca_file,
        JUMP_RETRY_SCHEDULE="3600",
    )


def create(jump: Jump, url: str = URL, *more: str) -> dict[str, Any]:
    arguments = ("--url", url, "--events", "patient.created,patient.updated", "--mode", "test")
    webhook: dict[str, Any] = jump.run("webhooks", "create", *arguments, *more, "--json").json
    return webhook


def test_a_webhook_is_made_flat_with_its_secret_and_listed_without(jump: Jump) -> None:
    made = create(jump, URL, "--name", "Front desk", "--payload", "thin")
    assert made["secret"].startswith("whsec_")
    assert (made["name"], made["payload"], made["mode"]) == ("Front desk", "thin", "test")
    (listed,) = jump.run("webhooks", "list", "--json").json
    assert listed == {name: value for name, value in made.items() if name != "secret"}
    assert jump.run("webhooks", "list", "--mode", "live", "--json").json == []
    assert "Front desk" in jump.run("webhooks", "list").output


def test_a_webhook_is_paused_and_activated_in_either_mode(jump: Jump) -> None:
    made = create(jump, URL, "--mode", "live")
    paused = jump.run("webhooks", "pause", made["id"], "--json").json
    assert paused["paused_reason"] == "Paused by an operator."
    assert "paused" in jump.run("webhooks", "list").output
    assert jump.run("webhooks", "activate", made["id"], "--json").json["is_active"] is True


def test_a_bad_address_is_refused_in_one_line(light_jump: Jump) -> None:
    arguments = ("--events", "all", "--mode", "test", "--url", "http://10.0.0.1/")
    refused = light_jump.run("webhooks", "create", *arguments)
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors == "jump: url: The URL must begin with https://.\n"


@pytest.mark.parametrize("command", ["test", "pause", "activate", "replay"])
def test_an_unknown_webhook_is_refused(light_jump: Jump, command: str) -> None:
    more = ("--since", "1h") if command == "replay" else ()
    refused = light_jump.run("webhooks", command, "wh_0", *more)
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors == "jump: There is no webhook with this id.\n"


def test_a_test_arrives_signed_and_is_seen_with_its_attempt(
    jump_with_receiver: Jump, receiver: Receiver
) -> None:
    jump = jump_with_receiver
    webhook = create(jump, receiver.url)
    jump.start("work")
    queued = jump.run("webhooks", "test", webhook["id"], "--event", "patient.updated", "--json")
    (request,) = receiver.wait_for(1)
    payload = Webhook(webhook["secret"]).verify(request.body, dict(request.headers))
    assert payload["test"] is True
    shown = ended(jump, queued.json["id"])
    assert (shown["state"], shown["mode"]) == ("succeeded", "test")
    assert shown["payload"] == payload
    assert [each["status"] for each in shown["attempts"]] == [200]


def test_what_failed_is_listed_resent_by_hand_and_replayed(
    jump_with_receiver: Jump, receiver: Receiver
) -> None:
    jump = jump_with_receiver
    receiver.answer_with(Answer(410), Answer(500, body=b"oh \x1b[31mno"), Answer(200))
    webhook = create(jump, receiver.url)
    server = jump.start("serve")
    call(server.url, "POST", "/patients", make_key(jump), PATIENT)
    receiver.wait_for(1)
    delivery_id = jump.run("deliveries", "list", "--json").json[0]["id"]
    assert ended(jump, delivery_id)["state"] == "failed"
    assert "paused" in jump.run("deliveries", "resend", delivery_id).errors
    jump.run("webhooks", "activate", webhook["id"])
    jump.run("deliveries", "resend", delivery_id)
    receiver.wait_for(2)
    assert ended(jump, delivery_id)["attempt_count"] == 2
    failed = jump.run("deliveries", "list", "--state", "failed", "--json").json
    assert [each["id"] for each in failed] == [delivery_id]
    replay = ("webhooks", "replay", webhook["id"], "--since", "1h", "--json")
    assert jump.run(*replay, "--dry-run").json == {"matched": 1, "queued": 0}
    assert jump.run(*replay).json == {"matched": 1, "queued": 1}
    receiver.wait_for(3)
    shown = ended(jump, delivery_id)
    assert shown["state"] == "succeeded"
    assert [each["trigger"] for each in shown["attempts"]] == ["auto", "manual", "auto"]
    in_full = jump.run("deliveries", "show", delivery_id, "--show").output
    assert "> X-Webhook-Attempt: 3" in in_full
    assert PATIENT["last_name"] in in_full
    assert "oh " in in_full
    assert "\x1b" not in in_full
    assert PATIENT["last_name"] not in jump.run("deliveries", "show", delivery_id).output


def test_deliveries_are_listed_of_one_webhook_and_an_unknown_one_is_refused(
    light_jump: Jump,
) -> None:
    mine, other = create(light_jump), create(light_jump)
    queued = light_jump.run("webhooks", "test", mine["id"], "--json").json
    light_jump.run("webhooks", "test", other["id"])
    (found,) = light_jump.run("deliveries", "list", "--webhook", mine["id"], "--json").json
    assert found == {**queued, "mode": "test"}
    assert len(light_jump.run("deliveries", "list", "--limit", "1", "--json").json) == 1
    assert light_jump.run("deliveries", "list", "--mode", "live", "--json").json == []
    refused = light_jump.run("deliveries", "list", "--webhook", "wh_0")
    assert (refused.status, refused.errors) == (1, "jump: There is no webhook with this id.\n")
    assert found["id"] in light_jump.run("deliveries", "list").output


@pytest.mark.parametrize("command", ["show", "resend"])
def test_an_unknown_delivery_is_refused(light_jump: Jump, command: str) -> None:
    refused = light_jump.run("deliveries", command, "dlv_0")
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors == "jump: There is no delivery with this id.\n"


def ended(jump: Jump, delivery_id: str) -> dict[str, Any]:
    """The delivery once it has ended."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        shown: dict[str, Any] = jump.run("deliveries", "show", delivery_id, "--json").json
        if shown["state"] not in ("pending", "delivering"):
            return shown
    raise TimeoutError(f"the delivery is still {shown['state']}")


def make_key(jump: Jump) -> str:
    arguments = ("--name", "a", "--mode", "test", "--scopes", "all", "--json")
    key: str = jump.run("keys", "create", *arguments).json["key"]
    return key
