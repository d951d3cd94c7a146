"""Which of pytest-xdist's workers runs what: tests that share something that takes long to start run on one of them.

By folder, because the process that gives out the tests knows nothing of them but their names. xdist's own groups put theirs
into the name, which pytest 9.2 does not let it (pytest-xdist 1386): each worker started everything, without a word.
"""

import os
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

ON_ONE = ("tests/chaos/", "tests/deploy/")


class Scheduling(LoadScopeScheduling):
    """Test by test, but for the folders that stay together; those begin first, as they take longest."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in ON_ONE if nodeid.startswith(folder)), nodeid)

    def remove_node(self, node: Any) -> str | None:
        """As xdist's, which gives what a crashed worker had done out again, as units of nothing that nobody completes."""
        units = self.assigned_work[node]
        for scope in [scope for scope, tests in units.items() if all(tests.values())]:
            del units[scope]
        return super().remove_node(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    return Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What hung gets one more try and is listed as RERUN, with where each thread was: one held up a merge, and said nothing."""
    for item in items:
        item.add_marker(pytest.mark.flaky(reruns=1, only_rerun="from pytest-timeout"))


def only_here(folders: pytest.TempPathFactory, name: str) -> None:
    """Raises FileExistsError where another worker of this run has said `name`, too."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        mark = folders.getbasetemp().parent / f"{name}.on-one-worker"
        if not mark.exists() or mark.read_text() != worker:  # a second try is the same worker's
            with mark.open("x") as file:
                file.write(worker)
