"""What a person marks themselves: unread from a message on, everything read, and that undone. Inside the organisation.

Reading by itself only moves forward (chat.unread). Moving back begins a new turn (`Membership.unread_turn`), so that
whatever an open page said or heard of before is overtaken, in whatever order it arrives.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from chat import access, broadcasts, receipts, revisions, signals, threads, unread
from chat.changes import MessageRefused
from chat.models import Membership, Message
from chat.unread_counts import RoomUnread, ThreadUnread

if TYPE_CHECKING:
    from accounts.models import Person

type Moved = tuple[
    int, int, int
]  # a room or the root of a thread, read up to where before, and up to where now

_MARK_UNREAD = """
update chat_membership set read_position = %(position)s - 1, unread_turn = unread_turn + 1,
    seen_position = greatest(seen_position, read_position)
where room_id = %(room)s and person_id = %(person)s and left_at is null
returning id
"""
# Who did not follow does from now on: else there would be nowhere to find it again.
_MARK_THREAD_UNREAD = """
insert into chat_threadfollow as follow (thread_id, person_id, following, read_position, unread, unread_turn)
values (%(thread)s, %(person)s, true, %(position)s - 1, true, 1)
on conflict (thread_id, person_id) do update set following = true, read_position = excluded.read_position,
    unread = true, unread_turn = follow.unread_turn + 1
returning unread_turn
"""
_MARK_MENTIONS_UNREAD = """
update chat_mention mention set unread = true from chat_message reply
where mention.person_id = %(person)s and mention.position is null and reply.id = mention.message_id
  and reply.thread_id = %(thread)s and reply.thread_position >= %(position)s
"""
_READ_ROOMS = """
with before as (
    select member.id, member.read_position, room.id as room_id, room.messages
    from chat_membership member join chat_room room on room.id = member.room_id and room.archived_at is null
    where member.person_id = %(person)s and member.left_at is null and member.read_position < room.messages
    order by member.id for no key update of member
)
update chat_membership member set read_position = greatest(before.read_position, before.messages)
from before where member.id = before.id
returning before.room_id, before.read_position, member.read_position
"""
# Threads are locked as in chat.threads, for the same reason.
_READ_THREADS = f"""
with before as (
    select follow.id, follow.thread_id, follow.read_position, thread.messages from {threads.FOLLOWED}
    where follow.person_id = %(person)s and follow.unread and follow.following
    order by follow.thread_id for share of thread for no key update of follow
)
update chat_threadfollow follow set read_position = greatest(before.read_position, before.messages), unread = false
from before where follow.id = before.id
returning before.thread_id, before.read_position, follow.read_position
"""  # noqa: S608 - constants only
# Not all who are mentioned in a thread follow it (chat.mentions).
_READ_MENTIONS = """
with gone as (
    update chat_mention mention set unread = false from chat_message reply
    where mention.person_id = %(person)s and mention.unread and reply.id = mention.message_id
    returning mention.message_id, reply.thread_id, reply.thread_position
)
select now(), coalesce(json_agg(gone.message_id), '[]'),
       coalesce((select json_agg(json_build_array(thread_id, upto)) from (
           select thread_id, max(thread_position) as upto from gone group by thread_id) threads), '[]')
from gone
"""
_UNREAD_MENTIONS = """
update chat_mention mention set unread = true from chat_message reply
where mention.person_id = %(person)s and mention.position is null and not mention.unread
  and reply.id = mention.message_id
  and (mention.message_id = any(%(mentions)s) or exists (
      select from unnest(%(ids)s::bigint[], %(was)s::bigint[], %(now)s::bigint[]) as thread (id, was, now)
      where reply.thread_id = thread.id and reply.thread_position > thread.was and reply.thread_position <= thread.now))
returning reply.thread_id
"""
_UNREAD_ROOMS = """
update chat_membership member set read_position = marked.was, unread_turn = member.unread_turn + 1,
    seen_position = greatest(member.seen_position, member.read_position)
from unnest(%(ids)s::bigint[], %(was)s::bigint[], %(now)s::bigint[]) as marked (id, was, now)
where member.room_id = marked.id and member.person_id = %(person)s and member.left_at is null
  and member.read_position = marked.now and marked.was < marked.now
returning member.room_id
"""
_UNREAD_THREADS = """
update chat_threadfollow follow set read_position = marked.was, unread = true
from unnest(%(ids)s::bigint[], %(was)s::bigint[], %(now)s::bigint[]) as marked (id, was, now)
where follow.thread_id = marked.id and follow.person_id = %(person)s and follow.following
  and follow.read_position = marked.now and marked.was < marked.now
returning follow.thread_id
"""


@dataclass(frozen=True, slots=True)
class AllRead:
    """What was unread when everything was marked read: enough to undo it. `at` is when, by the database's clock, which
    the notifications that were read with it have noted; without it, those of the positions between are meant."""

    rooms: list[Moved]
    threads: list[Moved]
    mentions: list[int]  # in threads, by message
    at: datetime | None = None


@transaction.atomic
def mark_unread(person: "Person", room_id: int, message_id: int) -> RoomUnread:
    """From this message on the room is unread for `person`, on all their devices. Three queries.

    Raises Message.DoesNotExist for what `person` can't see, MessageRefused (forbidden) for who is not in the room and
    (malformed) for a reply that has no place there.
    """
    message = access.message_for(person, room_id, message_id)
    if message.deleted_at is not None:
        raise Message.DoesNotExist
    if message.position is None:
        raise MessageRefused("malformed", _("A reply is read in its thread."))
    with connection.cursor() as cursor:
        cursor.execute(_MARK_UNREAD, {"position": message.position, "room": room_id, "person": person.pk})
        if cursor.fetchone() is None:
            raise MessageRefused("forbidden", _("Join the room first."))
    return unread.announce([(person.pk, room_id)])[person.pk, room_id]


@transaction.atomic
def mark_replies_unread(person: "Person", room_id: int, message_id: int) -> ThreadUnread:
    """From this reply on its thread is unread for `person`, who follows it from now on, on all their devices.

    Five queries. Raises Message.DoesNotExist for what `person` can't see, MessageRefused (forbidden) for who is not in
    the room and (malformed) for what is no reply.
    """
    reply = access.message_for(person, room_id, message_id)
    if reply.deleted_at is not None:
        raise Message.DoesNotExist
    if reply.thread_id is None or reply.thread_position is None:
        raise MessageRefused("malformed", _("This message is not a reply."))
    if access.membership_of(person, room_id) is None:
        raise MessageRefused("forbidden", _("Join the room first."))
    values = {"thread": reply.thread_id, "person": person.pk, "position": reply.thread_position}
    with connection.cursor() as cursor:
        cursor.execute(_MARK_THREAD_UNREAD, values)
        (turn,) = cursor.fetchone()
        cursor.execute(_MARK_MENTIONS_UNREAD, values)
    marked = ThreadUnread(reply.thread_id, reply.thread_position - 1, turn)
    broadcasts.thread_unread(person.pk, marked)
    threads.tell_unread([person.pk])
    return marked


@transaction.atomic
def mark_all_read(person: "Person") -> AllRead:
    """All rooms and followed threads of `person` are read up to now. Six queries beside those of the signals' receivers."""
    with connection.cursor() as cursor:
        cursor.execute(_READ_ROOMS, {"person": person.pk})
        rooms: list[Moved] = cursor.fetchall()
        cursor.execute(_READ_THREADS, {"person": person.pk})
        followed: list[Moved] = cursor.fetchall()
        cursor.execute(_READ_MENTIONS, {"person": person.pk})
        at, mentions, mentioned_in = cursor.fetchone()
    if rooms:
        moved = [(person.pk, room_id) for room_id, _, _ in rooms]
        unread.announce(moved)
        receipts.note(moved)
    read = dict(mentioned_in) | {root_id: now for root_id, _, now in followed}
    if read:
        threads_read = [(person.pk, root_id, position) for root_id, position in read.items()]
        signals.threads_read.send(sender=None, read=threads_read)
        threads.tell_unread([person.pk])
    return AllRead(rooms, followed, mentions, at)


@transaction.atomic
def mark_unread_again(person: "Person", done: AllRead) -> None:
    """Undo `mark_all_read`, but for what `person` has read further since; what is not theirs is passed over.

    The rooms are locked first, as by who posts there: who has one unread notification of a room gets no second one.
    """
    revisions.locked_all(lambda: _rooms_of(person, done))
    rooms = _back(_UNREAD_ROOMS, person, done.rooms)
    followed = _back(_UNREAD_THREADS, person, done.threads)
    mentioned_in: list[int] = []
    if done.mentions or followed:
        mentioned_in = _run(
            _UNREAD_MENTIONS, _columns(followed) | {"mentions": done.mentions, "person": person.pk}
        )
    others = [
        (root_id, 0, 0) for root_id in set(mentioned_in).difference(root_id for root_id, _, _ in followed)
    ]
    signals.marked_unread_again.send(
        sender=None, person_id=person.pk, rooms=rooms, threads=followed + others, at=done.at
    )
    if rooms:
        unread.announce([(person.pk, room_id) for room_id, _, _ in rooms])
    if followed or mentioned_in:
        threads.tell_unread([person.pk])


def _rooms_of(person: "Person", done: AllRead) -> Collection[int]:
    """Those of the rooms and threads that were read of which `person` is a member."""
    roots = Message.objects.filter(pk__in=[root_id for root_id, _, _ in done.threads])
    named = Q(room__in=[room_id for room_id, _, _ in done.rooms]) | Q(room__in=roots.values("room"))
    present = Membership.objects.filter(named, person=person, left_at__isnull=True)
    return present.values_list("room_id", flat=True)


def _back(statement: str, person: "Person", moved: Collection[Moved]) -> list[Moved]:
    """Those of `moved` that are back where they were."""
    if not moved:
        return []
    marked = set(_run(statement, _columns(moved) | {"person": person.pk}))
    return [one for one in moved if one[0] in marked]


def _columns(moved: Collection[Moved]) -> dict[str, Any]:
    ids, was, now = ([one[place] for one in moved] for place in range(3))
    return {"ids": ids, "was": was, "now": now}


def _run(statement: str, values: dict[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [marked for (marked,) in cursor.fetchall()]
