"""What several tests of tenants share."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import servers


@pytest.fixture
def valkey() -> Iterator[Any]:
    """The Valkey of this process, running again after the test."""
    assert servers.servers is not None
    yield servers.servers
    servers.servers.resume_valkey()
    if not servers.servers._running_valkey.answers():
        servers.servers.start_valkey()
