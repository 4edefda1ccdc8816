"""The benchmarks run and count what they say; how fast anything is belongs to no test."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.databases import KINDS
from tests.processes import SOURCE

ROOT = Path(__file__).parents[2]
RUN_WITHIN_SECONDS = 100


def run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", *arguments],
        capture_output=True, text=True, timeout=RUN_WITHIN_SECONDS, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_latency_sees_every_change_answered_and_arrive_and_draining_every_delivery_succeed(
    kind: str,
) -> None:
    said: dict[str, Any] = json.loads(run("latency", "draining", "--database", kind, "--json"))
    assert said.keys() == {"machine", "latency", "draining"}
    shapes = {"sqlite": ["serve"], "postgresql": ["serve", "api + work"]}
    assert [row["processes"] for row in said["latency"]["rows"]] == shapes[kind]
    for row in said["latency"]["rows"]:
        assert row["changes"] == row["arrived"] == 20
        assert 0 < row["answer ms"] <= row["answer p95"]
        assert 0 < row["arrival ms"] <= row["arrival p95"]
        assert min(row["commit ms"], row["POST ms"]) > 0
    (row,) = said["draining"]["rows"]
    assert row["deliveries"] == row["succeeded"] == 200
    assert row["ratio"] > 0
    assert (row["of database"] > 0) == (kind == "postgresql")
    (aim,) = said["draining"]["aims"]
    assert aim["measured"] == row["ratio"]
    assert aim["is_met"] == (aim["measured"] <= aim["most"])


@pytest.mark.parametrize("kind", KINDS)
def test_logs_find_what_they_ask_for_among_few_and_many(kind: str) -> None:
    said: dict[str, Any] = json.loads(run("logs", "--database", kind, "--json"))
    rows = said["logs"]["rows"]
    assert {row["of"] for row in rows} == {"the API", "the console"}
    assert len({row["page of 50"] for row in rows}) == len(rows) / 2
    for row in rows:
        assert (row["few"], row["many"]) == (300, 900)
        assert row["ratio"] == pytest.approx(row["ms of many"] / row["ms"])
    assert [aim["measured"] for aim in said["logs"]["aims"]] == [
        max(row["ratio"] for row in rows if row["of"] == by) for by in ("the API", "the console")
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_growth_asks_every_list_in_many_ways(kind: str) -> None:
    said: dict[str, Any] = json.loads(run("growth", "--database", kind, "--json"))
    rows = {row["GET"]: row for row in said["growth"]["rows"]}
    assert rows["/patients/{id}"]["ways to ask"] == 1
    for path in ("/patients", "/appointments", "/consultations", "/patients/{id}/problems"):
        assert rows[path]["ways to ask"] > 20
    for row in rows.values():
        assert row["ratio"] == pytest.approx(row["p95 ms of many"] / row["p95 ms of few"])
    (aim,) = said["growth"]["aims"]
    assert aim["measured"] == max(row["ratio"] for row in rows.values())


def test_growth_asks_one_address_when_told_so() -> None:
    words = ("growth", "--database", "sqlite", "--json", "--get", "/problems")
    said: dict[str, Any] = json.loads(run(*words))
    assert [row["GET"] for row in said["growth"]["rows"]] == ["/problems"]


def test_what_is_printed_names_the_machine_and_the_yardsticks() -> None:
    text = run("admission", "--database", "sqlite")
    for words in ("cores", "sqlite", "other programs", "us each", "commit us"):
        assert words in text


@pytest.mark.parametrize("kind", KINDS)
def test_availability_finds_fewer_free_times_where_more_are_booked(kind: str) -> None:
    said: dict[str, Any] = json.loads(run("availability", "--database", kind, "--json"))
    (row,) = said["availability"]["rows"]
    assert (row["few"], row["many"]) == (12, 600)
    assert 0 < row["free of many"] < row["free"]
    assert row["ratio"] == pytest.approx(row["ms of many"] / row["ms"])
    (aim,) = said["availability"]["aims"]
    assert (aim["measured"], aim["most"]) == (row["ratio"], 3)
