"""Web processes and the worker: killed, paused, deaf, and living in another time."""

import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from tests.chaos.cluster import Cluster
from tests.chaos.evidence import mails
from tests.chaos.faults.base import Fault
from tests.chaos.orders import Orders
from tests.chaos.processes import Web

if TYPE_CHECKING:
    from tests.chaos.scene import Scene

MAILS = 30  # that the worker has to send when it is killed
FIRST_MAIL = 5.0  # seconds in which the first of them should be posted
FAKETIME = next(
    (
        str(path)
        for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib")
        for path in [Path(folder, "faketime", "libfaketimeMT.so.1")]
        if path.exists()
    ),
    "",
)


@dataclass
class WebKilled(Fault):
    """kill -9 of a web process: at once, or at the n-th time that it passes a point of posting."""

    number: int
    times: int
    resources = ("web",)
    lasting = (1.5, 3.5)
    point: ClassVar[str] = ""
    spared = False  # nobody passed the point often enough

    @classmethod
    def drawn(cls, rng: random.Random) -> "Fault":
        return cls(rng.randrange(1000), rng.randint(1, 6))

    def apply(self, scene: "Scene") -> None:
        web = _web(scene.cluster, self.number)
        if self.point:
            web.order(Orders(die=self.point, times=self.times))
        else:
            web.kill()

    def heal(self, scene: "Scene") -> None:
        web = _web(scene.cluster, self.number)
        if web.alive:
            web.order(Orders())
        self.spared = web.alive
        if not web.alive:
            web.start()
            web.await_answer()

    def missed(self, scene: "Scene") -> str:
        return "never reached" if self.spared else ""


class WebKilledBeforeCommit(WebKilled):
    point = "before_commit"


class WebKilledAfterCommit(WebKilled):
    point = "after_commit"


class WebKilledBeforeAnswer(WebKilled):
    point = "before_answer"


@dataclass
class WebPaused(Fault):
    """A web process that does nothing for a while, and knows nothing of it."""

    number: int
    resources = ("web",)

    @classmethod
    def drawn(cls, rng: random.Random) -> "Fault":
        return cls(rng.randrange(1000))

    def apply(self, scene: "Scene") -> None:
        _web(scene.cluster, self.number).pause()

    def heal(self, scene: "Scene") -> None:
        _web(scene.cluster, self.number).resume()


@dataclass
class ClocksApart(Fault):
    """Two web processes start again with clocks ten minutes apart from the third, one ahead and one behind."""

    number: int
    resources = ("web",)
    lasting = (2.0, 4.0)

    @classmethod
    def missing(cls, cluster: Cluster) -> str:
        return "" if FAKETIME else "libfaketime (the system's package `faketime`)"

    @classmethod
    def drawn(cls, rng: random.Random) -> "Fault":
        return cls(rng.randrange(1000))

    def apply(self, scene: "Scene") -> None:
        self._restart(
            scene.cluster, {"LD_PRELOAD": FAKETIME, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}, ("+10m", "-10m")
        )

    def heal(self, scene: "Scene") -> None:
        self._restart(scene.cluster, {}, ("", ""))

    def _restart(self, cluster: Cluster, environment: dict[str, str], shifts: tuple[str, str]) -> None:
        webs = [_web(cluster, self.number), _web(cluster, self.number + 1)]
        for web, shift in zip(webs, shifts, strict=True):
            web.kill()
            web.start(**environment, **({"FAKETIME": shift} if shift else {}))
        for web in webs:
            web.await_answer()


@dataclass
class WorkerKilled(Fault):
    """kill -9 of the worker while jobs wait and run."""

    after: float  # seconds since the first of the mails was posted
    resources = ("worker",)
    posted = 0

    @classmethod
    def drawn(cls, rng: random.Random) -> "Fault":
        return cls(round(rng.uniform(0.0, 0.05), 3))

    def apply(self, scene: "Scene") -> None:
        marks = set(scene.send_mails(MAILS))
        self._await_the_first(scene.cluster, marks)
        time.sleep(self.after)
        scene.cluster.worker.kill()
        self.posted = _posted(scene.cluster, marks)

    def heal(self, scene: "Scene") -> None:
        scene.cluster.worker.start()

    def missed(self, scene: "Scene") -> str:
        amid = 0 < self.posted < MAILS
        return "" if amid else f"{self.posted} of {MAILS} mails were posted when the worker was killed"

    def _await_the_first(self, cluster: Cluster, marks: set[str]) -> None:
        """For a while: other faults may keep the worker from it."""
        deadline = time.monotonic() + FIRST_MAIL
        while not _posted(cluster, marks) and time.monotonic() < deadline:
            time.sleep(0.005)


def _posted(cluster: Cluster, marks: set[str]) -> int:
    return len(marks & {mark for mark, _ in mails(cluster.mails)})


def _web(cluster: Cluster, number: int) -> Web:
    return cluster.webs[number % len(cluster.webs)]


@dataclass
class FramesLost(Fault):
    """Every payload from Valkey is lost, in one web process or in all: only Postgres brings news."""

    everywhere: bool
    number: int
    resources = ("web",)
    lasting = (1.0, 5.0)

    @classmethod
    def drawn(cls, rng: random.Random) -> "Fault":
        return cls(rng.random() < 0.5, rng.randrange(1000))

    def apply(self, scene: "Scene") -> None:
        self._order(scene.cluster, Orders(deaf=True))

    def heal(self, scene: "Scene") -> None:
        self._order(scene.cluster, Orders())

    def _order(self, cluster: Cluster, orders: Orders) -> None:
        for web in cluster.webs if self.everywhere else [_web(cluster, self.number)]:
            web.order(orders)
