"""Threads as people read and follow them (docs/threads.md). All of it runs inside an organisation."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils.translation import gettext as _

from chat import access, broadcasts, fragments, signals, timeline
from chat.models import Message, Thread, ThreadFollow
from chat.room_names import NotAllowed
from tenants.prepared import Prepared

if TYPE_CHECKING:
    from accounts.models import Person

# The threads that count: of rooms that the follower is in, and that are not archived.
FOLLOWED = """
chat_threadfollow follow
join chat_thread thread on thread.root_id = follow.thread_id
join chat_room room on room.id = thread.room_id and room.archived_at is null
join chat_membership member
    on member.room_id = room.id and member.person_id = follow.person_id and member.left_at is null
"""
UNREAD = """
greatest(thread.messages - follow.read_position, 0) - (
    select count(*) from chat_message reply
    where reply.thread_id = thread.root_id and reply.thread_position > follow.read_position
      and reply.deleted_at is not null)
"""
# For `chat.signals.personal_counts`; the index `thread_follow_unread` answers it.
UNREAD_COUNT = f"""
select coalesce(sum({UNREAD}), 0)::bigint from {FOLLOWED}
where follow.person_id = %(person)s and follow.unread and follow.following
"""  # noqa: S608 - constants only
_UNREAD_COUNTS = f"""
select follow.person_id, sum({UNREAD})::bigint from {FOLLOWED}
where follow.person_id = any(%s) and follow.unread and follow.following group by follow.person_id
"""  # noqa: S608 - constants only
_REPLIES = Prepared(
    "replies_before",
    """
select id, thread_position, revision, author_id, html, html_version from chat_message
where thread_id = %(thread)s and thread_position < %(before)s order by thread_position desc limit %(limit)s
""",
    thread="bigint",
    before="bigint",
    limit="bigint",
)
_END = 2**62  # a position after all others
MOST_REPLIES = 300  # in a panel that opens at an old reply


@dataclass(frozen=True, slots=True)
class Opened:
    """A thread as one person has it before them; `messages` is the newest reply's position."""

    root: Message
    messages: int
    living: int
    following: bool
    read_position: int
    window: timeline.Window


def thread_for(person: "Person", room_id: int, message_id: int) -> Opened:
    """The thread of a message, or of the reply it is, with its newest replies: back to that one, but no more than 300.

    Raises Message.DoesNotExist. Three queries, four for a reply.
    """
    asked = access.message_for(person, room_id, message_id)
    root = root_of(asked)
    thread = Thread.objects.filter(pk=root.pk).first() or Thread(root=root)
    follow = ThreadFollow.objects.filter(thread_id=root.pk, person=person).first()
    wanted = thread.messages - (asked.thread_position or thread.messages) + 6
    return Opened(
        root=root,
        messages=thread.messages,
        living=thread.messages - thread.tombstones,
        following=follow is not None and follow.following,
        read_position=follow.read_position if follow else 0,
        window=replies_before(root.pk, _END, min(max(timeline.WINDOW, wanted), MOST_REPLIES)),
    )


def root_of(message: Message) -> Message:
    """The message that begins the thread in which `message` stands: itself, unless it is a reply."""
    return message if message.thread_id is None else Message.objects.get(pk=message.thread_id)


def replies_before(root_id: int, position: int, limit: int = timeline.WINDOW) -> timeline.Window:
    """The replies just before `position` of the thread, as stored fragments. One query; asks for no right."""
    found = _REPLIES.rows(thread=root_id, before=position, limit=limit + 1)
    rows = [timeline.Row(*columns) for columns in found]
    fragments.bring_up_to_date([row for row in rows if row.html_version != fragments.VERSION])
    return timeline.window_of(rows[:limit][::-1], older=len(rows) > limit, newer=False)


@transaction.atomic
def follow(person: "Person", room_id: int, message_id: int) -> None:
    """Follow a thread from now on, also one that has no reply yet. Members only.

    Raises Message.DoesNotExist for what `person` can't see, NotAllowed for who is not in the room.
    """
    root = root_of(access.message_for(person, room_id, message_id))
    if access.membership_of(person, room_id) is None:
        raise NotAllowed(_("Join the room first."))
    Thread.objects.bulk_create(
        [Thread(root=root, room_id=room_id, last_reply_at=root.created_at)], ignore_conflicts=True
    )
    thread = Thread.objects.get(pk=root.pk)
    ThreadFollow.objects.update_or_create(
        thread=thread,
        person=person,
        defaults={"following": True, "read_position": thread.messages, "unread": False},
    )
    tell_unread([person.pk])


@transaction.atomic
def unfollow(person: "Person", room_id: int, message_id: int) -> None:
    """Follow a thread no more, until `person` replies in it. Raises Message.DoesNotExist for what they can't see."""
    root = root_of(access.message_for(person, room_id, message_id))
    if ThreadFollow.objects.filter(thread_id=root.pk, person=person).update(following=False, unread=False):
        tell_unread([person.pk])


# Two devices may say this at the same moment: the greater position wins.
_ADVANCE = """
update chat_threadfollow follow
set read_position = least(%(position)s, thread.messages), unread = %(position)s < thread.messages
from chat_thread thread
where thread.root_id = follow.thread_id and follow.thread_id = %(thread)s and follow.person_id = %(person)s
  and follow.read_position < least(%(position)s, thread.messages)
returning follow.read_position
"""


@transaction.atomic
def mark_read(person: "Person", room_id: int, message_id: int, position: int) -> None:
    """`person` has read a thread up to `position`: its notifications are read, their other devices hear of it.

    Never moves backwards or beyond the newest reply. Raises Message.DoesNotExist.
    """
    root = root_of(access.message_for(person, room_id, message_id))
    with connection.cursor() as cursor:
        cursor.execute(_ADVANCE, {"thread": root.pk, "person": person.pk, "position": position})
        moved = cursor.fetchone()
    signals.threads_read.send(sender=None, read=[(person.pk, root.pk, position)])
    if moved:
        tell_unread([person.pk])


def begin_following(reply: Message, person_ids: Collection[int]) -> None:
    """People are named in a reply that was there before: they follow its thread, unless they wanted to no more."""
    ThreadFollow.objects.bulk_create(
        [
            ThreadFollow(
                thread_id=reply.thread_id,
                person_id=person_id,
                read_position=(reply.thread_position or 1) - 1,
                unread=True,
            )
            for person_id in person_ids
        ],
        ignore_conflicts=True,
    )
    tell_unread(person_ids)


def behind(reply: Message) -> list[int]:
    """The ids of the followers who have not read up to `reply`. One query."""
    followers = ThreadFollow.objects.filter(thread_id=reply.thread_id, unread=True, following=True)
    unread = followers.filter(read_position__lt=reply.thread_position or 0)
    return list(unread.values_list("person_id", flat=True))


def unread_counts(person_ids: Collection[int]) -> Counter[int]:
    """How many replies each has not read, in all the threads they follow. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_UNREAD_COUNTS, [list(person_ids)])
        return Counter(dict(cursor.fetchall()))


def tell_unread(person_ids: Collection[int]) -> None:
    """These people's counts have changed: all their pages show the new ones. One query for all of them."""
    if person_ids:
        unread = unread_counts(person_ids)
        for person_id in person_ids:
            broadcasts.threads_unread(person_id, unread[person_id])
