"""Where a schedule plays, and what its faults may touch."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.chaos.cluster import Cluster, Organisation, Person
from tests.chaos.crowd import Crowd
from tests.chaos.log import Log
from tests.chaos.records import Evidence
from tests.chaos.visitor import Visitor


@dataclass
class Scene:
    """Where a schedule plays, and what its faults may touch."""

    cluster: Cluster
    crowd: Crowd
    log: Log
    rooms: list[tuple[Organisation, int]]
    evidence: Evidence = field(default_factory=Evidence)
    notes: list[str] = field(default_factory=list)
    afterwards: list[Callable[["Scene"], None]] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def later(self, function: Callable[["Scene"], None]) -> None:
        """Call `function(scene)` when everything is healed."""
        self.afterwards.append(function)

    def send_mails(self, count: int) -> list[str]:
        """Have so many jobs enqueued, and return their marks. They are due once that is known to be committed."""
        marks = [f"{time.monotonic_ns()}.{number}" for number in range(count)]
        wish = self.cluster.office.wish("mail", address="globex", marks=marks)

        def confirm(scene: Scene) -> None:
            scene.cluster.office.answer(wish)
            scene.cluster.due += marks

        self.later(confirm)
        return marks

    def clients_of(self, organisation: Organisation, person: Person) -> list[Visitor]:
        return [
            client
            for client in self.crowd.clients
            if client.seat.organisation is organisation and client.seat.person.id == person.id
        ]


def await_(condition: Callable[[], bool], patience: float) -> float:
    """Wait until `condition()` or for `patience` seconds; returns how long it took."""
    began = time.monotonic()
    while not condition() and time.monotonic() - began < patience:
        time.sleep(0.1)
    return time.monotonic() - began
