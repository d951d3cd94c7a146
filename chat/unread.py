"""What a person has not read yet: arithmetic on two numbers, and rows only for what doesn't count (DESIGN 1)."""

from collections import defaultdict
from collections.abc import Collection

from django.db import connection, transaction

from chat import broadcasts, receipts, signals
from chat.unread_counts import RoomUnread

type Of = tuple[int, int]  # the ids of a person and of a room

# The fields of RoomUnread. Most rooms are read to their end, and need not be looked into: a hundred of them took Postgres
# 0.4 ms more. The condition of the first count is that of the partial index `message_not_unread`. One's own messages are
# unread only where something was marked unread: posting reads, so all of them stand before `seen_position`. Nor is what
# somebody says in a direct message whom one has blocked (chat.blocks).
COLUMNS = """
room.id,
case when room.messages > member.read_position then room.messages - member.read_position - (
    select count(*) from chat_message message
    where message.room_id = room.id and message.position > member.read_position
      and (message.deleted_at is not null or not (message.kind = 'post')))
  - case when member.read_position < member.seen_position then (
    select count(*) from chat_message message
    where message.room_id = room.id and message.position > member.read_position
      and message.position <= member.seen_position and message.author_id = member.person_id
      and message.deleted_at is null and message.kind = 'post') else 0 end
  - case when room.kind = 'direct' then (
    select count(*) from chat_block block join chat_message message on message.author_id = block.blocked_id
    where block.person_id = member.person_id and message.room_id = room.id
      and message.position > member.read_position and message.deleted_at is null and message.kind = 'post') else 0 end
else 0 end,
case when room.messages > member.read_position then (
    select count(*) from chat_mention mention
    where mention.person_id = member.person_id and mention.room_id = room.id
      and mention.position > member.read_position) else 0 end,
member.read_position, member.unread_turn, room.head
"""
# A direct message shows itself to the others with its first message, not when somebody thinks of writing it.
OPEN_ROOMS = """
chat_membership member join chat_room room on room.id = member.room_id
where member.person_id = %(person)s and member.left_at is null and room.archived_at is null
  and (room.kind <> 'direct' or room.messages > 0 or room.created_by_id = member.person_id)
"""
_ALL = f"select {COLUMNS} from {OPEN_ROOMS}"  # noqa: S608 - constants only
# The same as one value, for a statement that counts more: what it has seen of one thing it has seen of all.
LISTED = f"""
select coalesce(json_agg(json_build_array(id, unread, mentions, read, turn, head)), '[]')
from ({_ALL}) line (id, unread, mentions, read, turn, head)
"""  # noqa: S608 - constants only
_SOME = f"""
select member.person_id, {COLUMNS} from unnest(%s::bigint[], %s::bigint[]) as asked (person_id, room_id)
join chat_membership member
    on member.person_id = asked.person_id and member.room_id = asked.room_id and member.left_at is null
join chat_room room on room.id = member.room_id
"""  # noqa: S608 - constants only
# Two devices may say this at the same moment: the greater position wins, whoever comes last.
_ADVANCE = """
update chat_membership member set read_position = least(%(position)s, room.messages)
from chat_room room
where room.id = member.room_id and room.id = %(room)s and member.person_id = %(person)s and member.left_at is null
  and member.read_position < least(%(position)s, room.messages)
  and (%(turn)s::bigint is null or member.unread_turn = %(turn)s)
returning member.read_position
"""


def unread_of(person_id: int) -> list[RoomUnread]:
    """The state of each room that a person is in and that is not archived. Inside the organisation; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_ALL, {"person": person_id})
        return [RoomUnread(*row) for row in cursor.fetchall()]


@transaction.atomic
def mark_read(person_id: int, room_id: int, position: int, turn: int | None = None) -> RoomUnread | None:
    """The person has read a room up to `position`; their other devices hear of it.

    Never moves backwards or beyond the newest message, and announces nothing when it does not move. With `turn` (what a
    page says by itself) nor when something was marked unread since. None where they are not a member. Inside the
    organisation; two queries beside those of the signal's receivers.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ADVANCE, {"person": person_id, "room": room_id, "position": position, "turn": turn})
        moved = cursor.fetchone()
    of = (person_id, room_id)
    if moved:
        receipts.note([of])
    return (announce([of]) if moved else _states([of])).get(of)


def announce(moved: Collection[Of]) -> dict[Of, RoomUnread]:
    """The read positions of these members have moved: notifications and their other devices follow.

    One query of its own for all of them.
    """
    states = _states(moved)
    if states:
        read = [(person_id, room_id, state.read_position) for (person_id, room_id), state in states.items()]
        signals.read_positions_changed.send(sender=None, read=read)
    by_person: defaultdict[int, list[RoomUnread]] = defaultdict(list)
    for (person_id, _), state in states.items():
        by_person[person_id].append(state)
    for person_id, theirs in by_person.items():
        broadcasts.read(person_id, theirs)
    return states


def tell_unread_from(room_id: int, position: int, person_ids: Collection[int]) -> None:
    """What these people have not read of a room is less by something at `position`: those who stand before it are told.

    One query.
    """
    for (person_id, _), state in _states([(person_id, room_id) for person_id in person_ids]).items():
        if state.read_position < position:
            broadcasts.read(person_id, [state])


def _states(of: Collection[Of]) -> dict[Of, RoomUnread]:
    if not of:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_SOME, [list(ids) for ids in zip(*of, strict=True)])
        rows = [(person_id, RoomUnread(*row)) for person_id, *row in cursor.fetchall()]
    return {(person_id, state.room_id): state for person_id, state in rows}
