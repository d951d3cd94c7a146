"""One schedule: people talk while things go wrong, everything is healed, and the checker has the last word.

A plan is a function of its seed alone. Many schedules run one after another on one cluster, each with fresh rooms.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from tests.chaos import evidence as gathering
from tests.chaos.checker import check, lists_equal_the_database
from tests.chaos.clients import Author, Crowd, Letter, Personal, Reader, Seat, Visitor
from tests.chaos.cluster import Cluster, Organisation, Person
from tests.chaos.faults import Fault
from tests.chaos.log import Log
from tests.chaos.records import Evidence, Violation

TALKING = 4.0
ARRIVED = 30.0  # until every client is there
ANSWERED = 45.0  # after healing, until every message is answered; a page's longest wait is in it
EQUAL = 10.0  # after that, until every list equals the database's (issue 3)
LONGEST = 6.0  # a fault of a random schedule; alone each lasts as long as it wants
ROOMS = ("acme", "acme", "globex")
AUTHORS, READERS = 6, 4  # of each room
MAILS = 3


@dataclass(frozen=True)
class Step:
    """`fault` begins and is healed at these seconds of the schedule."""

    fault: Fault
    begins: float
    ends: float

    def __str__(self) -> str:
        return f"{self.fault!r}@{self.begins:.1f}-{self.ends:.1f}"


@dataclass(frozen=True)
class Plan:
    """Everything that is decided before a schedule begins. `rng` drives the clients from there."""

    seed: int
    steps: tuple[Step, ...]
    messages: int
    talking: float = TALKING  # seconds in which messages are written

    @classmethod
    def drawn(cls, seed: int, kinds: Sequence[type[Fault]], messages: int) -> "Plan":
        """One to three faults that do not meddle with the same thing."""
        rng = random.Random(seed)
        chosen: dict[str, type[Fault]] = {}
        for kind in rng.sample(list(kinds), k=min(len(kinds), rng.randint(1, 3))):
            chosen.setdefault(kind.resource, kind)
        return cls(seed, tuple(_step(kind, rng, LONGEST) for kind in chosen.values()), messages)

    @classmethod
    def alone(cls, seed: int, kind: type[Fault], messages: int, longest: float = 60.0) -> "Plan":
        """One fault, for as long as it wants."""
        return cls(seed, (_step(kind, random.Random(seed), longest),), messages)


def _step(kind: type[Fault], rng: random.Random, longest: float) -> Step:
    begins = rng.uniform(0.3, TALKING * 0.6)
    return Step(kind.drawn(rng), begins, begins + min(rng.uniform(*kind.lasting), longest))


@dataclass
class Result:
    """What came of a schedule."""

    plan: Plan
    violations: list[Violation]
    attempted: int
    acknowledged: int
    stored: int
    seconds: float
    failures: int  # attempts to connect, to load or to post that failed, and were tried again
    equal_after: float  # seconds from healed and answered until all lists were equal
    notes: list[str]

    def __str__(self) -> str:
        faults = " ".join(map(str, self.plan.steps)) or "no fault"
        counts = f"{self.attempted} attempted, {self.acknowledged} acknowledged, {self.stored} stored, {self.failures} failures"
        notes = f" [{'; '.join(self.notes)}]" if self.notes else ""
        verdict = "ok" if not self.violations else f"{len(self.violations)} VIOLATIONS"
        return (
            f"seed {self.plan.seed}: {verdict}, {counts}, equal after {self.equal_after:.1f} s,"
            f" {self.seconds:.1f} s in all; {faults}{notes}"
        )


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

    def send_mails(self, count: int) -> None:
        """Have so many jobs enqueued. They are due once that is known to be committed."""
        marks = [f"{time.monotonic_ns()}.{number}" for number in range(count)]
        wish = self.cluster.office.wish("mail", address="acme", marks=marks)

        def confirm(scene: Scene) -> None:
            scene.cluster.office.answer(wish)
            scene.cluster.due += marks

        self.later(confirm)

    def await_(self, condition: Callable[[], bool], patience: float) -> float:
        """Wait until `condition()` or for `patience` seconds; returns how long it took."""
        return await_(condition, patience)

    def clients_of(self, organisation: Organisation, person: Person) -> list[Visitor]:
        return [
            client
            for client in self.crowd.clients
            if client.seat.organisation is organisation and client.seat.person.id == person.id
        ]


def run(cluster: Cluster, plan: Plan) -> Result:
    """Play `plan`, heal, wait, judge. The cluster is whole again afterwards."""
    began = time.monotonic()
    rng = random.Random(plan.seed + 1)
    log = Log(cluster.organisations)
    with _crowd() as crowd:
        scene = Scene(cluster, crowd, log, _rooms(cluster, plan))
        crowd.call(crowd.admit(lambda http: _cast(scene, plan, rng, http)))
        assert await_(lambda: crowd.there, ARRIVED) < ARRIVED, "not everybody could come in"
        crowd.call(crowd.begin())
        scene.send_mails(MAILS)
        _play(scene, plan)
        _settle(scene)
        equal_after = await_(lambda: not list(lists_equal_the_database(_lists(scene))), EQUAL)
        evidence = gathering.gather(scene)
        crowd.call(crowd.dismiss())
    return Result(
        plan=plan,
        violations=check(evidence),
        attempted=len(log.attempts),
        acknowledged=len({said.client_id for said in log.acknowledgements}),
        stored=len(evidence.stored),
        failures=log.failures.total(),
        seconds=time.monotonic() - began,
        equal_after=equal_after,
        notes=scene.notes,
    )


def await_(condition: Callable[[], bool], patience: float) -> float:
    """Wait until `condition()` or for `patience` seconds; returns how long it took."""
    began = time.monotonic()
    while not condition() and time.monotonic() - began < patience:
        time.sleep(0.1)
    return time.monotonic() - began


@contextmanager
def _crowd() -> Iterator[Crowd]:
    crowd = Crowd()
    thread = threading.Thread(target=crowd.run, name="clients")
    thread.start()
    try:
        yield crowd
    finally:
        crowd.close()
        thread.join()


def _rooms(cluster: Cluster, plan: Plan) -> list[tuple[Organisation, int]]:
    made = []
    for number, address in enumerate(ROOMS):
        organisation = next(one for one in cluster.organisations if one.address == address)
        members = [person.id for person in organisation.people]
        name = f"{organisation.canary[-6:]} {plan.seed} {number} {time.monotonic_ns()}"
        made.append((organisation, cluster.office.ask("room", address=address, name=name, members=members)))
    return made


def _cast(scene: Scene, plan: Plan, rng: random.Random, http: httpx.AsyncClient) -> list[Visitor]:
    """For each room its authors, its readers, and one who only watches their badges."""
    ports = tuple(web.port for web in scene.cluster.webs)
    visitors: list[Visitor] = []
    shares = AUTHORS * len(scene.rooms)
    for number, (organisation, room_id) in enumerate(scene.rooms):
        for place in range(AUTHORS + READERS + 1):
            person = organisation.people[(number + place) % len(organisation.people)]
            name = f"{organisation.address}.{number}.{place}"
            seat = Seat(
                name, organisation, person, room_id, ports, scene.log, http, random.Random(rng.random())
            )
            if place < AUTHORS:
                count = plan.messages // shares + (number * AUTHORS + place < plan.messages % shares)
                visitors.append(Author(seat, _letters(seat, count, plan.talking, rng)))
            else:
                visitors.append(Reader(seat) if place < AUTHORS + READERS else Personal(seat))
    return visitors


def _letters(seat: Seat, count: int, talking: float, rng: random.Random) -> list[Letter]:
    """What an author will say. Each text is unique and carries the organisation's canary; some name somebody."""
    letters = []
    for number in range(count):
        body = f"{seat.organisation.canary} {seat.name} {number} {rng.getrandbits(40):x}"
        others = [person for person in seat.organisation.people if person is not seat.person]
        named = rng.choice(others) if rng.random() < 0.1 else None
        if named is not None:
            body += f" @**{named.name}|p{named.id}**"
        letters.append(
            Letter(rng.uniform(0, talking), body, named.id if named else None, by_http=rng.random() < 0.1)
        )
    return letters


def _play(scene: Scene, plan: Plan) -> None:
    began = time.monotonic()
    events = [(step.begins, step.fault.apply) for step in plan.steps]
    events += [(step.ends, step.fault.heal) for step in plan.steps]
    for at, act in sorted(events, key=lambda event: event[0]):
        time.sleep(max(0.0, began + at - time.monotonic()))
        act(scene)
    ended = scene.cluster.look_after()
    if ended:
        scene.note(f"started again: {', '.join(ended)}")
    time.sleep(max(0.0, began + plan.talking - time.monotonic()))


def _settle(scene: Scene) -> None:
    """Everything is healed: each message gets its answer, and what faults left to be done is done."""
    for function in scene.afterwards:
        function(scene)
    authors = [client for client in scene.crowd.clients if isinstance(client, Author)]
    await_(lambda: all(author.settled for author in authors), ANSWERED)


def _lists(scene: Scene) -> Evidence:
    return Evidence(stored=gathering.stored(scene), listings=gathering.listings(scene))
