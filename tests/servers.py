"""The pytest plugin that starts a PostgreSQL and a Valkey of this process' own, before Django reads its settings.

With pytest-xdist every worker has its own; the controller, which runs no test, has none.
"""

import os
import socket

import pytest

from config import embedded

servers: embedded.Servers | None = None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    global servers
    os.environ.setdefault("PARLEY_DEBUG", "1")
    os.environ["PARLEY_SPARE_SCHEMAS"] = "2"
    os.environ["PARLEY_LOG_LEVEL"] = "ERROR"
    os.environ["PARLEY_PUBLIC_PORT"] = str(free_port())
    controller = (
        getattr(early_config.known_args_namespace, "numprocesses", None)
        and "PYTEST_XDIST_WORKER" not in os.environ
    )
    if controller:
        return
    servers = embedded.start()
    os.environ.update(servers.environment)
    os.environ["PARLEY_DATA"] = str(servers.folder / "parley")


def pytest_unconfigure() -> None:
    if servers is not None:
        servers.stop()
