"""The world of the surface tests, on SQLite and on PostgreSQL."""

import pytest

from jump.storage.database import Database
from tests.surface.world import World, open_world


@pytest.fixture
async def world(database: Database) -> World:
    """A practice with one record of each kind."""
    return await open_world(database)
