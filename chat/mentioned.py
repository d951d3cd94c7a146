"""The messages that mention a person, as the Mentions view lists them. Inside an organisation."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

from chat import fragments

if TYPE_CHECKING:
    from accounts.models import Person

MOST = 20

# As chat.access: who was in a room and left sees its messages only where everybody may. What a thread's root is too
# old for is its replies' end as well.
_LIST = """
select message.id, message.room_id, room.kind, room.name, coalesce(room.direct_key, ''), message.author_id,
       message.html, message.html_version,
       member.id is not null and room.archived_at is null and case
           when mention.position is not null then mention.position > member.read_position
           else mention.unread and message.thread_position > coalesce(follow.read_position, 0) end,
       message.position is null
from chat_mention mention
join chat_message message on message.id = mention.message_id and message.deleted_at is null
join chat_room room on room.id = mention.room_id
left join chat_message root on root.id = message.thread_id
left join chat_membership member
    on member.room_id = room.id and member.person_id = mention.person_id and member.left_at is null
left join chat_threadfollow follow
    on follow.thread_id = message.thread_id and follow.person_id = mention.person_id
where mention.person_id = %(person)s
  and (member.id is not null or (room.kind = 'public' and not %(is_guest)s))
  and coalesce(message.position, root.position) >= room.first_position
order by mention.created_at desc, mention.message_id desc
limit %(limit)s offset %(offset)s
"""


@dataclass(slots=True)
class Mentioning:
    """A message that mentions the person: its fragment, where it stands, and whether they have read it."""

    pk: int
    room_id: int
    room_kind: str
    room_name: str
    direct_key: str
    author_id: int
    html: str
    html_version: int
    is_unread: bool
    in_thread: bool


def mentions_of(person: "Person", page: int = 1) -> tuple[list[Mentioning], bool]:
    """At most 20 messages that mention `person` and that they may still read, newest first; and whether there are more.

    One query.
    """
    limits = {"limit": MOST + 1, "offset": min(page - 1, 10_000) * MOST}
    with connection.cursor() as cursor:
        cursor.execute(_LIST, {"person": person.pk, "is_guest": person.is_guest, **limits})
        rows = [Mentioning(*row) for row in cursor.fetchall()]
    shown = rows[:MOST]
    fragments.bring_up_to_date([row for row in shown if row.html_version != fragments.VERSION])
    return shown, len(rows) > MOST
