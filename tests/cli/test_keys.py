"""`jump keys`: a key is printed once, and what is done to it shows in the list."""

import os
import pty
import re
import subprocess
from pathlib import Path
from typing import Any

from jump.keys.format import parse_key
from tests.calling import call
from tests.processes import COMMAND, RUN_WITHIN_SECONDS, Jump

URL = "https://hooks.example.com/jump"


def made(jump: Jump, *more: str, name: str = "Booking site") -> dict[str, Any]:
    arguments = ("--name", name, "--mode", "test", "--scopes", "read_patients,write_patients")
    key: dict[str, Any] = jump.run("keys", "create", *arguments, *more, "--json").json
    return key


def listed(jump: Jump, *more: str) -> list[dict[str, Any]]:
    keys: list[dict[str, Any]] = jump.run("keys", "list", *more, "--json").json
    return keys


def test_a_key_is_made_listed_rotated_limited_and_revoked(jump: Jump) -> None:
    key = made(jump)
    assert list(key) == ["id", "name", "mode", "scopes", "limit", "key"]
    assert key["scopes"] == ["read_patients", "write_patients"]
    rotated = jump.run("keys", "rotate", key["id"], "--overlap", "1h", "--json").json
    assert (rotated["id"], list(rotated)) == (key["id"], list(key))
    assert rotated["key"] != key["key"]
    assert jump.run("keys", "limit", key["id"], "50", "--json").json["limit"] == 50
    (found,) = listed(jump)
    assert (found["status"], found["limit"], found["used"]) == ("rotating", 50, 0)
    assert jump.run("keys", "end-overlap", key["id"], "--json").json["status"] == "active"
    assert jump.run("keys", "revoke", key["id"], "--json").json["status"] == "revoked"
    assert [each["status"] for each in listed(jump)] == ["revoked"]


def at_a_terminal(jump: Jump, *arguments: str) -> str:
    """What a command says on standard error where that is a terminal."""
    ours, theirs = pty.openpty()
    with open(ours, "rb", buffering=0) as terminal:
        command = [*COMMAND, *arguments]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=theirs, timeout=RUN_WITHIN_SECONDS,
            cwd=jump.folder, env=jump.environment(),
        )  # fmt: skip
        assert done.returncode == 0
        os.write(theirs, b"|")  # so that there is something to read
        os.close(theirs)
        return terminal.read(10_000).decode()


def test_whoever_makes_a_key_beside_the_servers_database_is_told_so(
    light_jump: Jump, tmp_path: Path
) -> None:
    create = ("keys", "create", "--name", "Site", "--mode", "test", "--scopes", "all")
    said = at_a_terminal(light_jump, *create)
    assert f"Made a new database, {tmp_path / 'jump.db'}." in said
    assert "JUMP_DATABASE_URL" in said
    assert at_a_terminal(light_jump, *create) == "|"
    elsewhere = light_jump.run(*create, JUMP_DATABASE_URL=f"sqlite:///{tmp_path / 'two.db'}")
    assert (elsewhere.status, elsewhere.errors) == (0, "")  # nothing that a script would meet


def test_a_key_is_printed_once_with_a_request_and_a_line_for_a_file(light_jump: Jump) -> None:
    arguments = ("--name", "Site", "--mode", "live", "--scopes", "all", "--expires", "90d")
    answer = light_jump.run("keys", "create", *arguments)
    keys = set(re.findall(r"pk_live_\w+", answer.output))
    assert len(keys) == 1
    key = keys.pop()
    assert parse_key(key) is not None
    assert f"curl -H 'Authorization: Bearer {key}' http://127.0.0.1:8000/api/v1/me" in answer.output
    assert f"PK_KEY={key}" in answer.output
    assert "in 89 days" in answer.output
    for shown in (light_jump.run("keys", "list"), light_jump.run("keys", "list", "--json")):
        assert f"{key[:25]}…" in shown.output
        assert key[25:] not in shown.output


def test_keys_of_both_modes_are_listed_or_of_one(light_jump: Jump) -> None:
    made(light_jump, "--mode", "live", name="Live")
    made(light_jump, name="Test")
    assert [each["name"] for each in listed(light_jump)] == ["Test", "Live"]
    assert [each["name"] for each in listed(light_jump, "--mode", "live")] == ["Live"]
    assert [each["name"] for each in listed(light_jump, "--limit", "1")] == ["Test"]


def test_a_key_is_found_as_it_is_shown_and_as_it_was_made(light_jump: Jump) -> None:
    key = made(light_jump)
    masked = listed(light_jump)[0]["masked"]
    assert light_jump.run("keys", "limit", masked, "7", "--json").json["limit"] == 7
    assert light_jump.run("keys", "revoke", key["key"]).status == 0


def test_a_revoked_key_stays_revoked(light_jump: Jump) -> None:
    key = made(light_jump)
    light_jump.run("keys", "revoke", key["id"])
    again = light_jump.run("keys", "revoke", key["id"])
    assert again.status == 0
    refused = light_jump.run("keys", "rotate", key["id"])
    assert refused.status == 1
    assert len(refused.errors.splitlines()) == 1
    assert refused.errors.startswith("jump: This key is revoked")


def test_every_wrong_value_is_refused_in_one_line(light_jump: Jump) -> None:
    arguments = ("--name", " ", "--mode", "test", "--scopes", "all", "--limit", "0")
    refused = light_jump.run("keys", "create", *arguments)
    assert (refused.status, refused.output) == (1, "")
    assert len(refused.errors.splitlines()) == 1
    assert "name: " in refused.errors
    assert "limit: " in refused.errors


def test_an_unknown_key_is_refused(light_jump: Jump) -> None:
    refused = light_jump.run("keys", "revoke", "key_0123456789abcdef")
    assert refused.errors == "jump: There is no API key with this id.\n"
    assert refused.status == 1


def test_revoking_a_key_pauses_the_webhooks_it_made(jump: Jump) -> None:
    key = made(jump, "--scopes", "all")
    server = jump.start("api")
    body = {"url": URL, "events": ["patient.updated"]}
    webhook = call(server.url, "POST", "/webhooks", key["key"], body).json()["data"]
    operators = jump.run(
        "webhooks", "create", "--url", URL, "--events", "all", "--mode", "test", "--json"
    ).json
    assert jump.run("keys", "revoke", key["id"], "--json").json["paused_webhooks"] == 1
    states = {each["id"]: each for each in jump.run("webhooks", "list", "--json").json}
    assert states[webhook["id"]]["is_active"] is False
    assert "revoked" in states[webhook["id"]]["paused_reason"]
    assert states[operators["id"]]["is_active"] is True
    assert call(server.url, "GET", "/me", key["key"]).status_code == 401
