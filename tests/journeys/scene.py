"""A practice for journeys: an empty database, a receiver, and `jump` processes that use both.

Everything is done as people do it: by commands, and by HTTP with a key.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.processes import Jump, Running
from tests.receiver import Receiver
from tests.rest.api import SECRET_KEY

MANY = 1_000_000
LOOK_EVERY_SECONDS = 0.02


def wait_until(condition: Callable[[], Any], within: float, what: str) -> float:
    """Looks until the condition holds and returns the seconds that took; else TimeoutError."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within:
            raise TimeoutError(f"not within {within:g} s: {what}")
        time.sleep(LOOK_EVERY_SECONDS)
    return time.monotonic() - began


def settings_for(receiver: Receiver) -> dict[str, str]:
    """What lets webhooks be sent to the receiver on this machine."""
    return {
        "JUMP_SECRET_KEY": SECRET_KEY,
        "JUMP_WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8",
        "JUMP_WEBHOOK_ALLOW_PORTS": str(receiver.port),
        "JUMP_WEBHOOK_CA_FILE": receiver.ca_file,
    }


@dataclass
class Scene:
    """One practice. Clients are closed with it; processes are stopped by `jump`."""

    jump: Jump
    receiver: Receiver
    clients: list[httpx.Client] = field(default_factory=list)

    def new_key(self, scopes: str = "all", limit: int = MANY) -> dict[str, Any]:
        """What `jump keys create` says."""
        made: dict[str, Any] = self.jump.run(
            "keys", "create", "--name", "Journey", "--mode", "test", "--scopes", scopes,
            "--limit", str(limit), "--json",
        ).json  # fmt: skip
        return made

    def client(self, running: Running, key: str, timeout: float = 40) -> httpx.Client:
        """Calls the API of one process: `client.get("/patients")`."""
        made = httpx.Client(
            base_url=f"{running.url}/api/v1",
            headers={"Authorization": f"Bearer {key}"},
            timeout=timeout,
            trust_env=False,
        )
        self.clients.append(made)
        return made

    def load_patients(self, count: int) -> None:
        """Invented patients, of whom no webhook hears."""
        command = ("sandbox", "load", "--appointments", "0", "--patients")
        assert self.jump.run(*command, str(count)).status == 0

    def new_webhook(self, events: str = "patient.updated", path: str = "/hook") -> dict[str, Any]:
        """What `jump webhooks create` says; the receiver hears of these events at the path."""
        made: dict[str, Any] = self.jump.run(
            "webhooks", "create", "--url", self.receiver.url_of(path), "--events", events,
            "--mode", "test", "--json",
        ).json  # fmt: skip
        return made

    def close(self) -> None:
        """Hangs up."""
        for client in self.clients:
            client.close()


def data(answer: httpx.Response, status: int = 200) -> Any:
    """The data of a successful answer."""
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


def patient_ids(client: httpx.Client) -> list[str]:
    """Every patient there is, the newest first."""
    return [patient["id"] for patient in data(client.get("/patients?limit=100"))]


def pages(client: httpx.Client, path: str) -> list[dict[str, Any]]:
    """Every row of a list, page by page."""
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = client.get(path, params={"limit": "100", **cursor})
        rows += data(answer)
        meta = answer.json()["meta"]
        if not meta["has_more"]:
            return rows
        cursor = {"cursor": meta["next_cursor"]}
