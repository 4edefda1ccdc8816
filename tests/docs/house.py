"""An installation for the samples of the pages: served, an invented practice and a receiver."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.calling import call
from tests.ports import free_port
from tests.processes import Jump
from tests.receiver import Received, Receiver
from tests.talking import talk

PATIENT = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}


@dataclass(frozen=True)
class House:
    """Where it answers, a key with every permission, and a receiver that webhooks may call."""

    url: str
    key: str
    jump: Jump
    receiver: Receiver


def installed(folder: Path, receiver: Receiver) -> Jump:
    """`jump` as a reader has it: found by its name, with nothing set but a free port."""
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    program = programs / "jump"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m jump.cli.main "$@"\n')
    program.chmod(0o755)
    settings = {
        "JUMP_PORT": str(free_port()),
        "JUMP_WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8",
        "JUMP_WEBHOOK_ALLOW_PORTS": str(receiver.port),
        "JUMP_WEBHOOK_CA_FILE": str(receiver.ca_file),
        "PATH": f"{programs}:{os.environ['PATH']}",
    }
    return Jump(settings, folder)


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """It runs until the end; two patients were made by API, so that there are events."""
    with Receiver() as receiver:
        jump = installed(folder, receiver)
        url = f"http://127.0.0.1:{jump.settings['JUMP_PORT']}"
        made = jump.run("sandbox", "load", "--patients", "30")
        assert made.status == 0, made.errors
        about = ("--name", "Every sample", "--mode", "test", "--scopes", "all")
        key = jump.run("keys", "create", *about, "--limit", "100000", "--json").json["key"]
        with talk(jump, "serve") as server:
            server.wait_for("Listening on")
            for _ in range(2):
                call(url, "POST", "/patients", key, PATIENT)
            call(url, "GET", "/events?wait=20", key)
            yield House(url, key, jump, receiver)


def a_delivery(house: House) -> tuple[Received, str]:
    """What the receiver gets of a new webhook, and its secret."""
    path = f"/{len(house.receiver.requests)}-{free_port()}"
    body = {"url": house.receiver.url_of(path), "events": ["patient.created"]}
    made = call(house.url, "POST", "/webhooks", house.key, body).json()["data"]
    call(house.url, "POST", f"/webhooks/{made['id']}/test", house.key, {})
    return house.receiver.wait_for(1, path=path)[0], made["secret"]
