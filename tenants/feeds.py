"""One group of one organisation in this process: its sockets, and the order of what they are sent.

A frame covers the revisions from `after` to `revision`. Publishing after commit can reorder, and a publication can be
lost; a missing range is waited for 100 ms and then read from Postgres once for all sockets of the process, not once
for each reader (DESIGN 2).
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping

import structlog

from tenants.events import BY_STANDING, RECEIPTS, Envelope, frame
from tenants.models import Organisation
from tenants.sockets import Batch, Socket

log = structlog.get_logger(__name__)
_RESYNC = frame("resync").decode()
PATIENCE = 0.1  # seconds that a missing range may be under way
MOST_EARLY = 1000  # envelopes kept for later; more than these are read from Postgres instead

type Heal = Callable[[Organisation, str, int], Awaitable[list[Envelope]]]


class RoomFeed:
    """The ordered feed of a room. `revision` is what was handed on; None until somebody has read the database."""

    def __init__(self, organisation: Organisation, group: str, heal: Heal) -> None:
        self.organisation, self.group = organisation, group
        self.sockets: set[Socket] = set()
        self.revision: int | None = None
        self._held = False
        self._heal = heal
        self._early: list[Envelope] = []
        self._ready: list[Envelope] = []  # handed on together when the loop comes round
        self._healing: asyncio.Task[None] | None = None

    @property
    def room_id(self) -> int:
        return int(self.group.removeprefix("room."))

    def receive(self, envelope: Envelope) -> None:
        if self._held:
            if envelope.revision:
                self._keep(envelope)
        else:
            self._take(envelope)

    def hold(self) -> None:
        """Hand on no news until `go_on`: whoever lost their right while Valkey was away may still be among us."""
        self._held = True

    def go_on(self) -> None:
        if self._held:
            self._held = False
            self._drain()

    def read_up_to(self, revision: int) -> None:
        """A socket has read the database at `revision`: the first one says where the feed begins."""
        if self.revision is None:
            self.revision = revision
            self._drain()

    def compare(self, head: int) -> None:
        """The room is at `head` in Postgres: heal if that does not arrive by itself."""
        if self.revision is not None and head > self.revision:
            self._heal_soon()

    def stop(self) -> None:
        if self._healing is not None:
            self._healing.cancel()

    def _take(self, envelope: Envelope) -> None:
        if not envelope.revision:
            self._hand_on(envelope)
        elif self.revision is None or envelope.after > self.revision:
            self._keep(envelope)
            if self.revision is not None:
                self._heal_soon()
        elif envelope.revision > self.revision:
            self._advance(envelope)

    def _keep(self, envelope: Envelope) -> None:
        if len(self._early) >= MOST_EARLY:
            self._early.clear()  # the gap that this leaves is healed
        self._early.append(envelope)

    def _advance(self, envelope: Envelope) -> None:
        self.revision = envelope.revision
        self._hand_on(envelope)
        self._drain()

    def _drain(self) -> None:
        if self._early and not self._held:
            early, self._early = sorted(self._early, key=lambda envelope: envelope.after), []
            for envelope in early:
                self._take(envelope)

    def _hand_on(self, envelope: Envelope) -> None:
        """Put it with the rest of what this read from Valkey brought: one write for each reader, not one a message."""
        self._ready.append(envelope)
        if len(self._ready) == 1:
            asyncio.get_running_loop().call_soon(self._deliver)

    def _deliver(self) -> None:
        ready, self._ready = self._ready, []
        if for_all := [envelope for envelope in ready if not envelope.topics]:
            batch = Batch(for_all)
            for socket in self.sockets:
                socket.deliver_batch(batch)
        for envelope in ready:
            if envelope.topics:
                self._deliver_to_some(envelope)

    def _deliver_to_some(self, envelope: Envelope) -> None:
        batch = Batch([envelope])
        for socket in self.sockets:
            if not socket.wants.isdisjoint(envelope.topics):
                socket.deliver_batch(batch)

    def _heal_soon(self) -> None:
        if self._healing is None:
            self._healing = asyncio.create_task(self._heal_gap(), name=f"heal {self.group}")

    async def _heal_gap(self) -> None:
        since = self.revision or 0
        try:
            await asyncio.sleep(PATIENCE)
            if self.revision == since:  # nothing came by itself
                for envelope in await self._heal(self.organisation, self.group, since):
                    self._take(envelope)
        except Exception:  # Postgres is away: the next comparison of heads tries again
            log.exception("healing failed", organisation=self.organisation.schema_name, group=self.group)
        finally:
            self._healing = None
        if self._early and self.revision != since:
            self._drain()


class ActivityFeed:
    """The unordered feed of an organisation: envelopes name topics, sockets are found by theirs."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.sockets: set[Socket] = set()
        self.held = False  # hand on no frames: they are asked for again when rights were checked
        self.turns = 0  # how often somebody's topics BY_STANDING were said to be others
        self._by_topic: defaultdict[str, set[Socket]] = defaultdict(set)

    def add(self, socket: Socket) -> None:
        self.sockets.add(socket)
        for topic in socket.topics:
            self._by_topic[topic].add(socket)

    def discard(self, socket: Socket) -> None:
        self.sockets.discard(socket)
        for topic in list(socket.topics):
            self._leave(socket, topic)

    def receive(self, envelope: Envelope) -> None:
        if envelope.join in BY_STANDING or envelope.leave in BY_STANDING:
            self.turns += 1
        chosen: set[Socket] = set()
        for topic in envelope.topics:
            chosen |= self._by_topic.get(topic, set())
        texts = [one.decode() for one in (envelope.frame, *envelope.more) if one and not self.held]
        for socket in chosen:
            if not socket.member_of:  # a room's socket hears of its room only
                for text in texts:
                    socket.deliver(text)
            if envelope.join:
                self._join(socket, envelope.join)
            if envelope.leave:
                self._leave(socket, envelope.leave)
            if envelope.close:
                socket.close(envelope.close)

    def correct(self, standing: Mapping[int, frozenset[str]]) -> None:
        """Give sockets the topics BY_STANDING that their people (ids) have: that these are others may have been lost."""
        for socket in self.sockets:
            for topic in BY_STANDING if socket.person_id in standing else ():
                if topic in standing[socket.person_id]:
                    self._join(socket, topic)
                else:
                    self._leave(socket, topic)

    def people(self) -> set[int]:
        """The people with a personal socket here."""
        return {socket.person_id for socket in self.sockets if not socket.member_of}

    def resync(self) -> None:
        """News was lost: ask the personal sockets to resume; rooms' sockets are healed by revision."""
        for socket in list(self.sockets):
            if not socket.member_of:
                socket.deliver(_RESYNC)

    def close_all(self, code: int) -> None:
        for socket in list(self.sockets):
            socket.close(code)

    def _join(self, socket: Socket, topic: str) -> None:
        if socket.member_of:
            if topic in BY_STANDING and topic not in socket.wants:
                socket.wants |= {topic}
        elif topic != RECEIPTS:
            socket.topics.add(topic)
            self._by_topic[topic].add(socket)

    def _leave(self, socket: Socket, topic: str) -> None:
        if topic in socket.wants:
            socket.wants -= {topic}
        socket.topics.discard(topic)
        sockets = self._by_topic.get(topic)
        if sockets is not None:
            sockets.discard(socket)
            if not sockets:
                del self._by_topic[topic]
