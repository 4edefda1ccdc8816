"""What the tests of the documentation share: one installation for all of a process."""

from collections.abc import Iterator

import pytest

from tests.docs.house import House, open_house


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A served practice; pages add to it, and none looks at what another made."""
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened
