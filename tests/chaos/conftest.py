"""One cluster for all tests here: it takes seconds to start. `xdist_group` keeps them on one process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.cluster import Cluster


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder: Path = tmp_path_factory.mktemp("chaos")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o711)  # the servers of root run as another account
    with Cluster(folder) as started:
        yield started
