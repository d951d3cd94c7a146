"""The threads that a person follows, as the Threads view lists them. Inside an organisation."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

from chat import fragments
from chat.threads import FOLLOWED, UNREAD

if TYPE_CHECKING:
    from accounts.models import Person

MOST = 20

_LIST = f"""
with listed as (
    select thread.root_id, thread.room_id, room.kind, room.name, coalesce(room.direct_key, '') as direct_key,
           case when follow.unread then {UNREAD} else 0 end as unread, thread.last_reply_at
    from {FOLLOWED}
    where follow.person_id = %(person)s and follow.following and thread.messages > 0
)
select listed.root_id, listed.room_id, listed.kind, name, direct_key, unread,
       root.author_id, root.html, root.html_version
from listed join chat_message root on root.id = listed.root_id
order by unread > 0 desc, last_reply_at desc, listed.root_id desc
limit %(limit)s offset %(offset)s
"""  # noqa: S608 - constants only


@dataclass(slots=True)
class Followed:
    """A followed thread: its root's fragment, which says how many replied, and how many of these are unread."""

    pk: int
    room_id: int
    room_kind: str
    room_name: str
    direct_key: str
    unread: int
    author_id: int
    html: str
    html_version: int


def threads_of(person: "Person", page: int = 1) -> tuple[list[Followed], bool]:
    """At most 20 threads: those with something unread first, the newest reply on top; and whether there are more.

    Only of rooms that `person` is in, and that are not archived. One query.
    """
    limits = {"limit": MOST + 1, "offset": min(page - 1, 10_000) * MOST}
    with connection.cursor() as cursor:
        cursor.execute(_LIST, {"person": person.pk, **limits})
        rows = [Followed(*row) for row in cursor.fetchall()]
    shown = rows[:MOST]
    fragments.bring_up_to_date([row for row in shown if row.html_version != fragments.VERSION])
    return shown, len(rows) > MOST
