"""One cluster for all tests here: it takes seconds to start, and what it suffers keeps both cores busy."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.cluster import Cluster
from tests.workers import only_here


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    only_here(tmp_path_factory, "chaos")
    # Not pytest's own folder: the servers of root run as another account, which may not enter it.
    with tempfile.TemporaryDirectory(prefix="parley-chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        with Cluster(folder) as started:
            yield started
