"""What the processes of a run hold in memory, looked at after each schedule."""

from tests.chaos.cluster import Cluster
from tests.chaos.records import Memory


class Memories:
    """Of each web process that lived: what it held after each schedule, and at most. Of the workers: the most."""

    def __init__(self) -> None:
        self.worker = 0
        self._resident: dict[str, list[int]] = {}
        self._peaks: dict[str, int] = {}

    def look(self, cluster: Cluster) -> None:
        self.worker = max(self.worker, cluster.worker.peak())
        for web in filter(lambda web: web.alive, cluster.webs):  # one that just died is started again
            name = f"{web.name} ({web.pid})"
            self._resident.setdefault(name, []).append(web.resident())
            self._peaks[name] = web.peak()

    def of_webs(self) -> list[Memory]:
        return [Memory(name, tuple(held), self._peaks[name]) for name, held in self._resident.items()]

    def __str__(self) -> str:
        most = max(self._peaks.values(), default=0)
        lived = f"{len(self._peaks)} of them lived"
        return f"a web process held at most {most >> 20} MiB ({lived}), and a worker {self.worker >> 20} MiB"
