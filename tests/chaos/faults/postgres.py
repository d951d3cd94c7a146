"""Postgres: away, hanging, without a connection or a byte to give."""

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from tests.chaos.cluster import Cluster
from tests.chaos.faults.base import Plain

if TYPE_CHECKING:
    from tests.chaos.scene import Scene


class PostgresRestarted(Plain):
    """A fast shutdown: transactions under way are rolled back, connections end."""

    resources = ("postgres",)
    lasting = (0.0, 2.0)

    def apply(self, scene: "Scene") -> None:
        scene.cluster.servers.stop_postgres()

    def heal(self, scene: "Scene") -> None:
        scene.cluster.servers.start_postgres()


class PostgresCrashed(Plain):
    """The postmaster and all its processes end at once; what was committed comes back from the log."""

    resources = ("postgres",)
    lasting = (0.0, 2.0)

    def apply(self, scene: "Scene") -> None:
        for pid in _processes(scene.cluster):
            os.kill(pid, signal.SIGKILL)

    def heal(self, scene: "Scene") -> None:
        scene.cluster.servers.stop_postgres()
        scene.cluster.servers.start_postgres()


class PostgresPaused(Plain):
    """SIGSTOP for all of its processes: connections stay open, and nothing is answered."""

    resources = ("postgres",)

    def apply(self, scene: "Scene") -> None:
        self.pids = _processes(scene.cluster)
        for pid in self.pids:
            os.kill(pid, signal.SIGSTOP)

    def heal(self, scene: "Scene") -> None:
        for pid in reversed(self.pids):
            os.kill(pid, signal.SIGCONT)


class OutOfConnections(Plain):
    """Somebody from outside holds every connection that Postgres has left, and takes those that become free."""

    resources = ("postgres",)

    def __init__(self) -> None:
        self.held: list[psycopg.Connection[Any]] = []

    def apply(self, scene: "Scene") -> None:
        self._hold_all(scene.cluster)
        # The web processes' own connections end, so that they have to ask for new ones.
        self.held[0].execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where usename = current_user and pid <> all(%s)",
            [[one.info.backend_pid for one in self.held]],
        )
        self._hold_all(scene.cluster)
        scene.note(f"{len(self.held)} held")

    def heal(self, scene: "Scene") -> None:
        for connection in self.held:
            connection.close()
        self.held.clear()

    def _hold_all(self, cluster: Cluster) -> None:
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                self.held.append(cluster.database())


class DiskFull(Plain):
    """The file system that holds Postgres' data has not a byte left."""

    resources = ("postgres",)

    @classmethod
    def missing(cls, cluster: Cluster) -> str:
        return (
            ""
            if cluster.disk
            else "a file system of its own for the data (root, and the right to mount a tmpfs)"
        )

    def apply(self, scene: "Scene") -> None:
        self.before = len(scene.log.failures)
        assert scene.cluster.disk is not None
        scene.cluster.disk.fill()

    def heal(self, scene: "Scene") -> None:
        assert scene.cluster.disk is not None
        scene.cluster.disk.free()
        if not scene.cluster.postgres_alive:
            scene.note("PostgreSQL ended")
            scene.cluster.servers.stop_postgres()
            scene.cluster.servers.start_postgres()

    def missed(self, scene: "Scene") -> str:
        failed = len(scene.log.failures) > self.before  # some hear of it only when Postgres is back
        return "" if failed else "nothing failed because of it"


def _processes(cluster: Cluster) -> list[int]:
    """The postmaster and its children."""
    postmaster = cluster.servers.postgres_pid
    assert postmaster is not None
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return [postmaster, *map(int, children)]
