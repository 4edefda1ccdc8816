"""Consoles for tests: served by a real process, and looked at with a real browser."""

from collections.abc import Callable, Iterator

import pytest

from tests.console.chromium import ChromiumMissing
from tests.console.house import House, open_house, settings_for
from tests.databases import SqliteStore, Store
from tests.processes import Jump


@pytest.fixture
def house(store: Store, jump_on: Callable[..., Jump]) -> Iterator[House]:
    """A practice with everything, served, on SQLite and on PostgreSQL."""
    yield from _opened(store, jump_on)


@pytest.fixture
def sqlite_house(sqlite_store: SqliteStore, jump_on: Callable[..., Jump]) -> Iterator[House]:
    """The same on SQLite, for what the database has no part in."""
    yield from _opened(sqlite_store, jump_on)


def _opened(store: Store, jump_on: Callable[..., Jump]) -> Iterator[House]:
    try:
        with open_house(store, jump_on(**settings_for(store))) as opened:
            yield opened
    except ChromiumMissing as problem:
        pytest.fail(str(problem), pytrace=False)
