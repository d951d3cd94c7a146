"""What readers have missed, for all who come back at a time.

A crowd that reconnects stands mostly at the same revision of the same rooms: rights are asked for all of them in one
statement, a room's changes are read once, and readers at one revision share the very same frames. Synchronous, inside
the organisation; asked through `tenants.together`.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from chat import broadcasts, timeline
from chat.models import Room
from tenants.events import SIGNED_OUT, frame

NO_SUCH_ROOM = 4404


@dataclass(frozen=True, slots=True)
class Reader:
    """Who resumes: at `revision` of the room (None: with the newest messages)."""

    person_id: int
    session_key: str
    room_id: int
    revision: int | None
    same_epoch: bool


@dataclass(frozen=True, slots=True)
class Missed:
    """Frames for readers at one revision, in order; `changed` counts the messages in them."""

    frames: tuple[bytes, ...] = ()
    changed: int = 0


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """The answer to a `resume`: frames to send first, and where the room stands."""

    missed: Missed
    head: int
    messages: int
    read: int
    is_member: bool


# For each reader in order: is the session theirs and alive, may they read the room, up to where have they read it?
_RIGHTS = """
select session.session_key is not null and person.id is not null,
       room.id is not null and (member.id is not null or (room.kind = 'public' and person.role <> 'guest')),
       member.read_position
from unnest(%s::bigint[], %s::text[], %s::bigint[]) with ordinality as asked (person_id, session_key, room_id, number)
left join django_session session on session.session_key = asked.session_key and session.expire_date > now()
left join accounts_person person on person.id = asked.person_id and person.is_active
left join chat_room room on room.id = asked.room_id
left join chat_membership member
    on member.room_id = room.id and member.person_id = person.id and member.left_at is null
order by asked.number
"""


def catch_up(readers: Sequence[Reader]) -> list[CaughtUp | int]:
    """For each reader what they have missed, or the code that closes their socket.

    Two queries, and for each room one for newcomers and three at most for all who come back.
    """
    rights = _rights(readers)
    allowed = [reader for reader, (_, may_read, _) in zip(readers, rights, strict=True) if may_read]
    rooms = Room.objects.in_bulk({reader.room_id for reader in allowed})
    missed = _missed(rooms, allowed)
    answers: list[CaughtUp | int] = []
    for reader, (signed_in, may_read, read_position) in zip(readers, rights, strict=True):
        room = rooms.get(reader.room_id)
        if not signed_in:
            answers.append(SIGNED_OUT)
        elif not may_read or room is None:
            answers.append(NO_SUCH_ROOM)
        else:
            answers.append(
                CaughtUp(
                    missed=missed[_place(reader)],
                    head=room.head,
                    messages=room.messages,
                    read=room.messages if read_position is None else read_position,
                    is_member=read_position is not None,
                )
            )
    return answers


type _Place = tuple[int, int | None, bool]


def _place(reader: Reader) -> _Place:
    return reader.room_id, reader.revision, reader.same_epoch


def _rights(readers: Sequence[Reader]) -> list[tuple[bool, bool, int | None]]:
    columns: list[list[Any]] = [
        [reader.person_id for reader in readers],
        [reader.session_key for reader in readers],
        [reader.room_id for reader in readers],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_RIGHTS, columns)
        return [(signed_in, signed_in and may_read, read) for signed_in, may_read, read in cursor.fetchall()]


def _missed(rooms: dict[int, Room], readers: Sequence[Reader]) -> dict[_Place, Missed]:
    """The frames of everybody who stands at one place; each room is read once."""
    standing: defaultdict[int, set[_Place]] = defaultdict(set)
    for reader in readers:
        standing[reader.room_id].add(_place(reader))
    found: dict[_Place, Missed] = {}
    for room_id, places in standing.items():
        if room_id in rooms:
            found |= _missed_of_room(rooms[room_id], places)
    return found


def _missed_of_room(room: Room, places: set[_Place]) -> dict[_Place, Missed]:
    found: dict[_Place, Missed] = {}
    revisions = [
        revision
        for _, revision, same_epoch in places
        if revision is not None and same_epoch and revision <= room.head
    ]
    changes = timeline.changed_since_each(room, revisions)
    for place in places:
        _, revision, same_epoch = place
        if revision is None:
            found[place] = _newest(room)
        elif not same_epoch or revision > room.head:
            found[place] = Missed((frame("reset", reason="epoch"),))
        elif changes[revision].reset:
            found[place] = Missed((frame("reset", reason="too_many"),))
        else:
            ready = changes_frames(room, revision, changes[revision])
            found[place] = Missed(tuple(ready), changes[revision].count)
    return found


def _newest(room: Room) -> Missed:
    fragments = timeline.newest(room).fragments
    if not fragments:
        return Missed()
    return Missed((broadcasts.messages_frame(room.pk, 0, room.head, fragments),), len(fragments))


def changes_frames(room: Room, revision: int, changes: timeline.Changes) -> list[bytes]:
    """The frames of what changed since `revision`. Only the last one covers the range: a page whose connection ends
    between two of them must not believe that it has everything."""
    parts: list[Callable[[int], bytes]] = []
    if changes.room:
        parts.append(lambda upto: broadcasts.room_frame(room, revision, upto))
    if (count := changes.members) is not None:
        parts.append(lambda upto: broadcasts.members_frame(room.pk, revision, upto, count))
    if changes.fragments:
        parts.append(lambda upto: broadcasts.messages_frame(room.pk, revision, upto, changes.fragments))
    return [part(room.head if part is parts[-1] else revision) for part in parts]
