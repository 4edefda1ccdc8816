"""The README is true: every block of code in it runs, and its tables are complete."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.commands import every_command
from tests.ports import free_port
from tests.processes import Jump
from tests.talking import talk

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
LANGUAGES = ["sh", "sh", "sh", "sh", "json"]

MAKE, SERVE, FIRST_KEY, FIRST_REQUEST, FIRST_ANSWER = (
    [text for _, text in BLOCKS] if len(BLOCKS) == len(LANGUAGES) else [""] * len(LANGUAGES)
)


@pytest.fixture
def jump(jump_on: Callable[..., Jump], tmp_path: Path) -> Jump:
    """`jump` as the README has it: found by its name, with no settings but a free port."""
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    program = programs / "jump"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m jump.cli.main "$@"\n')
    program.chmod(0o755)
    return jump_on(JUMP_PORT=str(free_port()), PATH=f"{programs}:{os.environ['PATH']}")


def shell(jump: Jump, block: str, **settings: str) -> str:
    """Run a block to its end; what it printed."""
    done = subprocess.run(
        ["sh", "-eu", "-c", block], capture_output=True, text=True, timeout=60,
        cwd=jump.folder, env=jump.environment(**settings),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def address(jump: Jump) -> str:
    return f"http://127.0.0.1:{jump.settings['JUMP_PORT']}"


def test_every_block_is_among_those_that_run_here() -> None:
    assert [language for language, _ in BLOCKS] == LANGUAGES


def test_the_two_commands_are_there() -> None:
    targets = re.findall(r"^make (\w+)", MAKE, re.MULTILINE)
    assert targets == ["demo", "test"]
    planned = subprocess.run(
        ["make", "--dry-run", *targets], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "jump demo" in planned
    assert "pytest" in planned


def test_a_first_request_is_made_as_the_readme_says(jump: Jump) -> None:
    with talk(jump, "-c", SERVE, command=["sh"]) as server:
        server.wait_for(f"Listening on {address(jump)}")
        printed = shell(jump, FIRST_KEY)
        assert "Added 100 patients" in printed
        key = re.findall(r"^  (pk_test_\w+)$", printed, re.MULTILINE)[0]
        request = FIRST_REQUEST.replace("pk_test_...", key)
        answer = json.loads(shell(jump, request.replace("http://127.0.0.1:8000", address(jump))))
    promised = json.loads(FIRST_ANSWER)
    assert set(answer["meta"]) == set(promised["meta"])
    assert set(promised["data"][0]) < set(answer["data"][0])
    assert len(answer["data"]) == 3


def test_the_table_of_commands_is_complete() -> None:
    table = README.partition("## Commands")[2].partition("## Where")[0]
    told: set[str] = set()
    for cell in re.findall(r"^\| (`jump.*?) \|", table, re.MULTILINE):
        group = ""
        for words in re.findall(r"`([^`]+)`", cell):
            command = words.removeprefix("jump ")
            if words.startswith("jump "):
                group = command.rpartition(" ")[0]
            told.add(command if words.startswith("jump ") else f"{group} {command}".strip())
    assert told == {" ".join(words) for words in every_command()}


def test_every_link_leads_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []
    assert len(links) >= 6
