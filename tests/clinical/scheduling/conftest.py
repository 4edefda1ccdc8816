"""A practice's front desk on each database."""

from collections.abc import AsyncIterator

import pytest

from tests.clinical.scheduling.desk import Desk, desk_on
from tests.databases import Store


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[Desk]:
    async with desk_on(store) as made:
        yield made
