"""Every piece of news that chat sends, and the only place that sends it. One grep finds every event.

Each function is called inside the transaction that makes the change and publishes after its commit. It takes the
organisation from the thread while the transaction still runs: in `on_commit` somebody else's may be entered.
"""

from collections.abc import Collection, Iterable, Sequence

from django.db import transaction

from chat.models import Draft, Message, Room
from chat.unread_counts import RoomUnread, ThreadUnread
from tenants.db import current_organisation
from tenants.events import (
    ACCESS_LOST,
    PEOPLE,
    RECEIPTS,
    Envelope,
    frame,
    member_topic,
    person_topic,
    room_topic,
)
from tenants.ids import encode
from tenants.layers import publish

ACTIVITY = "activity"


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
    """The frame that says how a room is called now, how much is pinned there, and who may write how often."""
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
        announcements=room.announcements,
        replies=room.open_replies,
        slow=room.slow_seconds,
        first=room.first_position,
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
            revision=reply.revision,
        )
        _publish(Envelope(group=ACTIVITY, topics=tuple(map(person_topic, follower_ids)), frame=ready))


def threads_unread(person_id: int, unread: int, reply_mentions: int) -> None:
    """How many replies a person has not read in all the threads they follow, and how many mention them anywhere."""
    ready = frame("threads", unread=unread, reply_mentions=reply_mentions)
    _publish(Envelope(group=ACTIVITY, topics=(person_topic(person_id),), frame=ready))


def thread_unread(person_id: int, marked: ThreadUnread) -> None:
    """A person marked a thread unread: their other pages that have it open read no more of it by themselves."""
    ready = frame("thread_unread", **marked.fields())
    _publish(Envelope(group=ACTIVITY, topics=(person_topic(person_id),), frame=ready))


def mentioned(message: Message, person_ids: Collection[int]) -> None:
    """A message mentions these people, since its `revision`: ids only, for their badges."""
    if person_ids:
        ready = frame(
            "mention",
            room=encode("r", message.room_id),
            message=encode("m", message.pk),
            position=message.position,
            revision=message.revision,
        )
        _publish(Envelope(group=ACTIVITY, topics=tuple(map(person_topic, person_ids)), frame=ready))


def chose(person_id: int, message: Message, **what: object) -> None:
    """A person reacted where their name does not show (`emoji`, `on`), or voted (`options`, all of theirs), with this
    revision of the message: for their own pages alone."""
    ready = frame("chose", message=encode("m", message.pk), revision=message.revision, **what)
    _publish(Envelope(group=ACTIVITY, topics=(person_topic(person_id),), frame=ready))


def saved_changed(person_id: int, message_id: int, state: str, open_count: int) -> None:
    """A person saved a message ("open"), is "done" with it, or saves it no more (""): for their own pages alone."""
    ready = frame("saved", message=encode("m", message_id), state=state, open=open_count)
    _publish(Envelope(group=ACTIVITY, topics=(person_topic(person_id),), frame=ready))


def reminders_changed(person_id: int) -> None:
    """A person set, changed or cancelled a reminder, or one was delivered: their list is fetched again."""
    _publish(Envelope(group=ACTIVITY, topics=(person_topic(person_id),), frame=frame("reminders")))


def draft_changed(draft: Draft, page: str, count: int) -> None:
    """A person typed, sent or discarded something on the page called `page`: their other pages take it over."""
    ready = frame(
        "draft",
        room=encode("r", draft.room_id),
        thread=encode("m", draft.thread_id) if draft.thread_id else "",
        text=draft.text,
        changed=draft.changed_at.timestamp(),
        page=page,
        drafts=count,
    )
    _publish(Envelope(group=ACTIVITY, topics=(person_topic(draft.person_id),), frame=ready))


def scheduled_changed(person_id: int) -> None:
    """A person scheduled, changed or cancelled a message, or its time had come: their list is fetched again."""
    _publish(Envelope(group=ACTIVITY, topics=(person_topic(person_id),), frame=frame("scheduled")))


def activity(change: str, messages: Sequence[Message], by: int = 0) -> None:
    """Messages were "posted" or "deleted" in a room: ids only, for the badges of its members wherever they are. `by` did
    it, else each one's author. What a batch posts into one room is one publication: 16 forms cost 3 % less."""
    if not messages:
        return
    first, *more = [_activity(change, message, by or message.author_id) for message in messages]
    topics = (room_topic(messages[0].room_id),)
    _publish(Envelope(group=ACTIVITY, topics=topics, frame=first, more=tuple(more)))


def _activity(change: str, message: Message, by: int) -> bytes:
    return frame(
        "activity",
        room=encode("r", message.room_id),
        change=change,
        position=message.position,
        revision=message.revision,
        author=encode("p", by),
        created=message.created_at.timestamp(),
    )


def room_changed(room: Room, after: int) -> None:
    """A room's name, topic, kind or archiving changed, at revision `room.head`."""
    _room(room, after)
    _publish(Envelope(group=ACTIVITY, topics=(room_topic(room.pk),), frame=frame("rooms")))


def room_settled(room: Room, after: int) -> None:
    """What its administrators decide changed, at revision `room.head`: only its own pages follow."""
    _room(room, after)


def shut(room_id: int, person_ids: Collection[int]) -> None:
    """These people may not read the room any more: whatever sockets they have open there end at once."""
    if person_ids:
        sockets = tuple(member_topic(room_id, person_id) for person_id in person_ids)
        _publish(Envelope(group=ACTIVITY, topics=sockets, close=ACCESS_LOST))


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
        shut(room_id, person_ids)


def arranged(person_id: int) -> None:
    """A person keeps their rooms otherwise now: their own pages fetch the sidebar again."""
    _publish(Envelope(group=ACTIVITY, topics=(person_topic(person_id),), frame=frame("rooms")))


def read(person_id: int, unread: Sequence[RoomUnread]) -> None:
    """A person has read rooms up to a position, or marked something unread: their other devices and pages follow."""
    if len(unread) == 1:
        ready = frame("unread", **unread[0].fields())
    else:
        ready = frame("unread", rooms=[one.fields() for one in unread])
    _publish(Envelope(group=ACTIVITY, topics=(person_topic(person_id),), frame=ready))


def seen(room_id: int, fields: dict[str, object]) -> None:
    """How far a room was read, for who has it open and shares what they read: ids and positions only, no revision."""
    ready = frame("seen", room=encode("r", room_id), **fields)
    _publish(Envelope(group=room_topic(room_id), topics=(RECEIPTS,), frame=ready))


def shares_reading(person_id: int, *, shares: bool, shown: bool) -> None:
    """A person shares what they read from now on, or does no more: so do their open rooms hear who has read, and their
    pages have the line for it where the organisation wants it `shown`."""
    join, leave = (RECEIPTS, "") if shares else ("", RECEIPTS)
    ready, own = frame("receipts", shown=shown), (person_topic(person_id),)
    _publish(Envelope(group=ACTIVITY, topics=own, join=join, leave=leave, frame=ready))


def person_changed(person_id: int, guest_ids: Collection[int]) -> None:
    """A person's name, picture or state changed: pages fetch the directory's entry again. Of the guests only these hear
    of it: to the others not even the id is known."""
    topics = (PEOPLE, *map(person_topic, guest_ids))
    _publish(Envelope(group=ACTIVITY, topics=topics, frame=frame("person", id=encode("p", person_id))))


def blocks_changed(person_id: int) -> None:
    """Whom a person has blocked: their own pages ask for their state again, nobody else hears of it."""
    _publish(Envelope(group=ACTIVITY, topics=(person_topic(person_id),), frame=frame("resync")))


def away_changed(person_id: int) -> None:
    """A person appears away, or around again: their own pages ask for their state, and are counted by it (chat.presence)."""
    _publish(Envelope(group=ACTIVITY, topics=(person_topic(person_id),), frame=frame("resync")))


def presence_frame(online: Iterable[int], offline: Iterable[int]) -> bytes:
    return frame(
        "presence", online=[encode("p", one) for one in online], offline=[encode("p", one) for one in offline]
    )


def typing_envelope(room_id: int, person_id: int, thread_id: int | None = None) -> Envelope:
    """ "… is typing", in the room or in a thread of it: no revision, may be lost; sent by the consumer itself."""
    where = {"thread": encode("m", thread_id)} if thread_id is not None else {}
    ready = frame("typing", room=encode("r", room_id), person=encode("p", person_id), **where)
    return Envelope(group=room_topic(room_id), frame=ready)


def presence_envelope(online: Iterable[int], offline: Iterable[int]) -> Envelope:
    return Envelope(group=ACTIVITY, topics=(PEOPLE,), frame=presence_frame(online, offline))


def _room(room: Room, after: int) -> None:
    ready = room_frame(room, after, room.head)
    _publish(Envelope(group=room_topic(room.pk), after=after, revision=room.head, frame=ready))


def _publish(envelope: Envelope) -> None:
    organisation = current_organisation()
    transaction.on_commit(lambda: publish(organisation, envelope))
