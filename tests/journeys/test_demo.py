"""`jump demo`, from its first start to a second one, and every command that it prints."""

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.calling import call
from tests.databases import Store
from tests.ports import free_port
from tests.processes import Jump, answers_ready
from tests.talking import Talking, talk

SECRET_KEY = "the secret key of these tests, long enough"
VERIFIED = r"{}\s+attempt {}  {} .* signature verified"
FIRST = VERIFIED.format("patient.updated", 1, 200)


@pytest.fixture
def jump(store: Store, jump_on: Callable[..., Jump]) -> Jump:
    return jump_on(JUMP_DATABASE_URL=store.url, JUMP_SECRET_KEY=SECRET_KEY)


@pytest.fixture
def light_jump(jump_on: Callable[..., Jump]) -> Jump:
    """With no settings at all, as on a fresh checkout."""
    return jump_on()


def key_of(demo: Talking) -> str:
    return demo.wait_for(r"test key\s+(pk_test_\w+)")[1]


def can_sign_in(demo: Talking) -> str:
    """Sign in at the console as the demo says; the password that it names."""
    console = demo.wait_for(r"console\s+(http://\S+)")[1]
    email = demo.wait_for(r"sign in as\s+(\S+)")[1]
    password = demo.wait_for(r"password\s+(\S+)")[1]
    demo.wait_for("One patient changes and an appointment moves")
    with httpx.Client() as browser:
        hidden = re.findall(
            r'type="hidden" name="(\w+)" value="([^"]*)"', browser.get(f"{console}/sign-in").text
        )
        origin = console.removesuffix("/settings/developers")
        entered = browser.post(
            f"{console}/sign-in",
            data={**dict(hidden), "email": email, "password": password},
            headers={"Origin": origin},
        )
    assert entered.status_code == 303
    return password


def ask_receiver(demo: Talking, jump: Jump, path: str, body: bytes | None = None) -> str:
    """Ask the demo's receiver something, trusting only the demo's own authority."""
    address = demo.wait_for(r"receiver\s+(https://\S+)/hook")[1]
    trust = ssl.create_default_context(cafile=jump.folder / "var/demo/ca.pem")
    method = "GET" if body is None else "POST"
    return httpx.request(method, f"{address}{path}", content=body, verify=trust).text


def test_a_first_delivery_is_seen_and_the_receiver_breaks_and_is_mended_and_it_ends_cleanly(
    jump: Jump,
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {"JUMP_PORT": str(port), "JUMP_RETRY_SCHEDULE": "1"}
    with talk(jump, "demo", **settings) as demo:
        demo.wait_for(FIRST)
        demo.wait_for("Loaded 100 invented patients with 1,000 appointments")
        demo.wait_for("What comes from now on")
        key = key_of(demo)
        assert len(call(url, "GET", "/patients?limit=100", key).json()["data"]) == 100
        patient = demo.wait_for(r"/api/v1(/patients/pat_\w+)")[1]
        assert ask_receiver(demo, jump, "/break").startswith("Broken")
        call(url, "PATCH", patient, key, {"patient_notes": "Broken receiver"})
        demo.wait_for(VERIFIED.format("patient.updated", 2, 500))
        resend = demo.wait_for(r"by hand:\s+jump (deliveries resend dlv_\w+)")[1]
        assert ask_receiver(demo, jump, "/mend") == "Mended.\n"
        assert jump.run(*resend.split()).status == 0
        demo.wait_for(VERIFIED.format("patient.updated", 3, 200))
        assert demo.interrupt().status == 0
        assert demo.lines[-1] == "Ended. The data is kept, and the next run goes on with it."
        assert "Broken receiver" not in demo.said
        assert not answers_ready(port)
    with talk(jump, "demo", **settings) as again:
        again.wait_for("Went on with the data of the last run, and revoked its key")
        again.wait_for(FIRST)
        assert "Loaded" not in again.said
        assert key_of(again) != key
        assert call(url, "GET", "/me", key).status_code == 401
        assert call(url, "GET", "/me", key_of(again)).status_code == 200
        assert len(jump.run("webhooks", "list", "--json").json) == 1
        assert again.interrupt(signal.SIGTERM).status == 0


def test_each_run_moves_an_appointment_and_says_how_to_sign_in_with_a_new_password(
    light_jump: Jump,
) -> None:
    port = str(free_port())
    passwords = []
    for _ in range(2):
        with talk(light_jump, "demo", JUMP_PORT=port) as demo:
            passwords.append(can_sign_in(demo))
            demo.wait_for(VERIFIED.format("appointment.rescheduled", 1, 200))
    assert passwords[0] != passwords[1]


def test_every_command_that_it_prints_can_be_pasted(light_jump: Jump) -> None:
    programs = light_jump.folder / "programs"
    programs.mkdir()
    program = programs / "jump"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m jump.cli.main "$@"\n')
    program.chmod(0o755)
    with talk(light_jump, "demo", JUMP_PORT=str(free_port()), JUMP_RETRY_SCHEDULE="1") as demo:
        demo.wait_for("What comes from now on")
        block = demo.said.partition("in this folder:")[2].partition("What comes from now on")[0]
        done = subprocess.run(
            ["sh", "-eux", "-c", block], capture_output=True, text=True, timeout=60,
            cwd=light_jump.folder,
            env=light_jump.environment(PATH=f"{programs}:{os.environ['PATH']}"),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stdout.count('"first_name"') == 4  # three were read, one was changed
        assert '"is_available":true' in done.stdout
        assert re.search(r'"hold_id":"hold_\w+".*"status":"confirmed"', done.stdout)
        assert "patient.updated" in done.stdout
        assert "Broken: every delivery gets 500." in done.stdout
        assert "Mended." in done.stdout
        assert "HTTP/1.1 401" in done.stdout
        demo.wait_for(VERIFIED.format("appointment.created", 1, 200))
        demo.wait_for(VERIFIED.format(r"appointment.created \(test\)", r"\d", r"\d+"))
        assert demo.interrupt().status == 0


def test_without_settings_it_keeps_everything_under_var_and_secrets_for_its_owner(
    light_jump: Jump,
) -> None:
    with talk(light_jump, "demo", JUMP_PORT=str(free_port())) as demo:
        demo.wait_for(FIRST)
        assert demo.interrupt().status == 0
        assert "\x1b" not in demo.said
    folder = light_jump.folder / "var"
    assert (folder / "jump.db").exists()
    assert {path.name for path in light_jump.folder.iterdir()} == {"var"}
    for secret in (folder / "demo/receiver-secret", folder / "demo/receiver.pem"):
        assert secret.stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in (folder / "demo/ca.pem").read_text()


def test_it_ends_by_itself_after_so_many_seconds(light_jump: Jump) -> None:
    ended = light_jump.run("demo", "--seconds", "1", JUMP_PORT=str(free_port()))
    assert (ended.status, ended.errors) == (0, "")
    assert ended.output.endswith("Ended. The data is kept, and the next run goes on with it.\n")


def test_its_server_goes_when_it_is_killed(light_jump: Jump) -> None:
    port = free_port()
    with talk(light_jump, "demo", JUMP_PORT=str(port)) as demo:
        demo.wait_for("What comes from now on")
        log = light_jump.folder / "var/demo/serve.log"
        demo.process.kill()
        demo.process.wait()
        with talk(light_jump, "-f", str(log), command=["tail", "-n", "+1"]) as server:
            server.wait_for('"event": "stopped"')
    assert not answers_ready(port)


def test_a_port_that_is_taken_is_told_in_one_line(light_jump: Jump) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = light_jump.run("demo", JUMP_PORT=str(port))
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors == (
        f"jump: Port {port} on 127.0.0.1 cannot be had: Address already in use."
        " Set JUMP_PORT to another, or end the program that has it.\n"
    )


def test_a_second_one_beside_it_is_refused_in_one_line(light_jump: Jump) -> None:
    with talk(light_jump, "demo", JUMP_PORT=str(free_port())) as demo:
        demo.wait_for(FIRST)
        refused = light_jump.run("demo", JUMP_PORT=str(free_port()))
        assert (refused.status, refused.output) == (1, "")
        assert refused.errors == ("jump: A demo runs in this folder already: end that one first.\n")
        assert demo.interrupt().status == 0


def test_a_database_with_live_webhooks_is_left_alone(light_jump: Jump) -> None:
    create = ("webhooks", "create", "--url", "https://hooks.example.com/", "--events", "all")
    light_jump.run(*create, "--mode", "live")
    refused = light_jump.run("demo", JUMP_PORT=str(free_port()))
    assert refused.status == 1
    assert refused.errors.startswith("jump: This database has live webhooks")
    assert light_jump.run("keys", "list", "--json").json == []


def test_a_server_that_cannot_start_is_told_in_one_line(light_jump: Jump) -> None:
    refused = light_jump.run("demo", JUMP_RETRY_SCHEDULE="soon")
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors.startswith("jump: JUMP_RETRY_SCHEDULE: ")


def test_its_receiver_believes_no_stranger(light_jump: Jump) -> None:
    with talk(light_jump, "demo", JUMP_PORT=str(free_port())) as demo:
        demo.wait_for(FIRST)
        assert "Not believed" in ask_receiver(demo, light_jump, "/hook", b"no JSON \x1b[2J")
        demo.wait_for("REFUSED: its timestamp is missing")
        assert "POSTed" in ask_receiver(demo, light_jump, "/hook")
        assert demo.interrupt().status == 0


def test_it_ends_when_its_server_does(light_jump: Jump) -> None:
    with talk(light_jump, "demo", JUMP_PORT=str(free_port())) as demo:
        demo.wait_for("What comes from now on")
        children = Path(f"/proc/{demo.process.pid}/task/{demo.process.pid}/children").read_text()
        os.kill(int(children.split()[0]), signal.SIGKILL)
        assert demo.end().status == 1
        assert demo.lines[-1].startswith("jump: The server ended by itself")
