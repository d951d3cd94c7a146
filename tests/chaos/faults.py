"""What can go wrong, each with `apply` and `heal`. Decisions come from the plan's random numbers, never from elsewhere.

Two faults of one schedule never meddle with the same `resource`. Faults act from the main thread and may take their
time: clients live in a thread of their own.
"""

import contextlib
import os
import random
import signal
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import psycopg

from tests.chaos.cluster import Cluster, Web
from tests.chaos.orders import Orders
from tests.chaos.records import ShutOut

if TYPE_CHECKING:
    from tests.chaos.schedule import Scene

CLOSED = 10.0  # seconds after healing in which the sockets of the shut out have to be gone
FAKETIME = next(
    (
        str(path)
        for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib")
        for path in [Path(folder, "faketime", "libfaketimeMT.so.1")]
        if path.exists()
    ),
    "",
)


class Fault(ABC):
    """One thing that goes wrong for `lasting` seconds (from, to)."""

    resource: ClassVar[str]
    lasting: ClassVar[tuple[float, float]] = (0.5, 3.0)

    @classmethod
    def missing(cls, cluster: Cluster) -> str:
        """What it would need and this machine or cluster does not have; "" where nothing is missing."""
        return ""

    @classmethod
    @abstractmethod
    def drawn(cls, rng: random.Random) -> "Fault":
        """One with its details drawn."""

    @abstractmethod
    def apply(self, scene: "Scene") -> None: ...

    @abstractmethod
    def heal(self, scene: "Scene") -> None: ...


class Plain(Fault):
    """A fault without details."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    @classmethod
    def drawn(cls, rng: random.Random) -> "Fault":
        return cls()


# -- Web processes and the worker ----------------------------------------------------------------------------------


@dataclass
class WebKilled(Fault):
    """kill -9 of a web process: at once, or at the n-th time that it passes a point of posting."""

    number: int
    times: int
    resource = "web"
    lasting = (1.5, 3.5)
    point: ClassVar[str] = ""

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
            web.order(Orders())  # nobody passed the point often enough
        if web.alive:
            scene.note("never reached")
        else:
            web.start()
            web.await_answer()


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
    resource = "web"

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
    resource = "web"
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

    after: float  # seconds since the jobs were asked for
    resource = "worker"

    @classmethod
    def drawn(cls, rng: random.Random) -> "Fault":
        return cls(rng.uniform(0.0, 0.15))

    def apply(self, scene: "Scene") -> None:
        scene.send_mails(30)
        time.sleep(self.after)
        scene.cluster.worker.kill()

    def heal(self, scene: "Scene") -> None:
        scene.cluster.worker.start()


def _web(cluster: Cluster, number: int) -> Web:
    return cluster.webs[number % len(cluster.webs)]


# -- Valkey --------------------------------------------------------------------------------------------------------


class ValkeyStopped(Plain):
    """Valkey is away, then there again with nothing in it."""

    resource = "valkey"

    def apply(self, scene: "Scene") -> None:
        scene.cluster.servers.stop_valkey()

    def heal(self, scene: "Scene") -> None:
        scene.cluster.servers.start_valkey()


class ValkeyRestarted(Plain):
    """Valkey crashes and is back at once."""

    resource = "valkey"

    def apply(self, scene: "Scene") -> None:
        scene.cluster.servers.kill_valkey()
        scene.cluster.servers.start_valkey()

    def heal(self, scene: "Scene") -> None:
        pass


class ValkeyPaused(Plain):
    """Valkey swallows everything and answers nothing; no connection is closed."""

    resource = "valkey"

    def apply(self, scene: "Scene") -> None:
        scene.cluster.servers.pause_valkey()

    def heal(self, scene: "Scene") -> None:
        scene.cluster.servers.resume_valkey()


class ValkeyFlushed(Plain):
    """FLUSHALL: cache, presence and limits are gone."""

    resource = "valkey"

    def apply(self, scene: "Scene") -> None:
        valkey = scene.cluster.servers.valkey
        assert valkey is not None
        assert valkey._ask(b"FLUSHALL\r\n").startswith(b"+OK")

    def heal(self, scene: "Scene") -> None:
        pass


@dataclass
class FramesLost(Fault):
    """Every payload from Valkey is lost, in one web process or in all: only Postgres brings news."""

    everywhere: bool
    number: int
    resource = "web"
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


# -- Postgres ------------------------------------------------------------------------------------------------------


class PostgresRestarted(Plain):
    """A fast shutdown: transactions under way are rolled back, connections end."""

    resource = "postgres"
    lasting = (0.0, 2.0)

    def apply(self, scene: "Scene") -> None:
        scene.cluster.servers.stop_postgres()

    def heal(self, scene: "Scene") -> None:
        scene.cluster.servers.start_postgres()


class PostgresCrashed(Plain):
    """The postmaster and all its processes end at once; what was committed comes back from the log."""

    resource = "postgres"
    lasting = (0.0, 2.0)

    def apply(self, scene: "Scene") -> None:
        for pid in _processes(scene.cluster):
            os.kill(pid, signal.SIGKILL)

    def heal(self, scene: "Scene") -> None:
        scene.cluster.servers.stop_postgres()
        scene.cluster.servers.start_postgres()


class PostgresPaused(Plain):
    """SIGSTOP for all of its processes: connections stay open, and nothing is answered."""

    resource = "postgres"

    def apply(self, scene: "Scene") -> None:
        self.pids = _processes(scene.cluster)
        for pid in self.pids:
            os.kill(pid, signal.SIGSTOP)

    def heal(self, scene: "Scene") -> None:
        for pid in reversed(self.pids):
            os.kill(pid, signal.SIGCONT)


class OutOfConnections(Plain):
    """Somebody from outside holds every connection that Postgres has left, and takes those that become free."""

    resource = "postgres"

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

    resource = "postgres"

    @classmethod
    def missing(cls, cluster: Cluster) -> str:
        return (
            ""
            if cluster.disk
            else "a file system of its own for the data (root, and the right to mount a tmpfs)"
        )

    def apply(self, scene: "Scene") -> None:
        assert scene.cluster.disk is not None
        scene.cluster.disk.fill()

    def heal(self, scene: "Scene") -> None:
        assert scene.cluster.disk is not None
        scene.cluster.disk.free()
        if not scene.cluster.postgres_alive:
            scene.note("PostgreSQL ended")
            scene.cluster.servers.stop_postgres()
            scene.cluster.servers.start_postgres()


def _processes(cluster: Cluster) -> list[int]:
    """The postmaster and its children."""
    postmaster = cluster.servers.postgres_pid
    assert postmaster is not None
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return [postmaster, *map(int, children)]


# -- Readers and people --------------------------------------------------------------------------------------------


@dataclass
class NetworkCut(Fault):
    """The network of one client is gone for a second, without goodbye."""

    number: int
    resource = "network"
    lasting = (1.0, 1.0)

    @classmethod
    def drawn(cls, rng: random.Random) -> "Fault":
        return cls(rng.randrange(1000))

    def apply(self, scene: "Scene") -> None:
        self.client = scene.crowd.clients[self.number % len(scene.crowd.clients)]
        scene.crowd.call(self.client.go_offline())

    def heal(self, scene: "Scene") -> None:
        scene.crowd.call(self.client.go_online())


class NetworkCutLong(NetworkCut):
    """The same for a minute, or for as long as a fault may last in this schedule."""

    lasting = (60.0, 60.0)


@dataclass
class ReadersStop(Fault):
    """A tenth of the readers stop reading; their connections stay."""

    seed: int
    resource = "readers"
    lasting = (1.0, 4.0)

    @classmethod
    def drawn(cls, rng: random.Random) -> "Fault":
        return cls(rng.randrange(2**32))

    def apply(self, scene: "Scene") -> None:
        clients = scene.crowd.clients
        self.chosen = random.Random(self.seed).sample(clients, max(1, len(clients) // 10))
        for client in self.chosen:
            scene.crowd.call(client.stop_reading())

    def heal(self, scene: "Scene") -> None:
        for client in self.chosen:
            scene.crowd.call(client.go_on_reading())


@dataclass
class PersonDeactivated(Fault):
    """An administrator shuts somebody out who is talking; afterwards they are let in again."""

    number: int
    resource = "person"
    wish: int = field(default=0, init=False)

    @classmethod
    def drawn(cls, rng: random.Random) -> "Fault":
        return cls(rng.randrange(1000))

    def apply(self, scene: "Scene") -> None:
        organisation = scene.cluster.organisations[0]
        # Not the owner, who does it.
        self.person = organisation.people[1 + self.number % (len(organisation.people) - 1)]
        self.wish = scene.cluster.office.wish(
            "deactivate", address=organisation.address, actor=organisation.people[0].id, person=self.person.id
        )

    def heal(self, scene: "Scene") -> None:
        scene.later(self._report)

    def _report(self, scene: "Scene") -> None:
        """After everything is healed: until then the office may be waiting for Postgres."""
        at = scene.cluster.office.answer(self.wish)
        organisation = scene.cluster.organisations[0]
        theirs = scene.clients_of(organisation, self.person)
        scene.await_(lambda: all(client.ended for client in theirs), CLOSED)
        closed = all(client.ended for client in theirs)
        scene.evidence.shut_out.append(ShutOut(organisation.address, self.person.id, at, closed))
        session = scene.cluster.office.ask(
            "reactivate", address=organisation.address, actor=organisation.people[0].id, person=self.person.id
        )
        organisation.people[organisation.people.index(self.person)] = replace(self.person, session=session)


RANDOM: tuple[type[Fault], ...] = (
    WebKilled,
    WebKilledBeforeCommit,
    WebKilledAfterCommit,
    WebKilledBeforeAnswer,
    WebPaused,
    ClocksApart,
    WorkerKilled,
    ValkeyStopped,
    ValkeyRestarted,
    ValkeyPaused,
    ValkeyFlushed,
    FramesLost,
    PostgresRestarted,
    PostgresCrashed,
    PostgresPaused,
    OutOfConnections,
    DiskFull,
    NetworkCut,
    NetworkCutLong,
    ReadersStop,
    PersonDeactivated,
)
