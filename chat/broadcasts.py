"""Every piece of news that chat sends, and the only place that sends it. One grep finds every event.

Each function is called inside the transaction that makes the change and publishes after its commit. It takes the
organisation from the thread while the transaction still runs: in `on_commit` somebody else's may be entered.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from chat.models import Message, Room
from tenants.db import current_organisation
from tenants.events import (
    ACCESS_LOST,
    EVERYONE,
    PRESENCE,
    Envelope,
    frame,
    member_topic,
    person_topic,
    room_topic,
)
from tenants.ids import encode
from tenants.layers import publish

ACTIVITY = "activity"


@dataclass(frozen=True, slots=True)
class RoomUnread:
    """How much of a room a person has not read: messages, mentions among them, and the last position read."""

    room_id: int
    unread: int
    mentions: int
    read_position: int
    messages: int

    def fields(self) -> dict[str, object]:
        """As the browser's frames have it."""
        return {
            "room": encode("r", self.room_id),
            "unread": self.unread,
            "mentions": self.mentions,
            "read": self.read_position,
            "messages": self.messages,
        }


def messages_frame(room_id: int, after: int, revision: int, fragments: Iterable[str]) -> bytes:
    """The frame that brings messages' fragments to a timeline."""
    return frame(
        "messages",
        room=encode("r", room_id),
        after=after,
        revision=revision,
        content="".join(fragments),
        target="#timeline",
        swap="upsert key:data-position sort",
    )


def room_frame(room: Room, after: int, revision: int) -> bytes:
    """The frame that says how a room is called now, and how much is pinned there."""
    return frame(
        "room",
        room=encode("r", room.pk),
        after=after,
        revision=revision,
        name=room.name,
        topic=room.topic,
        kind=room.kind,
        archived=room.is_archived,
        pins=room.pins,
    )


def members_frame(room_id: int, after: int, revision: int, count: int) -> bytes:
    return frame("members", room=encode("r", room_id), after=after, revision=revision, count=count)


def messages_changed(room_id: int, after: int, revision: int, fragments: Sequence[str]) -> None:
    """Messages were posted, edited or deleted: the revisions from `after` to `revision`."""
    ready = messages_frame(room_id, after, revision, fragments)
    _publish(Envelope(group=room_topic(room_id), after=after, revision=revision, frame=ready))


def replied(reply: Message, follower_ids: Collection[int]) -> None:
    """A reply was posted in a thread: ids only, for its followers wherever they are."""
    if follower_ids:
        ready = frame(
            "thread",
            thread=encode("m", reply.thread_id or 0),
            room=encode("r", reply.room_id),
            reply=reply.thread_position,
        )
        _publish(Envelope(group=ACTIVITY, topics=tuple(map(person_topic, follower_ids)), frame=ready))


def threads_unread(person_id: int, unread: int) -> None:
    """How many replies a person has not read, in all the threads they follow."""
    _publish(
        Envelope(group=ACTIVITY, topics=(person_topic(person_id),), frame=frame("threads", unread=unread))
    )


def activity(change: str, message: Message, messages: int) -> None:
    """A message was "posted" or "deleted" in its room, which counts `messages` now: ids only, for the badges of its
    members wherever they are."""
    ready = frame(
        "activity",
        room=encode("r", message.room_id),
        change=change,
        position=message.position,
        messages=messages,
        author=encode("p", message.author_id),
        created=message.created_at.timestamp(),
    )
    _publish(Envelope(group=ACTIVITY, topics=(room_topic(message.room_id),), frame=ready))


def room_changed(room: Room, after: int) -> None:
    """A room's name, topic, kind or archiving changed, at revision `room.head`."""
    _room(room, after)
    _publish(Envelope(group=ACTIVITY, topics=(room_topic(room.pk),), frame=frame("rooms")))


def pins_changed(room: Room, after: int) -> None:
    """A room's number of pins changed, at revision `room.head`: only its own pages show it."""
    _room(room, after)


def members_changed(room: Room, after: int, count: int) -> None:
    """People joined or left, at revision `room.head`; `count` are members now."""
    ready = members_frame(room.pk, after, room.head, count)
    _publish(Envelope(group=room_topic(room.pk), after=after, revision=room.head, frame=ready))


def joined(room_id: int, person_ids: Collection[int]) -> None:
    """These people are members now: their personal sockets hear of the room from here on."""
    topics = tuple(map(person_topic, person_ids))
    _publish(Envelope(group=ACTIVITY, topics=topics, join=room_topic(room_id), frame=frame("rooms")))


def left(room_id: int, person_ids: Collection[int], *, may_still_read: bool) -> None:
    """These people are members no more; unless they may still read the room, its open sockets end at once."""
    topics = tuple(map(person_topic, person_ids))
    _publish(Envelope(group=ACTIVITY, topics=topics, leave=room_topic(room_id), frame=frame("rooms")))
    if not may_still_read:
        sockets = tuple(member_topic(room_id, person_id) for person_id in person_ids)
        _publish(Envelope(group=ACTIVITY, topics=sockets, close=ACCESS_LOST))


def read(person_id: int, unread: RoomUnread) -> None:
    """A person has read a room up to a position: their other devices and pages follow."""
    _publish(
        Envelope(group=ACTIVITY, topics=(person_topic(person_id),), frame=frame("unread", **unread.fields()))
    )


def person_changed(person_id: int) -> None:
    """A person's name, picture or state changed: pages fetch the directory's entry again."""
    _publish(Envelope(group=ACTIVITY, topics=(EVERYONE,), frame=frame("person", id=encode("p", person_id))))


def presence_frame(online: Iterable[int], offline: Iterable[int]) -> bytes:
    return frame(
        "presence", online=[encode("p", one) for one in online], offline=[encode("p", one) for one in offline]
    )


def typing_envelope(room_id: int, person_id: int) -> Envelope:
    """ "… is typing": no revision, may be lost; sent by the consumer itself."""
    ready = frame("typing", room=encode("r", room_id), person=encode("p", person_id))
    return Envelope(group=room_topic(room_id), frame=ready)


def presence_envelope(online: Iterable[int], offline: Iterable[int]) -> Envelope:
    return Envelope(group=ACTIVITY, topics=(PRESENCE,), frame=presence_frame(online, offline))


def _room(room: Room, after: int) -> None:
    ready = room_frame(room, after, room.head)
    _publish(Envelope(group=room_topic(room.pk), after=after, revision=room.head, frame=ready))


def _publish(envelope: Envelope) -> None:
    organisation = current_organisation()
    transaction.on_commit(lambda: publish(organisation, envelope))
