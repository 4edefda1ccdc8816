"""A process can be killed at a named seam, and at no other."""

import os
import signal
import subprocess
import sys

import pytest

from jump.kit.crash_points import crash_at, never
from tests.processes import SOURCE

PROGRAM = """
import sys
from jump.kit.crash_points import crash_at
reach = crash_at(sys.argv[1])
for turn in range(3):
    for name in ("after_numbering", "after_fanout"):
        print(name, turn, flush=True)
        reach(name)
"""


def run(wanted: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, wanted], capture_output=True, text=True, env=environment
    )


def test_a_process_dies_at_the_seam_it_was_told() -> None:
    done = run("after_fanout")
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split("\n")[-2] == "after_fanout 0"


def test_or_when_it_comes_there_for_the_nth_time() -> None:
    done = run("after_numbering:3")
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split("\n")[-2] == "after_numbering 2"


def test_or_hangs_there_until_it_is_let_go_on() -> None:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "after_fanout:2:stop"],
        stdout=subprocess.PIPE, text=True, env=environment,
    ) as process:  # fmt: skip
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        process.send_signal(signal.SIGCONT)
        output, _ = process.communicate()
    assert output.split("\n")[-2] == "after_fanout 2"
    assert process.returncode == 0


def test_or_not_at_all() -> None:
    assert run("").returncode == 0
    assert run("after_numbering:4").returncode == 0
    assert crash_at(None) is never


@pytest.mark.parametrize("wanted", ["nowhere", "after_fanout:0", "after_fanout:x", "after_fanout:"])
def test_a_seam_that_does_not_exist_is_refused(wanted: str) -> None:
    with pytest.raises(ValueError, match="crash point"):
        crash_at(wanted)
