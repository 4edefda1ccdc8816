"""Ports for what tests start: no other worker is given the same, nor any connection of the machine.

A port that the system gave away once (port 0) may be anybody's before the process that was to have
it has started, and again while that is down to be started anew.
"""

import itertools
import os
import random
import socket

FIRST = 12_000
BEYOND = 32_768  # from here on Linux takes the ports of outgoing connections (ip_local_port_range)
SHARE = 2_000


def _share() -> range:
    """Those of this worker of the run; as many workers as fit have one of their own."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    first = FIRST + SHARE * (int(worker) % ((BEYOND - FIRST) // SHARE))
    return range(first, first + SHARE)


# Another run on this machine begins elsewhere.
_candidates = itertools.cycle(_share())
_skipped = list(itertools.islice(_candidates, random.randrange(SHARE)))


def free_port() -> int:
    """A port on loopback that nobody listens on, not given before for a long while."""
    return next(port for port in _candidates if _is_free(port))


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
