"""Collects what the checker judges: from the clients of a schedule, and from the database itself."""

import re
from pathlib import Path

from tests.chaos.clients import Author, Reader
from tests.chaos.cluster import Cluster, Organisation
from tests.chaos.memory import Memories
from tests.chaos.records import Counters, Evidence, Line, Listing, Refusal, SentAway, Stored
from tests.chaos.scene import Scene
from tests.chaos.visitor import Visitor

_MESSAGES = """
select room_id, position, id, revision, html, client_id, author_id, text, created_at
from chat_message where room_id = any(%(rooms)s) order by room_id, position
"""
_ROOMS = "select id, messages, head from chat_room where id = any(%(rooms)s)"
_NOTIFIED = "select message_id, person_id from notifications_notification where room_id = any(%(rooms)s)"
_SUBJECT = re.compile(r"^Subject: mark (\S+)$", re.MULTILINE)
_IDENTITY = re.compile(r"^Message-ID: (\S+)$", re.MULTILINE)


def gather(scene: Scene) -> Evidence:
    """All evidence of one schedule."""
    evidence, log = scene.evidence, scene.log
    evidence.attempts = list(log.attempts.values())
    evidence.acknowledgements = list(log.acknowledgements)
    evidence.corrections = list(log.corrections.values())
    evidence.refusals = [Refusal(*item) for item in log.refusals.items()]
    evidence.sightings = list(log.sightings)
    evidence.deaths = scene.cluster.deaths()
    evidence.stored = stored(scene)
    evidence.listings = listings(scene)
    for organisation, rooms in _rooms(scene):
        found = scene.cluster.rows(organisation, _ROOMS, {"rooms": rooms})
        evidence.counters += [Counters(organisation.address, *row) for row in found]
        told = scene.cluster.rows(organisation, _NOTIFIED, {"rooms": rooms})
        evidence.notified += [(organisation.address, *row) for row in told]
    for client in scene.crowd.clients:
        _ask(client, evidence)
    return evidence


def _ask(client: Visitor, evidence: Evidence) -> None:
    seat = client.seat
    if client.ended is not None:
        evidence.sent_away.append(
            SentAway(seat.name, seat.organisation.address, seat.person.id, client.ended)
        )
    elif isinstance(client, Author):
        evidence.unanswered += client.unanswered


def stored(scene: Scene) -> list[Stored]:
    """The messages of the schedule's rooms."""
    found = []
    for organisation, rooms in _rooms(scene):
        for row in scene.cluster.rows(organisation, _MESSAGES, {"rooms": rooms}):
            room_id, position, message_id, revision, html, *rest = row
            line = Line(position, message_id, revision, html)
            found.append(Stored(organisation.address, room_id, line, *rest))
    return found


def listings(scene: Scene) -> list[Listing]:
    """What every client shows that has not been sent away."""

    async def ask() -> list[Listing]:
        return [
            client.listing()
            for client in scene.crowd.clients
            if isinstance(client, Reader) and client.ended is None
        ]

    found: list[Listing] = scene.crowd.call(ask())
    return found


def _rooms(scene: Scene) -> list[tuple[Organisation, list[int]]]:
    return [
        (organisation, [room_id for owner, room_id in scene.rooms if owner is organisation])
        for organisation in scene.cluster.organisations
    ]


def mails(folder: Path) -> list[tuple[str, str]]:
    """(mark, Message-ID) of every mail that the worker has posted."""
    found: list[tuple[str, str]] = []
    for path in folder.glob("*.log"):
        text = path.read_text()
        found += zip(_SUBJECT.findall(text), _IDENTITY.findall(text), strict=True)
    return found


def of_the_run(cluster: Cluster, memories: Memories) -> Evidence:
    """What is judged once for all schedules: the worker's mails, and the web processes' memory. Whoever died since the
    last schedule belongs to none."""
    return Evidence(
        due=list(cluster.due),
        mails=mails(cluster.mails),
        memory=memories.of_webs(),
        deaths=cluster.deaths(),
    )
