"""The hub: one for each event loop, one subscription for each group that has a reader here.

Ready bytes come from Valkey and go to each socket's ASGI `send`: no per-socket queue in the layer, no per-socket
task, no per-socket serialisation, no database (docs/performance.md has what that spares). Every five
seconds, and at once after the subscription was lost, it compares what it holds with Postgres, one query for each
organisation: heads that moved are healed, people whose right ended are disconnected. Each organisation has its moment in
the five seconds: twenty at once are a burst for which every post would wait.
"""

import asyncio
import itertools
import uuid
import weakref
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from tenants import hosts, layers, publisher
from tenants.db import in_public
from tenants.events import ACCESS_LOST, SIGNED_OUT, UNAVAILABLE, Envelope, frame, unpack
from tenants.feeds import ActivityFeed, RoomFeed
from tenants.models import Organisation
from tenants.publisher import ACTIVITY, channel_name
from tenants.sockets import Socket

log = structlog.get_logger(__name__)
COMPARE_SECONDS = 5.0
PARTS = 20  # of them: each organisation has its own, so that many are not all compared at the same moment
HEARTBEAT_EVERY = 4  # comparisons: 20 seconds
CONFIRM_SECONDS = 2.0  # how long a socket waits for Valkey before it is served from Postgres alone


@dataclass(frozen=True)
class Held:
    """What this process holds of one organisation, as the comparison asks about it."""

    rooms: tuple[int, ...]
    visitors: tuple[tuple[int, str], ...]  # (person id, session key)
    members: tuple[tuple[int, int], ...]  # (room id, person id)


@dataclass(frozen=True)
class Compared:
    """What Postgres says: rooms' (head, messages), which visitors and members have lost their right, and which of the
    topics BY_STANDING each person (id) has."""

    heads: dict[int, tuple[int, int]]
    signed_out: frozenset[tuple[int, str]] = field(default_factory=frozenset)
    not_members: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    standing: dict[int, frozenset[str]] = field(default_factory=dict)


class Hub:
    """Feeds of the organisations that have readers in this event loop. Get it with `hub()`."""

    def __init__(self) -> None:
        self._subscriber = layers.subscriber(self._lost, self._restored)
        self._rooms: dict[str, RoomFeed] = {}
        self._activity: dict[str, ActivityFeed] = {}
        self._heal = import_string(settings.FANOUT["heal"])
        self._compare = import_string(settings.FANOUT["compare"])
        self._hold = import_string(settings.FANOUT["hold"])
        self._tasks: set[asyncio.Task[None]] = set()
        self._ticker: asyncio.Task[None] | None = None
        self._holding: asyncio.Task[None] | None = None
        self._away = False  # the subscription was lost and is not back
        self._losses = 0

    # -- readers come and go -----------------------------------------------------------------------------------

    async def join_room(self, organisation: Organisation, group: str, socket: Socket) -> RoomFeed:
        """Add `socket`, catching up, to the feed of a room; returns when Valkey has confirmed the subscription."""
        name = channel_name(organisation.schema_name, group)
        feed = self._rooms.get(name)
        if feed is None:
            feed = self._rooms[name] = RoomFeed(organisation, group, self._heal)
            if self._away:
                feed.hold()
        socket.begin_catching_up()
        feed.sockets.add(socket)
        await self._listen(name, feed)
        return feed

    async def join_activity(self, organisation: Organisation, socket: Socket) -> None:
        """Register `socket` under its topics; returns when Valkey has confirmed the subscription."""
        name = channel_name(organisation.schema_name, ACTIVITY)
        feed = self._activity.get(name)
        if feed is None:
            feed = self._activity[name] = ActivityFeed(organisation)
            feed.held = self._away
        feed.add(socket)
        await self._listen(name, feed)

    def listen_to(self, organisation: Organisation, socket: Socket, topics: set[str]) -> None:
        """Replace the topics of a socket that has joined `activity`."""
        feed = self._activity[channel_name(organisation.schema_name, ACTIVITY)]
        wanted = set(topics)  # `topics` may be the socket's own set, which is emptied now
        feed.discard(socket)
        socket.topics = wanted
        feed.add(socket)

    async def leave(self, organisation: Organisation, socket: Socket, group: str = "") -> None:
        """Forget `socket`; the last one of a group ends its subscription."""
        socket.closed = True
        if group:
            name = channel_name(organisation.schema_name, group)
            room = self._rooms.get(name)
            if room is not None:
                room.sockets.discard(socket)
                if not room.sockets:
                    room.stop()
                    del self._rooms[name]
                    await self._subscriber.forget(name)
        name = channel_name(organisation.schema_name, ACTIVITY)
        activity = self._activity.get(name)
        if activity is not None:
            activity.discard(socket)
            if not activity.sockets:
                del self._activity[name]
                await self._subscriber.forget(name)

    async def _listen(self, name: str, feed: RoomFeed | ActivityFeed) -> None:
        if self._ticker is None:
            self._ticker = asyncio.create_task(self._tick(), name="hub")
        listening = self._subscriber.listen(name, lambda payload: feed.receive(unpack(payload)))
        try:
            await asyncio.wait_for(listening, CONFIRM_SECONDS)
        except TimeoutError:
            # Valkey is away. Postgres still answers, and the comparison of heads brings the news until it is back.
            log.warning("serving without a subscription", group=name)

    # -- comparing with Postgres -------------------------------------------------------------------------------

    def _lost(self) -> None:
        log.warning("the subscription was lost; reading from Postgres until it is back")
        self._away, self._losses = True, self._losses + 1
        for feed in self._rooms.values():
            feed.hold()
        for activity in self._activity.values():
            activity.held = True

    def _restored(self) -> None:
        log.info("the subscription is back")
        self._away = False
        self._spawn(self.compare_all())  # rights first: nothing is served before

    async def compare_all(self, *, heartbeat: bool = False) -> None:
        """Compare every organisation held here with Postgres, at once."""
        await self._compare_some(list(self._activity.values()), heartbeat)
        if heartbeat:
            self._hold_on()

    async def _end_suspended(self, feeds: Sequence[ActivityFeed]) -> None:
        try:
            await self._close_suspended(feeds)
        except Exception:  # Postgres is away: the next comparison tries again
            log.exception("suspended organisations are not known")

    async def _compare_some(self, activities: Sequence[ActivityFeed], heartbeat: bool) -> None:
        await self._end_suspended(activities)  # first: revisions of an older epoch compare with nothing
        for activity in filter(self._is_held, activities):
            try:
                await self._compare_one(activity, heartbeat)
            except Exception:  # Postgres is away, for this organisation at least: say so and go on
                log.exception("comparison failed", organisation=activity.organisation.schema_name)

    def _is_held(self, activity: ActivityFeed) -> bool:
        return self._activity.get(channel_name(activity.organisation.schema_name, ACTIVITY)) is activity

    def _hold_on(self) -> None:
        if self._holding is None or self._holding.done():
            # Beside the comparisons: Valkey may be slow to answer, and then they are all the news there is.
            self._holding = self._spawn(self._hold_people())

    async def _hold_people(self) -> None:
        for activity in list(self._activity.values()):
            await self._hold(activity.organisation, activity.people())

    async def _close_suspended(self, feeds: Sequence[ActivityFeed]) -> None:
        """Other processes let sockets in for as long as they remember a host, and a publication can be lost.

        A restore gives an organisation a new epoch: revisions of the old one mean nothing any more, so whoever was
        connected before it connects again, says the old epoch, and is reset.
        """
        if feeds:
            epochs = await in_public(_epochs, [feed.organisation.schema_name for feed in feeds])
            for feed in feeds:
                if epochs.get(feed.organisation.schema_name) != feed.organisation.epoch:
                    hosts.forget()
                    await self._drop(feed)

    async def _drop(self, activity: ActivityFeed) -> None:
        """Close every socket of an organisation; who comes again finds feeds that know nothing of what was."""
        organisation = activity.organisation
        activity.close_all(UNAVAILABLE)
        for name, feed in self._rooms_of(organisation).items():
            if self._rooms.get(name) is feed:  # while we waited its readers left, and others may have come
                feed.stop()
                del self._rooms[name]
                await self._subscriber.forget(name)
        name = channel_name(organisation.schema_name, ACTIVITY)
        if self._activity.get(name) is activity:
            del self._activity[name]
            await self._subscriber.forget(name)

    async def _compare_one(self, activity: ActivityFeed, heartbeat: bool) -> None:
        organisation, connected, losses = activity.organisation, not self._away, self._losses
        turns = activity.turns
        rooms = {feed.room_id: feed for feed in self._rooms_of(organisation).values()}
        compared: Compared = await self._compare(organisation, _held(activity, rooms))
        for socket in list(activity.sockets):
            if (socket.person_id, socket.session_key) in compared.signed_out:
                socket.close(SIGNED_OUT)
            elif (socket.member_of, socket.person_id) in compared.not_members:
                socket.close(ACCESS_LOST)
        if turns == activity.turns:  # or news of it came meanwhile, which may be the newer
            activity.correct(compared.standing)
        connected = connected and losses == self._losses  # or rights were read before news was lost again
        if connected and activity.held:
            activity.held = False
            activity.resync()  # what personal sockets missed is in no revision: they ask for their state again
        if connected:
            for feed in rooms.values():
                feed.go_on()
        for room_id, (head, messages) in compared.heads.items():
            feed = rooms[room_id]
            feed.compare(head)
            if heartbeat:
                beat = frame("head", room=f"r{room_id}", revision=head, messages=messages).decode()
                for socket in feed.sockets:
                    socket.deliver(beat)

    def _rooms_of(self, organisation: Organisation) -> dict[str, RoomFeed]:
        prefix = channel_name(organisation.schema_name, "room.")
        return {name: feed for name, feed in self._rooms.items() if name.startswith(prefix)}

    async def _tick(self) -> None:
        for number in itertools.count():
            await asyncio.sleep(COMPARE_SECONDS / PARTS)
            beat, part = divmod(number, PARTS)
            heartbeat = (beat + 1) % HEARTBEAT_EVERY == 0
            if part == 0:
                await self._subscriber.check()
                if heartbeat:
                    self._hold_on()
            now = [one for one in self._activity.values() if one.organisation.pk % PARTS == part]
            await self._compare_some(now, heartbeat)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Stop everything of this hub (tests; a server's loop just ends)."""
        for task in (*self._tasks, self._ticker):
            if task is not None:
                task.cancel()
        await self._subscriber.close()


def _held(activity: ActivityFeed, rooms: dict[int, RoomFeed]) -> Held:
    sockets = activity.sockets
    return Held(
        rooms=tuple(rooms),
        visitors=tuple({(socket.person_id, socket.session_key) for socket in sockets}),
        members=tuple({(socket.member_of, socket.person_id) for socket in sockets if socket.member_of}),
    )


def _epochs(schema_names: list[str]) -> dict[str, uuid.UUID]:
    """The epochs of those that are active."""
    active = Organisation.objects.filter(schema_name__in=schema_names, state=Organisation.State.ACTIVE)
    return dict(active.values_list("schema_name", "epoch"))


_hubs: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = weakref.WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    found = _hubs.get(loop)
    if found is None:
        found = _hubs[loop] = Hub()
        publisher.send_from(loop)
    return found


__all__ = ["Compared", "Envelope", "Held", "Hub", "hub"]
