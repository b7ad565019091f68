from collections.abc import Iterator

import pytest

from tests.e2e import stack
from tests.e2e.stack import Stack


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for all end-to-end tests: starting it takes longer than any of them."""
    home = tmp_path_factory.mktemp("home")
    stack.furnish(home)
    with stack.running(home) as started:
        yield started
