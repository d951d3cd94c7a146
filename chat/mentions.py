"""Whom messages mention: a row for each message and person, and what their pages hear of it. Inside an organisation.

A mention in the room is unread until the room is read that far: it counts by its position. One in a thread alone has no
position there; it carries `unread` itself, because not everybody who is mentioned follows the thread.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db import connection

from chat import broadcasts, presence, threads, unread
from chat.models import Mention, Message
from chat.text import Rendered
from tenants.db import current_organisation

_RECORD = """
insert into chat_mention (message_id, person_id, room_id, position, ways, created_at, unread)
select message.id, member.person_id, message.room_id, message.position, bit_or(named.way), message.created_at,
       message.position is null and message.kind = 'post'
from ({named}) named (message_id, person_id, way)
join chat_message message on message.id = named.message_id
join chat_membership member on member.room_id = message.room_id and member.left_at is null
    and (named.person_id = 0 or member.person_id = named.person_id) and member.person_id <> message.author_id
where not exists (
    select from chat_block block join chat_room room on room.id = message.room_id and room.kind = 'direct'
    where block.person_id = member.person_id and block.blocked_id = message.author_id)
group by message.id, member.person_id
on conflict (message_id, person_id) do update set ways = excluded.ways
returning message_id, person_id, xmax = 0
"""
_PEOPLE = "select * from unnest(%s::bigint[], %s::bigint[], %s::smallint[])"
_GROUPS = f"""{_PEOPLE} union all
select grouped.message_id, member.person_id, {int(Mention.Way.GROUP)}
from unnest(%s::bigint[], %s::bigint[]) as grouped (message_id, group_id)
join accounts_peoplegroupmember member on member.group_id = grouped.group_id
"""  # noqa: S608 - constants only
_RECORD_PEOPLE, _RECORD_GROUPS = _RECORD.format(named=_PEOPLE), _RECORD.format(named=_GROUPS)
_EVERYBODY = 0

type Rows = list[tuple[int, int, bool]]  # message, person, and whether they are newly mentioned


def around_for(rendered: Sequence[Rendered]) -> list[int]:
    """The ids of the people who are around, if one of these texts says `@here`. Asks Valkey; nobody while it is away."""
    if not any(drawn.mentions_here for drawn in rendered):
        return []
    return presence.around(current_organisation())


def record(
    messages: Sequence[Message], rendered: Sequence[Rendered], around: Collection[int] = ()
) -> dict[int, list[int]]:
    """Store who is mentioned by these new messages: members of the room only, never the author, nor who has blocked them
    in direct messages; by `@here` only who is `around`.

    Returns the ids of the people by message. One statement, none where nobody is.
    """
    mentioned: defaultdict[int, list[int]] = defaultdict(list)
    for message_id, person_id, _ in _record(messages, rendered, around):
        mentioned[message_id].append(person_id)
    return mentioned


def _record(messages: Sequence[Message], rendered: Sequence[Rendered], around: Collection[int]) -> Rows:
    both = list(zip(messages, rendered, strict=True))
    people = [(message.pk, *one) for message, drawn in both for one in _named(drawn, around)]
    groups = [(message.pk, group_id) for message, drawn in both for group_id in drawn.group_ids]
    if not people and not groups:
        return []
    columns = [[row[at] for row in people] for at in range(3)]
    columns += [[row[at] for row in groups] for at in range(2)] if groups else []
    with connection.cursor() as cursor:
        cursor.execute(_RECORD_GROUPS if groups else _RECORD_PEOPLE, columns)
        return cursor.fetchall()


def _named(drawn: Rendered, around: Collection[int]) -> list[tuple[int, int]]:
    """(person, way) of all whom a text names without a group, whether they are in the room or not."""
    found = [(person_id, int(Mention.Way.NAME)) for person_id in drawn.person_ids]
    if drawn.mentions_room:
        found.append((_EVERYBODY, int(Mention.Way.ROOM)))
    if drawn.mentions_here:
        found += [(person_id, int(Mention.Way.HERE)) for person_id in around]
    return found


def add(message: Message, person_ids: Collection[int]) -> list[int]:
    """People whom a posted message named in vain are in its room now. Returns the ids of those newly mentioned, for whom
    the caller has to count a change of the message and to tell it: theirs are pages, too, that count by revisions."""
    rows = _record([message], [Rendered("", frozenset(person_ids), False, "")], ())
    return [person_id for _, person_id, is_new in rows if is_new]


def replace(message: Message, drawn: Rendered, *, said_here: bool) -> list[int]:
    """After an edit: who is mentioned now. Returns the ids of those who were not before; who is no longer is told.

    `said_here`: the text said `@here` before. Then those who were around remain mentioned by it, and nobody else is.
    """
    rows = _record([message], [drawn], _were_around(message) if said_here else around_for([drawn]))
    take_away(message, keep=[person_id for _, person_id, _ in rows])
    new = [person_id for _, person_id, is_new in rows if is_new]
    broadcasts.mentioned(message, new)
    return new


def _were_around(message: Message) -> list[int]:
    ways = Mention.objects.filter(message=message).values_list("person_id", "ways")
    return [person_id for person_id, ways in ways if ways & Mention.Way.HERE]


_TAKE_AWAY = """
delete from chat_mention where message_id = %s and person_id <> all(%s::bigint[])
returning person_id, unread
"""


def take_away(message: Message, keep: Collection[int] = ()) -> None:
    """Nobody but `keep` (ids of people) is mentioned any more; those who had not read it are told what is left."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_AWAY, [message.pk, list(keep)])
        rows = cursor.fetchall()
    if message.position is not None:
        unread.tell_unread_from(message.room_id, message.position, [person_id for person_id, _ in rows])
    else:
        threads.tell_unread([person_id for person_id, is_unread in rows if is_unread])
