"""Threads as people read and follow them (docs/threads.md). All of it runs inside an organisation."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
# Posting reads, so one's own replies stand after `read_position` only behind a mark.
UNREAD = """
greatest(thread.messages - follow.read_position, 0) - (
    select count(*) from chat_message reply
    where reply.thread_id = thread.root_id and reply.thread_position > follow.read_position
      and (reply.deleted_at is not null or reply.author_id = follow.person_id
           or room.kind = 'direct' and exists (
               select from chat_block block
               where block.person_id = follow.person_id and block.blocked_id = reply.author_id)))
"""
# For `chat.signals.personal_counts`; the index `thread_follow_unread` answers it.
UNREAD_COUNT = f"""
select coalesce(sum({UNREAD}), 0)::bigint from {FOLLOWED}
where follow.person_id = %(person)s and follow.unread and follow.following
"""  # noqa: S608 - constants only
# Replies that mention the person, also in threads that they do not follow; the index `mention_in_thread` answers it.
UNREAD_MENTIONS = """
select count(*) from chat_mention mention
join chat_message reply on reply.id = mention.message_id
join chat_room room on room.id = mention.room_id and room.archived_at is null
join chat_membership member
    on member.room_id = room.id and member.person_id = mention.person_id and member.left_at is null
left join chat_threadfollow follow
    on follow.thread_id = reply.thread_id and follow.person_id = mention.person_id
where mention.person_id = %(person)s and mention.unread
  and reply.thread_position > coalesce(follow.read_position, 0)
"""
_UNREAD_COUNTS = f"""
select person.id, ({UNREAD_COUNT}), ({UNREAD_MENTIONS}) from unnest(%(people)s::bigint[]) as person (id)
""".replace("%(person)s", "person.id")  # noqa: S608 - constants only
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
_REPLIES_AFTER = Prepared(
    "replies_after",
    """
select id, thread_position, revision, author_id, html, html_version from chat_message
where thread_id = %(thread)s and thread_position > %(after)s order by thread_position limit %(limit)s
""",
    thread="bigint",
    after="bigint",
    limit="bigint",
)
_END = 2**62  # a position after all others


@dataclass(frozen=True, slots=True)
class Opened:
    """A thread as one person has it before them; `messages` is the newest reply's position."""

    root: Message
    messages: int
    living: int
    following: bool
    read_position: int
    unread_turn: int
    window: timeline.Window


def thread_for(person: "Person", room_id: int, message_id: int) -> Opened:
    """The thread of a message, with its newest replies, or of the reply it is, with those around it: 50 at most.

    Raises Message.DoesNotExist. Four queries, five for a reply.
    """
    asked = access.message_for(person, room_id, message_id)

    def window(thread: Thread, read_position: int) -> timeline.Window:
        position = asked.thread_position or thread.messages
        if position > thread.messages - timeline.WINDOW:
            return replies_before(thread.pk, _END)
        return replies_after(thread.pk, max(0, position - timeline.WINDOW // 2))

    return _open(person, root_of(asked), window)


def unread_replies(person: "Person", room_id: int, message_id: int) -> Opened:
    """The thread of a message with the replies that `person` has not read, oldest first, 50 at most.

    Raises Message.DoesNotExist. Four queries, five for a reply.
    """

    def window(thread: Thread, read_position: int) -> timeline.Window:
        found = _REPLIES_AFTER.rows(thread=thread.pk, after=read_position, limit=timeline.WINDOW)
        return timeline.window_of(_rows(found), older=read_position > 0, newer=False)

    return _open(person, root_of(access.message_for(person, room_id, message_id)), window)


def _open(person: "Person", root: Message, window: Callable[[Thread, int], timeline.Window]) -> Opened:
    thread = Thread.objects.filter(pk=root.pk).first() or Thread(root=root)
    follow = ThreadFollow.objects.filter(thread_id=root.pk, person=person).first() or ThreadFollow(
        following=False
    )
    return Opened(
        root=root,
        messages=thread.messages,
        living=thread.messages - thread.tombstones,
        following=follow.following,
        read_position=follow.read_position,
        unread_turn=follow.unread_turn,
        window=window(thread, follow.read_position),
    )


def root_of(message: Message) -> Message:
    """The message that begins the thread in which `message` stands: itself, unless it is a reply."""
    return message if message.thread_id is None else Message.objects.get(pk=message.thread_id)


def replies_before(root_id: int, position: int, limit: int = timeline.WINDOW) -> timeline.Window:
    """The replies just before `position` of the thread, as stored fragments. One query; asks for no right."""
    rows = _rows(_REPLIES.rows(thread=root_id, before=position, limit=limit + 1))
    return timeline.window_of(rows[:limit][::-1], older=len(rows) > limit, newer=False)


def replies_after(root_id: int, position: int, limit: int = timeline.WINDOW) -> timeline.Window:
    """The replies just after `position` of the thread, as stored fragments. One query; asks for no right."""
    rows = _rows(_REPLIES_AFTER.rows(thread=root_id, after=position, limit=limit + 1))
    return timeline.window_of(rows[:limit], older=position > 0, newer=len(rows) > limit)


def _rows(found: Iterable[Any]) -> list[timeline.Row]:
    rows = [timeline.Row(*columns) for columns in found]
    fragments.bring_up_to_date([row for row in rows if row.html_version != fragments.VERSION])
    return rows


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


# Two devices may say this at the same moment: the greater position wins. The thread is locked first: a reply that is
# being posted finds the follower unread and changes nothing, so this has to see it, or it would be unread for nobody.
# Answers where it has moved to, and whether something was marked unread since the asking page last heard of it.
_ADVANCE = """
with thread as materialized (
    select root_id, messages from chat_thread where root_id = %(thread)s for share
), known as (
    select follow.id, follow.read_position, follow.unread_turn, least(%(position)s, thread.messages) as position,
           thread.messages
    from thread join chat_threadfollow follow on follow.thread_id = thread.root_id
    where follow.person_id = %(person)s
    for no key update of follow
), moved as (
    update chat_threadfollow follow set read_position = known.position, unread = known.position < known.messages
    from known
    where follow.id = known.id and known.read_position < known.position
      and (%(turn)s::bigint is null or known.unread_turn = %(turn)s)
    returning follow.read_position
)
select (select read_position from moved), coalesce((select unread_turn <> %(turn)s from known), false)
"""
# Not all who are mentioned follow.
_READ_MENTIONS = """
update chat_mention mention set unread = false from chat_message reply
where mention.person_id = %(person)s and mention.unread and reply.id = mention.message_id
  and reply.thread_id = %(thread)s and reply.thread_position <= %(position)s
"""


@transaction.atomic
def mark_read(
    person: "Person", room_id: int, message_id: int, position: int, turn: int | None = None
) -> None:
    """`person` has read a thread up to `position`: its notifications are read, their other devices hear of it.

    Never moves backwards or beyond the newest reply; with `turn` (what a page says by itself) not at all when something
    was marked unread since. Raises Message.DoesNotExist.
    """
    root = root_of(access.message_for(person, room_id, message_id))
    values = {"thread": root.pk, "person": person.pk, "position": position}
    with connection.cursor() as cursor:
        cursor.execute(_ADVANCE, {**values, "turn": turn})
        moved, overtaken = cursor.fetchone()
        if overtaken:
            return
        cursor.execute(_READ_MENTIONS, values)
        mentions = cursor.rowcount
    signals.threads_read.send(sender=None, read=[(person.pk, root.pk, position)])
    if moved or mentions:
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


_BEHIND = """
select distinct follow.person_id from unnest(%s::bigint[], %s::bigint[]) as reply (thread_id, position)
join chat_threadfollow follow on follow.thread_id = reply.thread_id
where follow.unread and follow.following and follow.read_position < reply.position
"""


def behind(replies: Collection[Message]) -> set[int]:
    """The ids of the followers who have not read up to one of `replies`. One query."""
    columns = [[one.thread_id for one in replies], [one.thread_position for one in replies]]
    with connection.cursor() as cursor:
        cursor.execute(_BEHIND, columns)
        return {person_id for (person_id,) in cursor.fetchall()}


def unread_counts(person_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """How many replies each has not read in all the threads they follow, and how many mention them. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_UNREAD_COUNTS, {"people": list(person_ids)})
        return {person_id: (unread, mentions) for person_id, unread, mentions in cursor.fetchall()}


def tell_unread(person_ids: Collection[int]) -> None:
    """These people's counts have changed: all their pages show the new ones. One query for all of them."""
    if person_ids:
        for person_id, counts in unread_counts(person_ids).items():
            broadcasts.threads_unread(person_id, *counts)
