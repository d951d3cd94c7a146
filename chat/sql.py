"""The statements of the hot path, written out: what Django's ORM would do in three times as many round trips.

Measured on one core with Postgres beside it (DESIGN 7): the ORM 680 durable posts a second, one statement 3,300 to
4,200, a batch in one statement 18,000 to 25,000.

Their texts are in `chat.posting`. They are prepared once for each connection and organisation
(tenants.backend.prepared), because planning them took Postgres longer than doing them for one post. The rows of a batch
travel as JSON: psycopg writes arrays element by element (85 µs for a post of a kilobyte, as JSON 8). A message alone, or
one of a few, has a statement of its own: functions that return rows, and joins with what they return, were a sixth of
what Postgres did for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import zip_longest
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from chat import posting
from chat.models import Message
from chat.text import Rendered
from chat.text.index import index_text, vector
from tenants.backend.prepared import Statement
from tenants.connection import connection
from tenants.joined import Held, Steps

if TYPE_CHECKING:
    from chat.posts import Post


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
    announcements: bool = False
    open_replies: bool = True
    slow_seconds: int = 0
    told_all: bool = False  # whether anybody wants to be told of every message


@dataclass(slots=True)
class Asked:
    """What is known of a post once its room is locked; `known_*` when its client_id was used before.

    `membership_id` is None for who is no member now; `read_position` is what they had read before they posted, and
    `posted_at` when they last did while the room was slow.
    """

    membership_id: int | None
    read_position: int | None
    posted_at: datetime | None
    administers: bool
    new_id: int
    now: datetime
    known_id: int | None
    known_room_id: int | None
    known_position: int | None
    known_revision: int | None
    known_digest: bytes | None
    blocked: bool  # one of the two of a direct message has blocked the other (chat.blocks)


FEW = 3  # messages, up to which each is inserted by itself
TICK = timedelta(microseconds=1)  # what times of messages differ by at least, in a room
_ASKED = len(fields(Asked))  # columns of a row that is looked up; the others are of LockedRoom


def lock_and_look_up(
    posts: "Sequence[Post]", *, waits: bool = True
) -> Steps[tuple[dict[int, LockedRoom], list[Asked]]]:
    """Lock the rooms of `posts`; then their rights, earlier posts of the same client_id, fresh ids and the clock.

    Rooms are locked in order of id, so that batches can't wait for each other in a circle. Two statements in one
    round trip: the second has a snapshot of its own and sees what was committed while the first waited for a lock.
    """
    locking: tuple[Statement, tuple[object, ...]]
    asking: tuple[Statement, tuple[object, ...]]
    if len(posts) == 1:
        (post,) = posts
        locking = (posting.lock_one if waits else posting.lock_one_free), (post.room_id,)
        asking = posting.look_up_one, (post.person_id, post.room_id, post.client_id)
    else:
        people, rooms = [post.person_id for post in posts], [post.room_id for post in posts]
        locking = (posting.lock_rooms if waits else posting.lock_free), (_array(sorted(set(rooms))),)
        asking = posting.look_up, (_array(people), _array(rooms), _array(post.client_id for post in posts))
    locked: dict[int, LockedRoom] = {}
    asked = []
    rows = yield locking, asking
    for row in rows[-1]:
        asked.append(Asked(*row[:_ASKED]))
        if (room_id := row[_ASKED]) is not None and room_id not in locked:
            locked[room_id] = LockedRoom(*row[_ASKED:])
    if not waits and len(rows[0]) < len(locked):
        raise Held
    return locked, asked


def lock_rooms(room_ids: list[int]) -> list[LockedRoom]:
    """Lock these rooms in order of id. One statement."""
    return [LockedRoom(*row) for row in connection.run((posting.lock_rooms, (_array(sorted(room_ids)),)))]


def insert_messages(
    messages: Sequence[Message],
    rendered: Sequence[Rendered],
    rooms: Sequence[LockedRoom],
    memberships: dict[int, int],
    slowly: Mapping[int, datetime] = MappingProxyType({}),
) -> None:
    """Insert messages and their words, save the rooms' counts, and let authors have read their own: one statement, or
    one for each of a few messages, and no round trip.

    `memberships`: the last position posted, by the author's membership; `slowly`: when, in slow rooms.
    """
    authors = [*memberships, *(slowly.keys() - memberships.keys())]
    if len(messages) <= FEW and max(len(rooms), len(authors)) <= len(messages):
        # Each brings one of the rooms and of the authors along, whichever they are.
        for message, drawn, room, author in zip_longest(messages, rendered, rooms, authors):
            saved = (
                (None,) * 4
                if room is None
                else (room.room_id, room.messages, room.head, room.last_message_at)
            )
            read = author, memberships.get(author), slowly.get(author)
            connection.run_later((posting.insert_one, (*_values(message, drawn), *saved, *read)))
        return
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
            "link": has_link(drawn),
            **_words(drawn.plain),
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
        _array(authors),
        _array(memberships.get(one, 0) for one in authors),
        _array(slowly.get(one) for one in authors),
    )
    connection.run_later((posting.insert_messages, arguments))


def _values(message: Message, drawn: Rendered) -> tuple[object, ...]:
    words = _words(drawn.plain)
    return (
        message.pk, message.room_id, message.author_id, message.position, message.revision, message.client_id,
        message.kind, message.text, rf"\x{message.digest.hex()}", message.html, message.html_version,
        message.mentions_room, message.created_at, message.thread_id, message.thread_position,
        words.get("vector"), words.get("words"), has_link(drawn),
    )  # fmt: skip


def _words(plain: str) -> dict[str, str]:
    words = index_text(plain)
    ready = vector(words)
    return {"words": words} if ready is None else {"vector": ready}


def has_link(drawn: Rendered) -> bool:
    """Whether a text links to anything; who is mentioned is no link."""
    return 'href="' in drawn.html


def _array(values: Iterable[object]) -> str:
    """An array as Postgres reads it: of numbers, UUIDs and times, in which nothing has to be quoted but blanks."""
    return "{" + ",".join("NULL" if value is None else f'"{value}"' for value in values) + "}"


def replace_words(message: Message, rendered: Rendered, also: str = "") -> None:
    """After an edit: the new words, and `also` those that it passes on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update chat_messagetext set vector = to_tsvector('simple', %s), has_link = %s where message_id = %s",
            [index_text(f"{rendered.plain}\n{also}"), has_link(rendered), message.pk],
        )


def clock() -> datetime:
    """The database's clock; a process' own may be minutes off."""
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        (now,) = cursor.fetchone()
    return now
