"""What replies take beyond posting: their thread's count, who follows it, and the summary below its root.

All of it happens under the lock of the room, which `chat.messages` and `chat.changes` hold (docs/threads.md).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection

from chat import broadcasts, fragments, threads
from chat.models import Membership, Message, Room

if TYPE_CHECKING:
    from chat.posts import NewMessage, Post


@dataclass(slots=True)
class OpenThread:
    """A thread of a locked room; `messages` is counted up in memory and saved by `record`."""

    root_id: int
    room_id: int
    author_id: int
    messages: int
    last_reply_at: datetime | None = None
    revision: int = 0  # of the root, once its summary has changed

    def number(self, message: Message) -> None:
        """Make `message` the thread's next reply."""
        self.messages += 1
        self.last_reply_at = message.created_at
        message.thread_id, message.thread_position = self.root_id, self.messages


# One may answer any reply, which answers in its thread. Nothing begins below a tombstone or what nobody wrote.
_OPEN = """
select asked.id, root.id, root.room_id, root.author_id, coalesce(thread.messages, 0)
from chat_message asked
join chat_message root on root.id = coalesce(asked.thread_id, asked.id)
join chat_room room on room.id = root.room_id and root.position >= room.first_position
left join chat_thread thread on thread.root_id = root.id
where asked.id = any(%s) and root.kind <> 'system' and (root.deleted_at is null or thread.messages > 0)
"""


def open_threads(posts: "Iterable[Post]") -> dict[int, OpenThread]:
    """The threads in which `posts` answer, by what each names; those of other rooms are for the caller to refuse.

    Their rooms must be locked. One query, none where nobody answers.
    """
    asked = {post.thread_id for post in posts if post.thread_id is not None}
    if not asked:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [list(asked)])
        rows = cursor.fetchall()
    opened = {root_id: OpenThread(root_id, *rest) for _, root_id, *rest in rows}
    return {asked_id: opened[root_id] for asked_id, root_id, *_ in rows}


_RECORD = """
with counted as (
    insert into chat_thread (root_id, room_id, messages, tombstones, last_reply_at)
    select id, room, messages, 0, last_reply_at
    from unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[]) as thread (id, room, messages, last_reply_at)
    on conflict (root_id) do update set messages = excluded.messages, last_reply_at = excluded.last_reply_at
)
insert into chat_threadfollow as follow (thread_id, person_id, following, read_position, unread)
select thread, person, true, coalesce(read, before), coalesce(read, before) < messages
from unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
    as given (thread, person, read, before, messages)
on conflict (thread_id, person_id) do update
set following = true, read_position = greatest(follow.read_position, excluded.read_position),
    unread = excluded.unread
-- Who only was mentioned, and follows or wants to follow no more, stays as they are.
where exists (
    select from unnest(%s::bigint[], %s::bigint[]) as author (thread, person)
    where author.thread = follow.thread_id and author.person = follow.person_id)
"""
_FOLLOWERS = """
with marked as (
    update chat_threadfollow follow set unread = true from chat_thread thread
    where thread.root_id = follow.thread_id and follow.thread_id = any(%(threads)s) and follow.following
      and not follow.unread and follow.read_position < thread.messages
)
select follow.thread_id, follow.person_id, case when room.kind = 'direct' then array(
    select block.blocked_id from chat_block block where block.person_id = follow.person_id) else '{}' end
from chat_threadfollow follow
join chat_thread thread on thread.root_id = follow.thread_id
join chat_room room on room.id = thread.room_id
join chat_membership member
    on member.room_id = thread.room_id and member.person_id = follow.person_id and member.left_at is null
where follow.thread_id = any(%(threads)s) and follow.following
"""


def record(replied: "Sequence[tuple[OpenThread, NewMessage, Collection[int]]]") -> None:
    """Save the threads of these new replies, let follow who does by that, and announce each to the followers.

    With each reply come the ids of the people whom it names. Sets `NewMessage.follower_ids`. Three queries, one more
    for direct messages.
    """
    opened = list({thread.root_id: thread for thread, _, _ in replied}.values())
    authors, others = _who_follows(replied)
    given = [
        (root_id, person_id, authors.get((root_id, person_id)), others.get((root_id, person_id)))
        for root_id, person_id in {**others, **authors}
    ]
    messages = {thread.root_id: thread.messages for thread in opened}
    with connection.cursor() as cursor:
        cursor.execute(
            _RECORD,
            [
                [thread.root_id for thread in opened],
                [thread.room_id for thread in opened],
                [thread.messages for thread in opened],
                [thread.last_reply_at for thread in opened],
                *([row[column] for row in given] for column in range(4)),
                [messages[row[0]] for row in given],
                *([key[column] for key in authors] for column in range(2)),
            ],
        )
        cursor.execute(_FOLLOWERS, {"threads": list(messages)})
        # Of each thread, and whom each wants to hear nothing of: themselves, and whom they have blocked.
        followers: defaultdict[int, dict[int, list[int]]] = defaultdict(dict)
        for root_id, person_id, blocked in cursor.fetchall():
            followers[root_id][person_id] = [*blocked, person_id]
    for thread, item, _ in replied:
        author_id = item.message.author_id
        item.follower_ids = sorted(
            person_id for person_id, deaf_to in followers[thread.root_id].items() if author_id not in deaf_to
        )
        broadcasts.replied(item.message, item.follower_ids)
    threads.tell_unread({person_id for _, person_id in authors})


type _Reading = dict[tuple[int, int], int]  # how far they have read: by thread and person


def _who_follows(
    replied: "Sequence[tuple[OpenThread, NewMessage, Collection[int]]]",
) -> tuple[_Reading, _Reading]:
    """Who has replied, and who else begins to follow; the others have read what stood before these replies."""
    direct = {item.message.room_id for _, item, _ in replied if item.room_kind == Room.Kind.DIRECT}
    members: defaultdict[int, set[int]] = defaultdict(set)
    if direct:
        present = Membership.objects.filter(room_id__in=direct, left_at__isnull=True)
        for room_id, person_id in present.values_list("room_id", "person_id"):
            members[room_id].add(person_id)
    authors: _Reading = {}
    others: _Reading = {}
    for thread, item, named in replied:
        message = item.message
        position = message.thread_position or 0
        authors[thread.root_id, message.author_id] = position
        mentioned = set(named).intersection(item.mentioned_ids)
        for person_id in {thread.author_id, *mentioned, *members[message.room_id]}:
            others.setdefault((thread.root_id, person_id), position - 1)
    return authors, others


def redraw_roots(opened: Collection[OpenThread]) -> dict[int, list[str]]:
    """Draw the summaries below the roots of these threads, at the revisions they were given; fragments by room."""
    roots = Message.objects.in_bulk([thread.root_id for thread in opened])
    for thread in opened:
        roots[thread.root_id].revision = thread.revision
    fragments.draw_again(roots.values())
    Message.objects.bulk_update(roots.values(), ["revision", "html", "html_version"])
    by_room: defaultdict[int, list[str]] = defaultdict(list)
    for thread in opened:
        by_room[thread.room_id].append(roots[thread.root_id].html)
    return by_room


_COUNT = """
update chat_thread thread set tombstones = thread.tombstones + gone.count
from (select id, count(*) from unnest(%s::bigint[]) as gone (id) group by id) gone where thread.root_id = gone.id
"""


def count_tombstones(gone: Collection[Message], also: Collection[int] = ()) -> list[Message]:
    """Replies were deleted: count them, and tell those who had not read them, and people of whom one knows `also`.

    Returns their roots, whose summaries change by that. Four queries, none of no replies.
    """
    if not gone:
        return []
    roots = [reply.thread_id or 0 for reply in gone]
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [roots])
    threads.tell_unread({*threads.behind(gone), *also})
    return list(Message.objects.filter(pk__in=roots).order_by("pk"))
