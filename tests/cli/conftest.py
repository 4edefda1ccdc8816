"""The command on a database of the test's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.databases import Store
from tests.processes import Jump

SECRET_KEY = "the secret key of these tests, long enough"


@pytest.fixture
def jump(store: Store, jump_on: Callable[..., Jump]) -> Jump:
    """`jump` on SQLite and, once more, on PostgreSQL."""
    return jump_on(JUMP_DATABASE_URL=store.url, JUMP_SECRET_KEY=SECRET_KEY)


@pytest.fixture
def light_jump(tmp_path: Path, jump_on: Callable[..., Jump]) -> Jump:
    """`jump` on SQLite only, where the database makes no difference."""
    return jump_on(JUMP_DATABASE_URL=f"sqlite:///{tmp_path / 'jump.db'}")
