"""A practice, its receiver, its database and other processes, for tests that let an engine work."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from jump.storage.database import Database
from tests.databases import Store
from tests.processes import SOURCE
from tests.receiver import Receiver
from tests.webhooks.delivering import Desk


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Takes deliveries over TLS, with an authority of its own."""
    with Receiver() as started:
        yield started


@pytest.fixture
async def desk(store: Store, database: Database, receiver: Receiver) -> Desk:
    """See Desk."""
    return await Desk.on(store, database, receiver)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Another process, which waits until it is killed."""
    code = (
        "import sys\nfrom jump.webhooks.engine.ownership import own_name\n"
        "print(own_name('n'), flush=True)\nsys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    ) as process:  # fmt: skip
        yield process
        process.kill()


@pytest.fixture
def living_owner(sleeper: subprocess.Popen[bytes]) -> str:
    """The name of a process that runs."""
    assert sleeper.stdout is not None
    return sleeper.stdout.readline().decode().strip()


@pytest.fixture
def dead_owner(sleeper: subprocess.Popen[bytes], living_owner: str) -> str:
    """The name of a process that has ended."""
    sleeper.kill()
    sleeper.wait()
    return living_owner
