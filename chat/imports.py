"""Filling a fresh room with talk that happened before, elsewhere or in the demo's imagination.

Imports fill new rooms only (DESIGN 1): the past is never put under positions that somebody has read.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched

from django.db import connection, transaction

from chat import fragments, mentions, sql
from chat.models import Membership, Message, Room
from chat.posts import digest
from chat.text import Rendered, clean

_AT_ONCE = 1_000
_NOTHING = Rendered("", frozenset(), False, "")
_FINISH = """
with changed as (
    update chat_message set edited_at = past.edited_at, deleted_at = past.deleted_at,
                            deleted_by_id = case when past.deleted_at is not null then author_id end
    from unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) as past (id, edited_at, deleted_at)
    where chat_message.id = past.id
    returning chat_message.id, chat_message.deleted_at
)
delete from chat_messagetext using changed
where chat_messagetext.message_id = changed.id and changed.deleted_at is not null
"""


class NotFresh(ValueError):
    """The room has messages already."""


@dataclass(frozen=True, slots=True)
class Past:
    """A message as it ended up. Of a deleted one only the tombstone is kept."""

    author_id: int
    text: str
    created_at: datetime
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    client_id: uuid.UUID = field(default_factory=uuid.uuid4)


@transaction.atomic
def import_history(room_id: int, past: Iterable[Past], kind: str = Message.Kind.IMPORTED) -> int:
    """Fill the room with messages, oldest first, and return how many. Inside an organisation.

    Each takes the next position and one revision; times that do not increase are moved on by a microsecond. Messages
    of kind "imported" never count as unread, those of kind "post" do. Members are mentioned but nobody is notified,
    and nothing is published: an open page finds out by comparing heads. Four statements for each thousand messages.
    Raises Room.DoesNotExist, NotFresh, TextRefused, and ValueError for a time in the future.
    """
    locked = sql.lock_rooms([room_id])
    if not locked:
        raise Room.DoesNotExist
    (room,) = locked
    if room.messages:
        raise NotFresh(f"Room {room_id} has messages already.")
    now = sql.clock()
    memberships = dict(Membership.objects.filter(room_id=room_id).values_list("person_id", "pk"))
    for some in batched(past, _AT_ONCE):
        _import(room, some, kind, now, memberships)
    if kind == Message.Kind.IMPORTED:  # nor do their mentions
        Membership.objects.filter(room_id=room_id).update(read_position=room.messages)
    return room.messages


def _import(
    room: sql.LockedRoom, past: Sequence[Past], kind: str, now: datetime, memberships: dict[int, int]
) -> None:
    texts = [clean(one.text) for one in past]
    kept = ["" if one.deleted_at else text for one, text in zip(past, texts, strict=True)]
    rendered_all = fragments.render_all(kept, [one.author_id for one in past])
    drawn = [
        _NOTHING if one.deleted_at else rendered for one, rendered in zip(past, rendered_all, strict=True)
    ]
    messages = []
    for new_id, one, text, rendered in zip(new_ids(len(past)), past, texts, drawn, strict=True):
        message = _number(room, one, now)
        message.pk, message.kind, message.digest = new_id, kind, digest(text)
        message.text = "" if one.deleted_at else text
        message.mentions_room = rendered.mentions_room
        message.html = fragments.draw(message, None if one.deleted_at else rendered)
        messages.append(message)
    read = {
        memberships[message.author_id]: message.position or 0
        for message in messages
        if message.author_id in memberships
    }
    sql.insert_messages(messages, drawn, [room], read)
    mentions.record(messages, drawn)
    save_fates(messages)


def save_fates(messages: Iterable[Message]) -> None:
    """Save which of these new messages were edited or deleted. One query, if any was."""
    changed = [message for message in messages if message.edited_at or message.deleted_at]
    if changed:
        columns = [(message.pk, message.edited_at, message.deleted_at) for message in changed]
        with connection.cursor() as cursor:
            cursor.execute(_FINISH, [list(column) for column in zip(*columns, strict=True)])


def new_ids(count: int) -> list[int]:
    """Ids for so many messages, rising. One query."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('chat_message_id_seq') from generate_series(1, %s)", [count])
        return [new_id for (new_id,) in cursor.fetchall()]


def next_time(room: sql.LockedRoom, wanted: datetime) -> datetime:
    """`wanted`, or a microsecond after the newest message of the locked room, where that is later."""
    if room.last_message_at is not None and wanted <= room.last_message_at:
        return room.last_message_at + sql.TICK
    return wanted


def _number(room: sql.LockedRoom, one: Past, now: datetime) -> Message:
    """Count the message in its locked room, as chat.messages does for a new one."""
    created_at = next_time(room, one.created_at)
    if max(created_at, one.edited_at or created_at, one.deleted_at or created_at) > now:
        raise ValueError("History ends now.")
    room.messages += 1
    room.head += 1
    room.last_message_at = created_at
    return Message(
        room_id=room.room_id,
        author_id=one.author_id,
        position=room.messages,
        revision=room.head,
        client_id=one.client_id,
        html_version=fragments.VERSION,
        created_at=created_at,
        edited_at=one.edited_at,
        deleted_at=one.deleted_at,
    )
