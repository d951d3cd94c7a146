"""The statements of the hot path, written out: what Django's ORM would do in three times as many round trips.

Measured on one core with Postgres beside it (DESIGN 7): the ORM 680 durable posts a second, one statement 3,300 to
4,200, a batch in one statement 18,000 to 25,000. All names are found by the entered organisation's search_path.

They are prepared once for each connection and organisation (tenants.backend.prepared), because planning them took
Postgres longer than doing them for one post. Rows travel as JSON: psycopg writes arrays
element by element (85 µs for a post of a kilobyte, as JSON 8).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from chat.models import Mention, Message
from chat.text import Rendered
from chat.text.index import index_text
from tenants.backend.prepared import Statement
from tenants.connection import connection

if TYPE_CHECKING:
    from chat.messages import Post


@dataclass(slots=True)
class LockedRoom:
    """A room whose row is locked; `messages` and `head` are counted up in memory and saved with the insert."""

    room_id: int
    kind: str
    name: str
    messages: int
    head: int
    last_message_at: datetime | None
    archived: bool


@dataclass(slots=True)
class Asked:
    """What is known of a post once its room is locked; `known_*` when its client_id was used before.

    `membership_id` is None for who is no member now; `read_position` is what they had read before they posted.
    """

    membership_id: int | None
    read_position: int | None
    new_id: int
    now: datetime
    known_id: int | None
    known_room_id: int | None
    known_position: int | None
    known_revision: int | None
    known_digest: bytes | None


_ASKED = len(fields(Asked))  # columns of a row of _LOOK_UP; the others are of LockedRoom

# Each post asks four indexes: a join would read all memberships while their statistics are young (0.5 ms for 5,000).
# The types of the results are spelled out: a prepared statement may not change them, and organisations are migrated
# one after the other.
_LOCK = """
select id, kind::text, name::text, messages, head, last_message_at, archived_at is not null
from chat_room where id = any($1) order by id for no key update
"""

_LOOK_UP = """
select member.id, member.read_position, nextval('chat_message_id_seq'), clock_timestamp(),
       known.id, known.room_id, known.position, known.revision, known.digest::bytea,
       room.id, room.kind::text, room.name::text, room.messages, room.head, room.last_message_at,
       room.archived_at is not null
from unnest($1, $2, $3) with ordinality as post (person_id, room_id, client_id, number)
left join lateral (
    select id, kind, name, messages, head, last_message_at, archived_at
    from chat_room where id = post.room_id limit 1
) room on true
left join lateral (
    select id from accounts_person where id = post.person_id and is_active limit 1
) person on true
left join lateral (
    select id, read_position from chat_membership
    where room_id = post.room_id and person_id = person.id and left_at is null limit 1
) member on true
left join lateral (
    select id, room_id, position, revision, digest from chat_message
    where author_id = post.person_id and client_id = post.client_id limit 1
) known on true
order by post.number
"""

_INSERT = """
with given as materialized (
    select * from json_to_recordset($1) as message (id bigint, room bigint, author bigint, position bigint,
        revision bigint, client uuid, kind text, text text, digest text, html text, version smallint,
        mentions_room boolean, created timestamptz, words text, thread bigint, reply bigint)
), posted as (
    insert into chat_message (id, room_id, author_id, position, revision, client_id, kind, text, digest, html,
                              html_version, mentions_room, created_at, thread_id, thread_position)
    select id, room, author, position, revision, client, kind, text, decode(digest, 'hex'), html, version,
           mentions_room, created, thread, reply
    from given
), words as (
    insert into chat_messagetext (message_id, room_id, author_id, vector)
    select id, room, author, to_tsvector('simple', words) from given
), counted as (
    update chat_room set messages = room.messages, head = room.head, last_message_at = room.last_message_at
    from unnest($2, $3, $4, $5) as room (id, messages, head, last_message_at)
    where chat_room.id = room.id
)
update chat_membership member set read_position = greatest(member.read_position, author.position)
from unnest($6, $7) as author (membership_id, position)
where member.id = author.membership_id
"""

_lock_rooms = Statement("lock_rooms", "bigint[]", _LOCK)
_look_up = Statement("look_up", "bigint[], bigint[], uuid[]", _LOOK_UP)
_insert_messages = Statement(
    "insert_messages",
    "json, bigint[], bigint[], bigint[], timestamptz[], bigint[], bigint[]",
    _INSERT,
)

_MENTION = """
insert into chat_mention (message_id, person_id, room_id, position)
select distinct message.id, member.person_id, message.room_id, message.position
from unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
    as message (id, room_id, position, author_id, person_id)
join chat_membership member on member.room_id = message.room_id and member.left_at is null
    and (message.person_id = 0 or member.person_id = message.person_id) and member.person_id <> message.author_id
on conflict do nothing
returning message_id, person_id
"""


def lock_and_look_up(posts: "Sequence[Post]") -> tuple[dict[int, LockedRoom], list[Asked]]:
    """Lock the rooms of `posts`; then their rights, earlier posts of the same client_id, fresh ids and the clock.

    Rooms are locked in order of id, so that batches can't wait for each other in a circle. Two statements in one
    round trip: the second has a snapshot of its own and sees what was committed while the first waited for a lock.
    """
    people, rooms = [post.person_id for post in posts], [post.room_id for post in posts]
    locking = (_lock_rooms, (_array(sorted(set(rooms))),))
    asking = (_look_up, (_array(people), _array(rooms), _array(post.client_id for post in posts)))
    locked: dict[int, LockedRoom] = {}
    asked = []
    for row in connection.run(locking, asking):
        asked.append(Asked(*row[:_ASKED]))
        if (room_id := row[_ASKED]) is not None and room_id not in locked:
            locked[room_id] = LockedRoom(*row[_ASKED:])
    return locked, asked


def lock_rooms(room_ids: list[int]) -> list[LockedRoom]:
    """Lock these rooms in order of id. One statement."""
    return [LockedRoom(*row) for row in connection.run((_lock_rooms, (_array(sorted(room_ids)),)))]


def insert_messages(
    messages: Sequence[Message],
    rendered: Sequence[Rendered],
    rooms: Sequence[LockedRoom],
    memberships: dict[int, int],
) -> dict[int, list[int]]:
    """Insert messages, their words and their mentions, save the rooms' counts, and let authors have read their own.

    `memberships`: the last position posted, by the author's membership. Returns the ids of the people each message
    mentions. One statement, and one more when anybody is mentioned.
    """
    rows = [
        {
            "id": message.pk,
            "room": message.room_id,
            "author": message.author_id,
            "position": message.position,
            "revision": message.revision,
            "client": message.client_id,
            "kind": message.kind,
            "text": message.text,
            "digest": message.digest.hex(),
            "html": message.html,
            "version": message.html_version,
            "mentions_room": message.mentions_room,
            "created": message.created_at,
            "words": index_text(drawn.plain),
        }
        for message, drawn in zip(messages, rendered, strict=True)
    ]
    for row, message in zip(rows, messages, strict=True):
        if message.thread_id is not None:
            row |= {"thread": message.thread_id, "reply": message.thread_position}
    arguments = (
        msgspec.json.encode(rows).decode(),
        _array(room.room_id for room in rooms),
        _array(room.messages for room in rooms),
        _array(room.head for room in rooms),
        _array(room.last_message_at for room in rooms),
        _array(memberships),
        _array(memberships.values()),
    )
    connection.run_later((_insert_messages, arguments))
    return insert_mentions(messages, rendered)


def _array(values: Iterable[object]) -> str:
    """An array as Postgres reads it: of numbers, UUIDs and times, in which nothing has to be quoted but blanks."""
    return "{" + ",".join("NULL" if value is None else f'"{value}"' for value in values) + "}"


def insert_mentions(messages: Sequence[Message], rendered: Sequence[Rendered]) -> dict[int, list[int]]:
    """Insert who is mentioned: members of the room only, never the author. No statement where nobody is."""
    rows = [
        (message.pk, message.room_id, message.position, message.author_id, person_id)
        for message, drawn in zip(messages, rendered, strict=True)
        for person_id in (*drawn.person_ids, *([0] if drawn.mentions_room else []))
    ]
    mentioned: defaultdict[int, list[int]] = defaultdict(list)
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_MENTION, [list(column) for column in zip(*rows, strict=True)])
            for message_id, person_id in cursor.fetchall():
                mentioned[message_id].append(person_id)
    return mentioned


def replace_words_and_mentions(message: Message, rendered: Rendered) -> list[int]:
    """After an edit: the new words, and the mentions that changed. Returns the ids of people newly mentioned."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update chat_messagetext set vector = to_tsvector('simple', %s) where message_id = %s",
            [index_text(rendered.plain), message.pk],
        )
    if not rendered.mentions_room:
        Mention.objects.filter(message=message).exclude(person_id__in=rendered.person_ids).delete()
    return insert_mentions([message], [rendered]).get(message.pk, [])


def clock() -> datetime:
    """The database's clock; a process' own may be minutes off."""
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        (now,) = cursor.fetchone()
    return now
