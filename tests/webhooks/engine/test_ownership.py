"""Who holds a lane is told by a name; one that certainly runs no more is known to be dead."""

import os
import subprocess
import sys

from jump.webhooks.engine.ownership import is_dead, own_name


def test_this_process_is_not_dead() -> None:
    assert not is_dead(own_name("a"))
    assert own_name("a") != own_name("b")


def test_another_process_is_dead_once_it_has_ended_waited_for_or_not(
    sleeper: subprocess.Popen[bytes], living_owner: str
) -> None:
    assert not is_dead(living_owner)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert is_dead(living_owner)
    sleeper.wait()
    assert is_dead(living_owner)


def test_a_process_that_got_the_number_of_a_dead_one_is_another(living_owner: str) -> None:
    place, pid, started, nonce = living_owner.split(" ")
    assert is_dead(f"{place} {pid} {int(started) - 1} {nonce}")


def test_of_processes_elsewhere_nothing_is_known(dead_owner: str) -> None:
    assert is_dead(dead_owner)
    elsewhere = "0" + dead_owner[1:]
    assert elsewhere != dead_owner
    assert not is_dead(elsewhere)
    assert not is_dead("somebody")
    assert not is_dead("a b c d e")
    assert not is_dead(dead_owner.replace(dead_owner.split(" ")[1], "x", 1))


def test_the_name_of_another_process_is_made_like_ours(living_owner: str) -> None:
    assert own_name("a").split(" ")[0] == living_owner.split(" ")[0]
    assert sys.platform != "linux" or living_owner.split(" ")[2].isdecimal()
