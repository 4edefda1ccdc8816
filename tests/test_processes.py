"""The tests' way to run the real command: ready when it says so, and gone when it is told to go."""

import signal
from collections.abc import Callable

import pytest

from tests.processes import Jump, NotReady, answers_ready


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def test_what_is_started_takes_requests_until_it_is_terminated(
    jump_on: Callable[..., Jump],
) -> None:
    started = jump_on().start("serve")
    assert answers_ready(port_of(started.url))
    ended = started.terminate()
    assert ended.status == 0
    assert not answers_ready(port_of(started.url))


def test_what_is_killed_has_no_time_to_say_anything(jump_on: Callable[..., Jump]) -> None:
    started = jump_on().start("api")
    started.kill()
    assert started.process.returncode == -signal.SIGKILL
    assert "stopped" not in started.errors


def test_a_process_that_cannot_start_is_told_in_its_own_words(jump_on: Callable[..., Jump]) -> None:
    jump = jump_on(JUMP_DATABASE_URL="nowhere://at/all")
    with pytest.raises(NotReady, match="JUMP_DATABASE_URL"):
        jump.start("serve")


def test_the_settings_of_whoever_runs_the_tests_do_not_reach_the_command(
    jump_on: Callable[..., Jump], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUMP_DATABASE_URL", "nowhere://at/all")
    assert jump_on().run("settings").status == 0


def test_the_answer_of_a_command_that_failed_is_no_json(jump_on: Callable[..., Jump]) -> None:
    answer = jump_on().run("no-such-command")
    with pytest.raises(AssertionError, match="No such command"):
        assert answer.json
