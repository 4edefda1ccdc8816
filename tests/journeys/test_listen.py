"""`jump listen`: events reach a program on this machine, whatever happens to the API meanwhile."""

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from tests.calling import call
from tests.databases import Store
from tests.ports import free_port
from tests.processes import Jump
from tests.receiver import Answer, Receiver
from tests.talking import Talking, talk

SECRET_KEY = "the secret key of these tests, long enough"
PATIENT = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
SIGNED_HEADERS = {
    "content-type",
    "user-agent",
    "x-webhook-id",
    "x-webhook-event",
    "x-webhook-delivery",
    "x-webhook-attempt",
    "x-webhook-timestamp",
    "x-webhook-signature",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def jump(store: Store, jump_on: Callable[..., Jump]) -> Jump:
    return jump_on(JUMP_DATABASE_URL=store.url, JUMP_SECRET_KEY=SECRET_KEY)


@pytest.fixture
def light_jump(tmp_path: Path, jump_on: Callable[..., Jump]) -> Jump:
    return jump_on(JUMP_DATABASE_URL=f"sqlite:///{tmp_path / 'jump.db'}")


def make_key(jump: Jump, *more: str) -> str:
    arguments = ("--name", "a", "--mode", "test", "--scopes", "all", "--json")
    key: str = jump.run("keys", "create", *arguments, *more).json["key"]
    return key


@contextmanager
def serving(jump: Jump, port: int) -> Iterator[Talking]:
    with talk(jump, "serve", JUMP_PORT=str(port)) as server:
        server.wait_for("Listening on")
        yield server


@contextmanager
def listening(
    jump: Jump, url: str, key: str, to: str, receiver: Receiver | None = None, *more: str
) -> Iterator[Talking]:
    trust = {"SSL_CERT_FILE": receiver.ca_file} if receiver else {}
    arguments = ("listen", "--api", url, "--forward-to", to, *more)
    with talk(jump, *arguments, PK_KEY=key, **trust) as listener:
        listener.wait_for("Waiting for events")
        yield listener


def test_events_arrive_as_deliveries_do_and_go_on_after_the_api_was_away(
    jump: Jump, receiver: Receiver
) -> None:
    key, port = make_key(jump), free_port()
    url = f"http://127.0.0.1:{port}"
    with serving(jump, port) as server:
        made = call(url, "POST", "/patients", key, PATIENT)  # before: not for the listener
        patient = f"/patients/{made.json()['data']['id']}"
        with listening(jump, url, key, receiver.url, receiver) as listener:
            call(url, "PATCH", patient, key, {"occupation": "Analyst"})
            (first,) = receiver.wait_for(1)
            secret = listener.wait_for(r"Signing secret: (whsec_\S+)")[1]
            event = Webhook(secret).verify(first.body, dict(first.headers))
            assert (event["type"], event["data"]["previous"]) == (
                "patient.updated",
                {"occupation": None},
            )
            assert {name.lower() for name, _ in first.headers} >= SIGNED_HEADERS
            feed = call(url, "GET", "/events?limit=100", key).content
            assert first.body in feed
            server.interrupt(signal.SIGTERM)
            listener.wait_for("The API cannot be reached")
            with serving(jump, port):
                call(url, "PATCH", patient, key, {"occupation": "Poet"})
                second = receiver.wait_for(2)[1]
                assert second.json()["data"]["object"]["occupation"] == "Poet"
                listener.wait_for("The API answers again")
                listener.wait_for(r"patient\.updated .* 200  \d+ ms", count=2)
                ended = listener.interrupt()
        assert ended.status == 0
        assert listener.lines[-1].startswith("Ended. 2 events: 2 answered with 2xx")
        assert listener.said.count("The API cannot be reached") == 1
        assert "Lovelace" not in listener.said
        assert key[25:] not in listener.said


def test_a_program_that_is_down_is_tried_and_given_up_and_the_next_event_comes(
    light_jump: Jump,
) -> None:
    key, port = make_key(light_jump), free_port()
    url, nowhere = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{free_port()}/hook"
    with serving(light_jump, port), listening(light_jump, url, key, nowhere) as listener:
        call(url, "POST", "/patients", key, PATIENT)
        listener.wait_for(r"patient\.created .* gave up after 3 attempts: connection refused")
        call(url, "POST", "/patients", key, PATIENT)
        listener.wait_for("gave up", count=2)
        assert listener.interrupt().status == 0
        assert "2 given up" in listener.lines[-1]


def test_an_answer_is_an_answer_and_is_shown(light_jump: Jump, receiver: Receiver) -> None:
    receiver.answer_with(Answer(500), Answer(200))
    key, port = make_key(light_jump), free_port()
    url = f"http://127.0.0.1:{port}"
    with (
        serving(light_jump, port),
        listening(light_jump, url, key, receiver.url, receiver, "--show") as listener,
    ):
        call(url, "POST", "/patients", key, PATIENT)
        listener.wait_for(r"patient\.created .* 500 ")
        listener.wait_for("Lovelace")
        call(url, "POST", "/patients", key, PATIENT)
        listener.wait_for(r"patient\.created .* 200 ")
        assert len(receiver.requests) == 2


def test_a_spent_limit_is_waited_for(light_jump: Jump) -> None:
    key, port = make_key(light_jump, "--limit", "1"), free_port()
    url = f"http://127.0.0.1:{port}"
    with serving(light_jump, port), listening(light_jump, url, key, f"{url}/nowhere") as listener:
        waits = int(listener.wait_for(r"The key's limit is spent: waiting (\d+) s")[1])
        assert 3000 < waits <= 3660
        assert listener.interrupt(signal.SIGTERM).status == 0


def test_a_revoked_key_ends_it_in_one_line(light_jump: Jump, receiver: Receiver) -> None:
    key, other, port = make_key(light_jump), make_key(light_jump), free_port()
    url = f"http://127.0.0.1:{port}"
    with (
        serving(light_jump, port),
        listening(light_jump, url, key, receiver.url, receiver) as listener,
    ):
        light_jump.run("keys", "revoke", key)
        call(url, "POST", "/patients", other, PATIENT)
        assert listener.end().status == 1
        assert listener.lines[-1] == "jump: The API refuses it (401): This API key was revoked."


def test_the_secret_is_the_same_for_the_same_key_and_the_key_may_come_by_standard_input(
    light_jump: Jump,
) -> None:
    key, port = make_key(light_jump), free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ("listen", "--key", "-", "--api", f"{url}/api/v1/", "--forward-to", url)
    secrets = set()
    with serving(light_jump, port):
        for given in (key, key, make_key(light_jump)):
            with talk(light_jump, *arguments, given=f"{given}\n") as listener:
                listener.wait_for("Waiting for events")
                secrets.add(listener.wait_for(r"Signing secret: (\S+)")[1])
    assert len(secrets) == 2
    assert not any(re.search(key[25:], secret) for secret in secrets)


def test_a_port_of_this_machine_is_address_enough(light_jump: Jump) -> None:
    arguments = ("listen", "--key", make_key(light_jump), "--api", "http://127.0.0.1:1")
    for to in ("localhost:3000/hooks", "127.0.0.1:3000"):
        with talk(light_jump, *arguments, "--forward-to", to) as listener:
            listener.wait_for(f"Forwarding to http://{to}")


def test_whoever_gives_no_key_is_told_why_it_is_none(light_jump: Jump) -> None:
    for key, words in (("", "is the variable with it set?"), ("pk_test_0", "has 75 characters")):
        refused = light_jump.run("listen", "--key", key, "--forward-to", "localhost:3000")
        assert refused.status == 2
        assert words in refused.errors


def test_a_live_key_is_never_sent_in_the_clear(light_jump: Jump) -> None:
    key = make_key(light_jump, "--mode", "live")
    arguments = ("--api", "http://192.0.2.1", "--forward-to", "http://localhost:1")
    refused = light_jump.run("listen", "--key", key, *arguments)
    assert refused.status == 1
    assert "may not be sent over http" in refused.errors


@pytest.mark.parametrize("to", ["http://192.0.2.1/hook", "ftp://localhost", "http://u:p@localhost"])
def test_only_a_program_on_this_machine_is_called_by_http(light_jump: Jump, to: str) -> None:
    refused = light_jump.run("listen", "--key", make_key(light_jump), "--forward-to", to)
    assert refused.status == 2
    assert "Invalid value for '--forward-to'" in refused.errors
