"""A practice with its receiver, on either database, for journeys with real processes."""

from collections.abc import Callable, Iterator

import pytest

from tests.databases import Store
from tests.journeys.scene import Scene, settings_for
from tests.processes import Jump
from tests.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Takes deliveries over TLS, with an authority of its own."""
    with Receiver() as started:
        yield started


@pytest.fixture
def scene(store: Store, receiver: Receiver, jump_on: Callable[..., Jump]) -> Iterator[Scene]:
    """A practice without patients, keys or webhooks."""
    made = Scene(jump_on(JUMP_DATABASE_URL=store.url, **settings_for(receiver)), receiver)
    yield made
    made.close()


@pytest.fixture
def sqlite_scene(
    tmp_path_factory: pytest.TempPathFactory, receiver: Receiver, jump_on: Callable[..., Jump]
) -> Iterator[Scene]:
    """A practice on SQLite, for what the database has no part in; its first process makes it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('data') / 'jump.db'}"
    made = Scene(jump_on(JUMP_DATABASE_URL=url, **settings_for(receiver)), receiver)
    yield made
    made.close()
