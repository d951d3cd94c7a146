"""Readers, their networks, and what administrators do to people and organisations."""

import random
import time
from dataclasses import dataclass, field, replace

from tests.chaos.faults.base import Fault, Plain, Talk
from tests.chaos.records import Restored, ShutOut
from tests.chaos.scene import Scene, await_

CLOSED = 10.0  # seconds after healing in which the sockets of the shut out have to be gone


@dataclass
class NetworkCut(Fault):
    """The network of one client is gone for a second, without goodbye."""

    number: int
    resources = ("network",)
    lasting = (1.0, 1.0)

    @classmethod
    def drawn(cls, rng: random.Random) -> "Fault":
        return cls(rng.randrange(1000))

    def apply(self, scene: Scene) -> None:
        self.client = scene.crowd.clients[self.number % len(scene.crowd.clients)]
        scene.crowd.call(self.client.go_offline())

    def heal(self, scene: Scene) -> None:
        scene.crowd.call(self.client.go_online())


class NetworkCutLong(NetworkCut):
    """The same for a minute, or for as long as a fault may last in this schedule."""

    lasting = (60.0, 60.0)


@dataclass
class ReadersStop(Fault):
    """A tenth of the readers stop reading; their connections stay.

    Alone until their servers have enough of it: a megabyte waits for each, and they are told to resync.
    """

    seed: int
    resources = ("readers",)
    lasting = (1.0, 4.0)
    lasting_alone = (9.0, 9.0)
    talk_alone = Talk(messages=500, seconds=10.0, length=9_800)

    @classmethod
    def drawn(cls, rng: random.Random) -> "Fault":
        return cls(rng.randrange(2**32))

    def apply(self, scene: Scene) -> None:
        clients = scene.crowd.clients
        self.chosen = random.Random(self.seed).sample(clients, max(1, len(clients) // 10))
        for client in self.chosen:
            scene.crowd.call(client.stop_reading())

    def heal(self, scene: Scene) -> None:
        for client in self.chosen:
            scene.crowd.call(client.go_on_reading())

    def missed(self, scene: Scene) -> str:
        told = scene.log.resynced.intersection(client.seat.name for client in self.chosen)
        return "" if told else "none of them was told to resync"


@dataclass
class PersonDeactivated(Fault):
    """An administrator shuts somebody out who is talking; afterwards they are let in again."""

    number: int
    resources = ("person",)
    wish: int = field(default=0, init=False)

    @classmethod
    def drawn(cls, rng: random.Random) -> "Fault":
        return cls(rng.randrange(1000))

    def apply(self, scene: Scene) -> None:
        organisation = scene.cluster.organisations[0]
        # Not the owner, who does it.
        self.person = organisation.people[1 + self.number % (len(organisation.people) - 1)]
        self.wish = scene.cluster.office.wish(
            "deactivate", address=organisation.address, actor=organisation.people[0].id, person=self.person.id
        )

    def heal(self, scene: Scene) -> None:
        scene.later(self._report)

    def _report(self, scene: Scene) -> None:
        """After everything is healed: until then the office may be waiting for Postgres."""
        at = scene.cluster.office.answer(self.wish)
        organisation = scene.cluster.organisations[0]
        theirs = scene.clients_of(organisation, self.person)
        closed = await_(lambda: all(client.ended for client in theirs), CLOSED) < CLOSED
        scene.evidence.shut_out.append(ShutOut(organisation.address, self.person.id, at, closed))
        session = scene.cluster.office.ask(
            "reactivate", address=organisation.address, actor=organisation.people[0].id, person=self.person.id
        )
        organisation.people[organisation.people.index(self.person)] = replace(self.person, session=session)


class OrganisationRestored(Plain):
    """An organisation is put back to how it was seconds ago while its people talk: a new epoch, everybody is reset.

    What was acknowledged in between is gone, as it should be. So the times of answers matter, and nothing else may
    delay them or the restore itself.
    """

    resources = ("web", "postgres", "valkey", "readers", "person")
    lasting = (1.0, 2.5)

    def apply(self, scene: Scene) -> None:
        self.organisation = scene.cluster.organisations[0]
        self.archive = scene.cluster.folder / f"{time.monotonic_ns()}.parley"
        self.since = scene.cluster.office.ask(
            "back_up", address=self.organisation.address, path=str(self.archive)
        )

    def heal(self, scene: Scene) -> None:
        until = scene.cluster.office.ask("restore", path=str(self.archive))
        scene.evidence.restored.append(Restored(self.organisation.address, self.since, until))
        self.archive.unlink()
        scene.note(f"restored in {until - self.since:.1f} s")
