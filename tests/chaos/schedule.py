"""One schedule: people talk while things go wrong, everything is healed, and the checker has the last word.

Many schedules run one after another on one cluster, each with fresh rooms.
"""

import random
import time
from dataclasses import dataclass

import httpx

from tests.chaos import evidence as gathering
from tests.chaos.checker import check, lists_equal_the_database
from tests.chaos.clients import Author, Letter, Personal, Reader
from tests.chaos.cluster import Cluster, Organisation
from tests.chaos.crowd import gathered
from tests.chaos.log import Log
from tests.chaos.plan import Plan
from tests.chaos.records import Evidence, Violation
from tests.chaos.scene import Scene, await_
from tests.chaos.visitor import Seat, Visitor

ARRIVED = 30.0  # seconds until every client is there
ANSWERED = 45.0  # after healing, until every message is answered; a page's longest wait is in it
EQUAL = 10.0  # after that, until every list equals the database's (issue 3)
ROOMS = ("acme", "acme", "globex")
AUTHORS, READERS = 6, 4  # of each room
MAILS = 3
FILLER = " and so on"


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
    equal_after_healing: float  # the same from healed, and from when everything was said
    notes: list[str]

    def __str__(self) -> str:
        faults = " ".join(map(str, self.plan.steps)) or "no fault"
        counts = f"{self.attempted} attempted, {self.acknowledged} acknowledged, {self.stored} stored, {self.failures} failures"
        notes = f" [{'; '.join(self.notes)}]" if self.notes else ""
        verdict = "ok" if not self.violations else f"{len(self.violations)} VIOLATIONS"
        return (
            f"seed {self.plan.seed}: {verdict}, {counts}, equal after {self.equal_after:.1f} s,"
            f" {self.equal_after_healing:.1f} s after healing, {self.seconds:.1f} s in all; {faults}{notes}"
        )


def run(cluster: Cluster, plan: Plan) -> Result:
    """Play `plan`, heal, wait, judge. The cluster is whole again afterwards."""
    began = time.monotonic()
    rng = random.Random(plan.seed + 1)
    log = Log(cluster.organisations)
    with gathered() as crowd:
        scene = Scene(cluster, crowd, log, _rooms(cluster, plan))
        crowd.call(crowd.admit(lambda http: _cast(scene, plan, rng, http)))
        if await_(lambda: crowd.there, ARRIVED) >= ARRIVED:
            cluster.dump_threads()
            raise AssertionError("not everybody could come in; the logs have what all threads did")
        crowd.call(crowd.begin())
        scene.send_mails(MAILS)
        healed = _play(scene, plan)
        _settle(scene)
        equal_after = await_(lambda: not list(lists_equal_the_database(_lists(scene))), EQUAL)
        equal_after_healing = time.monotonic() - healed
        _look_after(scene)
        _ask_the_faults(scene, plan)
        if log.resynced:
            scene.note(f"{len(log.resynced)} clients were told to resync")
        evidence = gathering.gather(scene)
        crowd.call(crowd.dismiss())
    violations = check(evidence)
    if violations:
        _keep_log(scene, plan)
    return Result(
        plan=plan,
        violations=violations,
        attempted=len(log.attempts),
        acknowledged=len({said.client_id for said in log.acknowledgements}),
        stored=len(evidence.stored),
        failures=len(log.failures),
        seconds=time.monotonic() - began,
        equal_after=equal_after,
        equal_after_healing=equal_after_healing,
        notes=scene.notes,
    )


def _rooms(cluster: Cluster, plan: Plan) -> list[tuple[Organisation, int]]:
    cluster.learn_epochs()
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
                visitors.append(Author(seat, _letters(seat, count, plan, rng)))
            else:
                visitors.append(Reader(seat) if place < AUTHORS + READERS else Personal(seat))
    return visitors


def _letters(seat: Seat, count: int, plan: Plan, rng: random.Random) -> list[Letter]:
    """What an author will say. Each text is unique and carries the organisation's canary; some name somebody."""
    letters = []
    for number in range(count):
        body = f"{seat.organisation.canary} {seat.name} {number} {rng.getrandbits(40):x}"
        others = [person for person in seat.organisation.people if person is not seat.person]
        named = rng.choice(others) if rng.random() < 0.1 else None
        if named is not None:
            body += f" @**{named.name}|p{named.id}**"
        body += FILLER * ((plan.length - len(body)) // len(FILLER))
        letters.append(
            Letter(
                after=rng.uniform(0, plan.talking),
                body=body,
                mentioned_id=named.id if named else None,
                by_http=rng.random() < 0.1,
                correction=f"{body} corrected" if rng.random() < 0.05 else None,
            )
        )
    return letters


def _play(scene: Scene, plan: Plan) -> float:
    """Returns when the last fault was healed, or when people had said everything where they went on talking."""
    began = time.monotonic()
    events = [(step.begins, step.fault.apply) for step in plan.steps]
    events += [(step.ends, step.fault.heal) for step in plan.steps]
    for at, act in sorted(events, key=lambda event: event[0]):
        time.sleep(max(0.0, began + at - time.monotonic()))
        act(scene)
    healed = max(time.monotonic(), began + plan.talking)
    time.sleep(max(0.0, healed - time.monotonic()))
    _look_after(scene)
    return healed


def _look_after(scene: Scene) -> None:
    ended = scene.cluster.look_after()
    if ended:
        scene.note(f"started again: {', '.join(ended)}")


def _settle(scene: Scene) -> None:
    """Everything is healed: each message gets its answer, and what faults left to be done is done."""
    for function in scene.afterwards:
        function(scene)
    authors = [client for client in scene.crowd.clients if isinstance(client, Author)]
    if await_(lambda: all(author.settled for author in authors), ANSWERED) >= ANSWERED:
        scene.cluster.dump_threads()


def _ask_the_faults(scene: Scene, plan: Plan) -> None:
    missed = [f"{step.fault!r}: {why}" for step in plan.steps if (why := step.fault.missed(scene))]
    if plan.must_happen:
        scene.evidence.missed += missed
    else:
        scene.notes += missed


def _keep_log(scene: Scene, plan: Plan) -> None:
    path = scene.cluster.folder / f"clients-{plan.seed}-{int(time.time())}.jsonl"
    scene.log.write(path)
    scene.note(f"what clients did: {path}")


def _lists(scene: Scene) -> Evidence:
    return Evidence(stored=gathering.stored(scene), listings=gathering.listings(scene))
